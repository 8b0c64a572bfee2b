"""First upward motion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.evidence.atmosphere import GRAVITY_M_S2
from processors.evidence.signals import Sustained, Trail, seconds_from, zero_of_line
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class LiftoffParameters:
    """Thresholds.

    Parameters
    ----------
    rest_m_s, rest_s
        A vehicle that has been slower than this for as long has stood: wind and swell move it by less.
    rise_m_s, rise_s
        A vehicle that has been faster than this, upwards, for as long flies: the swell under a barge lifts it more
        slowly, and navigation errs by centimetres a second. A thrust of 1.25 weights takes 0.6 s to it.
    clear_m_s
        Rows above this are no rest with noise on it; the line through them leads back to the first motion.
    sure_sigmas
        Where navigation had to be made quiet, what it is unsure of is added to both so many times.
    exhaust_m_s
        What is burnt makes a vehicle lighter: a thrust of `f` (m/s^2) grows by `f^2` over this in a second. 2,300 m/s
        from solid motors, 3,500 from methane.
    keep_rows
        Three seconds of navigation.
    """

    rest_m_s: float = 0.5
    rest_s: float = 1.0
    rise_m_s: float = 1.5
    rise_s: float = 0.4
    clear_m_s: float = 0.3
    sure_sigmas: float = 3.0
    exhaust_m_s: float = 3_000.0
    keep_rows: int = 150


@dataclass(slots=True)
class LiftoffState:
    """What it remembers."""

    rest: Sustained = field(default_factory=Sustained)
    rise: Sustained = field(default_factory=Sustained)
    trail: Trail = field(default_factory=Trail)
    rested: bool = False
    done: bool = False


class Liftoff(Detector):
    """First upward motion of a vehicle at rest.

    Time: clamps open at full thrust, so vertical speed grows by `v = a (t - t0)`; a line through the first rows of
    the rise gives t0, its residuals the uncertainty. Unit of speed: m/s. The vehicle gets lighter, which bends the
    line; that is taken off before, and half of it is in the uncertainty.

    Failure modes: none if telemetry begins in flight. A thrust that grows while the vehicle already moves bends the
    line; the residuals, and so the uncertainty, grow with it.

    References
    ----------
    Line by least squares, uncertainty by propagation: Bevington and Robinson, Data Reduction and Error Analysis for the
    Physical Sciences, 2003, chapter 6. Thrust of a vehicle that gets lighter: Sutton and Biblarz, Rocket Propulsion
    Elements, 2017, chapter 4.

    Examples
    --------
    >>> LiftoffParameters().rise_m_s
    1.5
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"vertical_speed_m_s", "altitude_m", "speed_m_s"})
    parameters_type: ClassVar[type] = LiftoffParameters
    state_type: ClassVar[type] = LiftoffState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for a rise after a rest."""
        state, limits = self.state, self.parameters
        rows = None if state.done else stretch.rows("vertical_speed_m_s")
        if rows is None:
            return ()
        speed = np.asarray(rows.values[0], dtype=np.float64)
        unsure = limits.sure_sigmas * stretch.doubts(rows)[0] + np.zeros(len(speed))
        first = 0
        if not state.rested:
            rested = state.rest.first(rows.t_ns, np.abs(speed) < limits.rest_m_s + unsure, limits.rest_s)
            if rested is None:
                return ()
            state.rested, first = True, rested
        t_ns, speed = rows.t_ns[first:], speed[first:]
        risen = state.rise.first(t_ns, speed > limits.rise_m_s + unsure[first:], limits.rise_s)
        stop = len(speed) if risen is None else risen + 1
        state.trail.add(t_ns[:stop], speed[:stop], limits.keep_rows)
        if risen is None:
            return ()
        state.done = True
        times, speeds = state.trail.arrays()
        unsure_m_s = float(unsure[first + risen])
        resting = np.flatnonzero(speeds <= limits.clear_m_s + unsure_m_s)
        start = int(resting[-1]) + 1 if resting.size else 0
        t0_ns, sigma_s = self._begin(times[start:], speeds[start:]) or (int(times[start]), limits.rise_s)
        # errors of a speed that had to be made quiet hang together, so a line's residuals do not show them
        rise_s = (int(times[-1]) - t0_ns) / NS_PER_S
        sigma_s = float(np.hypot(sigma_s, unsure_m_s / limits.sure_sigmas * rise_s / float(speeds[-1])))
        state.trail.clear()
        values = stretch.at(t0_ns, int(t_ns[risen]))
        count_first = int(rows.counts[first + risen]) - (len(times) - start - 1)
        return (found(FlightEvent.LIFTOFF.value, t0_ns, sigma_s, rows, first + risen, count_first, values),)

    def _begin(self, t_ns: NDArray[np.int64], speed_m_s: NDArray[np.float64]) -> tuple[int, float] | None:
        """Return when the rise began, and how sure that is; None with too few rows."""
        straight = zero_of_line(t_ns, speed_m_s)
        if straight is None:
            return None
        since_s = seconds_from(t_ns, straight[0])
        pull_m_s2 = float(speed_m_s[-1] - speed_m_s[0]) / float(since_s[-1] - since_s[0])
        growth = (pull_m_s2 + GRAVITY_M_S2) ** 2 / self.parameters.exhaust_m_s
        bent = zero_of_line(t_ns, speed_m_s - growth / 2.0 * np.maximum(since_s, 0.0) ** 2) or straight
        return bent[0], float(np.hypot(bent[1], (straight[0] - bent[0]) / NS_PER_S / 2.0))
