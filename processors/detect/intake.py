"""A batch of records as readings: step 2 of detection; and what is refused of them.

A record that detection refuses itself has the header `origin`: at which step, and the offset and octet where it began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

from prometheus_client import Counter

from processors.detect.reading import (
    ORIGIN,
    Asked,
    Packets,
    Reading,
    Refused,
    Report,
    Silence,
    packets_of,
    read_command,
    read_message,
    read_rejected,
)
from runtime.consumer import Batch
from runtime.kafka import Headers, Outgoing, Partition, Record
from telemetry.decoder import Decoder
from telemetry.errors import InputError, InternalError
from telemetry.message import JSON, Message
from telemetry.topics import KafkaTopic

UNREADABLE = Counter("downrange_detect_unreadable_total", "Records that could not be decoded", ["reason"])
MOST_TEXT: Final = 300
# what is decoded together stays in memory while a packet of it waits: few messages, but enough to share the cost
TOGETHER: Final = 64
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

    @property
    def offsets(self) -> dict[str, int]:
        """Where it stood, as evidence."""
        return {f"{self.topic}-{self.partition}": self.offset}


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
    heard: list[tuple[Partition, Record]] = []
    for tp, records in batch.items():
        for record in records:
            if tp.topic == KafkaTopic.REJECTED.value:
                _read_rejected(tp, record, decoder, readings)
            elif tp.topic == KafkaTopic.COMMANDS.value:
                _read_command(tp, record, readings)
            else:
                heard.append((tp, record))
            readings.last[tp] = record
    for at in range(0, len(heard), TOGETHER):
        _read_heard(heard[at : at + TOGETHER], decoder, readings)
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


def _read_heard(heard: Sequence[tuple[Partition, Record]], decoder: Decoder, readings: Readings) -> None:
    """Read telemetry: its packets are decoded together."""
    taken: list[tuple[Partition, Record, Message | Report]] = []
    for tp, record in heard:
        try:
            taken.append((tp, record, _guarded(read_message, record.value or b"", record.headers)))
        except InputError as error:
            _refuse(tp, record, error, readings)
    messages = [read for _, _, read in taken if isinstance(read, Message)]
    try:
        decoded = iter(decoder.decode_all(messages))
    except Exception:  # noqa: BLE001 -- one of them breaks the decoder: alone it says which
        decoded = None
    for tp, record, read in taken:
        if isinstance(read, Report):
            readings.arrivals.append(_arrival(tp, record, read))
            continue
        try:
            found = _guarded(decoder.decode, read) if decoded is None else next(decoded)
        except InputError as error:
            _refuse(tp, record, error, readings)
            continue
        readings.arrivals.append(_arrival(tp, record, packets_of(read, found, decoder)))
        for refusal in found.refusals:
            octets = read.payload[refusal.start : refusal.stop]
            why = InputError(refusal.reason, refusal.detail)
            readings.unreadable.append(_rejection(record, octets, list(record.headers), why, refusal.start))


def _refuse(tp: Partition, record: Record, error: InputError, readings: Readings) -> None:
    if isinstance(error, InternalError):
        readings.broken.append((tp.topic, f"{tp.topic}-{tp.partition}-{record.offset}", error))
    readings.unreadable.append(_rejection(record, record.value or b"", list(record.headers), error))


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
    if isinstance(reading, Refused | Silence):
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
