"""What the counts say together: the rows with the stores' word, and in words what does not hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from processors.audit.recording import Disagreement, disagreements_of
from processors.books.completeness import Gap
from telemetry.quality import LedgerRow

Key = tuple[str, str]
OF_STORES: Final = ("stored", "archived")
PLACES: Final = {"stored": "InfluxDB", "archived": "the archive"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted, and who could not be asked.

    Parameters
    ----------
    recounted
        The books by the raw records.
    stored, archived
        Unique packets by vehicle and packet type; none if it could not be asked.
    told
        The ledger as the line told it last.
    gaps
        Missing stretches with the times of their neighbours.
    unreadable
        Records that are no messages at all.
    flying
        Whether telemetry still comes: the stores may follow.
    behind
        Whether detection has not read everything of the flight: the ledger follows.
    """

    recounted: Mapping[Key, LedgerRow]
    stored: Mapping[Key, int] | None
    archived: Mapping[Key, int] | None
    told: Mapping[Key, LedgerRow]
    gaps: Mapping[Key, list[Gap]] = field(default_factory=dict)
    unreadable: int = 0
    flying: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The books of a flight after everybody was asked.

    Parameters
    ----------
    rows
        The ledger as it was told, or as it was recounted where nothing was told, with `stored` and `archived`.
    disagreements
        Where the recount and the told ledger differ.
    counts
        What it rests on.
    """

    rows: tuple[LedgerRow, ...]
    disagreements: tuple[Disagreement, ...]
    counts: Counts

    @property
    def complaints(self) -> tuple[str, ...]:
        """What does not hold, in words; nothing when the books balance."""
        said = [words for row in self.rows for words in complaints_of(row, flying=self.counts.flying)]
        said += [
            f"{each.vehicle} {each.packet}: {each.figure} is {each.recounted:,} by the raw packets, "
            f"{each.recorded:,} in the ledger that the line told"
            for each in self.disagreements
        ]
        if self.counts.unreadable:
            said.append(f"{self.counts.unreadable:,} records of telemetry are no messages; they are in the recording")
        return tuple(said)

    @property
    def balanced(self) -> bool:
        """Whether nothing is to be complained of, and the ledger is not behind."""
        return not self.complaints and not self.counts.behind

    @property
    def is_ahead(self) -> bool:
        """Whether a store, or the raw records, have more than the ledger that the line told."""
        counts, told = self.counts, self.counts.told
        stores = [store for store in (counts.stored, counts.archived) if store is not None]
        return any(
            any(store.get(key, 0) > row.unique for store in stores)
            or (key in counts.recounted and counts.recounted[key].received > row.received)
            for key, row in told.items()
        ) or bool(told and counts.recounted.keys() - told.keys())

    def while_behind(self) -> Verdict:
        """Return how the books stand as long as detection is behind."""
        return judge(replace(self.counts, behind=True))


def judge(counts: Counts) -> Verdict:
    """Put the counts together.

    While a flight flies, a store that has more than a row says counts as having the row's: it holds a later state of
    the same stream, and so all that the row speaks of. So it does while detection is behind, but what a store lacks it
    lacks. Afterwards the figures have to be the same.
    """
    rows: list[LedgerRow] = []
    for key in sorted(counts.recounted.keys() | counts.told.keys()):
        row = counts.told[key] if key in counts.told else counts.recounted[key]
        found = {name: None if (held := getattr(counts, name)) is None else held.get(key, 0) for name in OF_STORES}
        if counts.flying or counts.behind:
            found = {name: None if count is None else min(count, row.unique) for name, count in found.items()}
        rows.append(row.model_copy(update=found))
    # what the archive lacks, the recount lacks too: said once is enough
    whole = {(row.vehicle, row.packet) for row in rows if row.archived is None or row.archived == row.unique}
    differing: list[Disagreement] = []
    if counts.recounted and counts.told and not (counts.flying or counts.behind):
        differing = disagreements_of(counts.recounted.values(), counts.told)
        differing = [each for each in differing if (each.vehicle, each.packet) in whole]
    return Verdict(tuple(rows), tuple(differing), counts)


def complaints_of(row: LedgerRow, *, flying: bool = False) -> list[str]:
    """Return in words which equations of a row do not hold; of a flight that flies, those of the stores may wait.

    Examples
    --------
    >>> told = {"sent": 10, "received": 10, "unique": 10, "duplicate": 0, "late": 0, "rejected": 0, "missing": 0}
    >>> row = LedgerRow(run="live", flight="F", vehicle="ship", as_of_ns=0, packet="nav", **told, stored=9)
    >>> complaints_of(row)
    ['ship nav: stored = unique does not hold, 9 is not 10: 1 packet that came is not in InfluxDB']
    """
    said: list[str] = []
    for equation, _, figures in (each.partition(": ") for each in row.imbalances):
        store = equation.partition(" ")[0]
        if store not in PLACES:
            said.append(f"{row.vehicle} {row.packet}: {equation} does not hold, {figures}")
        elif not flying:
            short = row.unique - int(getattr(row, store) or 0)
            what = "that came is not" if short == 1 else "that came are not" if short > 0 else "more than came are"
            count = f"{abs(short):,} packet{'' if abs(short) == 1 else 's'}"
            said.append(
                f"{row.vehicle} {row.packet}: {equation} does not hold, {figures}: {count} {what} in {PLACES[store]}"
            )
    return said
