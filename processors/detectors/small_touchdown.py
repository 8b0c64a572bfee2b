"""A small rocket comes to rest on the ground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import hypot, inf, nan, sqrt
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import Hinge, hinge, polynomial
from processors.motion.medians import median_of
from processors.motion.polynomials import Floats, Polynomial
from processors.motion.track import Track
from processors.motion_detector import MotionDetector
from processors.small.flown import Flown
from processors.small.impact import impact_s, struck_ground
from processors.small.landing import around_pad_m, only_slower, seen_for, sigma_of, stays_behind, together
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

FEW: Final = 5
# an impact is looked for in one cell of so many
STRIDE: Final = 4


@dataclass(frozen=True, slots=True)
class SmallTouchdownParameters:
    """Thresholds.

    Parameters
    ----------
    rise_m, rise_sigmas, rise_cells
        It has flown when it was so far from the pad, and over the noise, for so many cells: over it, or under the first
        height of a record that begins in the air.
    down
        It may land when it has lost this share of its greatest height: no ground near a pad is higher.
    every_s
        How often it is looked at.
    window_s, since_s
        Of the fit; and of its last part, in which the landing may lie: what was measured; a hole makes both longer.
    hole_s, holes_s
        Longer than this without a height is a hole; so much in holes is looked past.
    before_s, between_s
        Where the three stretches begin whose middles are compared at a look; the last one is `near_s`.
    stop_m, stop_sigmas
        A look is worth a fit when the height stays behind the descent by so much and so many times its noise.
    descent_m_s, parachute_m_s, fast_m_s
        No parachute is slower; what most are made for, at least; and faster than any main one, which opens far up.
    sure_sigmas, main_sigmas, fast_sigmas, falls_sigmas
        How surely the rest must be slower than half a fast descent, as it is asked at every look; and than half a slow
        one, or that parachute, which nothing but the ground stops and a fast one may be stopped by; and how surely it
        falls while nothing is fitted.
    worse
        By how much more a rest may misfit than a descent that only becomes slower, in squared standard deviations.
    gain
        Of the squared residuals over those of a descent that goes on, times the number of independent heights.
    noisy_m, longer_s, longest_s
        Where heights are noisier, longer windows are fitted, too: a longer descent says better that it has ended.
    near_m
        Around the pad's height nothing but the ground stops a descent.
    near_s, far_s
        For how long it must have rested near that height, or elsewhere, as far as noise lets anyone know: what tumbles
        under a drogue seems to stand for a second; the parachute after it slows the descent, yet never to `rest_m_s`.
    rest_m_s
        A barometer at rest drifts less.
    settle_s, model_s
        It takes that long to come to rest; and it lands in parts on a cord of some metres, which touch one after the
        other: the altimeter's may be the first or the last.
    still_s
        An altimeter that showed one value for so long on the pad does so at rest, too; for another one it is frozen.
    """

    rise_m: float = 20.0
    rise_sigmas: float = 4.0
    rise_cells: int = 3
    down: float = 0.4
    every_s: float = 0.4
    window_s: float = 14.0
    since_s: float = 8.5
    hole_s: float = 1.0
    holes_s: float = 20.0
    before_s: float = 8.0
    between_s: float = 5.0
    stop_m: float = 2.0
    stop_sigmas: float = 2.0
    descent_m_s: float = 2.5
    parachute_m_s: float = 4.0
    fast_m_s: float = 10.0
    sure_sigmas: float = 2.5
    main_sigmas: float = 1.0
    fast_sigmas: float = 1.7
    falls_sigmas: float = 3.0
    worse: float = 8.0
    gain: float = 12.0
    noisy_m: float = 4.0
    longer_s: float = 22.0
    longest_s: float = 34.0
    near_m: float = 40.0
    near_s: float = 1.8
    far_s: float = 6.0
    rest_m_s: float = 1.5
    settle_s: float = 0.3
    model_s: float = 1.0
    still_s: float = 1.0


@dataclass(slots=True)
class SmallTouchdownState:
    """What it remembers."""

    flown: Flown = field(default_factory=Flown)
    high: int = 0
    still_s: float = 0.0
    highest_m: float = 0.0
    next_ns: int = 0
    done: bool = False


class SmallTouchdown(MotionDetector):
    """The height (m) of a descending rocket stops falling.

    Trigger: the last heights stay behind the descent before them. Time: where a descent and a level meet best. It
    counts where the level is near the pad's; elsewhere it must last longer, and be one for sure. An impact that the
    accelerations show tells it sooner and better, where heights do not contradict (`processors.small.impact`).

    Failure modes: late by how long noise hides that the descent has ended. None where the record ends in the air, or
    when all of it is frozen.

    References
    ----------
    As of `processors.motion.fits`.

    Examples
    --------
    >>> SmallTouchdownParameters().near_s
    1.8
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.TOUCHDOWN.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallTouchdownParameters
    state_type: ClassVar[type] = SmallTouchdownState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the end of the descent."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        if state.high < limits.rise_cells:
            state.still_s = max(state.still_s, cell.stale_s)
            may_have = state.flown.take(cell)
            state.high = state.high + 1 if may_have and abs(cell.h_m) > self._least_m(cell) else 0
            return ()
        if not cell.index % STRIDE and (struck := self._struck(cell, track)) is not None:
            return self._tell(cell, struck)
        falls = cell.v_m_s + limits.falls_sigmas * cell.v_sigma_m_s < -limits.descent_m_s
        if falls or cell.t_ns < state.next_ns or not cell.height_m < inf:
            return ()
        state.next_ns = cell.t_ns + round(limits.every_s * NS_PER_S)
        t_s, heights = self._heights(cell, track, limits.window_s)
        stops = self._stops(t_s, heights, cell.noise_m)
        if not stops or state.highest_m - float(np.min(heights[-FEW:])) < self._least_m(cell):
            return ()
        since_s = limits.since_s + max(-float(t_s[0]) - limits.window_s, 0.0)
        landing = self._landing(t_s, heights, since_s)
        for window_s in (limits.longer_s, limits.longest_s) if cell.noise_m > limits.noisy_m else ():
            landing = landing or self._landing(*self._heights(cell, track, window_s), since_s)
        return () if landing is None else self._tell(cell, landing)

    def _struck(self, cell: Cell, track: Track) -> Hinge | None:
        """Return the landing whose impact the accelerations show; None if there was none."""
        limits = self.parameters
        hit_s = impact_s(cell, track, (-limits.since_s, -limits.near_s))
        if hit_s is None:
            return None
        seen = self._heights(cell, track, limits.window_s)
        return struck_ground(*seen, hit_s, limits.descent_m_s, limits.rest_m_s, limits.worse)

    def _tell(self, cell: Cell, landing: Hinge) -> tuple[Finding, ...]:
        self.state.done = True
        t_ns = cell.t_ns + round(landing.t_s * NS_PER_S)
        values = {"height_above_pad_m": float(landing.after[0]), "vertical_speed_m_s": float(landing.before[1])}
        return (self.finding(FlightEvent.TOUCHDOWN.value, t_ns, landing.sigma_s, cell, cell.count_first, values),)

    def _heights(self, cell: Cell, track: Track, window_s: float) -> tuple[Floats, Floats]:
        """Return times and heights of a window, longer by the holes in it."""
        return seen_for(cell, track, self._measured, window_s, self.parameters.hole_s, self.parameters.holes_s)

    def _least_m(self, cell: Cell) -> float:
        return float(self.parameters.rise_m + self.parameters.rise_sigmas * cell.noise_m)

    def _measured(self, cell: Cell) -> float:
        return nan if cell.stale_s and self.state.still_s < self.parameters.still_s else cell.height_m

    def _stops(self, t_s: Floats, heights: Floats, noise_m: float) -> bool:
        """Return whether the last heights stay behind the descent before them."""
        limits = self.parameters
        last, before = t_s > -limits.near_s, (t_s > -limits.before_s) & (t_s <= -limits.between_s)
        between = (t_s > -limits.between_s) & (t_s <= -limits.near_s)
        if np.count_nonzero(last) < FEW or t_s.size < 4 * FEW:
            return False
        now_m = median_of(heights[last])
        self.state.highest_m = max(self.state.highest_m, now_m)
        if now_m > (1.0 - limits.down) * self.state.highest_m:
            return False
        if min(np.count_nonzero(before), np.count_nonzero(between)) < FEW:
            # a hole: only a fit can say
            return True
        least_m = limits.stop_m + limits.stop_sigmas * noise_m / np.count_nonzero(last) ** 0.5
        parts = (t_s <= t_s[0] + limits.near_s, before, between, last)
        return stays_behind([median_of(heights[part]) for part in parts], least_m)

    def _landing(self, t_s: Floats, heights: Floats, since_s: float) -> Hinge | None:
        """Return the fit of a descent and a rest; None if there is none."""
        limits = self.parameters
        found = hinge(t_s, heights, (-since_s, -limits.near_s), (1, 0))
        if found is None or found.before[1] > -limits.descent_m_s:
            return None
        after = t_s > found.t_s + limits.settle_s
        line = polynomial(t_s[after], heights[after], 1) if np.count_nonzero(after) >= FEW else None
        alike = together(found, t_s, heights)
        if (found.gain - 1.0) * t_s.size < limits.gain * alike:
            return None
        if line is None or not self._rests(found, line, around_pad_m(found, t_s, heights, limits.near_s), alike):
            return None
        if only_slower(found, t_s, heights, limits.near_s) > limits.worse * alike:
            return None
        sigma_s = hypot(sigma_of(found, t_s, int(np.count_nonzero(after)), alike), limits.model_s)
        return replace(found, sigma_s=sigma_s)

    def _rests(self, found: Hinge, line: Polynomial, around_m: tuple[float, float], alike: float) -> bool:
        limits = self.parameters
        rate, sigma = float(line.coefficients[1]), sqrt(float(line.covariance[1, 1]) * alike)
        descent = float(found.before[1])
        if around_m[1] > limits.near_m and -found.t_s < limits.far_s:
            return False
        if around_m[0] > limits.near_m:
            return bool(abs(rate) + 2.0 * sigma < limits.rest_m_s)
        if abs(rate) > limits.rest_m_s + 2.0 * sigma:
            return False
        slow = max(0.5 * descent, -limits.parachute_m_s)
        if descent < -limits.fast_m_s:
            stops = rate - limits.sure_sigmas * sigma > 0.5 * descent
            return bool(stops and rate - limits.fast_sigmas * sigma > slow)
        return bool(rate - limits.main_sigmas * sigma > slow)
