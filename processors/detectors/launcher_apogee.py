"""The highest point of a launcher in free fall, from its speed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import exp, nan
from statistics import median
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.launcher.free_fall import Top, top_of
from processors.launcher.thrust import EARTH_M, gravity_m_s2
from processors.motion.cell import Cell
from processors.motion.cells import SHIFT_NS
from processors.motion.track import Track
from processors.motion_detector import MotionDetector
from telemetry.atmosphere import TOP_M, density_kg_m3
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# of the noise of a cell: what is left of it in a median of ten
MEDIAN: Final = 0.4
# a display that counts km/h errs by this, however many are averaged
STEP_M_S: Final = 0.08
RECENT: Final = 5
# a stage that climbs freely is a kilometre lower a quarter of a minute before its top, one that falls is higher
HIGHER_M: Final = 300.0
NEAR_S: Final = 2.0
# above the table's top density falls to 1/e of itself in this, up to 120 km (US Standard Atmosphere 1976)
THINNER_M: Final = 6_000.0
# of a display that counts km/h
SHOWN_M_S: Final = 0.28
# medians in the shortest stretch, a second each
SHORT: Final = 1.2


@dataclass(frozen=True, slots=True)
class LauncherApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    least_m
        Free fall needs thin air: above this drag takes less than a hundredth of gravity from a stage.
    longest_s, shortest_s
        The parabola goes through at most so many seconds, and at least so many: a stage that changes hands between
        engines coasts for less.
    after_s
        It is told when the top is so long past: speed grows by what a display shows.
    sure_s
        And when its time is known so well.
    late_s, late_sure_s
        What is later than the one is told if it is known so well.
    settled_s
        It is confirmed when the top is so long past.
    bend_share, sure_sigmas
        The square of speed bends as gravity says, within this share and so many sigmas: engines bend it otherwise.
    spread_noise
        The speeds are off the law by not more than so many times their noise.
    stage_kg_m2, stage_share
        Mass over drag coefficient and area of what coasts, 10 to 25 t over 10 m^2 or so, and within what share.
    model_share
        Over so many seconds, gravity's change with height and a display's own filter move the top by this share.
    """

    least_m: float = 40_000.0
    longest_s: int = 60
    shortest_s: int = 20
    after_s: float = 2.5
    sure_s: float = 0.25
    late_s: float = 5.5
    late_sure_s: float = 0.8
    settled_s: float = 20.0
    bend_share: float = 0.2
    sure_sigmas: float = 3.0
    spread_noise: float = 2.5
    stage_kg_m2: float = 1_800.0
    stage_share: float = 0.3
    model_share: float = 0.003


@dataclass(slots=True)
class LauncherApogeeState:
    """What it remembers: the speeds of the second in hand, medians of the seconds before, and what is told."""

    second: int = 0
    times_s: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    medians_s: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    noises: list[float] = field(default_factory=list)
    count: int = 0
    count_first: int = 0
    told_s: float = 0.0
    open: bool = False


