"""Reads from Kafka what the archive does not have of a flight yet, and what the line says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from processors.audit.recount import Recount
from processors.audit.verdict import Key
from runtime.archive.layout import STREAM_OF, Stream
from runtime.kafka import Partition, Record, ensure_topics, open_consumer, read_to_end
from runtime.logs import logger
from runtime.settings import KafkaSettings
from telemetry.errors import FatalError, TransientError
from telemetry.quality import LedgerRow
from telemetry.topics import flight_key, partition_of

ANSWERS_WITHIN_S: Final = 2.0
TOPICS_WITHIN_S: Final = 10.0
READ_WITHIN_S: Final = 120.0
STREAMS: Final = (Stream.TELEMETRY, Stream.REJECTED, Stream.QUALITY)


@dataclass(slots=True)
class Tail:
    """Of one flight on Kafka: last ledger rows, number of records, time of the newest telemetry, ms, last offsets."""

    told: dict[Key, LedgerRow] = field(default_factory=dict)
    records: int = 0
    newest_ms: int = 0
    lasts: dict[Stream, int] = field(default_factory=dict)


async def read_tail(settings: KafkaSettings, recount: Recount, after: Mapping[Stream, int]) -> Tail:
    """Let a recount take what Kafka holds of its flight behind the last offset that the archive has of each stream.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    await _answers(settings)
    key, found = flight_key(recount.run, recount.flight), Tail(lasts=dict(after))
    at = partition_of(key, settings.partitions)
    starts = {Partition(stream.topic.value, at): after.get(stream, -1) + 1 for stream in STREAMS}
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            async for record in read_to_end(settings, "downrange-ledger", list(starts), starts):
                if record.key == key.encode():
                    _take(record, recount, found)
    except (KafkaError, TimeoutError) as error:
        raise TransientError(f"Kafka at {settings.bootstrap}: {error!r}") from error
    return found


def _take(record: Record, recount: Recount, found: Tail) -> None:
    found.records += 1
    found.lasts[STREAM_OF[record.topic]] = record.offset
    match STREAM_OF[record.topic]:
        case Stream.TELEMETRY:
            found.newest_ms = max(found.newest_ms, record.timestamp)
            recount.take_telemetry(record.value, record.headers)
        case Stream.REJECTED:
            recount.take_rejected(record.value, record.headers)
        case _:
            row = row_of(record, recount.run, recount.flight)
            if row is not None:
                found.told[row.vehicle, row.packet] = row


@asynccontextmanager
async def following(settings: KafkaSettings, run: str, flight: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer on the quality topic of a flight, at what comes from now on.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    await _answers(settings)
    tp = Partition(Stream.QUALITY.topic.value, partition_of(flight_key(run, flight), settings.partitions))
    try:
        async with open_consumer(settings, "downrange-ledger", None) as consumer:
            consumer.assign([tp])
            await consumer.seek_to_end(tp)
            yield consumer
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.bootstrap}: {error!r}") from error


def row_of(record: Record, run: str, flight: str) -> LedgerRow | None:
    """Return the ledger row of a record of the quality topic, if it is one of that flight."""
    if record.key != flight_key(run, flight).encode() or dict(record.headers).get("type") != LedgerRow.type.encode():
        return None
    try:
        return LedgerRow.model_validate_json(record.value or b"")
    except ValidationError:
        return None


async def _answers(settings: KafkaSettings) -> None:
    """See that Kafka is there, and its topics: asked for one that it does not know, the client waits for long."""
    host, _, port = settings.bootstrap.split(",")[0].strip().rpartition(":")
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.close()
        await ensure_topics(settings, logger("ledger"), TOPICS_WITHIN_S)
    except (OSError, TimeoutError) as error:
        raise TransientError(f"no Kafka answers at {settings.bootstrap} (DOWNRANGE_KAFKA_BOOTSTRAP)") from error
    except FatalError as error:
        raise TransientError(str(error)) from error
