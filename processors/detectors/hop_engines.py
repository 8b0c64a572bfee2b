"""The engines of a hop stop in the climb, and light again for the landing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot, inf, nan, sqrt
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.hop.kink import WINDOW_S, kink
from processors.hop.tame import tame
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

CLIMB: Final = "climb"
COAST: Final = "coast"
LANDING: Final = "landing"
NEAR_S: Final = 0.16
FEW: Final = 3
# half a second of free fall
FALLS: Final = 5
# before this it was as it was
SETTLED_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class HopEnginesParameters:
    """Thresholds.

    Parameters
    ----------
    air_m, air_sigmas, moves_m_s
        It is in the air when it is so high, and over the noise; it climbs or falls when it is faster than this, and
        than its uncertainty. What lies on its side on the ground shows free fall as well.
    coast_m_s2
        No engine of a hop throttles below a quarter of its thrust, which is at least a tenth more than its weight: with
        less than that it is out.
    burns_m_s2
        More than this is no coast: drag adds to gravity on the way up.
    brakes_m_s2
        On the way down the air takes gravity's share at most; what is more is thrust.
    rows
        Two rows may both be wild; three are not.
    before_s
        Of what comes before it the level is taken.
    sure_s, comes_s
        Thrust dies away over about so long, and comes over so long.
    pulls_s
        Without acceleration for so long, speeds have to tell.
    every_s, speed_sigmas
        How often speeds are looked at, and how sure their rates must be.
    falls_m_s2, falls_s
        It falls freely when its speed has grown by so much for so long: engines at their lowest leave less.
    slows_m_s2, lost_m_s
        The least that a landing burn takes, and how much of its speed it must have taken.
    least_m_s
        Displays count in steps of about this.
    """

    air_m: float = 8.0
    air_sigmas: float = 4.0
    moves_m_s: float = 3.0
    coast_m_s2: float = -7.0
    burns_m_s2: float = -5.5
    brakes_m_s2: float = 1.5
    rows: int = 3
    before_s: float = 2.0
    sure_s: float = 0.1
    comes_s: float = 0.3
    pulls_s: float = 1.0
    every_s: float = 0.2
    speed_sigmas: float = 2.5
    falls_m_s2: float = 6.5
    falls_s: float = 1.5
    slows_m_s2: float = 1.0
    lost_m_s: float = 1.5
    least_m_s: float = 0.1


@dataclass(slots=True)
class HopEnginesState:
    """What it remembers."""

    phase: str = CLIMB
    pulled_ns: int = 0
    burned: int = 0
    edge_ns: int = 0
    cells: int = 0
    rows: int = 0
    falls: int = 0
    fell: bool = False
    next_ns: int = 0


class HopEngines(MotionDetector):
    """What pushes a hop (m/s^2) ends in the climb, and comes again in the fall.

    By acceleration, where it is measured: it falls below what any engine leaves, or rises over what air can take; the
    time is where it passes the middle. Else by speed or climb (m/s): two lines meet, of which one is a free flight.

    Failure modes: a vehicle that never stops its engines has neither. None from heights alone, nor in a hole.

    References
    ----------
    As of `processors.motion.fits`.

    Examples
    --------
    >>> HopEnginesParameters().coast_m_s2
    -7.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MECO.value, FlightEvent.LANDING_BURN_START.value)
    classes: ClassVar[frozenset[str]] = frozenset({"hop"})
    parameters_type: ClassVar[type] = HopEnginesParameters
    state_type: ClassVar[type] = HopEnginesState
    looks_back: ClassVar[bool] = True

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for an end or a begin."""
        state, limits = self.state, self.parameters
        if state.phase == LANDING or cell.stale_s or not self._flies(cell):
            state.cells = 0
            return ()
        if abs(cell.pull_m_s2) < inf:
            state.pulled_ns = cell.t_ns
            return self._by_pull(cell, track)
        if state.pulled_ns and cell.t_ns - state.pulled_ns < limits.pulls_s * NS_PER_S:
            return ()
        if cell.t_ns < state.next_ns:
            return ()
        state.next_ns = cell.t_ns + round(limits.every_s * NS_PER_S)
        return self._by_speed(cell, track)

    def _flies(self, cell: Cell) -> bool:
        limits: HopEnginesParameters = self.parameters
        high = cell.h_m > limits.air_m + limits.air_sigmas * cell.h_sigma_m
        return high and abs(cell.v_m_s) > limits.moves_m_s + cell.v_sigma_m_s

    def _by_pull(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for accelerations that no engine leaves, or that no air makes."""
        state, limits = self.state, self.parameters
        pull = cell.pull_m_s2
        climbs = state.phase == CLIMB and cell.v_m_s > 0.0
        burns = pull > limits.burns_m_s2
        if climbs:
            state.burned += burns
            other = not burns and state.burned >= FEW
        else:
            state.falls = state.falls + 1 if cell.v_m_s < 0.0 and pull < limits.burns_m_s2 else 0
            state.fell = state.fell or state.falls >= FALLS
            other = pull > 0.0 and state.fell and cell.v_m_s < 0.0
        if not other:
            state.cells = state.rows = 0
            return ()
        if not state.cells:
            state.edge_ns = cell.t_ns
        state.cells += 1
        state.rows += cell.rows
        cells = track.between(cell, state.edge_ns, cell.t_ns)
        _, pulls = points(cells, _pull, cell.t_ns)
        beyond = pulls.size and (
            float(np.median(pulls)) < limits.coast_m_s2 if climbs else float(np.median(pulls)) > limits.brakes_m_s2
        )
        if state.cells < FEW - 1 or state.rows < limits.rows or not beyond:
            return ()
        t_ns, sigma_s = self._passes(cell, track, float(pulls[-1]))
        return self._tell(cell, t_ns, sigma_s)

    def _passes(self, cell: Cell, track: Track, after_m_s2: float) -> tuple[int, float]:
        """Return when the acceleration passed the middle between what it was and what it is."""
        state, limits = self.state, self.parameters
        first_ns = state.edge_ns - round(limits.before_s * NS_PER_S)
        cells = [one for one in track.between(cell, first_ns, cell.t_ns) if not one.stale_s]
        t_s, pulls = points(cells, _pull, state.edge_ns)
        before = pulls[t_s < -SETTLED_S]
        middle = 0.5 * ((float(np.median(before)) if before.size else 0.0) + after_m_s2)
        past = (pulls < middle) == (after_m_s2 < middle)
        at = int(past.size - np.argmin(past[::-1])) if not past.all() else 0
        if not 0 < at < past.size:
            return state.edge_ns, limits.sure_s
        share = float((middle - pulls[at - 1]) / (pulls[at] - pulls[at - 1]))
        gap_s = float(t_s[at] - t_s[at - 1])
        t_ns = state.edge_ns + round((float(t_s[at - 1]) + share * gap_s) * NS_PER_S)
        return t_ns, max(limits.sure_s, gap_s / sqrt(12.0) if gap_s > NEAR_S else 0.0)

    def _by_speed(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a bend of the speeds."""
        state, limits = self.state, self.parameters
        cells = [
            one for one in track.between(cell, cell.t_ns - round(WINDOW_S * NS_PER_S), cell.t_ns) if not one.stale_s
        ]
        t_s, speeds = tame(*points(cells, _speed, cell.t_ns), limits.least_m_s)
        late = t_s > -limits.falls_s
        if np.count_nonzero(late) < FEW + 1 or t_s.size < 4 * FEW:
            return ()
        rate = float(np.polyfit(t_s[late], speeds[late], 1)[0])
        falls = cell.v_m_s < 0.0
        if falls and rate > limits.falls_m_s2:
            state.fell = True
        if not (state.fell if falls else state.phase == CLIMB) or rate > 0.5 * limits.falls_m_s2:
            return ()
        found = kink(t_s, speeds, limits.least_m_s)
        if found is None:
            return ()
        slowest = found.after_m_s2 + limits.speed_sigmas * found.after_sigma_m_s2
        if falls:
            lost = -found.after_m_s2 * -found.t_s > limits.lost_m_s
            holds = slowest < -limits.slows_m_s2 and found.before_m_s2 > 0.0 and lost
        else:
            holds = slowest < limits.coast_m_s2 and found.before_m_s2 > limits.burns_m_s2
        return self._tell(cell, cell.t_ns + round(found.t_s * NS_PER_S), found.sigma_s) if holds else ()

    def _tell(self, cell: Cell, t_ns: int, sigma_s: float) -> Iterable[Finding]:
        state = self.state
        stops = state.phase == CLIMB and cell.v_m_s > 0.0
        state.phase = COAST if stops else LANDING
        state.cells = state.rows = 0
        event = FlightEvent.MECO if stops else FlightEvent.LANDING_BURN_START
        sigma_s = hypot(sigma_s, 0.0 if stops else self.parameters.comes_s)
        values = {"vertical_speed_m_s": cell.v_m_s}
        return (self.finding(event.value, t_ns, sigma_s, cell, cell.count_first, values),)


def _pull(cell: Cell) -> float:
    return cell.pull_m_s2


def _speed(cell: Cell) -> float:
    """Return how fast it is: as displayed, or as its climb says."""
    if abs(cell.speed_m_s) < inf:
        return cell.speed_m_s
    return abs(cell.vertical_speed_m_s) if abs(cell.vertical_speed_m_s) < inf else nan