class LauncherApogee(MotionDetector):
    """The speed (m/s) of a vehicle in free fall is least: it is as high as it goes.

    Trigger: over the last 20 s the square of speed is a parabola with its least some seconds ago, and bends as gravity
    does. Time: the least of a parabola through up to a minute, robust, with the bend known beforehand; uncertainty
    from the residuals, and of the air's drag, which makes speed least a while after the top. Told when the least is
    2.5 s past, confirmed at 20 s.

    Failure modes: none under thrust, in dense air, or in an orbit, where gravity bends the path and hardly the speed;
    none where the record does not show 20 s before it.

    References
    ----------
    `processors.launcher.free_fall`; energy of free fall: Bate, Mueller and White, Fundamentals of Astrodynamics, 1971,
    section 1.4.

    Examples
    --------
    >>> LauncherApogeeParameters().after_s
    2.5
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherApogeeParameters
    state_type: ClassVar[type] = LauncherApogeeState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a parabola when another second is complete."""
        state, limits = self.state, self.parameters
        if not cell.speed_trusted or not cell.h_m > limits.least_m:
            return ()
        second = (cell.t_ns + SHIFT_NS) // NS_PER_S
        complete = second != state.second and bool(state.times_s)
        if complete:
            self._close(cell)
        state.second = second
        state.times_s.append(cell.t_ns / NS_PER_S)
        state.speeds.append(cell.speed_m_s)
        return self._look(cell, track) if complete and len(state.medians) >= limits.shortest_s else ()

    def _close(self, cell: Cell) -> None:
        """Turn the speeds of the second before a cell into their median, and forget what is too old."""
        state, limits = self.state, self.parameters
        state.medians_s.append(sum(state.times_s) / len(state.times_s))
        state.medians.append(median(state.speeds))
        state.noises.append(cell.speed_noise_m_s)
        state.times_s.clear()
        state.speeds.clear()
        while state.medians_s[0] < state.medians_s[-1] - limits.longest_s:
            del state.medians_s[0], state.medians[0], state.noises[0]

    def _look(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        now_s = state.medians_s[-1]
        if state.open:
            if now_s < state.told_s + limits.settled_s:
                return ()
            state.open = False
            top = self._top(cell, state.told_s, falls=True)
            return () if top is None else (self._finding(cell, self._without_air(cell, top), "confirmed"),)
        # cheap: the least of the seconds has to be behind, and before it they fell
        values = state.medians
        if values[-1] < min(values[-6:-1]) or values[0] <= min(values) or now_s < state.told_s + limits.longest_s:
            return ()
        top = self._top(cell, now_s, falls=False) if self._would_show(cell) else None
        if top is None or not -limits.shortest_s < top.t_s < -limits.after_s:
            return ()
        unsure = top.sigma_s > (limits.sure_s if top.t_s > -limits.late_s else limits.late_sure_s)
        if unsure or self._fell(cell, now_s + top.t_s, track):
            return ()
        top = self._without_air(cell, top)
        state.open, state.told_s = True, now_s + top.t_s
        state.count += 1
        return (self._finding(cell, top, "provisional", now_s),)

    def _would_show(self, cell: Cell) -> bool:
        """Return whether speed gains a step of a display beside the top of free fall, of the longest stretch.

        Its square gains that of what gravity adds, less the share of it that only bends the path; in orbit all does.
        """
        falls_m_s2 = gravity_m_s2(cell.h_m) - cell.speed_m_s**2 / (EARTH_M + cell.h_m)
        gained_m_s: float = 0.5 * self.parameters.longest_s * max(falls_m_s2, 0.0)
        return gained_m_s * gained_m_s > 2.0 * cell.speed_m_s * SHOWN_M_S

    def _fell(self, cell: Cell, top_s: float, track: Track) -> bool:
        """Return whether it had been higher: what engines have stopped in its fall is slowest, and no higher."""
        before_s = self.parameters.shortest_s
        before_m = self._height_m(cell, top_s - before_s, top_s - 0.5 * before_s, track)
        top_m = self._height_m(cell, top_s - NEAR_S, top_s + NEAR_S, track)
        most_m: float = HIGHER_M + self.parameters.sure_sigmas * cell.noise_m
        return before_m - top_m > most_m

    def _height_m(self, cell: Cell, first_s: float, last_s: float, track: Track) -> float:
        """Return the median of the heights shown between two times; the estimate of climb follows a display's steps."""
        cells = track.between(cell, round(first_s * NS_PER_S), round(last_s * NS_PER_S))
        heights = [one.height_m for one in cells if one.height_m == one.height_m]
        return median(heights) if heights else nan

    def _top(self, cell: Cell, origin_s: float, *, falls: bool) -> Top | None:
        """Return the least speed by the stretch of free fall that shows it best.

        Every stretch has the last seconds in it. If it is not known that it `falls`, and these alone are no free fall,
        no longer one is looked at.
        """
        state, limits = self.state, self.parameters
        # that of one second is known to a third only
        usual = median(state.noises[-limits.shortest_s :])
        # a display that shows the same for seconds errs evenly within its step, and by the same
        steps = usual < 2.0 * SHOWN_M_S and len({*state.medians[-RECENT:]}) < RECENT
        noise = float(np.hypot((1.0 if steps else MEDIAN) * usual, STEP_M_S))
        best: Top | None = None
        for longest_s in range(limits.shortest_s, limits.longest_s + 1, 10):
            first = next(i for i, t_s in enumerate(state.medians_s) if t_s >= state.medians_s[-1] - longest_s)
            t_s = np.array(state.medians_s[first:]) - origin_s
            if t_s.size < limits.shortest_s // 2 or t_s[-1] - t_s[0] < longest_s - 5.0:
                continue
            top = top_of(t_s, np.array(state.medians[first:]), cell.h_m, noise, limits.spread_noise)
            if top is None:
                if falls or t_s.size > SHORT * limits.shortest_s:
                    continue
                return None
            top = replace(top, sigma_s=float(np.hypot(top.sigma_s, limits.model_share * longest_s)))
            bends = abs(top.bend - 1.0) < limits.bend_share + limits.sure_sigmas * top.bend_sigma
            if bends and (best is None or top.sigma_s < best.sigma_s):
                best = top
        return best

    def _without_air(self, cell: Cell, top: Top) -> Top:
        """Return when it is highest: what air is left still slows it when gravity begins to hasten it."""
        limits, height_m = self.parameters, min(cell.h_m, TOP_M)
        density = float(density_kg_m3(np.array(height_m))) * exp(min(TOP_M - cell.h_m, 0.0) / THINNER_M)
        drag = 0.5 * density * top.speed_m_s**2 / limits.stage_kg_m2
        early_s = drag * top.speed_m_s / gravity_m_s2(cell.h_m) ** 2
        sigma_s = float(np.hypot(top.sigma_s, limits.stage_share * early_s))
        return replace(top, t_s=top.t_s - early_s, sigma_s=sigma_s)

    def _finding(self, cell: Cell, top: Top, status: Status, origin_s: float | None = None) -> Finding:
        state = self.state
        t_ns = round(((state.told_s if origin_s is None else origin_s) + top.t_s) * NS_PER_S)
        values = {"speed_m_s": top.speed_m_s}
        return self.finding(
            FlightEvent.APOGEE.value, t_ns, top.sigma_s, cell, cell.count_first, values, status, state.count
        )
