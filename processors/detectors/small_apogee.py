"""The highest point of a small rocket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import atan, nan
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.apex import GRAVITY_M_S2, Apex, apex
from processors.small.burn import Burn
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

# second differences of independent noise have six times its variance, and half of it lies within 0.6745
WHITE: Final = 0.6745 * 6.0**0.5


@dataclass(frozen=True, slots=True)
class SmallApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    rise_m, rise_sigmas
        It has flown when it was so much over the pad, and over the noise.
    slow_m_s, slow_sigmas
        The top is looked for when the climb is slower: a second and a half before it.
    blunt_m_s
        The slowest terminal speed of a rocket: drag takes a climb away no sooner than such a one's.
    before_s, longest_s, after_s
        Window of the fit: before the top, longer where heights are noisier; after it only while a parachute, which
        takes a second to fill, makes no difference.
    noise_m
        Noise at which the window is `before_s` long.
    push_s
        The record of a motor's push and what its end does to a barometer are over after that.
    least_s
        The shortest coast that is fitted.
    sure_sigmas, soonest_s, latest_s
        It is told when it lies so many sigmas back, but at these times after it at the earliest and latest.
    share
        Of the heights that must lie about the curve.
    spread_m
        An altimeter that works errs by no more than this and its noise.
    bias_m_s2
        A coast's bend is gravity's within this; a barometer's leap at the speed of sound bends by hundreds.
    fall_m_s, fall_sigmas, fall_s
        Without a fit, it is told when it surely falls, for so long.
    """

    rise_m: float = 20.0
    rise_sigmas: float = 8.0
    slow_m_s: float = 15.0
    slow_sigmas: float = 3.0
    blunt_m_s: float = 40.0
    before_s: float = 4.0
    longest_s: float = 9.0
    after_s: float = 0.7
    noise_m: float = 2.0
    push_s: float = 1.0
    least_s: float = 1.5
    sure_sigmas: float = 2.5
    soonest_s: float = 0.4
    latest_s: float = 1.3
    share: float = 0.6
    spread_m: float = 4.0
    bias_m_s2: float = 1.5
    fall_m_s: float = -5.0
    fall_sigmas: float = 2.0
    fall_s: float = 1.0


@dataclass(slots=True)
class SmallApogeeState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    flown: bool = False
    fastest_m_s: float = 0.0
    fastest_ns: int = 0
    highest_m: float = 0.0
    highest_ns: int = 0
    falls_ns: int = 0
    done: bool = False


