"""When what the recorder holds is due, and that it comes out as it went in."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import TopicPartition

from processors.archive.holding import PACKED_EVERY, Holding, Holdings, PartRules
from runtime.archive.records import Archived, from_batch

TELEMETRY, EVENTS = TopicPartition("downrange.telemetry", 3), TopicPartition("downrange.events", 3)
RULES = PartRules(octets=1_000_000, age_s=20, idle_s=2)


def records(flight: str | None, offsets: Sequence[int]) -> list[Archived]:
    key = None if flight is None else flight.encode()
    return [Archived(3, offset, offset, key, (("n", b"%d" % offset),), bytes(100)) for offset in offsets]


def test_a_flight_that_flies_waits_for_the_age() -> None:
    held = Holdings(RULES, 1_000_000)
    for second in range(20):
        held.add({TELEMETRY: records("live/A", [second])}, float(second))
        assert not held.due(float(second), everything=False)
    held.add({TELEMETRY: records("live/A", [20])}, 20.0)
    assert held.due(20.0, everything=False) == (TELEMETRY,)


def test_a_flight_that_fell_silent_is_written_though_another_flies() -> None:
    held = Holdings(RULES, 1_000_000)
    held.add({TELEMETRY: records("live/A", [0])}, 0.0)
    held.add({TELEMETRY: records("live/B", [1])}, 1.5)
    assert not held.due(1.9, everything=False)
    assert held.due(2.1, everything=False) == (TELEMETRY,)


def test_events_wait_while_their_flight_flies_and_no_longer() -> None:
    held = Holdings(RULES, 1_000_000)
    held.add({EVENTS: records("live/A", [0]), TELEMETRY: records("live/A", [0])}, 0.0)
    held.add({TELEMETRY: records("live/A", [1])}, 3.0)
    assert not held.due(4.9, everything=False)
    assert set(held.due(5.1, everything=False)) == {EVENTS, TELEMETRY}


def test_beyond_the_memory_the_largest_is_due() -> None:
    held = Holdings(RULES, 3_000)
    held.add({EVENTS: records("live/A", range(10)), TELEMETRY: records("live/A", range(30))}, 0.0)
    assert held.due(0.0, everything=False) == (TELEMETRY,)
    held.drop(TELEMETRY)
    assert held.due(0.0, everything=False) == ()
    assert held.due(0.0, everything=True) == (EVENTS,)


def test_records_of_several_flights_come_out_by_flight_in_order() -> None:
    some = [records(("live/A", "live/B", None)[n % 3], [n])[0] for n in range(3 * PACKED_EVERY)]
    holding = Holding(0.0)
    for at in range(0, len(some), 50):
        holding.add(some[at : at + 50])
    for _ in range(2):
        # a disk that takes nothing is tried again
        found = {
            key: [each for batch in table.to_batches() for each in from_batch(batch)] for key, table in holding.by_key()
        }
        assert found == {key: [each for each in some if each.key == key] for key in (b"live/A", b"live/B", None)}
    assert holding.next_offset == some[-1].offset + 1
