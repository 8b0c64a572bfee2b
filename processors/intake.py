"""A batch of records as readings: step 2 of detection; and what is refused of them.

A record that detection refuses itself has the header `origin`: at which step, and the offset and octet where it began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

from prometheus_client import Counter

from processors.reading import (
    ORIGIN,
    Asked,
    Packets,
    Reading,
    Refused,
    Report,
    read_command,
    read_rejected,
    read_telemetry,
)
from runtime.consumer import Batch
from runtime.kafka import Headers, Outgoing, Partition, Record
from telemetry.decoder import Decoder
from telemetry.errors import InputError, InternalError
from telemetry.message import JSON
from telemetry.topics import KafkaTopic

UNREADABLE = Counter("downrange_detect_unreadable_total", "Records that could not be decoded", ["reason"])
MOST_TEXT: Final = 300
OURS: Final = frozenset({ORIGIN, "reason", "detail"})
P = ParamSpec("P")
T = TypeVar("T")
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
    broken
        Topic, place and error of what broke the reader.
    """

    now_s: float
    arrivals: list[Arrival] = field(default_factory=list)
    last: dict[Partition, Record] = field(default_factory=dict)
    unreadable: list[Outgoing] = field(default_factory=list)
    broken: list[tuple[str, str, InternalError]] = field(default_factory=list)


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
    try:
        refused = _guarded(read_rejected, record.value or b"", record.headers, decoder)
    except InternalError as error:
        # it is kept where it stands: written there again it would be read again, for ever
        readings.broken.append((tp.topic, f"{tp.topic}-{tp.partition}-{record.offset}", error))
    except InputError:
        pass
    else:
        if refused is not None:
            readings.arrivals.append(_arrival(tp, record, refused))


def _read_telemetry(tp: Partition, record: Record, decoder: Decoder, readings: Readings) -> None:
    value, headers = record.value or b"", list(record.headers)
    try:
        reading = _guarded(read_telemetry, value, headers, decoder)
    except InputError as error:
        if isinstance(error, InternalError):
            readings.broken.append((tp.topic, f"{tp.topic}-{tp.partition}-{record.offset}", error))
        readings.unreadable.append(_rejection(record, value, headers, error))
        return
    readings.arrivals.append(_arrival(tp, record, reading))
    for refusal in reading.refusals if isinstance(reading, Packets) else ():
        octets = value[refusal.start : refusal.stop]
        readings.unreadable.append(
            _rejection(record, octets, headers, InputError(refusal.reason, refusal.detail), refusal.start)
        )


def _read_command(tp: Partition, record: Record, readings: Readings) -> None:
    value, key = record.value or b"", key_of(record)
    try:
        asked = _guarded(read_command, value, key)
    except InputError as error:
        readings.unreadable.append(_rejection(record, value, list(record.headers), error))
        return
    readings.arrivals.append(Arrival(tp.partition, tp.topic, record.offset, key, asked))


def kept(arrival: Arrival, error: InputError) -> list[Outgoing]:
    """Return the record that keeps what an engine did not take; none for what is kept already.

    Of a command it is the answer, too.
    """
    reading = arrival.reading
    if isinstance(reading, Refused):
        return []
    if isinstance(reading, Asked):
        command = reading.command
        value = command.model_dump_json().encode()
        named = {"run": command.run, "flight": command.flight, "vehicle": command.vehicle, "content-type": JSON}
        headers = [(name, text.encode()) for name, text in named.items()]
        headers.append(("command", command.id.encode()))
    else:
        value, headers = reading.message.payload, reading.message.kafka_headers()
        headers.append((ORIGIN, f"engine-{arrival.offset}-0".encode()))
    return [Outgoing(KafkaTopic.REJECTED, arrival.key, value, [*headers, *_why(error)])]


def _guarded(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read a record; one that breaks the reader is refused as one that is wrong."""
    try:
        return read(*args, **kwargs)
    except InputError:
        raise
    except Exception as error:
        raise InternalError(error) from error


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


def _rejection(record: Record, octets: bytes, headers: Headers, error: InputError, start: int = 0) -> Outgoing:
    UNREADABLE.labels(error.reason.value).inc()
    named = [header for header in headers if header[0] not in OURS]
    origin = (ORIGIN, f"read-{record.offset}-{start}".encode())
    return Outgoing(KafkaTopic.REJECTED, key_of(record), octets, [*named, origin, *_why(error)])


def _why(error: InputError) -> Headers:
    return [("reason", error.reason.value.encode()), ("detail", error.detail.encode("utf-8", "replace")[:MOST_TEXT])]