class SmallApogee(MotionDetector):
    """The climb (m/s) of a coasting rocket passes zero.

    Time: the top of the coast whose bend is gravity's, and what an accelerometer adds to it (`processors.small.apex`),
    through the heights before it and shortly after; robust against the spikes of an ejection charge. It needs no fall,
    so it is told early.

    Failure modes: without a coast that can be fitted it is told when the rocket surely falls, at the highest estimate.
    None while the motor burns, nor sooner after the greatest climb than drag can take it away.

    References
    ----------
    As of `processors.small.apex`.

    Examples
    --------
    >>> SmallApogeeParameters().after_s
    0.7
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallApogeeParameters
    state_type: ClassVar[type] = SmallApogeeState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the end of the climb."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        state.burn.take(cell)
        if cell.h_m > limits.rise_m + limits.rise_sigmas * cell.noise_m:
            state.flown = True
        if not state.flown:
            return ()
        if cell.v_m_s > state.fastest_m_s:
            state.fastest_m_s, state.fastest_ns = cell.v_m_s, cell.t_ns
        if cell.h_m > state.highest_m:
            state.highest_m, state.highest_ns = cell.h_m, cell.t_ns
        if not cell.v_m_s < limits.slow_m_s + limits.slow_sigmas * cell.v_sigma_m_s or self._too_soon(cell):
            return ()
        top = self._top(cell, track)
        if top is None:
            return self._fallen(cell)
        return self._tell(cell, *top)

    def _too_soon(self, cell: Cell) -> bool:
        """Return whether it burns, or drag and gravity could not yet have ended the climb."""
        state, limits = self.state, self.parameters
        if state.burn.burning and not state.burn.over:
            return True
        speed = limits.blunt_m_s
        return (cell.t_ns - state.fastest_ns) / NS_PER_S < speed / GRAVITY_M_S2 * atan(state.fastest_m_s / speed)

    def _tell(self, cell: Cell, top_ns: int, top: Apex) -> tuple[Finding, ...]:
        limits = self.parameters
        wait_s = min(max(limits.sure_sigmas * top.sigma_s, limits.soonest_s), limits.latest_s)
        if (cell.t_ns - top_ns) / NS_PER_S < wait_s:
            return ()
        self.state.done = True
        return (
            self.finding(
                FlightEvent.APOGEE.value, top_ns, top.sigma_s, cell, cell.count_first, {"height_m": top.height_m}
            ),
        )

    def _fallen(self, cell: Cell) -> tuple[Finding, ...]:
        """Tell the highest estimate, when it surely falls though no coast can be fitted."""
        state, limits = self.state, self.parameters
        if not cell.v_m_s + limits.fall_sigmas * cell.v_sigma_m_s < limits.fall_m_s:
            state.falls_ns = 0
            return ()
        state.falls_ns = state.falls_ns or cell.t_ns
        if (cell.t_ns - state.falls_ns) / NS_PER_S < limits.fall_s:
            return ()
        state.done = True
        sigma_s = 0.5 * (cell.t_ns - state.highest_ns) / NS_PER_S
        values = {"height_m": state.highest_m}
        return (self.finding(FlightEvent.APOGEE.value, state.highest_ns, sigma_s, cell, cell.count_first, values),)

    def _top(self, cell: Cell, track: Track) -> tuple[int, Apex] | None:
        """Return when the top is and the fit that says so; None if there is no coast to fit."""
        state, limits = self.state, self.parameters
        near_ns = cell.t_ns + round(cell.v_m_s / GRAVITY_M_S2 * NS_PER_S)
        before_s = min(limits.before_s * max(cell.noise_m / limits.noise_m, 1.0) ** 0.4, limits.longest_s)
        begin_ns = max(state.fastest_ns, state.burn.coast_ns) + round(limits.push_s * NS_PER_S)
        top = None
        for _ in range(3):
            first_ns = max(near_ns - round(before_s * NS_PER_S), begin_ns)
            cells = track.between(cell, first_ns, near_ns + round(limits.after_s * NS_PER_S))
            top = self._fit(cells, cell.t_ns, (near_ns - cell.t_ns) / NS_PER_S)
            if top is None:
                return None
            moved_s = top.t_s - (near_ns - cell.t_ns) / NS_PER_S
            near_ns += round(moved_s * NS_PER_S)
            if abs(moved_s) < 0.1:
                break
        return None if top is None else (near_ns, top)

    def _fit(self, cells: list[Cell], origin_ns: int, near_s: float) -> Apex | None:
        limits = self.parameters
        t_s, heights = points(cells, lambda one: nan if one.stale_s else one.height_m, origin_ns)
        if t_s.size < 8 or near_s - t_s[0] < limits.least_s:
            return None
        white_m = float(np.median(np.abs(np.diff(heights, 2)))) / WHITE
        pulls_s, pulls = points(cells, lambda one: nan if one.stale_s else one.pull_m_s2, origin_ns)
        falls = np.interp(t_s, pulls_s, pulls * self.state.burn.sign) if pulls.size > 0.7 * t_s.size else None
        top = apex(t_s, heights, falls, near_s, max(white_m, 0.3))
        if top is None or top.share < limits.share or abs(top.bias_m_s2) > limits.bias_m_s2:
            return None
        return None if top.spread_m > limits.spread_m + 3.0 * white_m else top
