"""Follows one flight on Kafka and keeps the board true to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer
from pydantic import ValidationError

from downrange.demo.board import Board
from runtime.kafka import Partition, Record, open_consumer
from runtime.settings import KafkaSettings
from telemetry.decoder import Decoder
from telemetry.errors import InputError
from telemetry.events import Event, event_from_kafka
from telemetry.message import message_from_kafka
from telemetry.quality import QUALITY_TYPES
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of
from tracking.delivery import Delivery
from tracking.records import read_record

FOLLOWED: Final = (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY, KafkaTopic.DELIVERIES)


class Feed:
    """Reads the partition of one flight on every topic.

    Parameters
    ----------
    consumer
        A started consumer, already at the place to read from.
    key
        `{run}/{flight}`; records of other flights in the partition are passed over.
    board
        What is kept up to date.
    decoder
        Turns messages into frames.
    on_event
        Called with every event that is new on the board.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, key: str, board: Board, decoder: Decoder, on_event: Callable[[Event], None]
    ) -> None:
        self.news = asyncio.Event()
        self._consumer = consumer
        self._key = key
        self._board = board
        self._decoder = decoder
        self._on_event = on_event

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what the board shows meets a condition."""
        while not condition():
            self.news.clear()
            await self.news.wait()

    async def follow(self) -> None:
        """Read until cancelled."""
        while True:
            for tp, records in (await self._consumer.getmany(timeout_ms=250)).items():
                for record in records:
                    self._take(KafkaTopic(tp.topic), record)
                self.news.set()

    def _take(self, topic: KafkaTopic, record: Record) -> None:
        key = (record.key or b"").decode()
        if key != self._key and not key.startswith(f"{self._key}/"):
            return
        try:
            match topic:
                case KafkaTopic.TELEMETRY:
                    self._take_telemetry(record)
                case KafkaTopic.EVENTS:
                    event = event_from_kafka(record.value, record.headers)
                    if self._board.see_event(event):
                        self._on_event(event)
                case KafkaTopic.QUALITY:
                    kind = QUALITY_TYPES.get(dict(record.headers).get("type", b"").decode())
                    if kind is not None:
                        self._board.see_quality(kind.model_validate_json(record.value))
                case KafkaTopic.DELIVERIES:
                    delivery = read_record(record.value or b"", list(record.headers))
                    if isinstance(delivery, Delivery):
                        self._board.deliveries[delivery.code] = delivery.status
                case _:
                    pass
        except (InputError, ValidationError, ValueError):
            # the console is a spectator: what it cannot read is the concern of the services, which keep and count it
            self._board.unreadable += 1

    def _take_telemetry(self, record: Record) -> None:
        message = message_from_kafka(record.value, record.headers)
        self._board.messages += 1
        if message.kind is Kind.TELEMETRY:
            for frame in self._decoder.decode(message).frames:
                self._board.see_frame(frame)


@asynccontextmanager
async def open_feed(
    settings: KafkaSettings, run: str, flight: str, board: Board, decoder: Decoder, on_event: Callable[[Event], None]
) -> AsyncIterator[Feed]:
    """Open a feed that begins at what comes from now on."""
    key = flight_key(run, flight)
    async with open_consumer(settings, "downrange-console", None) as consumer:
        partitions = [Partition(topic.value, partition_of(key, settings.partitions)) for topic in FOLLOWED]
        consumer.assign(partitions)
        for tp, offset in (await consumer.end_offsets(partitions)).items():
            consumer.seek(tp, offset)
        yield Feed(consumer, key, board, decoder, on_event)
