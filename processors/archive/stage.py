"""The recorder as a stage: a part is on disk before its offsets are committed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import Counter, Gauge
from structlog.typing import FilteringBoundLogger

from processors.archive.holding import Holding, Holdings, PartRules
from runtime.archive.layout import STREAM_OF, Stream, flight_folder
from runtime.archive.writer import remove_halves, write_table
from runtime.consumer import Batch, Offsets
from runtime.kafka import Partition
from runtime.settings import ArchiveSettings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic

PARTS = Counter("downrange_archive_parts_total", "Parts written", ["stream"])
RECORDS = Counter("downrange_archive_records_total", "Records written", ["stream"])
WAITING = Gauge("downrange_archive_waiting_records", "Records that wait because the disk takes nothing")
HELD_OCTETS: Final = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A batch and when it was read."""

    batch: Batch
    now_s: float


class Recorder:
    """Keeps every record of four topics as it was.

    All flights of a partition are written together: so one offset says how far a partition is safe, and after a crash
    at most the parts behind that offset are written again.

    Parameters
    ----------
    settings
        Where, and how large and old a part may become.
    stop
        When it is set, everything that is held is due.
    log
        The service's logger.
    """

    name: Final = "record"
    topics: Final[tuple[KafkaTopic, ...]] = tuple(stream.topic for stream in Stream)

    def __init__(self, settings: ArchiveSettings, stop: asyncio.Event, log: FilteringBoundLogger) -> None:
        self._root: Path = settings.dir
        self._stop = stop
        self._log = log
        self._stuck_since_s: float | None = None
        self._held = Holdings(PartRules(settings.part_bytes, settings.part_age_s), HELD_OCTETS)
        self._safe: dict[Partition, int] = {}

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Go on from the group's offsets: what they cover is on disk; what was half written behind them is removed."""
        self._safe = {tp: offset for tp, offset in self._safe.items() if tp not in partitions}
        ours = {(STREAM_OF[tp.topic], tp.partition) for tp in partitions}
        try:
            halves = await asyncio.to_thread(remove_halves, self._root, ours)
        except OSError as error:
            self._log.warning("cannot remove half parts", folder=str(self._root), error=str(error))
        else:
            if halves:
                self._log.info("half parts removed", count=len(halves), first=str(halves[0]))
        return {}

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Forget what was not committed; its next owner reads it again."""
        for tp in partitions:
            self._held.drop(tp)
            self._safe.pop(tp, None)
        # a disk that takes nothing is said again by whoever writes next
        self._stuck_since_s = None
        WAITING.set(0)

    async def decode(self, batch: Batch) -> Arrivals:
        """Step 2: nothing is decoded, raw is the truth."""
        return Arrivals(batch, time.monotonic())

    def advance(self, arrivals: Arrivals) -> tuple[Partition, ...]:
        """Step 3: hold the records; returns the partitions whose parts are due."""
        self._held.add(arrivals.batch, arrivals.now_s)
        return self._held.due(arrivals.now_s, everything=self._stop.is_set())

    async def produce(self, output: tuple[Partition, ...]) -> None:
        """Step 4: write the parts that are due; those already written are not held any more."""
        for tp in output:
            held = self._held.get(tp)
            if held is None:
                continue
            try:
                await asyncio.to_thread(self._write, STREAM_OF[tp.topic], held)
            except OSError as error:
                raise self._stuck(error) from error
            self._safe[tp] = held.next_offset
            self._held.drop(tp)
        if self._stuck_since_s is not None:
            WAITING.set(0)
            self._log.info("the archive is written again", after_s=round(time.monotonic() - self._stuck_since_s, 1))
            self._stuck_since_s = None

    def _stuck(self, error: OSError) -> TransientError:
        """Return what to raise, after saying loudly what waits."""
        records, octets = self._held.records, self._held.octets
        WAITING.set(records)
        waiting = f"{records} records of {octets} octets wait in memory and all later ones in Kafka"
        remedy = "make room there, or make it writable; nothing else is to be done"
        if self._stuck_since_s is None:
            self._stuck_since_s = time.monotonic()
            self._log.error(
                "the archive's disk takes nothing",
                folder=str(self._root),
                error=str(error),
                records=records,
                octets=octets,
                remedy=remedy,
            )
        return TransientError(f"cannot write to the archive {self._root} ({error}): {waiting}; {remedy}")

    def _write(self, stream: Stream, held: Holding) -> None:
        for key, records in held.by_key():
            write_table(flight_folder(self._root, key), stream, records)
            PARTS.labels(stream.value).inc()
            RECORDS.labels(stream.value).inc(records.num_rows)

    async def flush(self) -> None:
        """Step 5: a part that is written is synced."""

    async def save(self) -> Offsets:
        """Step 6: what is on disk may be committed."""
        return self._safe
