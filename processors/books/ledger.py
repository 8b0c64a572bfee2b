"""The books of a flight as rows: sent = unique + missing, received = unique + duplicate + rejected, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from processors.books.completeness import Completeness
from processors.books.counters import SentCounter, unheard
from telemetry.quality import LedgerRow

MOST_RANGES: Final = 100


@dataclass(slots=True)
class Passage:
    """What became of a type's unique packets in the engine: seen by detectors, come too late, or held.

    Of those seen, `rerun` came late, and were seen when the stretch was run again.
    """

    detected: int = 0
    late: int = 0
    held: int = 0
    rerun: int = 0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """All of them, in order."""
        return self.detected, self.late, self.held, self.rerun

    def __add__(self, other: Passage) -> Passage:
        return Passage(*(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    def wait(self, packets: int) -> None:
        """Take note that packets which came late wait to be seen in a re-run."""
        self.late -= packets
        self.held += packets

    def see_again(self, packets: int) -> None:
        """Take note that these were seen."""
        self.held -= packets
        self.detected += packets
        self.rerun += packets


def ledger_rows(
    whose: tuple[str, str, str],
    as_of_ns: int,
    books: Mapping[str, Completeness],
    sent: Mapping[str, SentCounter],
    rejected: Mapping[str, Mapping[str, int]],
    passages: Mapping[str, Passage] | None = None,
) -> list[LedgerRow]:
    """Return one row a packet type of a vehicle.

    Parameters
    ----------
    whose
        Run, flight and vehicle.
    as_of_ns
        The time that the rows speak of.
    books
        Completeness by packet type.
    sent
        The vehicle's own counters by packet type. Where the sequence counts prove more, they are believed: the last
        packets of a flight follow its last counter.
    rejected
        Refused packets by packet type, `?` where it could not be told, and reason.
    passages
        How packets went through the engine, by packet type; none if there was no engine.

    Returns
    -------
    list
        Rows that balance.

    Examples
    --------
    >>> import numpy as np
    >>> nav, counter = Completeness(50.0), SentCounter()
    >>> _ = nav.accept(0, np.array([0, 20_000_000]))
    >>> counter.read(np.array([100_000_000]), np.array([5]))
    >>> row, = ledger_rows(("live", "YX1-7", "ship"), 0, {"nav": nav}, {"nav": counter}, {"nav": {"bad-crc": 1}})
    >>> row.sent, row.received, row.unique, row.missing, row.missing_ranges, row.balanced
    (5, 3, 2, 3, ((2, 4),), True)
    """
    rows: list[LedgerRow] = []
    for packet in (*books, *(packet for packet in rejected if packet not in books)):
        one = books[packet] if packet in books else Completeness(1.0)
        passage = None if passages is None else passages.get(packet, Passage())
        rows.append(_row(whose, as_of_ns, packet, one, sent.get(packet), rejected.get(packet, {}), passage))
    return rows


def _row(
    whose: tuple[str, str, str],
    as_of_ns: int,
    packet: str,
    books: Completeness,
    counter: SentCounter | None,
    rejected: Mapping[str, int],
    passage: Passage | None,
) -> LedgerRow:
    run, flight, vehicle = whose
    refused = sum(rejected.values())
    beyond = unheard(books, counter)
    lost = sum(last + 1 - first for first, last in beyond)
    ranges = sorted([(gap.first, gap.last) for gap in books.gaps()] + beyond)
    longest = ranges if len(ranges) <= MOST_RANGES else sorted(nsmallest(MOST_RANGES, ranges, key=_longest_first))
    return LedgerRow(
        run=run,
        flight=flight,
        vehicle=vehicle,
        as_of_ns=as_of_ns,
        packet=packet,
        sent=books.sent + lost,
        received=books.unique + books.duplicate + refused,
        unique=books.unique,
        duplicate=books.duplicate,
        late=0 if passage is None else passage.late,
        rejected=refused,
        missing=books.missing + lost,
        detected=None if passage is None else passage.detected,
        held=None if passage is None else passage.held,
        rerun=None if passage is None else passage.rerun,
        resent=books.resent,
        overlapping=books.overlapping,
        rejected_by=dict(sorted(rejected.items())),
        missing_ranges=tuple(longest),
        ranges_left_out=len(ranges) - len(longest) + books.has_forgotten_gaps,
        resets=books.resets,
    )


def _longest_first(bounds: tuple[int, int]) -> tuple[int, int]:
    first, last = bounds
    return (first - last, first)
