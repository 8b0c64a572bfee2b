"""From Kafka records to blocks of lines, a bounded slice at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from processors.influx.events import EventLines
from processors.influx.line_protocol import Block, Lines, pack, packet_lines, series_lines, series_prefix
from processors.influx.points import DeliveryState, delivery_line, link_line, quality_line
from processors.influx.survivor import Survivor, slices
from telemetry.decoder import Decoder
from telemetry.errors import PacketError, Reason
from telemetry.events import event_from_kafka
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import SPACE_PACKETS, Message, message_from_kafka
from telemetry.quality import QUALITY_TYPES
from telemetry.topics import Kind

# points of each series that are known to be written, at 100 octets each: 5 s of 50 a second
REMEMBERED: Final = 256
MOST_SERIES: Final = 2048
BODY_OCTETS: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Readable:
    """What a batch of records holds: telemetry to decode, events, and the lines of everything else."""

    telemetry: list[Message]
    points: list[str]
    events: EventLines = field(default_factory=EventLines)


class Series(NamedTuple):
    """One packet type of one vehicle of one flight."""

    dictionary: str
    packet: str
    run: str
    flight: str
    vehicle: str

    @property
    def tags(self) -> dict[str, str]:
        """The point's tags."""
        return {"run": self.run, "flight": self.flight, "vehicle": self.vehicle}


@dataclass(frozen=True, slots=True)
class _Heap:
    """Packets of one type as they came, and whose each piece is."""

    pieces: list[memoryview] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)


class Encoder:
    """Turns messages into blocks.

    What a second station brings, or the same station again, is left out as far as it is remembered: InfluxDB would
    overwrite the point with itself, at the same price. Nothing hangs on that memory.

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
        self._written: dict[Series, dict[int, None]] = {}
        self.survivor = Survivor(self._telemetry, self.forget)

    def blocks(self, readable: Readable) -> Iterator[Block]:
        """Yield the blocks; the telemetry is decoded on the way, so that memory holds a slice of it and not all."""
        yield from pack(self._arrays(readable), self._batch_lines, BODY_OCTETS)

    def _arrays(self, readable: Readable) -> Iterator[Lines]:
        if points := [*readable.points, *readable.events.lines()]:
            yield pa.array(points)
        for messages in slices(readable.telemetry):
            yield from self.survivor.lines(messages)

    def forget(self) -> None:
        """Take nothing for written any more: another member may have had the flights meanwhile."""
        self._written.clear()

    def _telemetry(self, messages: Sequence[Message]) -> Iterator[Lines]:
        """Yield the lines of messages, those of one packet type together, whoever sent them: columns cost by the piece.

        What is refused here was refused by ingest or detect too, which keep it; what they take is stored.
        """
        heaps: dict[tuple[str, str], _Heap] = {}
        frames: dict[Series, list[Frame]] = {}
        for message in messages:
            address, dictionary = message.address, self._decoder.dictionary_of(message)
            if dictionary is None:
                continue
            reference = dictionary.reference
            if message.content_type != SPACE_PACKETS:
                for frame in self._decoder.decode(message).frames:
                    key = Series(reference, frame.packet, address.run, address.flight, address.vehicle)
                    frames.setdefault(key, []).append(frame)
                continue
            payload = memoryview(message.payload)
            for run in self._codecs[reference].layout.split(message.payload)[0]:
                heap = heaps.setdefault((reference, run.packet), _Heap())
                heap.pieces.append(payload[run.start : run.stop])
                heap.series.append(Series(reference, run.packet, address.run, address.flight, address.vehicle))
        for (reference, packet), heap in heaps.items():
            lines = self._heap_lines(reference, packet, heap)
            if lines is not None:
                yield lines
        for key, some in frames.items():
            yield packet_lines(key.packet, self._codecs[key.dictionary].dictionary.packets[key.packet], key.tags, some)

    def _heap_lines(self, reference: str, packet: str, heap: _Heap) -> Lines | None:
        codec = self._codecs[reference]
        definition = codec.dictionary.packets[packet]
        size = codec.layout.octets(definition.apid)
        numbers: dict[Series, int] = {}
        which = np.repeat(
            [numbers.setdefault(series, len(numbers)) for series in heap.series],
            [len(piece) // size for piece in heap.pieces],
        )
        octets = b"".join(heap.pieces)
        rows = self._unwritten(list(numbers), which, codec.times(packet, octets))
        if not rows.size:
            return None
        if rows.size < which.size:
            octets = np.frombuffer(octets, np.uint8).reshape(-1, size)[rows].tobytes()
            which = which[rows]
        frame = codec.join(packet, octets, "", "", 0)
        prefixes = [series_prefix(packet, series.tags) for series in numbers]
        return series_lines(definition, prefixes, which, frame.counts, frame.t_ns, frame.columns)

    def _unwritten(self, series: list[Series], which: NDArray[np.int64], t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows that were not handed out before, as another station's copy or as a resend."""
        known = [self._known(one) for one in series]
        rows = []
        for row, (number, at_ns) in enumerate(zip(which.tolist(), t_ns.tolist(), strict=True)):
            times = known[number]
            if at_ns not in times:
                times[at_ns] = None
                rows.append(row)
        for times in known:
            for at_ns in list(islice(times, max(len(times) - REMEMBERED, 0))):
                del times[at_ns]
        while len(self._written) > MOST_SERIES:
            del self._written[next(iter(self._written))]
        return np.array(rows, np.int64)

    def _known(self, series: Series) -> dict[int, None]:
        known = self._written[series] = self._written.pop(series, {})
        return known


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
    into.events.add(event_from_kafka(record.value, record.headers))


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
