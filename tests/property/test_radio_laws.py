"""What holds for any stretches of time, any ring, any link faults."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.faults import draw, parse_fault
from simulator.radio.damage import Whose, copies_of, damaged
from simulator.radio.recorder import Recorder, sendings
from simulator.radio.spans import Span, Spans, inside, spans_of, union, without

GRID = np.arange(0.0, 40.0, 0.25)

edges = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: Span(float(min(pair)), float(max(pair))))
some_spans = st.lists(edges, max_size=6).map(tuple)


@given(some_spans, some_spans)
def test_spans_are_sets_of_times(a: Spans, b: Spans) -> None:
    either, left = inside(a, GRID) | inside(b, GRID), inside(a, GRID) & ~inside(b, GRID)
    assert np.array_equal(inside(union([*a, *b]), GRID), either)
    assert np.array_equal(inside(without(a, b), GRID), left)
    for tidy in (union(a), without(a, b)):
        assert list(tidy) == sorted(tidy)
        assert all(one.end_s < other.start_s for one, other in pairwise(tidy))


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_looks_give_the_spans_that_they_see(seen: list[bool]) -> None:
    times = np.arange(float(len(seen)))
    assert inside(spans_of(times, np.array(seen)), times).tolist() == seen


@given(
    some_spans,
    st.integers(0, 3_000),
    st.floats(10.0, 5_000.0),
    st.lists(st.tuples(st.integers(1, 20), st.integers(10, 100)), min_size=1, max_size=3),
)
def test_a_dump_brings_each_packet_once_in_order_and_the_ring_never_overflows(
    heard: Spans, ring: int, rate: float, types: list[tuple[int, int]]
) -> None:
    made = {f"p{i}": np.arange(0.0, 40.0, 1.0 / hz) for i, (hz, _) in enumerate(types)}
    octets = {f"p{i}": size for i, (_, size) in enumerate(types)}
    sent = sendings(made, octets, heard, 40.0, Recorder(octets=ring, dump_octets_s=rate))
    made_s = np.concatenate([made[name] for name in made])
    sent_s = np.concatenate([sent[name].sent_s for name in made])
    sizes = np.concatenate([np.full(len(made[name]), octets[name]) for name in made])
    recorded = np.concatenate([sent[name].recorded for name in made])
    assert np.array_equal(recorded, ~inside(heard, made_s))
    assert np.array_equal(sent_s[~recorded], made_s[~recorded])
    dumped = recorded & ~np.isnan(sent_s)
    assert np.all(sent_s[dumped] > made_s[dumped])
    assert np.all(inside(heard, sent_s[dumped]))
    order = np.argsort(made_s[dumped], kind="stable")
    assert np.all(np.diff(sent_s[dumped][order]) > 0.0)
    overwritten = sum(each.overwritten for each in sent.values())
    left = np.count_nonzero(recorded) - np.count_nonzero(dumped) - overwritten
    assert 0 <= left * min(octets.values()) <= ring
    for at_s in GRID:
        held = recorded & (made_s < at_s) & (sent_s >= at_s)
        assert int(np.sum(sizes[held])) <= ring
    # beside what is made, no more goes out in any second than the dump's rate
    for at_s in GRID[:-4]:
        burst = dumped & (sent_s >= at_s) & (sent_s < at_s + 1.0)
        assert int(np.sum(sizes[burst])) <= rate + max(octets.values())


LINES = st.sampled_from(
    [
        "packets_lost,share=0.3",
        "packets_lost@3,for_s=5,share=1,burst=4",
        "packets_duplicated,share=0.2,burst=3",
        "packets_reordered,share=0.2,by_s=1.5",
        "packets_corrupted,share=0.2,bits=2",
        "packets_cut,share=0.2,octets=7",
    ]
)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=5), st.integers(0, 2**31), st.lists(st.booleans(), min_size=1, max_size=600))
def test_what_is_heard_is_what_was_sent_less_what_was_lost(lines: list[str], seed: int, heard: list[bool]) -> None:
    sent_s = np.arange(len(heard)) / 50.0
    rows = np.flatnonzero(heard)
    faults = draw([parse_fault(line) for line in lines], seed)
    whole = copies_of(rows, (sent_s[rows] * 1e9).astype(np.int64))
    copies, damage = damaged(whole, sent_s, faults, seed, Whose("ship", "relay", "nav", 60))
    assert len(copies.rows) == len(rows) - damage.lost + damage.duplicated
    assert len(set(copies.rows.tolist())) == len(rows) - damage.lost
    assert set(copies.rows.tolist()) <= set(rows.tolist())
    assert np.all(np.diff(copies.ert_ns) >= 0)
    assert np.count_nonzero(~copies.intact) <= 2 * (damage.corrupted + damage.cut)
    if not lines:
        assert copies.intact.all()
    # a fault hits the same packets whatever else goes wrong and whatever else is heard
    everything = copies_of(np.arange(len(heard)), (sent_s * 1e9).astype(np.int64))
    for fault in faults:
        alone, _ = damaged(everything, sent_s, (fault,), seed, Whose("ship", "relay", "nav", 60))
        if fault.kind == "packets_lost":
            assert set(copies.rows.tolist()) <= set(alone.rows.tolist())
        if fault.kind == "packets_cut":
            cut = set(alone.rows[alone.cut > 0].tolist()) & set(copies.rows.tolist())
            assert set(copies.rows[copies.cut > 0].tolist()) >= cut


@pytest.mark.parametrize("burst", [1, 3, 20])
def test_the_share_is_what_was_said_whatever_the_burst(burst: int) -> None:
    sent_s = np.arange(100_000) / 50.0
    whole = copies_of(np.arange(100_000), (sent_s * 1e9).astype(np.int64))
    (fault,) = draw([parse_fault(f"packets_lost,share=0.1,burst={burst}")], 3)
    _, damage = damaged(whole, sent_s, (fault,), 3, Whose("ship", "relay", "nav", 60))
    assert damage.lost / 100_000 == pytest.approx(0.1, rel=0.12)
