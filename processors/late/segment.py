"""A segment of flight that can be run again: what detectors knew before it, its rows, and what they found in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from processors.detector import Finding
from processors.late.kept_rows import KeptRows


@dataclass(slots=True)
class Telling:
    """A finding that was told.

    Parameters
    ----------
    source
        Name of its detector.
    finding
        What it said.
    ordinal
        Of its event.
    was
        What had been said of that event before; none if this is the first word of it.
    """

    source: str
    finding: Finding
    ordinal: int
    was: Finding | None

    @property
    def event(self) -> tuple[str, int]:
        """Type and ordinal."""
        return self.finding.type, self.ordinal


@dataclass(slots=True)
class Segment:
    """What a stretch of flight can be run again from.

    Parameters
    ----------
    number
        Each has a higher one than those before it.
    t_ns
        Time up to which everything is in `state`.
    state
        What the detectors knew before it, as octets.
    rows, tellings
        What they have seen and what was told since; up to the next segment.
    pending
        How many of the rows have come late, and were not seen yet, by packet type.
    """

    number: int
    t_ns: int
    state: bytes
    rows: KeptRows = field(default_factory=KeptRows)
    tellings: list[Telling] = field(default_factory=list)
    pending: Counter[str] = field(default_factory=Counter)

    @property
    def octets(self) -> int:
        """About how much memory it takes."""
        return self.rows.octets + len(self.state)

    def take_in(self, following: Segment) -> None:
        """Take in the segment that follows, so that there is one."""
        self.rows.take_all(following.rows)
        self.tellings += following.tellings
        self.pending += following.pending

    def snapshot(self) -> list[Any]:
        """Return the state as plain values and octets."""
        tellings = [
            [one.source, asdict(one.finding), one.ordinal, None if one.was is None else asdict(one.was)]
            for one in self.tellings
        ]
        return [self.number, self.t_ns, self.state, self.rows.snapshot(), tellings, dict(self.pending)]

    @classmethod
    def of(cls, snapshot: list[Any]) -> Segment:
        """Return the segment of a snapshot."""
        number, t_ns, state, rows, tellings, pending = snapshot
        segment = cls(number, t_ns, state, pending=Counter(pending))
        segment.rows.restore(rows)
        for source, finding, ordinal, was in tellings:
            before = None if was is None else Finding(**was)
            segment.tellings.append(Telling(source, Finding(**finding), ordinal, before))
        return segment
