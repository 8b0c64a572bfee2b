"""The tracker as a stage of the numbered loop: what it knows is on Kafka before offsets are committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from prometheus_client import Counter
from structlog.typing import FilteringBoundLogger

from runtime.aside import Aside
from runtime.consumer import Batch, Offsets
from runtime.health import Health
from runtime.kafka import Outgoing, Partition, Producer, Record, read_to_end
from runtime.latency import Handled, Latencies
from runtime.settings import KafkaSettings
from telemetry.errors import InputError, InternalError
from telemetry.events import Event, event_from_kafka
from telemetry.message import Message, message_from_kafka
from telemetry.topics import KafkaTopic, Kind, partition_of
from tracking.load import Booking
from tracking.records import TYPE_HEADER, RecordType, StateRecord, read_record
from tracking.register import Register
from tracking.tracker import Tracker

UNREADABLE = Counter("downrange_track_unreadable_total", "Records passed over because they cannot be read", ["topic"])
_MANIFEST: Final = RecordType.MANIFEST.value.encode()


@dataclass(slots=True)
class Inputs:
    """A decoded batch, each with its record."""

    bookings: list[tuple[Record, Booking]] = field(default_factory=list)
    events: list[tuple[Record, Event]] = field(default_factory=list)
    messages: list[tuple[Record, Message]] = field(default_factory=list)


class TrackStage:
    """Reads events, telemetry and manifests; writes flights and deliveries.

    Parameters
    ----------
    settings
        The cluster.
    producer
        Writes to it.
    tracker
        What is known of the flights of our partitions.
    health
        Where it says what broke it.
    stop
        When it is set, everything that is known is written.
    log
        Where unreadable records are named.
    """

    name: Final = "track"
    topics: Final = (KafkaTopic.EVENTS, KafkaTopic.TELEMETRY, KafkaTopic.DELIVERIES)

    def __init__(
        self,
        settings: KafkaSettings,
        producer: Producer,
        tracker: Tracker,
        health: Health,
        stop: asyncio.Event,
        log: FilteringBoundLogger,
    ) -> None:
        self._settings = settings
        self._producer = producer
        self._tracker = tracker
        self._stop = stop
        self._log = log
        self._next: dict[Partition, int] = {}
        self._sent: list[asyncio.Future[Any]] = []
        self._aside = Aside(self.name, health, log)
        self._kept: list[Outgoing] = []
        self._latencies = Latencies(self.name)
        self._handled: list[Handled] = []

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Read back what was written of the flights of these partitions."""
        self._forget(partitions)
        numbers = {tp.partition for tp in partitions}
        ours = [Partition(KafkaTopic.DELIVERIES.value, number) for number in numbers]
        written = Register()
        async for record in read_to_end(self._settings, "downrange-track-restore", ours):
            known = self._read(record)
            if known is not None:
                written.put(known)
        self._tracker.restore(written)
        return {}

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Forget flights that are another member's now."""
        self._forget(partitions)

    async def decode(self, batch: Batch) -> Inputs:
        """Step 2: decode; what cannot be read is counted, named and passed over: it stays where it is."""
        inputs = Inputs()
        for tp, records in batch.items():
            for record in records:
                self._take(record, partial(self._decode_one, record, inputs))
            if records:
                self._next[tp] = records[-1].offset + 1
        return inputs

    def advance(self, inputs: Inputs) -> list[StateRecord]:
        """Step 3: advance the flights."""
        for record, booking in inputs.bookings:
            self._take(record, partial(self._tracker.take_booking, booking, record.offset))
        for record, event in inputs.events:
            self._take(record, partial(self._tracker.take_event, event))
        for record, message in inputs.messages:
            self._take(record, partial(self._tracker.take_message, message, record.offset))
        self._handled = [Handled(message) for _, message in inputs.messages if message.kind is Kind.TELEMETRY]
        idle = not (inputs.bookings or inputs.events or inputs.messages)
        return self._tracker.due(everything=idle or self._stop.is_set())

    def _take(self, record: Record, take: Callable[[], None]) -> None:
        """Let the tracker take a record; one that breaks it is kept, and the rest goes on."""
        try:
            take()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it costs this record only
            self._kept.append(self._aside.put(record, InternalError(error)))

    async def produce(self, output: list[StateRecord]) -> None:
        """Step 4: write what changed, and how long things took."""
        self._sent = []
        for record in output:
            sent = await self._producer.send(
                KafkaTopic.DELIVERIES, record.key, record.value, record.headers, flight=record.flight
            )
            self._sent.append(sent)
        told = self._latencies.due(time.monotonic(), everything=self._stop.is_set())
        self._sent += await self._producer.send_all([*self._kept, *told])

    async def flush(self) -> None:
        """Step 5: wait until Kafka has it."""
        await self._producer.acknowledged(self._sent)
        self._kept.clear()
        self._latencies.take(self._handled, time.time_ns(), time.monotonic())
        self._handled.clear()

    async def save(self) -> Offsets:
        """Step 6: the state is what was written; telemetry that no written record reflects is not to be committed."""
        return {tp: self._safe_offset(tp, after) for tp, after in self._next.items()}

    def _safe_offset(self, tp: Partition, after: int) -> int:
        if tp.topic != KafkaTopic.TELEMETRY.value:
            return after
        unsaved = self._tracker.unsaved_from(self._keys_of({tp.partition}))
        return after if unsaved is None else unsaved

    def _decode_one(self, record: Record, inputs: Inputs) -> None:
        if record.topic == KafkaTopic.DELIVERIES.value:
            if dict(record.headers).get(TYPE_HEADER) == _MANIFEST:
                booking = self._read(record)
                if isinstance(booking, Booking):
                    inputs.bookings.append((record, booking))
            return
        try:
            if record.topic == KafkaTopic.EVENTS.value:
                inputs.events.append((record, event_from_kafka(record.value or b"", record.headers)))
            else:
                inputs.messages.append((record, message_from_kafka(record.value or b"", record.headers)))
        except InputError as error:
            self._pass_over(record, error)

    def _read(self, record: Record) -> Any:
        if record.value is None:
            return None
        try:
            return read_record(record.value, record.headers)
        except InputError as error:
            self._pass_over(record, error)
            return None

    def _pass_over(self, record: Record, error: InputError) -> None:
        UNREADABLE.labels(record.topic).inc()
        place = f"{record.topic}-{record.partition}@{record.offset}"
        self._log.warning("unreadable record passed over", record=place, error=str(error)[:400])

    def _forget(self, partitions: frozenset[Partition]) -> None:
        self._tracker.forget(self._keys_of({tp.partition for tp in partitions}))
        for tp in partitions:
            self._next.pop(tp, None)

    def _keys_of(self, numbers: set[int]) -> list[str]:
        return [key for key in self._tracker if partition_of(key, self._settings.partitions) in numbers]
