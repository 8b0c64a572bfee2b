"""From Kafka records to blocks of lines, a bounded slice at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pydantic import ValidationError

from processors.influx.line_protocol import Block, Lines, pack, packet_lines
from processors.influx.points import DeliveryState, delivery_line, event_line, link_line, quality_line
from telemetry.decoder import Decoder
from telemetry.errors import PacketError, Reason
from telemetry.events import event_from_kafka
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import SPACE_PACKETS, Message, message_from_kafka
from telemetry.quality import QUALITY_TYPES
from telemetry.topics import Kind

SLICE_OCTETS: Final = 128 * 1024
BODY_OCTETS: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Readable:
    """What a batch of records holds: telemetry to decode, and the lines of everything else."""

    telemetry: list[Message]
    points: list[str]


class Series(NamedTuple):
    """One packet type of one vehicle of one flight."""

    dictionary: str
    packet: str
    run: str
    flight: str
    vehicle: str


class Encoder:
    """Turns messages into blocks.

    Parameters
    ----------
    decoder
        The dictionaries.
    batch_lines
        Lines of a block at most.
    """

    def __init__(self, decoder: Decoder, batch_lines: int) -> None:
        self._decoder = decoder
        self._batch_lines = batch_lines
        self._codecs = {each.reference: decoder.codec_of(each) for each in decoder.registry.dictionaries()}

    def blocks(self, readable: Readable) -> Iterator[Block]:
        """Yield the blocks; the telemetry is decoded on the way, so that memory holds a slice of it and not all."""
        yield from pack(self._arrays(readable), self._batch_lines, BODY_OCTETS)

    def _arrays(self, readable: Readable) -> Iterator[Lines]:
        if readable.points:
            yield pa.array(readable.points)
        for messages in _slices(readable.telemetry):
            yield from self._telemetry(messages)

    def _telemetry(self, messages: Sequence[Message]) -> Iterator[Lines]:
        """Yield the lines of messages, those of one packet type of one vehicle together: columns cost by the piece.

        What is refused here was refused by ingest or detect too, which keep it; what they take is stored.
        """
        octets: dict[Series, list[memoryview]] = {}
        frames: dict[Series, list[Frame]] = {}
        for message in messages:
            address, dictionary = message.address, self._decoder.dictionary_of(message)
            if dictionary is None:
                continue
            if message.content_type != SPACE_PACKETS:
                for frame in self._decoder.decode(message).frames:
                    key = Series(dictionary.reference, frame.packet, address.run, address.flight, address.vehicle)
                    frames.setdefault(key, []).append(frame)
                continue
            codec, payload = self._codecs[dictionary.reference], memoryview(message.payload)
            for run in codec.layout.split(message.payload)[0]:
                key = Series(dictionary.reference, run.packet, address.run, address.flight, address.vehicle)
                octets.setdefault(key, []).append(payload[run.start : run.stop])
        for key, pieces in octets.items():
            codec = self._codecs[key.dictionary]
            yield self._lines(key, [codec.join(key.packet, b"".join(pieces), key.vehicle, "", 0)])
        for key, some in frames.items():
            yield self._lines(key, some)

    def _lines(self, key: Series, frames: Sequence[Frame]) -> Lines:
        tags = {"run": key.run, "flight": key.flight, "vehicle": key.vehicle}
        return packet_lines(key.packet, self._codecs[key.dictionary].dictionary.packets[key.packet], tags, frames)


def _slices(messages: Sequence[Message]) -> Iterator[list[Message]]:
    part: list[Message] = []
    octets = 0
    for message in messages:
        part.append(message)
        octets += len(message.payload)
        if octets >= SLICE_OCTETS:
            yield part
            part, octets = [], 0
    if part:
        yield part


def read_telemetry(record: Any, into: Readable) -> None:
    """Read a record of `downrange.telemetry`.

    Raises
    ------
    InputError
        If its headers or its link report are wrong.
    """
    message = message_from_kafka(record.value, record.headers)
    if message.kind is Kind.TELEMETRY:
        into.telemetry.append(message)
        return
    try:
        report = LinkReport.model_validate_json(message.payload)
    except ValidationError as error:
        raise PacketError(Reason.BAD_JSON, f"not a link report: {error.errors()[0]['msg']}") from error
    _add(link_line(message, report), into)


def read_event(record: Any, into: Readable) -> None:
    """Read a record of `downrange.events`.

    Raises
    ------
    PacketError
        If it is no event.
    """
    _add(event_line(event_from_kafka(record.value, record.headers)), into)


def read_quality(record: Any, into: Readable) -> None:
    """Read a record of `downrange.quality`.

    Raises
    ------
    PacketError
        If it is no quality record.
    """
    named = (dict(record.headers).get("type") or b"").decode("utf-8", "replace")
    kind = QUALITY_TYPES.get(named)
    if kind is None:
        raise PacketError(Reason.BAD_PROPERTY, f"header type is {named[:40]!r}, none of: {', '.join(QUALITY_TYPES)}")
    try:
        quality = kind.model_validate_json(record.value or b"")
    except ValidationError as error:
        raise PacketError(Reason.BAD_JSON, f"not a {named} record: {error.errors()[0]['msg']}") from error
    _add(quality_line(quality), into)


def read_delivery(record: Any, into: Readable) -> None:
    """Read a record of `downrange.deliveries`; plans and positions stand there too and are none of ours.

    Raises
    ------
    PacketError
        If it calls itself a delivery and is none.
    """
    if dict(record.headers).get("type") != b"delivery" or record.value is None:
        return
    try:
        state = DeliveryState.model_validate_json(record.value)
    except ValidationError as error:
        raise PacketError(Reason.BAD_JSON, f"not a delivery: {error.errors()[0]['msg']}") from error
    _add(delivery_line(state), into)


def _add(line: str | None, into: Readable) -> None:
    if line is not None:
        into.points.append(line)
