"""The highest point of a small rocket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot, inf, nan
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.evidence.atmosphere import GRAVITY_M_S2
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.apex import Apex, apex
from processors.small.burn import Burn
from processors.small.climb import climb_of, hop_climbs, most_spread_m
from processors.small.climbs import told_climbs, white
from processors.small.flown import Flown
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

NEAR_S: Final = 0.1
FEW: Final = 8
AGAIN_NS: Final = NS_PER_S // 5
# twice the noise over a window a quarter longer errs as much as the model does
NOISIER: Final = 0.3


@dataclass(frozen=True, slots=True)
class SmallApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    rise_m, rise_sigmas, rise_cells
        It has flown when it was so much over the pad, and over the noise, for so many cells.
    before_s, longest_s, after_s
        Window of the fit: before the top, longer where heights are noisier, up to a fall from `slow_m_s`; after it only
        until a parachute fills.
    furthest_s, cells
        It begins so much earlier at most, if there are fewer cells before the top.
    noise_m, least_m
        Noise at which the window is `before_s` long, and above which climbs that are told are read where there is no
        accelerometer; and the least that is believed.
    recent_s
        The last three heights lie within it, or four steps of slow rows: what comes first after a hole tells nothing.
        Altimeters that write twenty rows a second on the way up write two on the way down.
    push_s
        What the end of a motor's push does to a barometer is over after that.
    least_s
        The shortest coast that is fitted.
    slow_m_s
        Slower than this, drag bends the climb by less than gravity; a steeper one is not yet fitted.
    sure_sigmas, soonest_s, latest_s
        It is told when it lies so many sigmas back, but so long after it at the earliest and latest: two seconds after
        the true top even where it is found 0.75 s too late.
    share
        Of the heights that must lie about the curve.
    spread_m
        An altimeter that works errs by no more than this and its noise.
    bias_m_s2
        A coast bends within this as gravity in warm air does; a barometer's leap at the speed of sound by hundreds.
    model_s
        What wind, tilt and a barometer's vents move the top by.
    fall_m, fall_sigmas
        Without a fit: told when it has fallen so much, and over the noise, from second to second, twice.
    """

    rise_m: float = 20.0
    rise_sigmas: float = 8.0
    rise_cells: int = 3
    before_s: float = 4.0
    longest_s: float = 12.0
    furthest_s: float = 15.0
    cells: int = 15
    after_s: float = 0.7
    noise_m: float = 2.0
    least_m: float = 0.3
    recent_s: float = 1.2
    push_s: float = 1.0
    least_s: float = 1.5
    slow_m_s: float = 120.0
    sure_sigmas: float = 6.0
    soonest_s: float = 0.4
    latest_s: float = 1.1
    share: float = 0.6
    spread_m: float = 4.0
    bias_m_s2: float = 3.0
    model_s: float = 0.1
    fall_m: float = 5.0
    fall_sigmas: float = 3.0


@dataclass(slots=True)
class SmallApogeeState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    flown: Flown = field(default_factory=Flown)
    high: int = 0
    next_ns: int = 0
    near_ns: int = 0
    highest_m: float = 0.0
    highest_ns: int = 0
    done: bool = False


