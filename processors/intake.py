"""A batch of records as readings: step 2 of detection."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Counter

from processors.reading import Packets, Reading, Refused, Report, read_command, read_rejected, read_telemetry
from runtime.consumer import Batch
from runtime.kafka import Headers, Outgoing, Partition, Record
from telemetry.decoder import Decoder
from telemetry.errors import InputError
from telemetry.limit_command import LimitCommand
from telemetry.message import JSON
from telemetry.topics import KafkaTopic

UNREADABLE = Counter("downrange_detect_unreadable_total", "Records that could not be decoded", ["reason"])
MOST_TEXT: Final = 300
# https://kafka.apache.org/documentation/#recordbatch, attributes, bit 3
LOG_APPEND_TIME: Final = 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that was read: where it stood, whose it is, and what is in it.

    `logged_ms` is the record's time, Unix ms, 0 where nobody asks; `appended` says that it is the broker's.
    """

    partition: int
    topic: str
    offset: int
    key: str
    reading: Reading
    logged_ms: int = 0
    appended: bool = False


@dataclass(slots=True)
class Readings:
    """A decoded batch.

    Parameters
    ----------
    now_s
        When it was read, by the clock that only goes forward.
    arrivals
        What could be read, in order within each partition.
    last
        The last record of each partition.
    unreadable
        What could not be decoded, as records of `downrange.rejected`.
    """

    now_s: float
    arrivals: list[Arrival] = field(default_factory=list)
    last: dict[Partition, Record] = field(default_factory=dict)
    unreadable: list[Outgoing] = field(default_factory=list)


def read_batch(batch: Batch, decoder: Decoder, now_s: float) -> Readings:
    """Decode every record of a batch; none raises."""
    readings = Readings(now_s)
    for tp, records in batch.items():
        for record in records:
            if tp.topic == KafkaTopic.REJECTED.value:
                _read_rejected(tp, record, decoder, readings)
            elif tp.topic == KafkaTopic.COMMANDS.value:
                _read_command(tp, record, readings)
            else:
                _read_telemetry(tp, record, decoder, readings)
            readings.last[tp] = record
    return readings


def key_of(record: Record) -> str:
    """Return a record's key as text; empty if it has none."""
    return (record.key or b"").decode("utf-8", "replace")


def _read_rejected(tp: Partition, record: Record, decoder: Decoder, readings: Readings) -> None:
    # sinks file refused lines and events in the same topic: those are no packets, and count in no ledger
    with suppress(InputError):
        refused = read_rejected(record.value or b"", record.headers, decoder)
        if refused is not None:
            readings.arrivals.append(_arrival(tp, record, refused))


def _read_telemetry(tp: Partition, record: Record, decoder: Decoder, readings: Readings) -> None:
    value, headers = record.value or b"", list(record.headers)
    try:
        reading = read_telemetry(value, headers, decoder)
    except InputError as error:
        readings.unreadable.append(_rejection(record, value, headers, error))
        return
    readings.arrivals.append(_arrival(tp, record, reading))
    for refusal in reading.refusals if isinstance(reading, Packets) else ():
        octets = value[refusal.start : refusal.stop]
        readings.unreadable.append(_rejection(record, octets, headers, InputError(refusal.reason, refusal.detail)))


def _read_command(tp: Partition, record: Record, readings: Readings) -> None:
    value, key = record.value or b"", key_of(record)
    try:
        asked = read_command(value, key)
    except InputError as error:
        readings.unreadable.append(_rejection(record, value, list(record.headers), error))
        return
    readings.arrivals.append(Arrival(tp.partition, tp.topic, record.offset, key, asked))


def refusal_of(arrival: Arrival, command: LimitCommand, error: InputError) -> Outgoing:
    """Return the record that keeps a refused command, and answers it."""
    headers = [
        ("run", command.run.encode()),
        ("flight", command.flight.encode()),
        ("vehicle", command.vehicle.encode()),
        ("content-type", JSON.encode()),
        ("command", command.id.encode()),
        ("reason", error.reason.value.encode()),
        ("detail", error.detail.encode()[:MOST_TEXT]),
    ]
    return Outgoing(KafkaTopic.REJECTED, arrival.key, command.model_dump_json().encode(), headers)


def _arrival(tp: Partition, record: Record, reading: Packets | Report | Refused) -> Arrival:
    return Arrival(
        tp.partition,
        tp.topic,
        record.offset,
        reading.message.address.key,
        reading,
        record.timestamp,
        record.timestamp_type == LOG_APPEND_TIME,
    )


def _rejection(record: Record, octets: bytes, headers: Headers, error: InputError) -> Outgoing:
    UNREADABLE.labels(error.reason.value).inc()
    named = [*headers, ("reason", error.reason.value.encode()), ("detail", error.detail.encode()[:MOST_TEXT])]
    return Outgoing(KafkaTopic.REJECTED, key_of(record), octets, named)
