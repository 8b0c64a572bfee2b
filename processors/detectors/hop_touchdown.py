"""A hop comes to rest on ground, deck or water."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.hop.climbs import smoothed
from processors.hop.slows import LAST_S, slows
from processors.hop.standing import STILL_M_S, STILL_SIGMAS, Standing, spread_m, standing, white_m
from processors.hop.tame import tame
from processors.motion.cell import Cell
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

FEW: Final = 5
# in succession it is no spike
TWICE: Final = 2


@dataclass(frozen=True, slots=True)
class HopTouchdownParameters:
    """Thresholds, beside those of `processors.hop.standing`.

    Parameters
    ----------
    rise_m, rise_sigmas, rest_s
        It has flown when it was so high, and over the noise; and over what gusts did until so long before.
    every_s, last_s
        How often it is looked at, and over how much of the last heights their middle is taken.
    least_m
        The air itself moves a barometer by that much.
    near_m
        Around the pad's height, or the sea's, it stands on something: a barometer drifts by less in some minutes, and
        whoever hovers lower than that has the ground's cushion under it, for a second or two.
    near_s
        So long it has stood still there.
    below_s
        And where the ground is lower than the pad, but no sea's height is known: at that depth it may hover as well,
        though for seconds only, as each costs a metre a second of speed ten times.
    above_s
        Over the pad it may hover for a minute and more: what stands for so long has landed on a hill.
    window_s
        Of the fit; more before a rest that is long.
    slows_m
        A look is worth a fit when the last two seconds lie no lower than this, and what noise makes, under those four
        seconds before.
    settled_s
        It is confirmed when it has stood for so long.
    leaves_m, leaves_sigmas
        It did not stand when it is so far from there by then, and over the noise.
    still_s
        An altimeter that showed one value for so long on the pad does so at rest, too; for another one it is frozen.
    """

    rise_m: float = 6.0
    rise_sigmas: float = 4.0
    rest_s: float = 8.0
    every_s: float = 0.5
    last_s: float = 1.5
    least_m: float = 0.15
    near_m: float = 4.0
    near_s: float = 5.0
    below_s: float = 6.0
    above_s: float = 100.0
    window_s: float = 22.0
    slows_m: float = 1.5
    settled_s: float = 20.0
    leaves_m: float = 5.0
    leaves_sigmas: float = 3.0
    still_s: float = 1.0


@dataclass(slots=True)
class HopTouchdownState:
    """What it remembers."""

    still_s: float = 0.0
    high: int = 0
    next_ns: int = 0
    rest_ns: int = 0
    rest_m: float = 0.0
    told_ns: int = 0
    sigma_s: float = 0.0
    level_m: float = 0.0
    descent_m_s: float = 0.0
    left: int = 0
    occurrence: int = 0
    done: bool = False


class HopTouchdown(MotionDetector):
    """The height (m) of a vehicle that sinks on its engines stops falling, for good.

    A hop may hover anywhere, and sink as slowly as it likes. So the height must stand still for surely less than any
    sink: for 5 s near the pad's height or the sea's, a little longer below the pad, and for minutes above it. Time:
    where the last descent and the level meet. Told as provisional, confirmed when it has stood for 20 s, taken back if
    it moves on.

    Failure modes: late by how long noise hides that the sink has ended; wrong if it hovers lower than 4 m for longer
    than 5 s. None where the record ends before, or without heights.

    References
    ----------
    As of `processors.motion.fits`.

    Examples
    --------
    >>> HopTouchdownParameters().near_s
    5.0
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.TOUCHDOWN.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"hop"})
    parameters_type: ClassVar[type] = HopTouchdownParameters
    state_type: ClassVar[type] = HopTouchdownState
    looks_back: ClassVar[bool] = True

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the end of the descent."""
        state, limits = self.state, self.parameters
        if state.done or not abs(cell.height_m) < inf:
            return ()
        if not state.high:
            state.still_s = max(state.still_s, cell.stale_s)
        if cell.t_ns < state.next_ns:
            return ()
        state.next_ns = cell.t_ns + round(limits.every_s * NS_PER_S)
        t_s, heights = self._heights(cell, track, limits.window_s)
        return self._look(cell, track, t_s, heights) if t_s.size >= 4 * FEW else ()

    def _look(self, cell: Cell, track: Track, t_s: Floats, heights: Floats) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        noise_m = max(white_m(heights), limits.least_m)
        last = heights[min(int(np.count_nonzero(t_s <= -limits.last_s)), t_s.size - FEW) :]
        now_m = float(np.median(last))
        if state.told_ns:
            return self._stays(cell, track, now_m, noise_m)
        if state.high < TWICE:
            gusts_m = max(spread_m(heights[t_s < -limits.rest_s]), noise_m)
            state.high = state.high + 1 if now_m > limits.rise_m + limits.rise_sigmas * gusts_m else 0
            return ()
        self._rest(cell, now_m, noise_m)
        found = (
            self._stands(cell, track, t_s, heights, noise_m) if slows(t_s, heights, limits.slows_m, noise_m) else None
        )
        if found is None:
            return ()
        self._take(cell, found)
        return (self._said(cell, "provisional"),)

    def _heights(self, cell: Cell, track: Track, window_s: float) -> tuple[Floats, Floats]:
        cells = track.between(cell, cell.t_ns - round(window_s * NS_PER_S), cell.t_ns)
        return tame(*points(cells, self._measured, cell.t_ns), self.parameters.least_m)

    def _fit(
        self, cell: Cell, track: Track, seen: tuple[Floats, Floats], between: tuple[float, float]
    ) -> Standing | None:
        t_s, heights = seen
        cells = track.between(cell, cell.t_ns + round(float(t_s[0]) * NS_PER_S), cell.t_ns)
        climbs = points(cells, lambda one: nan if one.stale_s else one.vertical_speed_m_s, cell.t_ns)
        heights = smoothed(t_s, heights, *climbs)
        return standing(t_s, heights, between, max(white_m(heights), self.parameters.least_m))

    def _measured(self, cell: Cell) -> float:
        return nan if cell.stale_s and self.state.still_s < self.parameters.still_s else cell.height_m

    def _rest(self, cell: Cell, now_m: float, noise_m: float) -> None:
        """Reckon since when it has been about where it is."""
        state, limits = self.state, self.parameters
        if not state.rest_ns or abs(now_m - state.rest_m) > limits.slows_m + noise_m:
            state.rest_ns, state.rest_m = cell.t_ns, now_m

    def _stands(self, cell: Cell, track: Track, t_s: Floats, heights: Floats, noise_m: float) -> Standing | None:
        """Return the descent and the rest; None if it may still move."""
        limits = self.parameters
        long_s = (cell.t_ns - self.state.rest_ns) / NS_PER_S
        if long_s > limits.above_s:
            t_s, heights = self._heights(cell, track, long_s + limits.window_s / 2.0)
            return self._fit(cell, track, (t_s, heights), (-long_s - limits.below_s, -limits.above_s / 2.0))
        now_m = float(np.median(heights[t_s > min(-LAST_S, float(t_s[-FEW]))]))
        if self._hovers(cell, now_m, 2.0 * noise_m):
            return None
        found = self._fit(cell, track, (t_s, heights), (-limits.window_s + limits.near_s, -limits.near_s / 2.0))
        if found is None or not (found.is_still or self._is_slow(cell, track)):
            return None
        hovers = self._hovers(cell, found.level_m, found.level_sigma_m)
        most_m = limits.near_m + found.level_sigma_m
        near = min(abs(found.level_m), abs(cell.altitude_m - cell.height_m + found.level_m)) < most_m
        return found if not hovers and -found.t_s >= (limits.near_s if near else limits.below_s) else None

    def _hovers(self, cell: Cell, level_m: float, sigma_m: float) -> bool:
        """Return whether it is higher than anything that it may stand on within a minute."""
        most_m = self.parameters.near_m + sigma_m
        return level_m > most_m and not abs(cell.altitude_m - cell.height_m + level_m) < most_m

    def _is_slow(self, cell: Cell, track: Track) -> bool:
        """Return whether speeds, if there are any, are surely those of something that stands."""
        cells = track.between(cell, cell.t_ns - round(self.parameters.near_s * NS_PER_S), cell.t_ns)
        for value in (lambda one: one.speed_m_s, lambda one: one.vertical_speed_m_s):
            _, speeds = points([one for one in cells if not one.stale_s], value, cell.t_ns)
            if speeds.size >= FEW:
                sigma = white_m(speeds) / sqrt(speeds.size)
                if abs(float(np.mean(speeds))) + STILL_SIGMAS * sigma < STILL_M_S:
                    return True
        return False

    def _stays(self, cell: Cell, track: Track, now_m: float, noise_m: float) -> Iterable[Finding]:
        """Confirm it when it has stood for long; take it back if it moves on."""
        state, limits = self.state, self.parameters
        gone = abs(now_m - state.level_m) > limits.leaves_m + limits.leaves_sigmas * noise_m
        state.left = state.left + 1 if gone else 0
        if state.left > 1:
            finding = self._said(cell, "retracted")
            state.told_ns = state.rest_ns = state.left = 0
            state.occurrence += 1
            return (finding,)
        if state.left or cell.t_ns < state.told_ns + limits.settled_s * NS_PER_S:
            return ()
        state.done = True
        since_s = (cell.t_ns - state.told_ns) / NS_PER_S
        seen, around_s = self._heights(cell, track, since_s + limits.window_s / 2.0), limits.near_s / 2.0
        again = self._fit(cell, track, seen, (-since_s - around_s, -since_s + around_s))
        if again is not None and again.sigma_s < state.sigma_s:
            self._take(cell, again)
        return (self._said(cell, "confirmed"),)

    def _take(self, cell: Cell, found: Standing) -> None:
        state = self.state
        state.told_ns = cell.t_ns + round(found.t_s * NS_PER_S)
        state.sigma_s, state.level_m, state.descent_m_s = found.sigma_s, found.level_m, found.descent_m_s

    def _said(self, cell: Cell, status: Status) -> Finding:
        state = self.state
        values = {"height_above_pad_m": state.level_m, "vertical_speed_m_s": state.descent_m_s}
        event = FlightEvent.TOUCHDOWN.value
        return self.finding(
            event, state.told_ns, state.sigma_s, cell, cell.count_first, values, status, state.occurrence
        )
