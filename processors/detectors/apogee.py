"""The highest point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.signals import Sustained, Trail, zero_of_line
from processors.stretch import Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class ApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    climb_m_s, climb_s
        A vehicle that has risen this fast for as long has flown.
    fall_m_s, fall_s
        It comes down when it has fallen faster than this for as long: seven times the noise of vertical speed.
    free_m_s2
        In free fall the accelerometer shows less than this. Under thrust a passage through zero is a hover or a leg
        of the ascent, not the top of the flight.
    near_m_s
        The line goes through the rows slower than this: ten seconds of free fall near an orbit, one on a hop.
    keep_rows
        Ten seconds of navigation.
    """

    climb_m_s: float = 10.0
    climb_s: float = 1.0
    fall_m_s: float = 0.3
    fall_s: float = 0.4
    free_m_s2: float = 3.0
    near_m_s: float = 5.0
    keep_rows: int = 500


@dataclass(slots=True)
class ApogeeState:
    """What it remembers."""

    climb: Sustained = field(default_factory=Sustained)
    fall: Sustained = field(default_factory=Sustained)
    trail: Trail = field(default_factory=Trail)
    climbed: bool = False
    done: bool = False


class Apogee(Detector):
    """Vertical speed passes zero downwards in free fall.

    Time: a line through the vertical speed (m/s) around zero; free fall is uniformly accelerated over some seconds.

    Failure modes: none if telemetry is away at the top and for as long after it as the fall takes to show; late, with a
    larger uncertainty, when only rows of one side are there.

    References
    ----------
    Line by least squares, uncertainty by propagation: Bevington and Robinson, Data Reduction and Error Analysis for the
    Physical Sciences, 2003, chapter 6.

    Examples
    --------
    >>> ApogeeParameters().free_m_s2
    3.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    requires: ClassVar[frozenset[str]] = frozenset(
        {"vertical_speed_m_s", "axial_acceleration_m_s2", "altitude_m", "speed_m_s"}
    )
    parameters_type: ClassVar[type] = ApogeeParameters
    state_type: ClassVar[type] = ApogeeState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the passage through zero."""
        state, limits = self.state, self.parameters
        rows = None if state.done else stretch.rows("vertical_speed_m_s", "axial_acceleration_m_s2")
        if rows is None:
            return ()
        speed, axial = (np.asarray(values, dtype=np.float64) for values in rows.values)
        first = 0
        if not state.climbed:
            climbed = state.climb.first(rows.t_ns, speed > limits.climb_m_s, limits.climb_s)
            if climbed is None:
                return ()
            state.climbed, first = True, climbed
        t_ns, speed, axial = rows.t_ns[first:], speed[first:], axial[first:]
        falls = (speed < -limits.fall_m_s) & (np.abs(axial) < limits.free_m_s2)
        fallen = state.fall.first(t_ns, falls, limits.fall_s)
        stop = len(speed) if fallen is None else fallen + 1
        self._remember(t_ns[:stop], speed[:stop])
        if fallen is None:
            return ()
        state.done = True
        times, speeds = state.trail.arrays()
        state.trail.clear()
        fitted = zero_of_line(times, speeds)
        top_ns, sigma_s = fitted if fitted is not None else (state.fall.since_ns, limits.fall_s)
        values = stretch.at(top_ns, int(t_ns[fallen]))
        last = first + fallen
        count_first = int(rows.counts[last]) - max(len(times) - 1, 0)
        return (found(FlightEvent.APOGEE.value, top_ns, sigma_s, rows, last, count_first, values),)

    def _remember(self, t_ns: NDArray[np.int64], speed: NDArray[np.float64]) -> None:
        """Keep the rows around zero, those since it was last faster."""
        if abs(float(speed[-1])) > self.parameters.near_m_s:
            self.state.trail.clear()
            return
        fast = np.flatnonzero(np.abs(speed) > self.parameters.near_m_s)
        if fast.size:
            self.state.trail.clear()
        start = int(fast[-1]) + 1 if fast.size else 0
        self.state.trail.add(t_ns[start:], speed[start:], self.parameters.keep_rows)
