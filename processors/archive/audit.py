"""Job `ledger`: the books of a recorded flight, counted again from its raw records, held against the recorded ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from processors.airframe import Airframe
from processors.completeness import Completeness
from processors.frames import pieces_of
from processors.ledger import ledger_rows
from processors.reading import Packets, read_rejected, read_telemetry
from runtime.archive.catalog import Recording
from runtime.archive.contents import recorded_ledger
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary, Registry
from telemetry.errors import InputError
from telemetry.frames import Frame
from telemetry.quality import LedgerRow

COMPARED: Final = ("sent", "received", "unique", "duplicate", "rejected", "missing")
ONLY_BY_COUNT: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A figure on which the recount and the recorded ledger differ."""

    vehicle: str
    packet: str
    figure: str
    recounted: int
    recorded: int


@dataclass(slots=True)
class Audit:
    """The books of a recorded flight.

    Parameters
    ----------
    rows
        Counted from the raw records; `late` is 0, since nothing waits here.
    has_ledger
        Whether the recording holds a ledger to compare with; an imported flight has none.
    disagreements
        Where that ledger says something else.
    unreadable
        Records that are no messages at all, and stand in no row.
    """

    rows: list[LedgerRow] = field(default_factory=list)
    has_ledger: bool = False
    disagreements: list[Disagreement] = field(default_factory=list)
    unreadable: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every row balances and the recorded ledger says the same."""
        return all(row.balanced for row in self.rows) and not self.disagreements and not self.unreadable


class _Books:
    """One vehicle's."""

    def __init__(self, vehicle: str, dictionary: Dictionary) -> None:
        self._airframe = Airframe(vehicle, dictionary)
        self.packets = {name: Completeness(rate_hz) for name, rate_hz in self._airframe.rates_hz.items()}
        self.sent: Counter[str] = Counter()

    def take(self, frame: Frame) -> None:
        packets = self._airframe.dictionary.packets
        for piece in pieces_of(frame, ONLY_BY_COUNT):
            books = self.packets.setdefault(frame.packet, Completeness(packets[frame.packet].rate_hz))
            books.accept(int(piece.counts[0]), piece.t_ns)
        for name, packet in packets.items():
            if packet.sent_counter is not None and packet.sent_counter in frame.columns:
                self.sent[name] = max(self.sent[name], int(frame.columns[packet.sent_counter].max()))


def audit(recording: Recording, registry: Registry) -> Audit:
    """Count every packet of a recording again; it streams, whatever the length of the flight.

    Parameters
    ----------
    recording
        The flight.
    registry
        The dictionaries that its messages name.

    Raises
    ------
    ArchiveError
        If a part of the recording is damaged.
    """
    result, decoder = Audit(), Decoder(registry)
    books: dict[tuple[str, str], _Books] = {}
    as_of_ns = 0
    for record in read_stream(recording.folder, Stream.TELEMETRY):
        try:
            reading = read_telemetry(record.value or b"", record.headers, decoder)
        except InputError:
            result.unreadable += 1
            continue
        message = reading.message
        as_of_ns = max(as_of_ns, message.ert_ns)
        if isinstance(reading, Packets) and reading.dictionary is not None:
            key = (message.address.vehicle, reading.dictionary.name)
            one = books.setdefault(key, _Books(message.address.vehicle, reading.dictionary))
            for frame in reading.frames:
                one.take(frame)
    refused = _refused(recording, decoder)
    for (vehicle, _), one in books.items():
        whose = (recording.run, recording.flight, vehicle)
        result.rows += ledger_rows(whose, as_of_ns, one.packets, one.sent, refused.pop(vehicle, {}))
    for vehicle, counts in refused.items():
        result.rows += ledger_rows((recording.run, recording.flight, vehicle), as_of_ns, {}, {}, counts)
    recorded = recorded_ledger(recording)
    result.has_ledger = bool(recorded)
    if recorded:
        result.disagreements = _disagreements(result.rows, recorded)
    return result


def _refused(recording: Recording, decoder: Decoder) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for record in read_stream(recording.folder, Stream.REJECTED):
        try:
            refused = read_rejected(record.value or b"", record.headers, decoder)
        except InputError:
            # what a sink refused was counted as a packet before
            continue
        if refused is not None:
            counts.setdefault(refused.message.address.vehicle, Counter())[refused.packet] += 1
    return counts


def _disagreements(rows: list[LedgerRow], recorded: dict[tuple[str, str], LedgerRow]) -> list[Disagreement]:
    counted = {(row.vehicle, row.packet): row for row in rows}
    found: list[Disagreement] = []
    for vehicle, packet in sorted(counted.keys() | recorded.keys()):
        ours, theirs = counted.get((vehicle, packet)), recorded.get((vehicle, packet))
        for figure in COMPARED:
            one, other = (int(getattr(row, figure)) if row is not None else 0 for row in (ours, theirs))
            if one != other:
                found.append(Disagreement(vehicle, packet, figure, one, other))
    return found
