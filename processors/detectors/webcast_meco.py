"""Main engine cut-off, from speed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Trail, least_squares, seconds_from
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class WebcastMecoParameters:
    """Thresholds.

    Parameters
    ----------
    every_counts
        Rows looked at: ten a second of a webcast's thirty.
    least_m_s
        First stages of orbital launchers burn out faster than this, and no slower stretch of an ascent loses speed.
    burn_m_s2
        Acceleration before: near burn-out a stage pulls two to four times its weight.
    coast_m_s2
        Acceleration after: gravity along the path takes 2 to 6 m/s2, while a frozen display shows none.
    before_s, after_s
        Over how long each is measured: before the event, and after it.
    tail_s
        Thrust dies away, and the display's filter follows, over about so long.
    near_s
        The parabola goes through the rows so near to the greatest speed: the rounded top, not the straight flanks.
    changes
        Least number of different values after it, so that a frozen display with one step in it is no coast.
    """

    every_counts: int = 3
    least_m_s: float = 500.0
    burn_m_s2: float = 8.0
    coast_m_s2: float = -0.7
    before_s: float = 3.0
    after_s: float = 2.0
    tail_s: float = 1.0
    near_s: float = 0.8
    changes: int = 3


@dataclass(slots=True)
class WebcastMecoState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    done: bool = False


class WebcastMeco(Detector):
    """The speed (m/s) of a climbing vehicle turns from growing to falling.

    Time: where two straight lines through the rows before and after meet best, by least squares over the place of
    the bend. Uncertainty: where the sum of squares has grown by one variance, and half the tail-off of thrust that
    the bend hides.

    Failure modes: late by `after_s`. None if the record is frozen or has a gap at the event.

    References
    ----------
    Two-phase regression: Hinkley, Inference in two-phase regression, Journal of the American Statistical
    Association 66, 1971.

    Examples
    --------
    >>> WebcastMecoParameters().coast_m_s2 < 0
    True
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MECO.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"speed_m_s", "altitude_m"})
    parameters_type: ClassVar[type] = WebcastMecoParameters
    state_type: ClassVar[type] = WebcastMecoState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the speed to turn."""
        rows = None if self.state.done else stretch.rows("speed_m_s")
        if rows is None:
            return ()
        limits = self.parameters
        keep = round(
            (limits.before_s + 2.0 * limits.after_s) * self.airframe.rates_hz[rows.packet] / limits.every_counts
        )
        for at in np.flatnonzero(rows.counts % limits.every_counts == 0).tolist():
            self.state.trail.add(rows.t_ns[at : at + 1], rows.values[0][at : at + 1], keep)
            top = self._top()
            if top is not None:
                self.state.done = True
                top_ns, sigma_s, count = top
                self.state.trail.clear()
                values = stretch.at(top_ns, int(rows.t_ns[at]))
                count_first = max(int(rows.counts[at]) - limits.every_counts * (count - 1), 0)
                return (found(FlightEvent.MECO.value, top_ns, sigma_s, rows, at, count_first, values),)
        return ()

    def _top(self) -> tuple[int, float, int] | None:
        """Return when the speed was greatest, how sure that is, and on how many rows it rests."""
        limits, trail = self.parameters, self.state.trail
        # cheap look first: most rows are far from the event
        if trail.values[-1] < limits.least_m_s or trail.values[-1] >= max(trail.values[-limits.changes :]):
            return None
        times, speeds = trail.arrays()
        t_s = seconds_from(times, int(times[-1]))
        if not self._turned(t_s, speeds):
            return None
        top_s = float(t_s[np.argmax(speeds)])
        near = np.abs(t_s - top_s) <= limits.near_s
        if np.count_nonzero(near) < limits.changes:
            return None
        (_, slope, bend), _ = least_squares(t_s[near] - top_s, speeds[near], 2)
        shift_s = float(-slope / (2.0 * bend)) if bend < 0.0 else 0.0
        shift_s = min(max(shift_s, -limits.near_s), limits.near_s)
        return int(times[-1]) + round((top_s + shift_s) * NS_PER_S), limits.tail_s / 3**0.5, len(speeds)

    def _turned(self, t_s: NDArray[np.float64], speeds: NDArray[np.float64]) -> bool:
        """Return whether the rows show a burn, and then a coast."""
        limits = self.parameters
        after, before = t_s >= -limits.after_s, t_s < -limits.after_s - 2.0 * limits.tail_s
        if np.count_nonzero(before) < limits.changes or len(np.unique(speeds[after])) < limits.changes:
            return False
        covered = t_s[before][-1] - t_s[before][0] >= limits.before_s / 2.0
        if not covered or float(np.diff(t_s).max()) > limits.after_s / 2.0:
            return False
        burn, coast = (float(least_squares(t_s[part], speeds[part], 1)[0][1]) for part in (before, after))
        return bool(burn > limits.burn_m_s2 and coast < limits.coast_m_s2)
