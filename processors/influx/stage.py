"""The InfluxDB writer as a stage: an offset is committed after InfluxDB has said 204 for everything before it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import Counter
from structlog.typing import FilteringBoundLogger

from processors.influx.encoder import (
    Encoder,
    Readable,
    read_delivery,
    read_event,
    read_quality,
    read_telemetry,
)
from processors.influx.line_protocol import Block
from processors.influx.portions import Portions
from processors.influx.writer import InfluxWriter, RefusedLine
from runtime.aside import Aside
from runtime.consumer import Batch, Offsets
from runtime.health import Health
from runtime.kafka import Outgoing, Partition, Producer
from runtime.latency import Handled, Latencies
from telemetry.errors import InputError, InternalError, TimedOutError, TransientError
from telemetry.topics import KafkaTopic, flight_key

UNREADABLE = Counter("downrange_influx_unreadable_total", "Records that could not be decoded", ["topic", "reason"])
WRITES_AT_ONCE: Final = 2
LINE_PROTOCOL: Final = "application/vnd.influx.line-protocol"
READERS: Final[dict[str, Callable[[Any, Readable], None]]] = {
    KafkaTopic.TELEMETRY.value: read_telemetry,
    KafkaTopic.EVENTS.value: read_event,
    KafkaTopic.QUALITY.value: read_quality,
    KafkaTopic.DELIVERIES.value: read_delivery,
}
TAG: Final = re.compile(rb",(flight|run|vehicle)=([^, ]+)")


@dataclass(slots=True)
class Blocks:
    """Blocks on their way, in pieces of a size that InfluxDB can take; one that failed comes again before the next."""

    blocks: Iterator[Block]
    portions: Portions
    again: list[Block] = field(default_factory=list)

    def next(self) -> Block | None:
        """Return the next block to write, None at the end."""
        block = self.again.pop() if self.again else next(self.blocks, None)
        if block is None:
            return None
        first, rest = self.portions.cut(block)
        if rest is not None:
            self.again.append(rest)
        return first


class InfluxStage:
    """Writes telemetry, events, quality records and deliveries to InfluxDB.

    Parameters
    ----------
    writer
        Where to.
    producer
        Takes refused lines to `downrange.rejected`, and latencies.
    encoder
        Makes lines.
    health
        Where it says what broke it.
    stop
        When it is set, the last latencies are told.
    log
        The service's logger.
    """

    name: Final = "store"
    topics: Final[tuple[KafkaTopic, ...]] = tuple(KafkaTopic(topic) for topic in READERS)

    def __init__(
        self,
        writer: InfluxWriter,
        producer: Producer,
        encoder: Encoder,
        health: Health,
        stop: asyncio.Event,
        log: FilteringBoundLogger,
    ) -> None:
        self._writer = writer
        self._producer = producer
        self._encoder = encoder
        self._stop = stop
        self._log = log
        self._read: dict[Partition, int] = {}
        self._refused: list[RefusedLine] = []
        self._aside = Aside(self.name, health, log)
        self._kept: list[Outgoing] = []
        self._portions = Portions()
        self._latencies = Latencies(self.name)
        self._handled: list[Handled] = []

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Go on from the group's offsets: what they cover is stored."""
        await self.revoked(partitions)
        return {}

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Keep nothing of them; a refused line of a batch that was given up is refused again at its next owner."""
        self._refused.clear()
        self._kept.clear()
        self._encoder.survivor.broken.clear()
        self._handled.clear()
        self._encoder.forget()
        for tp in partitions:
            self._read.pop(tp, None)

    async def decode(self, batch: Batch) -> Readable:
        """Step 2: read the records; one that cannot be read is counted here and kept by detect and by the archive."""
        readable = Readable([], [])
        for tp, records in batch.items():
            for record in records:
                try:
                    READERS[tp.topic](record, readable)
                except InputError as error:
                    UNREADABLE.labels(tp.topic, error.reason.value).inc()
                    self._log.warning("unreadable", topic=tp.topic, offset=record.offset, error=str(error))
                except Exception as error:  # noqa: BLE001 -- whatever it is, the rest goes on without it
                    self._kept.append(self._aside.put(record, InternalError(error)))
            if records:
                self._read[tp] = records[-1].offset + 1
        self._handled = [Handled(message) for message in readable.telemetry]
        return readable

    def advance(self, decoded: Readable) -> Blocks:
        """Step 3: lines, made as they are asked for."""
        return Blocks(self._encoder.blocks(decoded), self._portions)

    async def produce(self, output: Blocks) -> None:
        """Step 4: write the blocks, the next one while InfluxDB works on the last."""
        failures: list[TransientError] = []
        slots = asyncio.Semaphore(WRITES_AT_ONCE)

        async def write(block: Block) -> None:
            try:
                self._refused += await self._writer.write(block)
            except TransientError as error:
                if isinstance(error, TimedOutError):
                    self._portions.timed_out(block.count)
                failures.append(error)
                output.again.append(block)
            else:
                self._portions.done(block.count)
            finally:
                slots.release()

        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                block = None if failures else output.next()
                if block is None:
                    break
                group.create_task(write(block), name="write to InfluxDB")
        if failures:
            # who asks for the longest time is right
            raise max(failures, key=lambda error: error.after_s or 0.0)

    async def flush(self) -> None:
        """Step 5: everything is stored, or safe in `downrange.rejected`."""
        now_s = time.monotonic()
        self._latencies.take(self._handled, time.time_ns(), now_s)
        self._handled.clear()
        told = self._latencies.due(now_s, everything=self._stop.is_set())
        for message, error in self._encoder.survivor.broken:
            self._kept.append(self._aside.put_message(KafkaTopic.TELEMETRY, message, error))
        self._encoder.survivor.broken.clear()
        futures = await self._producer.send_all([*map(_rejection, self._refused), *self._kept, *told])
        await self._producer.acknowledged(futures)
        self._kept.clear()
        if self._refused:
            first = self._refused[0]
            self._log.warning("lines refused", count=len(self._refused), reason=first.reason.value, detail=first.detail)
        self._refused.clear()

    async def save(self) -> Offsets:
        """Step 6: what was read is stored."""
        return self._read


def _rejection(refused: RefusedLine) -> Outgoing:
    """Return the record that keeps a refused line."""
    tags = {name.decode(): value for name, value in TAG.findall(refused.line)}
    headers = [
        *((name, tags.get(name, b"")) for name in ("run", "flight", "vehicle")),
        ("content-type", LINE_PROTOCOL.encode()),
        ("reason", refused.reason.value.encode()),
        ("detail", refused.detail.encode()),
    ]
    key = flight_key(tags.get("run", b"").decode(), tags.get("flight", b"").decode())
    return Outgoing(KafkaTopic.REJECTED, key, refused.line, headers)
