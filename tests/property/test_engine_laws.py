"""The laws of docs/design.md, section 4, on the engine as a whole: cutting, doubling, snapshots, lateness, memory."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from detection import DECODER, T0_NS, Flown, detect, messages_of, new_engine, seen, take, transmitter
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engine import Engine
from simulator.radio.downlink import make_links, ticks
from simulator.radio.stations import load_stations
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.quality import GapRecord, LedgerRow, LinkState, QualityRecord
from telemetry.topics import Kind

NS = 10**9
few = settings(max_examples=10)


@functools.cache
def stretch() -> list[Message]:
    """Return what two stations send from before ignition to after liftoff, with losses."""
    messages = messages_of(transmitter("hop"))
    return [message for message in messages if -6 * NS < message.ert_ns - T0_NS < 14 * NS]


@functools.cache
def undisturbed() -> Flown:
    return detect(stretch())


def frames_of(message: Message) -> tuple[Frame, ...]:
    return DECODER.decode(message).frames


def gaps(told: Iterable[QualityRecord]) -> list[GapRecord]:
    return [record for record in told if isinstance(record, GapRecord)]


def links(flown: Flown) -> list[LinkState]:
    """Return the states of all links: an engine restored tells everything anew."""
    engine = new_engine()
    engine.restore(flown.engine.snapshot())
    return [record for record in engine.quality() if isinstance(record, LinkState)]


def books(flown: Flown) -> dict[tuple[str, ...], LedgerRow]:
    return {row.identity: row for row in flown.engine.ledger()}


def cut_frames(message: Message, chance: np.random.Generator) -> Iterator[list[Frame]]:
    """Cut a message between any two of its packets."""
    for frame in frames_of(message):
        bounds = np.flatnonzero(chance.random(len(frame) - 1) < 0.4) + 1
        for part in np.split(np.arange(len(frame)), bounds):
            yield [frame.select(part)]


@few
@given(seed=st.integers(0, 2**32 - 1))
def test_cutting_messages_changes_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    engine, events, told = new_engine(), list[Event](), list[QualityRecord]()
    for message in stretch():
        if message.kind is Kind.LINK:
            output = take(engine, message)
            events += output.events
            told += output.quality
            continue
        dictionary = DECODER.dictionary_of(message)
        assert dictionary is not None
        for frames in cut_frames(message, chance):
            output = engine.take_frames(message, frames, dictionary, {})
            events += output.events
            told += output.quality
    assert gaps(told) == gaps(undisturbed().quality) != []
    assert seen(events) == seen(undisturbed().events)
    assert books(Flown(engine)) == books(undisturbed())
    assert links(Flown(engine)) == links(undisturbed())


def when_known(events: list[Event]) -> list[tuple[str, int]]:
    return sorted((event.id, event.detected_ns) for event in events)


@few
@given(seed=st.integers(0, 2**32 - 1), looks=st.floats(0.0, 0.5))
def test_looking_later_changes_nothing(seed: int, looks: float) -> None:
    """A busy service lets detectors look at what several messages brought."""
    chance = np.random.default_rng(seed)
    engine, events, told = new_engine(), list[Event](), list[QualityRecord]()
    for message in stretch():
        if message.kind is Kind.LINK:
            outputs = [take(engine, message)]
        else:
            dictionary = DECODER.dictionary_of(message)
            assert dictionary is not None
            outputs = [engine.take_frames(message, frames_of(message), dictionary, {}, look=chance.random() < looks)]
        if chance.random() < looks:
            outputs.append(engine.look())
        events += [event for output in outputs for event in output.events]
        told += [record for output in outputs for record in output.quality]
    events += engine.look().events
    assert gaps(told) == gaps(undisturbed().quality) != []
    assert seen(events) == seen(undisturbed().events)
    assert when_known(events) == when_known(undisturbed().events)
    assert books(Flown(engine)) == books(undisturbed())
    assert links(Flown(engine)) == links(undisturbed())


def test_longer_bundles_change_nothing() -> None:
    sent = transmitter("hop")
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    fine = detect(messages_of(sent))
    coarse = detect(message for tick in ticks(sent, links, 1.0) for message in tick.messages)
    assert seen(coarse.events) == seen(fine.events)
    assert [row.model_dump(exclude={"as_of_ns"}) for row in coarse.engine.ledger()] == [
        row.model_dump(exclude={"as_of_ns"}) for row in fine.engine.ledger()
    ]


@few
@given(seed=st.integers(0, 2**32 - 1))
def test_doubled_messages_change_nothing_but_the_count_of_duplicates(seed: int) -> None:
    chance = np.random.default_rng(seed)
    doubled: list[Message] = []
    for message in stretch():
        doubled.append(message)
        if chance.random() < 0.3:
            doubled.append(doubled[-1 - int(chance.integers(0, min(len(doubled), 40)))])
    flown = detect(doubled)
    assert seen(flown.events) == seen(undisturbed().events)
    unique = {identity: row.unique for identity, row in books(undisturbed()).items()}
    assert {identity: row.unique for identity, row in books(flown).items()} == unique
    assert all(row.balanced for row in books(flown).values())


@few
@given(cuts=st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_snapshots_in_mid_flight_change_nothing(cuts: list[int]) -> None:
    messages, events, engine, told = stretch(), list[Event](), new_engine(), list[QualityRecord]()
    bounds = [0, *sorted(min(cut, len(messages)) for cut in cuts), len(messages)]
    for first, last in pairwise(bounds):
        flown = detect(messages[first:last], engine)
        events += flown.events
        told += flown.quality
        snapshot = engine.snapshot()
        engine = new_engine()
        engine.restore(snapshot)
        assert engine.snapshot() == snapshot
    assert gaps(told) == gaps(undisturbed().quality)
    assert seen(events) == seen(undisturbed().events)
    assert books(Flown(engine)) == books(undisturbed())
    assert links(Flown(engine)) == links(undisturbed())


@few
@given(delays=st.lists(st.floats(0.0, 1.5), min_size=1, max_size=20), station=st.sampled_from(["haiyang", "relay"]))
def test_a_station_that_lags_within_the_hold_changes_nothing(delays: list[float], station: str) -> None:
    """One station's messages arrive late, in their order; what the other one missed is still waited for."""
    arrivals, at_ns = list[tuple[int, int, Message]](), 0
    for index, message in enumerate(stretch()):
        lag_s = delays[index % len(delays)] if message.address.station == station else 0.0
        due_ns = message.ert_ns + round(lag_s * NS)
        if message.address.station == station:
            at_ns = due_ns = max(at_ns, due_ns)
        arrivals.append((due_ns, index, message))
    flown = detect(message for _, _, message in sorted(arrivals, key=lambda arrival: arrival[:2]))
    flight = [event for event in flown.events if event.type.startswith("downrange.flight")]
    assert [event.id for event in flight] == [
        event.id for event in undisturbed().events if event.type.startswith("downrange.flight")
    ]
    assert all(
        abs(event.t_ns - other.t_ns) < 0.05 * NS
        for event in flight
        for other in undisturbed().events
        if other.id == event.id
    )


