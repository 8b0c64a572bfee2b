"""When a vehicle's engines burn: the one place that says what a burn is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S

ENGINES: Final = ("engines_running_count", "chamber_pressure_pa")
BURN_CHANNELS: Final = frozenset(ENGINES)


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
        How long it must not burn. Longer than any drop-out of a sensor; no engine of this size lights again so soon.
    """

    pressure_pa: float = 1.0e6
    start_rows: int = 3
    stop_s: float = 0.5


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
    """

    burning: bool | None = None
    last_ns: int = -1
    turn_before_ns: int = -1
    turn_first_ns: int = -1
    turn_count: int = -1
    turn_rows: int = 0

    def edges(self, stretch: Stretch, parameters: BurnParameters) -> tuple[Rows, list[BurnEdge]] | None:
        """Return the engine rows of a stretch and the edges among them; None when there are no edges."""
        rows = stretch.rows(*ENGINES)
        if rows is None:
            return None
        burns, steady, last_ns = stretch.once(
            ("burns", parameters.pressure_pa), lambda: _burning(rows, parameters.pressure_pa)
        )
        if self.burning is None:
            self.burning = bool(burns[0])
        if self.turn_rows == 0 and steady is self.burning:
            self.last_ns = last_ns
            return None
        found = list(self._follow(rows, burns, parameters))
        return (rows, found) if found else None

    def _follow(self, rows: Rows, burns: NDArray[np.bool_], parameters: BurnParameters) -> Iterator[BurnEdge]:
        bounds = [0, *(np.flatnonzero(burns[1:] != burns[:-1]) + 1).tolist(), len(burns)]
        for start, stop in pairwise(bounds):
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
                    sure = start + int(np.searchsorted(rows.t_ns[start:stop], stopped_ns))
                self.turn_rows += stop - start
                if sure < stop:
                    self.burning, self.turn_rows = burns_now, 0
                    yield self._edge(sure, "start" if burns_now else "end")
            self.last_ns = int(rows.t_ns[stop - 1])

    def _edge(self, row: int, kind: Literal["start", "end"]) -> BurnEdge:
        width_ns = self.turn_first_ns - self.turn_before_ns
        middle_ns, sigma_s = self.turn_before_ns + width_ns // 2, width_ns / NS_PER_S / 12**0.5
        return BurnEdge(kind, middle_ns, sigma_s, self.turn_before_ns, self.turn_first_ns, row, self.turn_count)


def _burning(rows: Rows, pressure_pa: float) -> tuple[NDArray[np.bool_], bool | None, int]:
    """Return which rows burn, what all of them do (None if they differ), and the time of the last."""
    running, pressure = rows.values
    burns = np.asarray(np.greater_equal(running, 1) & np.greater(pressure, pressure_pa))
    first = bool(burns[0])
    lit = int(np.count_nonzero(burns))
    return burns, first if lit in {0, len(burns)} else None, int(rows.t_ns[-1])
