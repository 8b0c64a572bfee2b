"""What the recorder holds of its partitions until it is parts on disk. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa

from runtime.archive.layout import Stream
from runtime.archive.records import SCHEMA, Archived, to_table

# a record of Kafka's client costs ten times its columns as they are packed: headers are a dozen objects
PACKED_EVERY: Final = 128
PACKING: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
IDLE_S: Final = 2.0

READING: Final = pa.ipc.IpcReadOptions(use_threads=False)


class Partition(Protocol):
    """A partition, as Kafka's client names it."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def partition(self) -> int:
        """Its number."""


@dataclass(frozen=True, slots=True)
class PartRules:
    """When parts are written: at a size, at an age, or when a flight has fallen silent."""

    octets: int
    age_s: float
    idle_s: float = IDLE_S


class Holding:
    """Records of one partition that are not on disk yet.

    Parameters
    ----------
    now_s
        The clock when the first of them came; any clock that only goes forward.
    """

    def __init__(self, now_s: float) -> None:
        self._packed: list[tuple[bytes, list[tuple[bytes | None, int]]]] = []
        self._packed_octets = 0
        self._fresh: list[Archived] = []
        self._fresh_octets = 0
        self.first_s = now_s
        self.records = 0
        self.octets = 0
        self.next_offset = 0
        self.keys: set[bytes | None] = set()

    @property
    def memory_octets(self) -> int:
        """What it holds, but for the objects of the few records that are not packed yet."""
        return self._packed_octets + self._fresh_octets

    def add(self, records: Sequence[Archived]) -> None:
        """Take records in, in order of offset."""
        self._fresh += records
        self.records += len(records)
        octets = sum(len(record.value or b"") for record in records)
        self.octets += octets
        self._fresh_octets += octets
        self.keys.update(record.key for record in records)
        self.next_offset = records[-1].offset + 1
        if len(self._fresh) >= PACKED_EVERY:
            self._pack()

    def _pack(self) -> None:
        if not self._fresh:
            return
        # a flight's records lie together, so that they are a slice of the table
        by_key: dict[bytes | None, list[Archived]] = {}
        for record in self._fresh:
            by_key.setdefault(record.key, []).append(record)
        table = to_table([record for records in by_key.values() for record in records])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, SCHEMA, options=PACKING) as stream:
            stream.write_table(table)
        # a copy of its size: the stream's own buffer is twice as long
        packed = sink.getvalue().to_pybytes()
        self._packed.append((packed, [(key, len(records)) for key, records in by_key.items()]))
        self._packed_octets += len(packed)
        self._fresh, self._fresh_octets = [], 0

    def by_key(self) -> Iterator[tuple[bytes | None, pa.Table]]:
        """Yield each flight's Kafka key and records, in order of offset."""
        self._pack()
        slices: dict[bytes | None, list[pa.Table]] = {}
        for packed, sizes in self._packed:
            table, at = pa.ipc.open_stream(packed, options=READING).read_all(), 0
            for key, size in sizes:
                slices.setdefault(key, []).append(table.slice(at, size))
                at += size
        for key in list(slices):
            yield key, pa.concat_tables(slices.pop(key))


class Holdings:
    """All that is held, and what of it is due.

    A flight is silent when neither this stream nor its telemetry says anything of it: while it flies, its events and
    the quality of its telemetry wait, and are not a part each.

    Parameters
    ----------
    rules
        When a part is due.
    most_octets
        How much is held in memory; beyond, the largest partitions are due.
    """

    def __init__(self, rules: PartRules, most_octets: int) -> None:
        self.rules = rules
        self._most_octets = most_octets
        self._held: dict[Partition, Holding] = {}
        self._heard_s: dict[tuple[str, int, bytes | None], float] = {}

    def add(self, batch: Mapping[Any, Sequence[Archived]], now_s: float) -> None:
        """Take a batch in, by partition."""
        for tp, records in batch.items():
            if records:
                held = self._held.setdefault(tp, Holding(now_s))
                held.add(records)
                for key in {record.key for record in records}:
                    self._heard_s[tp.topic, tp.partition, key] = now_s

    def due(self, now_s: float, *, everything: bool) -> tuple[Any, ...]:
        """Return the partitions that are to be written now."""
        self._heard_s = {key: at_s for key, at_s in self._heard_s.items() if now_s - at_s < self.rules.idle_s}
        due = [tp for tp, held in self._held.items() if everything or self._is_due(tp, held, now_s)]
        waiting = sorted((tp for tp in self._held if tp not in due), key=lambda tp: self._held[tp].memory_octets)
        octets = sum(self._held[tp].memory_octets for tp in waiting)
        while octets > self._most_octets:
            due.append(waiting.pop())
            octets -= self._held[due[-1]].memory_octets
        return tuple(due)

    def _is_due(self, tp: Partition, held: Holding, now_s: float) -> bool:
        if held.octets >= self.rules.octets or now_s - held.first_s >= self.rules.age_s:
            return True
        topics = {tp.topic, Stream.TELEMETRY.topic.value}
        return any(all((topic, tp.partition, key) not in self._heard_s for topic in topics) for key in held.keys)

    @property
    def records(self) -> int:
        """How many records are held."""
        return sum(held.records for held in self._held.values())

    @property
    def octets(self) -> int:
        """Their payloads."""
        return sum(held.octets for held in self._held.values())

    def get(self, tp: Partition) -> Holding | None:
        """Return what is held of a partition."""
        return self._held.get(tp)

    def drop(self, tp: Partition) -> None:
        """Hold nothing of a partition any more."""
        self._held.pop(tp, None)
