"""The books of a flight, counted again from its raw records: headers, times, sequence counts, and no channels. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from processors.airframe import Airframe
from processors.books.completeness import Gap
from processors.books.flight import FlightBooks
from processors.books.vehicle import VehicleBooks
from processors.detect.reading import RETRIED, read_rejected
from processors.influx.counted import Asked, counted_field
from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS, PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary, Packet
from telemetry.errors import InputError
from telemetry.frames import Frame
from telemetry.message import SPACE_PACKETS, Message, message_from_kafka
from telemetry.packets import PacketRun
from telemetry.quality import LedgerRow
from telemetry.topics import Kind

Headers = Iterable[tuple[str, bytes]]
# messages that are counted together: numpy costs by the call
TOGETHER: Final = 256


@dataclass(slots=True)
class _Heap:
    """Packets of one type of one vehicle in order of arrival: octets, and who brought each piece and when."""

    dictionary: Dictionary
    pieces: list[memoryview] = field(default_factory=list)
    stations: list[str] = field(default_factory=list)
    ert_ns: list[int] = field(default_factory=list)


class Recount:
    """Counts the records of one flight as they are handed to it, in their order within a topic.

    It decodes only the packets that carry the vehicle's own counters, and keeps ranges of counts: its memory does not
    grow with the flight.

    Parameters
    ----------
    run, flight
        Which.
    decoder
        The dictionaries that its messages name.
    """

    def __init__(self, run: str, flight: str, decoder: Decoder) -> None:
        self.run = run
        self.flight = flight
        self.as_of_ns = 0
        self.first_ns: int | None = None
        self.last_ns = 0
        self.unreadable = 0
        self._decoder = decoder
        self._books = FlightBooks(run, flight)
        self._packets: dict[tuple[str, str], Packet] = {}
        self._admitted: set[tuple[str, str]] = set()
        self._counters: dict[str, set[str]] = {}
        self._heaps: dict[tuple[str, str, str], _Heap] = {}
        self._waiting = 0

    def take_telemetry(self, value: bytes | None, headers: Headers) -> None:
        """Count a record of `downrange.telemetry`; one that is no message at all is counted as unreadable."""
        message: Message | None
        try:
            message = message_from_kafka(value, headers)
        except InputError:
            message = None
        if message is None or (message.retry_of and not RETRIED.fullmatch(message.retry_of)):
            self.unreadable += 1
            return
        self.as_of_ns = max(self.as_of_ns, message.ert_ns)
        dictionary = self._decoder.dictionary_of(message)
        if message.kind is not Kind.TELEMETRY or dictionary is None or self._books.is_done(message):
            return
        self._admit(message.address.vehicle, dictionary)
        codec = self._decoder.codec_of(dictionary)
        runs = codec.layout.split(message.payload)[0] if message.content_type == SPACE_PACKETS else []
        if runs and not _says_other_version(codec, message.payload, runs):
            self._heap_up(message, dictionary, runs)
            return
        self._settle()
        books = self._books.of(message.address.vehicle)
        for frame in self._decoder.decode(message).frames:
            self._open(frame.vehicle, frame.packet, dictionary)
            self._take(books, message.address.station, frame)

    def take_rejected(self, value: bytes | None, headers: Headers) -> None:
        """Count a record of `downrange.rejected`; what a sink refused was counted as a packet before."""
        try:
            refused = read_rejected(value or b"", headers, self._decoder)
        except InputError:
            return
        if refused is not None:
            self._books.refusals.add(refused.message.address.vehicle, refused.packet, refused.reason)

    def rows(self) -> list[LedgerRow]:
        """Return the books; nobody was asked what detectors saw."""
        self._settle()
        return self._books.rows(self.as_of_ns)

    def unique(self) -> dict[tuple[str, str], int]:
        """Return the unique packets of each vehicle and packet type."""
        self._settle()
        return {key: self._books.of(key[0]).packets[key[1]].unique for key in self._packets}

    def gaps(self, vehicle: str, packet: str) -> list[Gap]:
        """Return what is missing between the packets of a type."""
        self._settle()
        return self._books.of(vehicle).packets[packet].gaps() if (vehicle, packet) in self._packets else []

    def asked(self) -> list[Asked]:
        """Return what to ask InfluxDB about; after it `first_ns` and `last_ns` tell of all that was taken."""
        self._settle()
        return [Asked(vehicle, name, counted_field(packet)) for (vehicle, name), packet in self._packets.items()]

    def _admit(self, vehicle: str, dictionary: Dictionary) -> None:
        if (vehicle, dictionary.reference) in self._admitted:
            return
        self._admitted.add((vehicle, dictionary.reference))
        airframe = Airframe(vehicle, dictionary)
        self._books.of(vehicle).admit(airframe)
        for name in airframe.rates_hz:
            self._packets[vehicle, name] = dictionary.packets[name]
        counters = {packet.sent_counter for packet in dictionary.packets.values()}
        self._counters[dictionary.reference] = {
            name
            for name, packet in dictionary.packets.items()
            if any(channel.name in counters for channel in packet.channels)
        }

    def _open(self, vehicle: str, packet: str, dictionary: Dictionary) -> None:
        if (vehicle, packet) not in self._packets:
            self._packets[vehicle, packet] = dictionary.packets[packet]
            self._books.of(vehicle).open(packet, dictionary.packets[packet].rate_hz)

    def _heap_up(self, message: Message, dictionary: Dictionary, runs: Iterable[PacketRun]) -> None:
        payload, address = memoryview(message.payload), message.address
        for run in runs:
            key = (address.vehicle, dictionary.reference, run.packet)
            heap = self._heaps.get(key) or self._heaps.setdefault(key, _Heap(dictionary))
            heap.pieces.append(payload[run.start : run.stop])
            heap.stations.append(address.station)
            heap.ert_ns.append(message.ert_ns)
        self._waiting += 1
        if self._waiting >= TOGETHER:
            self._settle()

    def _settle(self) -> None:
        """Count what has been heaped up: each piece alone, as the line did, so that the figures come out alike."""
        for (vehicle, reference, packet), heap in self._heaps.items():
            self._open(vehicle, packet, heap.dictionary)
            codec, octets = self._decoder.codec_of(heap.dictionary), b"".join(heap.pieces)
            size = codec.layout.octets(heap.dictionary.packets[packet].apid)
            if packet in self._counters[reference]:
                whole = codec.join(packet, octets, vehicle, "", 0)
            else:
                counts, t_ns = codec.counts(packet, octets), codec.times(packet, octets)
                whole = Frame(vehicle, "", packet, 0, counts, t_ns, 0, {})
            lengths = [len(piece) // size for piece in heap.pieces]
            ert_ns = np.repeat(heap.ert_ns, lengths)
            good = (whole.t_ns <= ert_ns + FUTURE_TOLERANCE_NS) & (whole.t_ns >= ert_ns - OLDEST_NS)
            books, start, all_good = self._books.of(vehicle), 0, bool(good.all())
            for length, station in zip(lengths, heap.stations, strict=True):
                which = slice(start, start + length)
                piece = whole.select(which)
                start += length
                if not all_good:
                    piece = piece.select(good[which])
                if len(piece):
                    self._take(books, station, piece)
        self._heaps.clear()
        self._waiting = 0

    def _take(self, books: VehicleBooks, station: str, frame: Frame) -> None:
        for t_ns in (int(frame.t_ns[0]), int(frame.t_ns[-1])):
            self.first_ns = t_ns if self.first_ns is None else min(self.first_ns, t_ns)
            self.last_ns = max(self.last_ns, t_ns)
        books.take(station, frame)


def _says_other_version(codec: PacketCodec, payload: bytes, runs: Iterable[PacketRun]) -> bool:
    wanted, place = codec.dictionary.version, codec.layout.version
    if place is None:
        return False
    return any(said != wanted for run in runs if run.apid == place.apid for said in codec.versions(payload, run))
