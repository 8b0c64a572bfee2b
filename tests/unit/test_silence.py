"""A dump after which nothing comes is seen when the flight has fallen silent: once, and in its place after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from detection import DECODER, NS, T0_NS, detect, final, messages_of, seen, transmitter

from processors.detect.flight import Flight, pack_flight, unpack_flight
from processors.detect.intake import Arrival
from processors.detect.outbox import Findings
from processors.detect.reading import read_telemetry
from processors.detect.shard import Shard
from processors.detect.taking import Said, Taking
from runtime.aside import Aside
from runtime.health import Health
from runtime.logs import logger
from telemetry.events import Event
from telemetry.message import Message
from telemetry.topics import KafkaTopic, Kind

KEY: Final = "live/F"
TOPIC: Final = KafkaTopic.TELEMETRY.value
# so many messages of the dump come behind the silence
CUT_OFF: Final = 26


def mission_s(message: Message) -> float:
    return (message.ert_ns - T0_NS) / NS


@pytest.fixture(scope="module")
def in_order() -> list[Message]:
    heard = (message for message in messages_of(transmitter("hop")) if message.address.station == "haiyang")
    return [message for message in heard if mission_s(message) < 20]


@pytest.fixture(scope="module")
def dumped(in_order: list[Message]) -> tuple[list[Message], int]:
    """Return what comes when liftoff is dumped later, and behind how much of it nothing comes for long."""
    lost = [m for m in in_order if m.kind is Kind.TELEMETRY and -4 < mission_s(m) < 4]
    kept = [m for m in in_order if m not in lost]
    at = next(i for i, message in enumerate(kept) if mission_s(message) > 9)
    return [*kept[:at], *lost, *kept[at:]], at + len(lost)


@pytest.fixture(scope="module")
def taking() -> Taking:
    return Taking(DECODER, 2 * NS, Aside("detect", Health("detect"), logger("test")))


def arrivals(messages: Sequence[Message]) -> list[Arrival]:
    return [
        Arrival(0, TOPIC, offset, KEY, read_telemetry(message.payload, message.kafka_headers(), DECODER))
        for offset, message in enumerate(messages)
    ]


def told(said: Said) -> list[Event]:
    return [event for _, event in said.findings.events]


def fly(taking: Taking, flight: Flight, some: Iterable[Arrival], known: Iterable[str] = ()) -> list[Event]:
    """Let a flight take what it has not taken yet, given the events that stand on the topic; returns what it tells."""
    said = Said(0, set(known), Findings([], []))
    taking.take_records(flight, [one for one in some if one.offset >= flight.next_offsets.get(TOPIC, 0)], said)
    return told(said)


def settle(taking: Taking, flight: Flight) -> list[Event]:
    said = Said(0, set(), Findings([], []))
    taking.settle(flight, said)
    return told(said)


def test_in_silence_a_dump_is_seen_and_the_books_hold_nothing(
    taking: Taking, in_order: list[Message], dumped: tuple[list[Message], int]
) -> None:
    messages, end = dumped
    flight = Flight(taking.new_engine(KEY), {})
    before = fly(taking, flight, arrivals(messages)[:end])
    assert not flight.is_done
    assert sum(row.held or 0 for row in flight.engine.ledger()) > 300
    news = settle(taking, flight)
    assert {event.name for event in news} >= {"liftoff"}
    assert all(event.evidence.silent and event.evidence.topic_offsets == {f"{TOPIC}-0": end - 1} for event in news)
    assert sum(row.held or 0 for row in flight.engine.ledger()) < 10
    in_time = [message for message in in_order if mission_s(message) <= max(map(mission_s, messages[:end]))]
    assert final([*before, *news]) == final(detect(in_time).events)
    assert not settle(taking, flight), "once"


def test_a_silence_makes_no_difference_to_what_is_known_in_the_end(
    taking: Taking, in_order: list[Message], dumped: tuple[list[Message], int]
) -> None:
    messages, end = dumped
    flight = Flight(taking.new_engine(KEY), {})
    every = arrivals(messages)
    # in the middle of the dump, too
    events = fly(taking, flight, every[: end - CUT_OFF])
    events += settle(taking, flight)
    events += fly(taking, flight, every[:end])
    events += settle(taking, flight)
    events += fly(taking, flight, every)
    assert final(events) == final(detect(messages).events) == final(detect(in_order).events)
    assert set(Counter(event.id for event in events).values()) == {1}


@pytest.mark.parametrize("saved_behind", [200, None], ids=["saved before", "saved in the silence"])
@pytest.mark.parametrize(("cut_off", "stood"), [(0, 1), (CUT_OFF, 1)], ids=["half told", "told and then revised"])
def test_killed_around_a_silence_each_event_is_told_once_and_as_it_was(
    taking: Taking, dumped: tuple[list[Message], int], saved_behind: int | None, cut_off: int, stood: int
) -> None:
    messages, end = dumped
    every, silent = arrivals(messages), end - cut_off
    undisturbed = Flight(taking.new_engine(KEY), {})
    before, in_silence = fly(taking, undisturbed, every[:silent]), settle(taking, undisturbed)
    after = fly(taking, undisturbed, every)
    assert len(in_silence) > stood or {event.identity_in_flight[:3] for event in in_silence} & {
        event.identity_in_flight[:3] for event in after
    }

    first = Flight(taking.new_engine(KEY), {})
    fly(taking, first, every[: silent if saved_behind is None else saved_behind])
    saved = pack_flight(first, 0)
    topic = [*before, *in_silence[:stood]]
    shard = Shard()
    for event in topic:
        shard.keep_act(event)
    second = unpack_flight(saved, taking.new_engine(KEY))
    second.acts = shard.take_acts(KEY, 0)
    # the flight has gone on meanwhile: no silence would be heard here any more
    topic += fly(taking, second, every, {event.id for event in topic})
    wanted = [*before, *in_silence, *after]
    assert seen(topic) == seen(wanted)
    assert {e.id: (e.status, e.was_ns) for e in topic} == {e.id: (e.status, e.was_ns) for e in wanted}
    assert set(Counter(event.id for event in topic).values()) == {1}


def test_a_flight_whose_late_rows_wait_stays_in_memory(taking: Taking, dumped: tuple[list[Message], int]) -> None:
    messages, end = dumped
    shard = Shard()
    flight = shard.flights[KEY] = Flight(taking.new_engine(KEY), {})
    fly(taking, flight, arrivals(messages)[:end])
    flight.told, flight.dirty = True, False
    shard.evict(1e9)
    assert KEY in shard.flights
    settle(taking, flight)
    flight.told, flight.dirty = True, False
    shard.evict(1e9)
    assert KEY in shard.snapshots
