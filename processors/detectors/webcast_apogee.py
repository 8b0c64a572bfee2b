"""The highest point, from speed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Trail, least_squares, seconds_from
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

GRAVITY_M_S2: Final = 9.80665
FEWEST_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class WebcastApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    every_counts
        Rows looked at: two a second of a webcast's thirty.
    before_s, after_s
        Least free fall before and after the top: over ten seconds speed changes by several of a display's steps.
    window_s
        Most free fall looked at on either side: longer ones bend off the parabola, since gravity changes with height.
    least_m
        Above this the air no longer slows a stage noticeably.
    bend_low, bend_high
        The second derivative of half the speed squared, over gravity squared: 1 - v^2/(g r) over a round Earth and less
        gravity aloft bring it below 1; thrust or an orbit take it far away.
    spread_m_s
        Largest residual spread in speed: a display that counts whole metres a second makes 0.3.
    height_m
        Most that altitude differs within the window: free fall from the top over its half, and the display's
        coarsest step.
    """

    every_counts: int = 15
    before_s: float = 10.0
    after_s: float = 6.0
    window_s: float = 20.0
    least_m: float = 30_000.0
    bend_low: float = 0.7
    bend_high: float = 1.1
    spread_m_s: float = 0.8
    height_m: float = 3_000.0


@dataclass(slots=True)
class WebcastApogeeState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    heights: Trail = field(default_factory=Trail)
    done: bool = False


class WebcastApogee(Detector):
    """The speed (m/s) of a vehicle in free fall is least.

    Energy: `v^2 / 2 + g h` is constant, so `v^2 = v0^2 + k (t - t0)^2` with `k = g (g - v0^2 / r)` near the top. A
    parabola through the squares gives t0 to a tenth of a second, where altitude in steps of 1 km is flat for half a
    minute. Time: the top of the parabola. Uncertainty: from its residuals.

    Failure modes: late by `after_s`. None if the fall is disturbed by thrust, or the record frozen, within these
    seconds.

    References
    ----------
    Vis-viva over a sphere: Bate, Mueller and White, Fundamentals of Astrodynamics, 1971, section 1.6.

    Examples
    --------
    >>> WebcastApogeeParameters().after_s
    6.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"speed_m_s", "altitude_m"})
    parameters_type: ClassVar[type] = WebcastApogeeParameters
    state_type: ClassVar[type] = WebcastApogeeState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the least speed in free fall."""
        state, limits = self.state, self.parameters
        rows = None if state.done else stretch.rows("speed_m_s", "altitude_m")
        if rows is None:
            return ()
        speeds, altitudes = rows.values
        keep = round(2.0 * limits.window_s * self.airframe.rates_hz[rows.packet] / limits.every_counts)
        for at in np.flatnonzero(rows.counts % limits.every_counts == 0).tolist():
            state.trail.add(rows.t_ns[at : at + 1], speeds[at : at + 1], keep)
            state.heights.add(rows.t_ns[at : at + 1], altitudes[at : at + 1], keep)
            top = self._top() if altitudes[at] > limits.least_m else None
            if top is not None:
                state.done = True
                top_ns, sigma_s, count = top
                state.trail.clear()
                state.heights.clear()
                values = stretch.at(top_ns, int(rows.t_ns[at]))
                count_first = max(int(rows.counts[at]) - limits.every_counts * (count - 1), 0)
                return (found(FlightEvent.APOGEE.value, top_ns, sigma_s, rows, at, count_first, values),)
        return ()

    def _top(self) -> tuple[int, float, int] | None:
        """Return when the speed was least, how sure that is, and on how many rows it rests."""
        limits = self.parameters
        times, speeds = self.state.trail.arrays()
        if len(times) < FEWEST_ROWS:
            return None
        least = int(np.argmin(speeds))
        t_s = seconds_from(times, int(times[least]))
        if t_s[0] > -limits.before_s or t_s[-1] < limits.after_s:
            return None
        near = np.abs(t_s) <= limits.window_s
        if np.ptp(self.state.heights.arrays()[1][near]) > limits.height_m:
            return None
        (offset, slope, bend), spread = least_squares(t_s[near], speeds[near] ** 2, 2)
        if not limits.bend_low <= bend / GRAVITY_M_S2**2 <= limits.bend_high:
            return None
        top_s = -slope / (2.0 * bend)
        least_speed = max(float(np.sqrt(max(offset - slope**2 / (4.0 * bend), 0.0))), 1.0)
        if spread / (2.0 * least_speed) > limits.spread_m_s or abs(top_s) > limits.after_s:
            return None
        lever_s = float(np.sqrt(np.sum((t_s[near] - t_s[near].mean()) ** 2)))
        sigma_s = float(spread / (2.0 * bend * lever_s))
        return int(times[least]) + round(float(top_s) * NS_PER_S), sigma_s, int(np.count_nonzero(near))
