"""What detection knows of one partition: its flights, how far it has read, and what stands on the events topic."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgpack

from processors.detect.flight import Flight, pack_flight
from processors.detect.intake import Arrival
from processors.detect.snapshot_parts import PART_OCTETS
from telemetry.events import Event
from telemetry.topics import KafkaTopic, flight_key

INPUTS: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED, KafkaTopic.COMMANDS)
CHECKPOINT_KEY: Final = "checkpoint"
COMMAND: Final = "command"
# a header of a flight's record, read by every release, whatever it makes of the value
BEGINS: Final = "begins"
# a header of a flight's record of which something is to be told though nothing more comes: its books, or late rows
UNTOLD: Final = "untold"
MOST_FLIGHTS: Final = 32
MOST_SNAPSHOTS: Final = 16
KEEP_S: Final = 120.0


@dataclass(slots=True)
class Checkpoint:
    """How far everything before has reached the state: next offset of each input topic, and of the events topic."""

    next_offsets: dict[str, int] = field(default_factory=dict)
    events_offset: int = 0


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
    acts
        Events of people's commands and of silences behind `saved`, by flight, in their order.
    refused
        Commands behind `saved` that were refused already.
    waiting
        Commands that wait until all telemetry is read that was there when the partition became ours: whoever gave them
        may have seen what all of it led to.
    ends
        Where each input topic ended when the partition became ours.
    untold
        Flights that were saved before their books were told, or while late rows waited to be seen. Perhaps no message
        of theirs will ever come again.
    """

    at: Checkpoint = field(default_factory=Checkpoint)
    saved: Checkpoint = field(default_factory=Checkpoint)
    known: set[str] = field(default_factory=set)
    route: str = ""
    flights: OrderedDict[str, Flight] = field(default_factory=OrderedDict)
    snapshots: OrderedDict[str, bytes | None] = field(default_factory=OrderedDict)
    acts: dict[str, list[Event]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    waiting: list[Arrival] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    untold: set[str] = field(default_factory=set)

    @property
    def is_caught_up(self) -> bool:
        """Whether all telemetry is read that was there when the partition became ours."""
        return self._has_read(KafkaTopic.TELEMETRY.value)

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the state reflects once it is saved.

        Until all is read again that was there, nobody knows which events behind `saved` the state knows of. So the next
        owner has to look them up too, and the checkpoint must not step over them.
        """
        events_offset = self.at.events_offset if self._reflects_events else self.saved.events_offset
        return Checkpoint(dict(self.at.next_offsets), events_offset)

    @property
    def has_news(self) -> bool:
        """Whether something is to be saved."""
        return self.checkpoint != self.saved or any(flight.dirty for flight in self.flights.values())

    @property
    def _reflects_events(self) -> bool:
        if self.waiting or not all(map(self._has_read, self.ends)):
            return False
        # what came of a silence comes of no input: its flight has to fall silent again
        silent = any(flight.acts and flight.engine.is_waiting for flight in self.flights.values())
        return not silent and self.untold.isdisjoint(self.acts)

    def _has_read(self, topic: str) -> bool:
        return self.at.next_offsets.get(topic, 0) >= self.ends.get(topic, 0)

    def keep_act(self, event: Event) -> None:
        """Keep an event that stands behind `saved`, if it is somebody's act or came of a silence."""
        if COMMAND in event.values or event.evidence.silent:
            self.acts.setdefault(flight_key(event.run, event.flight), []).append(event)

    def take_acts(self, key: str, first: int) -> list[Event]:
        """Hand over the acts of a flight that came of commands from an offset on; a command half told is not done.

        What came of a silence is handed over too, half told or not: it is taken again, and tells the rest.
        """
        kept = self.acts.pop(key, [])
        acts = [event for event in kept if event.evidence.silent or command_offset(event) >= first]
        told = Counter(str(event.values.get(COMMAND)) for event in acts)
        return [
            event
            for event in acts
            if event.evidence.silent or told[str(event.values[COMMAND])] == event.values.get("acts")
        ]

    def keep_snapshot(self, key: str, snapshot: bytes | None) -> None:
        """Keep the snapshot of a flight that is not in memory, and let go of the octets of the oldest."""
        self.snapshots[key] = snapshot
        self.snapshots.move_to_end(key)
        if len(self.snapshots) > MOST_SNAPSHOTS:
            oldest = list(self.snapshots)[: len(self.snapshots) - MOST_SNAPSHOTS]
            self.snapshots.update((each, None) for each in oldest)

    def evict(self, now_s: float) -> None:
        """Let saved flights leave memory: those untouched for long, and over the limit the longest untouched."""
        surplus = len(self.flights) - MOST_FLIGHTS
        safe = [key for key, flight in self.flights.items() if not flight.dirty and flight.is_done]
        idle = [key for key in safe if now_s - self.flights[key].touched_s > KEEP_S]
        for key in dict.fromkeys((*safe[: max(surplus, 0)], *idle)):
            value = pack_flight(self.flights.pop(key), self.saved.events_offset)
            self.keep_snapshot(key, value if len(value) <= PART_OCTETS else None)


def command_offset(event: Event) -> int:
    """Return the offset of the command that an act's event came of."""
    return _offset_in(event, KafkaTopic.COMMANDS)


def telemetry_offset(event: Event) -> int:
    """Return the offset of the last telemetry before an act's event; -1 if there was none."""
    return _offset_in(event, KafkaTopic.TELEMETRY)


def _offset_in(event: Event, topic: KafkaTopic) -> int:
    offsets = event.evidence.topic_offsets
    return next((at for place, at in offsets.items() if place.startswith(f"{topic.value}-")), -1)


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return a partition's record of `downrange.state`."""
    return cast("bytes", msgpack.packb([checkpoint.next_offsets, checkpoint.events_offset]))


def unpack_checkpoint(value: bytes) -> Checkpoint:
    """Read what `pack_checkpoint` made."""
    content: Any = msgpack.unpackb(value)
    return Checkpoint(*content)
