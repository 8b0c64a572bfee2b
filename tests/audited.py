"""A made-up flight where the auditor looks: in an archive, in InfluxDB, and in a ledger that the line told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from flown import fly

from processors.audit.recount import Recount
from processors.influx.encoder import Encoder, Readable
from processors.influx.writer import open_writer
from runtime.archive.layout import Stream, flight_folder
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from runtime.kafka import Outgoing, Partition, Record, open_producer, read_to_end
from runtime.settings import InfluxSettings, KafkaSettings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of

DECODER = Decoder(Registry())


def telemetry_of(flight: str, seconds: int, t0_ns: int) -> list[Message]:
    return [message for message in fly(flight, seconds, t0_ns=t0_ns) if message.kind is Kind.TELEMETRY]


def archive(root: Path, messages: Sequence[Message], first: int = 0) -> Path:
    """Write messages as one part, under the offsets from `first` on."""
    key = messages[0].address.key.encode()
    records = [
        Archived(0, offset, 0, key, tuple(message.kafka_headers()), message.payload)
        for offset, message in enumerate(messages, start=first)
    ]
    return write_part(flight_folder(root, key), Stream.TELEMETRY, records)


async def store(settings: InfluxSettings, messages: Iterable[Message]) -> None:
    async with open_writer(settings) as writer:
        for block in Encoder(DECODER, settings.batch_lines).blocks(Readable(list(messages), [])):
            assert await writer.write(block) == []


def ledger_of(messages: Sequence[Message]) -> list[LedgerRow]:
    """Return the books as the line would tell them."""
    address = messages[0].address
    recount = Recount(address.run, address.flight, DECODER)
    for message in messages:
        recount.take_telemetry(message.payload, message.kafka_headers())
    rows = recount.rows()
    return [row.model_copy(update={"detected": row.unique, "held": 0}) for row in rows]


async def tell(settings: KafkaSettings, rows: Iterable[LedgerRow]) -> None:
    async with open_producer(settings, "test") as producer:
        records = [
            Outgoing(
                KafkaTopic.QUALITY,
                flight_key(row.run, row.flight),
                row.model_dump_json().encode(),
                [("type", row.type.encode())],
            )
            for row in rows
        ]
        await producer.acknowledged(await producer.send_all(records))


async def answers(settings: KafkaSettings, flight: str) -> list[LedgerRow]:
    """Return the auditor's rows of a flight, in their order."""
    key = flight_key("live", flight)
    tp = Partition(KafkaTopic.QUALITY.value, partition_of(key, settings.partitions))
    records: list[Record] = [r async for r in read_to_end(settings, "test", [tp]) if r.key == key.encode()]
    rows = [LedgerRow.model_validate_json(record.value) for record in records]
    return [row for row in rows if row.stored is not None or row.archived is not None]
