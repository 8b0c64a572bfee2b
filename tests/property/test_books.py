"""The index against a vehicle that is known: wraps, losses, duplicates of two stations, resets, outages, disorder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import msgpack
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.books.completeness import Completeness
from processors.books.counters import SentCounter
from processors.books.ledger import ledger_rows
from telemetry.quality import LedgerRow
from telemetry.sequence import COUNT_MODULO

RATE_HZ = 50.0
PERIOD_NS = 20_000_000
REBOOT_S = 6.0
WHOSE = ("live", "F", "ship")
Heard = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """A packet that a vehicle made: in which epoch, its place in it, and when."""

    epoch: int
    number: int
    t_ns: int


@st.composite
def flights(draw: st.DrawFn) -> tuple[list[Made], list[int]]:
    """Draw what a vehicle makes and somebody might hear, and how many packets it made in each epoch."""
    made, totals, t_ns = list[Made](), list[int](), 1_800_000_000 * 10**9
    for epoch in range(draw(st.integers(1, 4))):
        number = 0
        for _ in range(draw(st.integers(1, 6))):
            run = draw(st.integers(1, 12))
            made += [Made(epoch, number + i, t_ns + i * PERIOD_NS) for i in range(run)]
            outage = draw(st.sampled_from([0, 1, 7, 300, 5_000, 16_390, 20_000, 40_000]))
            number += run + outage
            t_ns += (run + outage) * PERIOD_NS
        number = made[-1].number + 1 + draw(st.sampled_from([0, 3]))
        t_ns = made[-1].t_ns + round(REBOOT_S * 1e9)
        totals.append(number)
    return made, totals


def tells_a_reset(made: list[Made]) -> bool:
    """Whether counts alone tell every reset: each falls, and further than the time of the reboot holds."""
    for before, after in pairwise(made):
        if before.epoch != after.epoch:
            rest = COUNT_MODULO - before.number % COUNT_MODULO
            held = (after.t_ns - before.t_ns) / PERIOD_NS * 1.25 + 8
            if after.number > before.number % COUNT_MODULO or rest + after.number <= held + 1:
                return False
    return True


def enter(books: Completeness, station: str, one: Made) -> int:
    return books.accept(one.number % COUNT_MODULO, np.array([one.t_ns]), station)[0]


def row_of(books: Completeness, counter: SentCounter | None = None) -> LedgerRow:
    counters = {} if counter is None else {"nav": counter}
    (row,) = ledger_rows(WHOSE, 0, {"nav": books}, counters, {})
    return row


@st.composite
def hearings(draw: st.DrawFn) -> tuple[list[Made], list[int], list[tuple[str, Made]]]:
    """Draw who hears what in which order: two stations, some of it twice, some of it late."""
    made, totals = draw(flights())
    order: list[tuple[float, str, Made]] = []
    heard = draw(st.lists(st.sampled_from(["a", "a", "ab", "ba", "aa", "abab", ""]), min_size=1, max_size=20))
    lags = draw(st.lists(st.sampled_from([0, 0, 0, 1, 3, 40]), min_size=1, max_size=10))
    for i, one in enumerate(made):
        by = heard[i % len(heard)] if 0 < i < len(made) - 1 else "a"
        if made[i - 1].epoch != one.epoch or made[(i + 1) % len(made)].epoch != one.epoch:
            by = "a" + by
        for k, station in enumerate(by):
            # the first packet of an epoch is heard before all others of it, and in its turn
            order.append((i + (lags[(i + k) % len(lags)] if k else 0), station, one))
    return made, totals, [(station, one) for _, station, one in sorted(order, key=lambda each: each[0])]


@settings(max_examples=150)
@given(hearings())
def test_the_index_says_what_a_slow_and_obvious_model_says(
    drawn: tuple[list[Made], list[int], list[tuple[str, Made]]],
) -> None:
    made, _, arrivals = drawn
    if not tells_a_reset(made):
        return
    books = Completeness(RATE_HZ)
    seen: dict[Made, set[str]] = {}
    identities: dict[Made, int] = {}
    resent = overlapping = 0
    for station, one in arrivals:
        identity = enter(books, station, one)
        assert identities.setdefault(one, identity) == identity
        if one in seen:
            resent += station in seen[one]
            overlapping += station not in seen[one]
        seen.setdefault(one, set()).add(station)
        assert row_of(books).balanced
    assert len(set(identities.values())) == len(identities)
    assert (books.unique, books.resent, books.overlapping) == (len(seen), resent, overlapping)
    highest: dict[int, int] = {}
    for one in seen:
        highest[one.epoch] = max(highest.get(one.epoch, -1), one.number)
    assert books.resets == len(highest) - 1
    assert books.missing == sum(last + 1 for last in highest.values()) - len(seen)
    assert sum(gap.packets for gap in books.gaps()) == books.missing
    for gap in books.gaps():
        assert gap.after_ns is None or gap.after_ns < gap.before_ns


@given(drawn=hearings(), cut=st.integers(0, 80))
def test_a_snapshot_in_the_middle_changes_nothing(
    drawn: tuple[list[Made], list[int], list[tuple[str, Made]]], cut: int
) -> None:
    whole, before, after = Completeness(RATE_HZ), Completeness(RATE_HZ), Completeness(RATE_HZ)
    for station, one in drawn[2]:
        enter(whole, station, one)
    for station, one in drawn[2][:cut]:
        enter(before, station, one)
    after.restore(msgpack.unpackb(msgpack.packb(before.snapshot())))
    for station, one in drawn[2][cut:]:
        enter(after, station, one)
    assert after.snapshot() == whole.snapshot()
    assert after.gaps() == whole.gaps()


@given(drawn=flights(), every=st.integers(1, 4))
def test_the_vehicles_counters_add_up_through_resets(drawn: tuple[list[Made], list[int]], every: int) -> None:
    """Health, with the counter of all made before it, comes after each reset, and every so many packets."""
    made, totals = drawn
    firsts = {i for i, one in enumerate(made) if i == 0 or made[i - 1].epoch != one.epoch}
    heard = [one for i, one in enumerate(made) if i % 3 or i in firsts]
    if not tells_a_reset(heard):
        return
    books, counter = Completeness(RATE_HZ), SentCounter()
    known = dict.fromkeys(range(len(totals)), 0)
    for i, one in enumerate(made):
        last = i + 1 == len(made) or i + 1 in firsts
        if i % every == 0 or i in firsts:
            counter.read(np.array([one.t_ns]), np.array([one.number]))
            known[one.epoch] = max(known[one.epoch], one.number)
        if one in heard:
            enter(books, "a", one)
            known[one.epoch] = one.number + 1
        if last:
            counter.read(np.array([one.t_ns + PERIOD_NS]), np.array([totals[one.epoch]]))
            known[one.epoch] = totals[one.epoch]
        row = row_of(books, counter)
        assert row.balanced, row.imbalances
        assert row.sent == sum(known.values())


@settings(max_examples=60)
@given(
    packets=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, COUNT_MODULO - 1),
            st.integers(0, 4 * 10**12),
            st.integers(1, 300),
        ),
        max_size=80,
    )
)
def test_whatever_comes_every_row_balances_at_every_moment(packets: list[Heard]) -> None:
    books, again = Completeness(RATE_HZ), 0
    for station, count, t_ns, n in packets:
        _, fresh = books.accept(count, t_ns + np.arange(n) * PERIOD_NS, station)
        again += 0 if fresh is None else n - int(np.count_nonzero(fresh))
        row = row_of(books)
        assert row.balanced, row.imbalances
        assert row.duplicate == again
        assert row.received == row.unique + again
    other = Completeness(RATE_HZ)
    other.restore(msgpack.unpackb(msgpack.packb(books.snapshot())))
    assert row_of(other) == row_of(books)
