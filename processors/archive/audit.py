"""Job `ledger`: the books of a recorded flight, counted again from its raw records, held against the recorded ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from processors.airframe import Airframe
from processors.flight_books import FlightBooks
from processors.reading import Packets, read_rejected, read_telemetry
from runtime.archive.catalog import Recording
from runtime.archive.contents import recorded_ledger
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import InputError
from telemetry.quality import LedgerRow

COMPARED: Final = ("sent", "received", "unique", "duplicate", "rejected", "missing")


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
    books = FlightBooks(recording.run, recording.flight)
    admitted: set[tuple[str, str]] = set()
    as_of_ns = 0
    for record in read_stream(recording.folder, Stream.TELEMETRY):
        try:
            reading = read_telemetry(record.value or b"", record.headers, decoder)
        except InputError:
            result.unreadable += 1
            continue
        message = reading.message
        as_of_ns = max(as_of_ns, message.ert_ns)
        if not isinstance(reading, Packets) or reading.dictionary is None:
            continue
        if books.is_done(message):
            continue
        vehicle, station = message.address.vehicle, message.address.station
        one = books.of(vehicle)
        if (vehicle, reading.dictionary.reference) not in admitted:
            admitted.add((vehicle, reading.dictionary.reference))
            one.admit(Airframe(vehicle, reading.dictionary))
        for frame in reading.frames:
            one.open(frame.packet, reading.dictionary.packets[frame.packet].rate_hz)
            one.take(station, frame)
    _count_refused(recording, decoder, books)
    result.rows = books.rows(as_of_ns)
    recorded = recorded_ledger(recording)
    result.has_ledger = bool(recorded)
    if recorded:
        result.disagreements = _disagreements(result.rows, recorded)
    return result


def _count_refused(recording: Recording, decoder: Decoder, books: FlightBooks) -> None:
    for record in read_stream(recording.folder, Stream.REJECTED):
        try:
            refused = read_rejected(record.value or b"", record.headers, decoder)
        except InputError:
            # what a sink refused was counted as a packet before
            continue
        if refused is not None:
            books.refusals.add(refused.message.address.vehicle, refused.packet, refused.reason)


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