class SmallApogee(MotionDetector):
    """The climb (m/s) of a coasting rocket passes zero.

    Time: the top of the coast whose bend is gravity's, and what an accelerometer adds to it (`processors.small.apex`),
    through the heights before it and shortly after; robust against the spikes of an ejection charge. It needs no fall,
    so it is told early. While it coasts, it says when to look again.

    Failure modes: without a coast that can be fitted it is told when heights fall for seconds, at their highest. None
    while the motor burns, none from frozen rows.

    References
    ----------
    As of `processors.small.apex`.

    Examples
    --------
    >>> SmallApogeeParameters().after_s
    0.7
    """

    version: ClassVar[int] = 4
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallApogeeParameters
    state_type: ClassVar[type] = SmallApogeeState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the end of the climb."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        state.burn = state.burn.after(cell)
        if state.high < limits.rise_cells:
            state.high = state.high + 1 if state.flown.take(cell) and cell.h_m > self._least_m(cell) else 0
            return ()
        burns = state.burn.burning and not state.burn.over
        if burns or cell.t_ns < state.next_ns or cell.stale_s or not cell.height_m < inf:
            return ()
        top = self._top(cell, track)
        if top is None:
            state.next_ns, state.near_ns = cell.t_ns + AGAIN_NS, 0
            return self._fallen(cell, track)
        since_s = (cell.t_ns - top[0]) / NS_PER_S
        wait_s = min(max(limits.sure_sigmas * top[1].sigma_s, limits.soonest_s), limits.latest_s)
        if since_s < wait_s or hop_climbs(cell):
            state.next_ns = cell.t_ns + round(min(max(0.25 * (wait_s - since_s), 0.0), 1.0) * NS_PER_S)
            return ()
        return self._tell(cell, top[0], hypot(top[1].sigma_s, limits.model_s), top[1].height_m)

    def _tell(self, cell: Cell, top_ns: int, sigma_s: float, height_m: float) -> tuple[Finding, ...]:
        if height_m < self._least_m(cell):
            return ()
        self.state.done = True
        values = {"height_above_pad_m": height_m}
        return (self.finding(FlightEvent.APOGEE.value, top_ns, sigma_s, cell, cell.count_first, values),)

    def _least_m(self, cell: Cell) -> float:
        return float(self.parameters.rise_m + self.parameters.rise_sigmas * cell.noise_m)

    def _fallen(self, cell: Cell, track: Track) -> tuple[Finding, ...]:
        """Tell the highest second, when the next ones lie lower and lower though no coast can be fitted."""
        state, limits = self.state, self.parameters
        blocks = []
        for back in (2, 1, 0):
            last_ns = cell.t_ns - back * NS_PER_S
            t_s, heights = points(track.between(cell, last_ns - NS_PER_S, last_ns), measured_m, cell.t_ns)
            if not t_s.size:
                return ()
            blocks.append(float(np.median(heights)))
        if blocks[-1] > state.highest_m:
            state.highest_m, state.highest_ns = blocks[-1], cell.t_ns - NS_PER_S // 2
        least_m = limits.fall_m + limits.fall_sigmas * cell.noise_m
        if min(blocks[0] - blocks[1], blocks[1] - blocks[2]) < least_m:
            return ()
        since_s = (cell.t_ns - state.highest_ns) / NS_PER_S
        return self._tell(cell, state.highest_ns, 0.5 * since_s, state.highest_m)

    def _top(self, cell: Cell, track: Track) -> tuple[int, Apex] | None:
        """Return when the top is and the fit that says so; None if there is no coast to fit."""
        limits = self.parameters
        near_s = self._near_s(cell, track)
        if near_s is None:
            return None
        before_s = min(limits.before_s * max(cell.noise_m / limits.noise_m, 1.0) ** NOISIER, limits.longest_s)
        top = None
        for _ in range(3):
            near_ns = cell.t_ns + round(near_s * NS_PER_S)
            end_ns = min(near_ns, cell.t_ns)
            after_ns = round(limits.after_s * before_s / limits.before_s * NS_PER_S)
            cells = track.between(cell, self._begin_ns(cell, track, end_ns, before_s), near_ns + after_ns)
            if (top := self._fit(cells, cell.t_ns, near_s)) is None:
                return None
            moved_s, near_s = top.t_s - near_s, top.t_s
            if abs(moved_s) < NEAR_S:
                break
        self.state.near_ns = cell.t_ns + round(near_s * NS_PER_S)
        return None if top is None else (self.state.near_ns, top)

    def _begin_ns(self, cell: Cell, track: Track, end_ns: int, before_s: float) -> int:
        """Return when the window begins: earlier, if little was measured before the top."""
        limits = self.parameters
        begin_ns = end_ns - round(before_s * NS_PER_S)
        cells = track.between(cell, end_ns - round(limits.furthest_s * NS_PER_S), end_ns)
        known = [one.t_ns for one in cells if not one.stale_s and one.height_m < inf]
        return min(begin_ns, known[-limits.cells]) if len(known) >= limits.cells else begin_ns

    def _near_s(self, cell: Cell, track: Track) -> float | None:
        """Return about when the climb ends, as the last fit had it, or from the slopes of the last seconds."""
        limits = self.parameters
        if self.state.near_ns:
            return float(self.state.near_ns - cell.t_ns) / NS_PER_S
        cells = track.between(cell, cell.t_ns - round(limits.before_s * NS_PER_S), cell.t_ns)
        climb = climb_of(*points(cells, measured_m, cell.t_ns))
        return None if climb is None or climb.m_s > limits.slow_m_s else climb.t_s + climb.m_s / GRAVITY_M_S2

    def _fit(self, cells: list[Cell], origin_ns: int, near_s: float) -> Apex | None:
        limits, burn = self.parameters, self.state.burn
        begin_ns = burn.coast_ns + round(limits.push_s * NS_PER_S)
        cells = [one for one in cells if not burn.over or one.t_ns > begin_ns]
        t_s, heights = points(cells, measured_m, origin_ns)
        recent_s = max(limits.recent_s, 4.0 * float(np.median(np.diff(t_s)))) if t_s.size >= FEW else 0.0
        if t_s.size < FEW or t_s[-1] - t_s[-3] > recent_s or min(near_s, 0.0) - t_s[0] < limits.least_s:
            return None
        white_m = white(heights)
        pulls_s, pulls = points(cells, lambda one: nan if one.stale_s else one.pull_m_s2, origin_ns)
        falls = np.interp(t_s, pulls_s, pulls * burn.sign) if pulls.size > 0.7 * t_s.size else None
        noisy = white_m > limits.noise_m and falls is None
        climbs = told_climbs(cells, origin_ns, t_s.size) if noisy else None
        # whether an accelerometer shows 1 g at rest is not known of a record that begins in the air: then heights tell
        for known in (falls, None) if falls is not None else (None,):
            top = apex(t_s, heights, known, near_s, max(white_m, limits.least_m), climbs)
            if top is not None and self._coasts(top, most_spread_m(cells[-1].kind, limits.spread_m, white_m)):
                return top
        return None

    def _coasts(self, top: Apex, most_m: float) -> bool:
        """Return whether it is a coast: most heights lie about the curve, whose bend is gravity's."""
        limits = self.parameters
        return top.spread_m <= most_m and top.share >= limits.share and abs(top.bias_m_s2) <= limits.bias_m_s2
