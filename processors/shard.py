"""What detection knows of one partition: its flights, how far it has read, and what stands on the events topic."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgpack

from processors.engine import Engine
from processors.latency import Latencies
from telemetry.topics import KafkaTopic

INPUTS: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
CHECKPOINT_KEY: Final = "checkpoint"
MOST_FLIGHTS: Final = 32
MOST_SNAPSHOTS: Final = 64


@dataclass(slots=True)
class Checkpoint:
    """How far everything before has reached the state: next offset of each input topic, and of the events topic."""

    next_offsets: dict[str, int] = field(default_factory=dict)
    events_offset: int = 0


@dataclass(slots=True)
class Flight:
    """A flight in memory; records before `next_offsets` are in its engine already."""

    engine: Engine
    next_offsets: dict[str, int]
    latencies: Latencies = field(default_factory=Latencies)
    touched_s: float = 0.0
    dirty: bool = False
    told: bool = True


@dataclass(slots=True)
class Shard:
    """One partition of all topics.

    Parameters
    ----------
    at
        How far it has been read, and up to where events have been written.
    saved
        How far the state reflects.
    known
        Events behind `saved` that stand on the topic already; each is left out once.
    flights
        Those in memory, the longest untouched first.
    route
        A key of this partition, by which the checkpoint finds it.
    snapshots
        Of flights that are not in memory, the oldest first; none for those whose snapshot must be fetched from Kafka.
    """

    at: Checkpoint = field(default_factory=Checkpoint)
    saved: Checkpoint = field(default_factory=Checkpoint)
    known: set[str] = field(default_factory=set)
    route: str = ""
    flights: OrderedDict[str, Flight] = field(default_factory=OrderedDict)
    snapshots: OrderedDict[str, bytes | None] = field(default_factory=OrderedDict)

    def keep_snapshot(self, key: str, snapshot: bytes) -> None:
        """Keep the snapshot of a flight that is not in memory, and let go of the octets of the oldest."""
        self.snapshots[key] = snapshot
        self.snapshots.move_to_end(key)
        if len(self.snapshots) > MOST_SNAPSHOTS:
            oldest = list(self.snapshots)[: len(self.snapshots) - MOST_SNAPSHOTS]
            self.snapshots.update((each, None) for each in oldest)

    def evict(self) -> None:
        """Let the longest untouched flights beyond the limit go, those whose snapshot is safe."""
        surplus = len(self.flights) - MOST_FLIGHTS
        idle = [key for key, flight in self.flights.items() if not flight.dirty][: max(surplus, 0)]
        for key in idle:
            self.keep_snapshot(key, pack_flight(self.flights.pop(key), self.saved.events_offset))


def pack_flight(flight: Flight, events_offset: int) -> bytes:
    """Return a flight's record of `downrange.state`."""
    return cast("bytes", msgpack.packb([flight.next_offsets, events_offset, flight.engine.snapshot()]))


def unpack_flight(value: bytes, engine: Engine) -> Flight:
    """Restore a flight into a new engine.

    Raises
    ------
    PacketError
        If the snapshot is of another version, or names a dictionary that is not known.
    """
    next_offsets, _, snapshot = msgpack.unpackb(value)
    engine.restore(snapshot)
    return Flight(engine, next_offsets)


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return a partition's record of `downrange.state`."""
    return cast("bytes", msgpack.packb([checkpoint.next_offsets, checkpoint.events_offset]))


def unpack_checkpoint(value: bytes) -> Checkpoint:
    """Read what `pack_checkpoint` made."""
    content: Any = msgpack.unpackb(value)
    return Checkpoint(*content)