@few
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0))
def test_any_order_of_arrival_is_counted_and_never_raises(seed: int, share: float) -> None:
    chance = np.random.default_rng(seed)
    messages = list(stretch())
    for _ in range(round(share * 100)):
        a, b = chance.integers(0, len(messages), 2)
        messages[a], messages[b] = messages[b], messages[a]
    flown = Flown(new_engine())
    for message in messages:
        take(flown.engine, message)
        assert [row.imbalances for row in flown.engine.ledger() if not row.balanced] == []
    rows = books(flown)
    unique = {identity: row.unique for identity, row in books(undisturbed()).items()}
    assert {identity: row.unique for identity, row in rows.items()} == unique
    assert all(row.balanced for row in rows.values())


def test_memory_stays_bounded_when_a_station_never_stops_lagging() -> None:
    """A relay that only ever brings health holds everything back; the hold lets go in time."""
    engine = new_engine()
    largest = 0
    for message in messages_of(transmitter("hop")):
        if message.kind is Kind.TELEMETRY:
            dictionary = DECODER.dictionary_of(message)
            assert dictionary is not None
            frames = [frame for frame in frames_of(message) if frame.packet != "propulsion"]
            engine.take_frames(message, frames, dictionary, {})
            largest = max(largest, len(engine.snapshot()))
    assert largest < 100_000


def test_an_engine_of_another_flight_is_not_mixed_up() -> None:
    one, other = detect(stretch(), Engine("live", "A", DECODER.registry)), undisturbed()
    assert {event.id for event in one.events}.isdisjoint(event.id for event in other.events)
