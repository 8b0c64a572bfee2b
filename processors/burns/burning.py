"""When a vehicle's engines burn: the one place that says what a burn is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from processors.evidence.signals import Sustained
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S

ENGINES: Final = ("engines_running_count", "chamber_pressure_pa")
COMMANDED: Final = "throttle_percent"
BURN_CHANNELS: Final = frozenset(ENGINES)
# how long pressure may take from its least to half of what is commanded, and then the edge is no better known
RISE_NS: Final = NS_PER_S
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BurnParameters:
    """What makes a burn.

    Parameters
    ----------
    pressure_pa
        Least chamber pressure. A tenth of a methane engine's full pressure: deep throttling stays above a quarter,
        and an igniter or a leaking valve below a hundredth.
    start_rows
        Rows in a row that must burn. Three, so that one or two wrong readings light no engine.
    stop_s
        How long it must not burn. Longer than any drop-out of a sensor. Engines of this size that light again at once
        come up to a tenth of their pressure as soon as that, and to half of it later: once a stop was commanded, and
        `start_rows` rows have shown it, pressure alone is no burn.
    outvoted_s
        How long two of pressure, command and count must speak for a burn that the third denies. Longer than engines
        take to come up, while these rightly differ.
    """

    pressure_pa: float = 1.0e6
    start_rows: int = 3
    stop_s: float = 0.5
    outvoted_s: float = 1.5


@dataclass(frozen=True, slots=True)
class BurnEdge:
    """A burn that began or ended.

    Parameters
    ----------
    kind
        Which.
    t_ns, t_sigma_s
        Half way between the last row before and the first row after, and the spread of an even chance between them.
    before_ns, first_ns
        Those two rows.
    row
        Index of the row that made it sure.
    count_first
        Count of the first row after.
    """

    kind: Literal["start", "end"]
    t_ns: int
    t_sigma_s: float
    before_ns: int
    first_ns: int
    row: int
    count_first: int


@dataclass(slots=True)
class Burns:
    """Follows the engines.

    A row burns when at least one engine is above half of its commanded chamber pressure and the pressure itself
    agrees. So a burn begins and ends where pressure passes half of what is commanded. A burn that was under way
    when telemetry began has no start.

    Where the row also says what is commanded, one of the three sensors may fail: a burn goes on while two of them say
    so, and one that two of them have shown for longer than engines take to come up has begun, within the second after
    they first did.
    """

    burning: bool | None = None
    last_ns: int = -1
    turn_before_ns: int = -1
    turn_first_ns: int = -1
    turn_count: int = -1
    turn_rows: int = 0
    stopped_rows: int = 0
    outvoted: Sustained = field(default_factory=Sustained)

    def edges(self, stretch: Stretch, parameters: BurnParameters) -> tuple[Rows, list[BurnEdge]] | None:
        """Return the engine rows of a stretch and the edges among them; None when there are no edges."""
        rows = stretch.rows(*ENGINES)
        if rows is None:
            return None
        both, two, off, steady = stretch.once(
            ("burns", parameters.pressure_pa), lambda: _burning(stretch, rows, parameters.pressure_pa)
        )
        if self.burning is None:
            self.burning = bool(both[0])
        if self.turn_rows == 0 and self.outvoted.rows == 0 and steady is self.burning:
            self.last_ns = int(rows.t_ns[-1])
            return None
        found = list(self._follow(rows, both, two, off, parameters))
        return (rows, found) if found else None

    def _follow(
        self, rows: Rows, both: Flags, two: Flags, off: Flags, parameters: BurnParameters
    ) -> Iterator[BurnEdge]:
        first, whole = 0, len(both)
        while first < whole:
            outvoted, stop = None, whole
            if not self.burning:
                outvoted = self.outvoted.first(
                    rows.t_ns[first:], two[first:], parameters.outvoted_s, parameters.start_rows
                )
                stop = whole if outvoted is None else first + outvoted + 1
            burns = self._go_on(both, two, off, first, parameters.start_rows) if self.burning else both
            sure = self._turned(rows, burns, first, stop, parameters)
            if sure is None and outvoted is None:
                return
            edge = self._outvoted(stop - 1) if sure is None else self._edge(sure, "end" if self.burning else "start")
            self.burning, self.turn_rows, self.stopped_rows, self.outvoted = not self.burning, 0, 0, Sustained()
            self.last_ns, first = int(rows.t_ns[edge.row]), edge.row + 1
            yield edge

    def _go_on(self, both: Flags, two: Flags, off: Flags, first: int, start_rows: int) -> Flags:
        """Return which rows go on with a burn: two sensors of three, but all after a stop that was commanded."""
        if not self.stopped_rows and two[first:].all():
            return two
        burns = two.copy()
        for at in range(first, len(two)):
            if two[at] and (both[at] or self.stopped_rows < start_rows):
                self.stopped_rows = 0
            else:
                burns[at] = False
                self.stopped_rows += bool(off[at])
        return burns

    def _turned(self, rows: Rows, burns: Flags, first: int, stop: int, parameters: BurnParameters) -> int | None:
        """Take rows; return the one that makes it sure that it has begun to burn, or not to."""
        bounds = [first, *(np.flatnonzero(burns[first + 1 : stop] != burns[first : stop - 1]) + first + 1), stop]
        for start, end in pairwise(bounds):
            burns_now = bool(burns[start])
            if burns_now == self.burning:
                self.turn_rows = 0
            else:
                if self.turn_rows == 0:
                    self.turn_first_ns, self.turn_count = int(rows.t_ns[start]), int(rows.counts[start])
                    self.turn_before_ns = self.last_ns if self.last_ns >= 0 else self.turn_first_ns
                if burns_now:
                    sure = start + parameters.start_rows - self.turn_rows - 1
                else:
                    stopped_ns = self.turn_first_ns + round(parameters.stop_s * NS_PER_S)
                    sure = start + int(np.searchsorted(rows.t_ns[start:end], stopped_ns))
                self.turn_rows += int(end - start)
                if sure < end:
                    return int(sure)
            self.last_ns = int(rows.t_ns[end - 1])
        return None

    def _outvoted(self, row: int) -> BurnEdge:
        before_ns = self.outvoted.since_ns
        sigma_s = RISE_NS / NS_PER_S / 12**0.5
        return BurnEdge(
            "start", before_ns + RISE_NS // 2, sigma_s, before_ns, before_ns + RISE_NS, row, self.turn_count
        )

    def _edge(self, row: int, kind: Literal["start", "end"]) -> BurnEdge:
        width_ns = self.turn_first_ns - self.turn_before_ns
        middle_ns, sigma_s = self.turn_before_ns + width_ns // 2, width_ns / NS_PER_S / 12**0.5
        return BurnEdge(kind, middle_ns, sigma_s, self.turn_before_ns, self.turn_first_ns, row, self.turn_count)


def _burning(stretch: Stretch, rows: Rows, pressure_pa: float) -> tuple[Flags, Flags, Flags, bool | None]:
    """Return which rows burn by count and pressure, which by two of three, which shall stop and do, and what all do.

    The last is None if they differ.
    """
    running, high = np.greater_equal(rows.values[0], 1), np.greater(rows.values[1], pressure_pa)
    both = np.asarray(running & high)
    commanded, is_said = _commanded(stretch, rows)
    two = both | (np.asarray(running | high) & commanded)
    lit = int(np.count_nonzero(both))
    alike = lit in {0, len(both)} and np.count_nonzero(two) == lit
    return both, two, is_said & ~commanded & ~two, bool(both[0]) if alike else None


def _commanded(stretch: Stretch, rows: Rows) -> tuple[Flags, Flags]:
    """Return which rows say that engines are commanded to burn, and which say anything of it; both of shape (n,)."""
    commanded, is_said = np.zeros((2, len(rows.t_ns)), dtype=np.bool_)
    more = stretch.rows(*ENGINES, COMMANDED) if COMMANDED in stretch.frames[rows.packet].columns else None
    if more is not None:
        places = np.searchsorted(rows.counts, more.counts)
        commanded[places], is_said[places] = np.greater(more.values[2], 0.0), True
    return commanded, is_said
