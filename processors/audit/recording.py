"""The books of a recorded flight, counted again from its raw records, held against the recorded ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from processors.audit.recount import Recount
from runtime.archive.catalog import Recording
from runtime.archive.contents import recorded_ledger
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.quality import LedgerRow

COMPARED: Final = ("sent", "received", "unique", "resent", "overlapping", "duplicate", "rejected", "missing")


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
    recount = Recount(recording.run, recording.flight, Decoder(registry))
    recount_recording(recording.folder, recount)
    recorded = recorded_ledger(recording)
    rows = recount.rows()
    return Audit(rows, bool(recorded), disagreements_of(rows, recorded) if recorded else [], recount.unreadable)


def recount_recording(folder: Path, recount: Recount) -> int:
    """Let a recount take all records of a flight's folder, each once even if it stands in two parts.

    Returns
    -------
    int
        When Kafka took the newest of its telemetry, ms since 1970; 0 without any.

    Raises
    ------
    ArchiveError
        If a part is damaged.
    """
    newest_ms = 0
    for record in read_stream(folder, Stream.TELEMETRY):
        newest_ms = max(newest_ms, record.timestamp)
        recount.take_telemetry(record.value, record.headers)
    for record in read_stream(folder, Stream.REJECTED):
        recount.take_rejected(record.value, record.headers)
    return newest_ms


def disagreements_of(rows: Iterable[LedgerRow], recorded: Mapping[tuple[str, str], LedgerRow]) -> list[Disagreement]:
    """Return where two ledgers of a flight differ, of what both of them say."""
    counted = {(row.vehicle, row.packet): row for row in rows}
    found: list[Disagreement] = []
    for vehicle, packet in sorted(counted.keys() | recorded.keys()):
        ours, theirs = counted.get((vehicle, packet)), recorded.get((vehicle, packet))
        for figure in COMPARED:
            one, other = (getattr(row, figure) if row is not None else 0 for row in (ours, theirs))
            if one is not None and other is not None and one != other:
                found.append(Disagreement(vehicle, packet, figure, one, other))
    return found
