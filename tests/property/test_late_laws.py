"""The laws of late data: in the end it makes no difference when and in which order a flight came."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
import pytest
from detection import DECODER, NS, T0_NS, Flown, Known, detect, final, messages_of, new_engine, take, transmitter
from hypothesis import given, settings
from hypothesis import strategies as st
from late import Hole, differences, heard, hurt, mission_s

from processors.engine import Engine
from simulator.faults.notation import parse_fault
from simulator.simulate import simulate
from telemetry.dictionary import built_in
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.topics import Kind

ONE = ("haiyang",)
YUANXING = built_in("yuanxing-1")
BOTH = ("haiyang", "relay")
SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=4)
# what the burns, the top and the re-entry rest on comes 8 s after it was missed
DUMPED = Hole(-5.0, 75.0, 83.0)


@functools.cache
def whole(stations: tuple[str, ...]) -> tuple[Known, ...]:
    return tuple(final(detect(heard(stations)).events))


def dumped() -> list[Message]:
    """Return the flight with a blackout from before ignition to after the top, and its dump."""
    kept = [message for message in heard(ONE) if not (message.kind is Kind.TELEMETRY and DUMPED.covers(message))]
    at = next(i for i, message in enumerate(kept) if mission_s(message.ert_ns) > DUMPED.back_s)
    lost = [message for message in heard(ONE) if message not in kept]
    return [*kept[:at], *lost, *kept[at:]]


@functools.cache
def flown_dumped() -> Flown:
    return detect(dumped())


def told(events: list[Event]) -> list[tuple[str, int, str]]:
    return [(event.id, event.t_ns, event.status) for event in events]


@few
@given(seed=SEEDS, stations=st.sampled_from([ONE, BOTH]))
def test_holes_dumps_and_shuffles_change_nothing_in_the_end(seed: int, stations: tuple[str, ...]) -> None:
    flown = detect(hurt(heard(stations), seed))
    assert not differences(final(flown.events), whole(stations))
    assert [row.imbalances for row in flown.engine.ledger() if not row.balanced] == []


def test_what_is_told_of_a_blackout_is_put_right_by_its_dump() -> None:
    flown = flown_dumped()
    assert not differences(final(flown.events), whole(ONE))
    late = [event for event in flown.events if event.name == "liftoff"]
    assert mission_s(late[0].detected_ns) > DUMPED.back_s
    assert len({event.id for event in flown.events}) == len(flown.events)
    rows = {row.packet: row for row in flown.engine.ledger()}
    assert rows["nav"].rerun == pytest.approx(80 * 50, abs=50)
    assert (rows["nav"].late, rows["nav"].balanced) == (0, True)


@few
@given(cuts=st.lists(st.integers(0, 1000), min_size=2, max_size=5))
def test_a_snapshot_at_any_time_changes_nothing(cuts: list[int]) -> None:
    messages, engine, events = dumped(), new_engine(), list[Event]()
    bounds = [0, *sorted(min(cut, len(messages)) for cut in cuts), len(messages)]
    for first, last in pairwise(bounds):
        events += detect(messages[first:last], engine).events
        snapshot = engine.snapshot()
        engine = new_engine()
        engine.restore(snapshot)
        assert engine.snapshot() == snapshot
    assert told(events) == told(flown_dumped().events)
    assert engine.ledger() == flown_dumped().engine.ledger()


@few
@given(seed=SEEDS)
def test_cutting_messages_changes_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    engine, events = new_engine(), list[Event]()
    for message in dumped():
        events += take(engine, message).events if message.kind is Kind.LINK else _cut(engine, message, chance)
    assert told(events) == told(flown_dumped().events)
    assert [row.model_dump() for row in engine.ledger()] == [r.model_dump() for r in flown_dumped().engine.ledger()]


def _cut(engine: Engine, message: Message, chance: np.random.Generator) -> list[Event]:
    dictionary, events = DECODER.dictionary_of(message), list[Event]()
    assert dictionary is not None
    for frame in DECODER.decode(message).frames:
        parts: list[Frame] = [frame.select(slice(0, at)) for at in (len(frame),)]
        if len(frame) > 1 and chance.random() < 0.5:
            at = int(chance.integers(1, len(frame)))
            parts = [frame.select(slice(0, at)), frame.select(slice(at, None))]
        for part in parts:
            events += engine.take_frames(message, [part], dictionary, {}).events
    return events


FAULTS = {
    "overtaken": "packets_reordered@-10,for_s=90,share=0.02,burst=3,by_s=5",
    "far behind": "packets_reordered@0,for_s=60,share=0.005,burst=40,by_s=9",
    "twice": "packets_duplicated,share=0.05",
    "all down": "station_down@25,for_s=20",
    "down at liftoff": "station_down@-4,for_s=12",
    "line cut": "backhaul_down@55,for_s=20",
    "lost and garbled at one station": "packets_lost,share=0.1,burst=20,station=haiyang "
    "packets_corrupted,share=0.05,station=haiyang packets_cut,share=0.02,station=haiyang",
    "all at once": "packets_lost,share=0.1,burst=20,station=haiyang packets_duplicated,share=0.02 "
    "packets_reordered,share=0.02,by_s=2,station=relay station_down@58,for_s=15 backhaul_down@20,for_s=15",
}


def simulated(*faults: str) -> list[Message]:
    sent = simulate("hop", 7, T0_NS, faults=tuple(parse_fault(fault) for fault in faults))
    return [message for message in messages_of(sent) if message.ert_ns - T0_NS < 140 * NS]


@functools.cache
def undisturbed() -> tuple[Known, ...]:
    return tuple(final(detect(m for m in messages_of(transmitter("hop")) if m.ert_ns - T0_NS < 140 * NS).events))


@pytest.mark.parametrize("name", FAULTS)
def test_the_simulators_faults_change_nothing_in_the_end(name: str) -> None:
    flown = detect(simulated(*FAULTS[name].split()))
    assert not differences(final(flown.events), undisturbed())
    assert all(row.balanced for row in flown.engine.ledger())


def test_a_station_of_which_all_is_refused_holds_up_nobody() -> None:
    engine, told_s = new_engine(), dict[str, float]()
    lost = Hole(0.3, 0.7, 0.0, "relay")
    for message in heard(BOTH):
        if mission_s(message.ert_ns) > 20.0:
            break
        if message.kind is Kind.TELEMETRY and lost.covers(message):
            continue
        deaf = message.address.station == "haiyang" and message.kind is Kind.TELEMETRY and mission_s(message.ert_ns) > 0
        output = engine.take_frames(message, [], YUANXING, {}) if deaf else take(engine, message)
        told_s |= {event.name: mission_s(event.detected_ns) for event in output.events}
    assert told_s["liftoff"] < 2.0
    assert told_s["max_q"] < 16.0


def test_the_way_back_is_kept_no_longer_than_it_is_needed() -> None:
    engine, largest = new_engine(), 0
    for message in dumped():
        take(engine, message)
        if mission_s(message.ert_ns) > DUMPED.last_s:
            largest = max(largest, len(engine.snapshot()))
    assert 500_000 < largest < 1_500_000
    assert len(engine.snapshot()) < 200_000
