"""A launcher's stage that lands on its engines, from its speed and altitude."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import ClassVar

import numpy as np

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class LauncherTouchdownParameters:
    """Thresholds.

    Parameters
    ----------
    flown_m, flown_m_s
        It has flown when it was so high, and fell so fast.
    ground_m
        It lands within this of the pad's height, and what the heights are off: steps of a display, and the coast.
    still_m_s, still_s
        It stands when the mean over so long, the time in which brakes of a g take 7 m/s, is slower than this, and than
        noise makes it.
    low_m_s, high_m_s, brakes_s
        The line goes through speeds between these, of the last seconds: below them a stage settles on its legs, and
        above them it may still throttle.
    brakes_m_s2
        It braked at least so hard: to hover is no landing.
    leg_s
        How far the settling is from the line.
    noises
        One cell may be faster than `low_m_s` by so many times its noise, and it still stands.
    """

    flown_m: float = 5_000.0
    flown_m_s: float = 150.0
    ground_m: float = 500.0
    still_m_s: float = 2.5
    still_s: float = 0.65
    low_m_s: float = 8.0
    high_m_s: float = 45.0
    brakes_s: float = 9.0
    brakes_m_s2: float = 1.5
    leg_s: float = 0.4
    noises: float = 2.0


@dataclass(slots=True)
class LauncherTouchdownState:
    """What it remembers."""

    high: bool = False
    fell: bool = False
    last: list[float] = field(default_factory=list)
    last_ns: list[int] = field(default_factory=list)
    done: bool = False


class LauncherTouchdown(MotionDetector):
    """The speed (m/s) of a stage that brakes reaches zero at the ground.

    Trigger: after a flight and a fall, near the height of the pad, the mean speed of some cells is that of standing
    still. Time: where a robust line through the braking before is zero. Uncertainty: of the fit, and of settling.

    Failure modes: none where the record ends or freezes before, or the place is more than 500 m above or below the pad.

    References
    ----------
    As of `processors.motion.fits`.

    Examples
    --------
    >>> LauncherTouchdownParameters().still_m_s
    2.5
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.TOUCHDOWN.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherTouchdownParameters
    state_type: ClassVar[type] = LauncherTouchdownState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a stand."""
        state, limits = self.state, self.parameters
        if state.done or not abs(cell.speed_m_s) < inf:
            return ()
        if not state.fell:
            state.high = state.high or cell.h_m > limits.flown_m
            state.fell = state.high and cell.v_m_s < -limits.flown_m_s and cell.h_m < limits.flown_m
            return ()
        # trusted or not: a filter does not expect that it stops at once
        if cell.speed_m_s > limits.low_m_s + limits.noises * cell.speed_noise_m_s:
            state.last.clear()
            state.last_ns.clear()
            return ()
        state.last.append(cell.speed_m_s)
        state.last_ns.append(cell.t_ns)
        still_ns = round(limits.still_s * NS_PER_S)
        # the fewest that are as long
        while len(state.last) > 1 and state.last_ns[1] <= cell.t_ns - still_ns:
            del state.last[0], state.last_ns[0]
        n = len(state.last)
        mean = sum(state.last) / n
        still = limits.still_m_s + cell.speed_noise_m_s / sqrt(n)
        low = abs(cell.h_m) < limits.ground_m + 3.0 * cell.h_sigma_m
        if cell.t_ns - state.last_ns[0] < still_ns or mean > still or not low:
            return ()
        return self._stand(cell, track)

    def _stand(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        cells = track.between(cell, cell.t_ns - round(limits.brakes_s * NS_PER_S), cell.t_ns)
        brakes = [one for one in cells if limits.low_m_s < one.s_m_s < limits.high_m_s]
        t_s, speeds = points(brakes, lambda one: one.speed_m_s, cell.t_ns)
        fit = polynomial(t_s, speeds, 1, cell.speed_noise_m_s)
        if fit is None or fit.coefficients[1] > -limits.brakes_m_s2:
            return ()
        zero = fit.zero(0.0)
        if zero is None or not t_s[-1] - 1.0 < zero[0] < 1.0:
            return ()
        state.done = True
        sigma_s = float(np.hypot(min(zero[1], 2.0), limits.leg_s))
        t_ns = cell.t_ns + round(min(zero[0], 0.0) * NS_PER_S)
        return (self.finding(FlightEvent.TOUCHDOWN.value, t_ns, sigma_s, cell, brakes[0].count_first, {}),)
