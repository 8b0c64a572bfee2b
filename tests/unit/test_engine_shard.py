"""What the detect service keeps of a partition: few flights in memory, snapshots of the rest, a checkpoint."""

from __future__ import annotations

from detection import DECODER, detect, messages_of, new_engine, seen, transmitter

from processors.detect.flight import Flight, pack_flight, unpack_flight
from processors.detect.shard import MOST_FLIGHTS, MOST_SNAPSHOTS, Checkpoint, Shard, pack_checkpoint, unpack_checkpoint
from processors.engine import Engine


def engine(name: str) -> Engine:
    return Engine("live", name, DECODER.registry)


def test_the_longest_untouched_flights_leave_memory_for_their_snapshot() -> None:
    shard = Shard()
    names = [f"live/F{number}" for number in range(MOST_FLIGHTS + 3)]
    for name in names:
        shard.flights[name] = Flight(engine(name), {"downrange.telemetry": 7}, dirty=name == names[0])
    shard.flights.move_to_end(names[2])
    shard.evict(0.0)
    assert list(shard.snapshots) == [names[1], names[3], names[4]]
    assert names[0] in shard.flights, "what is not saved stays"
    assert len(shard.flights) == MOST_FLIGHTS


def test_a_flight_that_has_ended_leaves_memory() -> None:
    shard = Shard()
    for name, touched_s in (("live/ended", 0.0), ("live/flying", 500.0), ("live/untold", 0.0)):
        shard.flights[name] = Flight(engine(name), {}, touched_s=touched_s, told=name != "live/untold")
    shard.evict(510.0)
    assert (list(shard.flights), list(shard.snapshots)) == (["live/flying", "live/untold"], ["live/ended"])


def test_of_many_ended_flights_only_the_newest_snapshots_stay_in_memory() -> None:
    shard = Shard()
    for number in range(MOST_SNAPSHOTS + 5):
        shard.keep_snapshot(f"live/F{number}", b"snapshot")
    assert sum(snapshot is not None for snapshot in shard.snapshots.values()) == MOST_SNAPSHOTS
    assert shard.snapshots["live/F0"] is None, "known, to be fetched from Kafka"
    shard.keep_snapshot("live/F0", b"newer")
    assert shard.snapshots["live/F0"] == b"newer"


def test_a_flight_that_comes_back_goes_on_where_it_was() -> None:
    messages = messages_of(transmitter("hop"))[:1500]
    undisturbed = detect(messages)
    first = detect(messages[:800])
    record = pack_flight(Flight(first.engine, {"downrange.telemetry": 800}), 3)
    flight = unpack_flight(record, new_engine())
    assert flight.next_offsets == {"downrange.telemetry": 800}
    rest = detect(messages[800:], flight.engine)
    assert seen([*first.events, *rest.events]) == seen(undisturbed.events)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    checkpoint = Checkpoint({"downrange.telemetry": 12, "downrange.rejected": 1}, 9)
    assert unpack_checkpoint(pack_checkpoint(checkpoint)) == checkpoint
