"""Greatest dynamic pressure of a launcher's ascent, from speed and altitude."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from statistics import median
from typing import ClassVar

import numpy as np

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.track import Track
from processors.motion_detector import MotionDetector
from telemetry.atmosphere import density_kg_m3
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class LauncherMaxQParameters:
    """Thresholds.

    Parameters
    ----------
    least_m_s, most_m
        It is looked for while faster and lower than this: launchers pass it at 300 to 600 m/s, 9 to 16 km high. Who
        has been higher has passed it.
    smooth_s
        Dynamic pressure is the mean of so many seconds.
    rise_share
        A record that shows it rise by less than this share began after it.
    fall_share
        It has passed when the pressure has fallen by so much: throttling for it makes dips of less.
    plateau_s, plateau_share
        Or by so much, so long after the greatest: a maximum as flat as that takes too long to fall further. The share
        is three times what is left of a display's steps of 100 m, 10 km high, in a mean.
    again_share
        A later greater one by this share is another value of the same event: of two that are as good as equal either
        may be the greater, and a display's steps make less.
    near_s
        A parabola through the seconds so near to the greatest gives its time.
    model_s
        Winds and air other than the standard's move the maximum on its plateau by seconds.
    settled_share
        It is confirmed when the pressure has fallen to this share.
    """

    least_m_s: float = 100.0
    most_m: float = 40_000.0
    smooth_s: int = 3
    rise_share: float = 0.2
    fall_share: float = 0.04
    plateau_s: float = 10.0
    plateau_share: float = 0.015
    again_share: float = 0.001
    near_s: float = 8.0
    model_s: float = 2.0
    settled_share: float = 0.6


@dataclass(slots=True)
class LauncherMaxQState:
    """What it remembers: the second in hand, dynamic pressures of the seconds before, and what is told."""

    second: int = 0
    speeds: list[float] = field(default_factory=list)
    t_s: list[float] = field(default_factory=list)
    pressures_pa: list[float] = field(default_factory=list)
    count_first: int = 0
    told_pa: float = 0.0
    open: bool = False
    done: bool = False


class LauncherMaxQ(MotionDetector):
    """The maximum of `q = rho v^2 / 2` (Pa) on the way up, with the density of the standard atmosphere.

    Trigger: the mean of three seconds has fallen by 4 % from the greatest, or by 1.5 % since ten seconds. Time: the top
    of a parabola through the seconds around the greatest. Uncertainty: of the fit, and two seconds of weather. Revised
    if the pressure rises beyond it again; confirmed when little of it is left.

    Failure modes: the day's air differs from the standard by up to a tenth, evenly enough to leave the time alone;
    wind does not, by some seconds. None without altitude.

    References
    ----------
    `telemetry.atmosphere` for the density.

    Examples
    --------
    >>> LauncherMaxQParameters().fall_share
    0.04
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MAX_Q.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherMaxQParameters
    state_type: ClassVar[type] = LauncherMaxQState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:  # noqa: ARG002 -- means of seconds are enough
        """Look for the pressure to fall from its maximum when another second is complete."""
        state, limits = self.state, self.parameters
        if state.done or not cell.speed_trusted:
            return ()
        if not (cell.s_m_s > limits.least_m_s and cell.v_m_s > 0.0):
            return ()
        second = cell.t_ns // NS_PER_S
        if second == state.second or not state.speeds:
            state.second = second
            state.speeds.append(cell.speed_m_s)
            return ()
        speed = median(state.speeds)
        state.speeds = [cell.speed_m_s]
        # the estimate of height is of this cell, which is the first one after the second; the air knows no pad, and a
        # record that begins in flight, or with a misread altitude, has a wrong one
        level_m = self._level_m(cell)
        altitude_m = cell.h_m - 0.5 * cell.v_m_s + (level_m if isfinite(level_m) else 0.0)
        if not altitude_m < limits.most_m:
            state.done = altitude_m > limits.most_m
            return ()
        density = float(density_kg_m3(np.array(max(altitude_m, 0.0))))
        if not state.t_s:
            state.count_first = cell.count_first
        state.t_s.append(state.second + 0.5)
        state.pressures_pa.append(0.5 * density * speed**2)
        state.second = second
        return self._look(cell)

    def _look(self, cell: Cell) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        if len(state.t_s) < 2 * limits.smooth_s:
            return ()
        smooth = np.convolve(state.pressures_pa, np.ones(limits.smooth_s) / limits.smooth_s, "valid")
        most = int(np.argmax(smooth))
        greatest, now = float(smooth[most]), float(smooth[-1])
        since_s = state.t_s[-1] - state.t_s[most + limits.smooth_s // 2]
        fall = limits.plateau_share if since_s >= limits.plateau_s else limits.fall_share
        if smooth[0] > (1.0 - limits.rise_share) * greatest or now > (1.0 - fall) * greatest:
            return ()
        settled = now < limits.settled_share * greatest
        if state.open and not settled and greatest < (1.0 + limits.again_share) * state.told_pa:
            return ()
        state.open, state.done, state.told_pa = True, settled, greatest
        return (self._finding(cell, most, "confirmed" if settled else "provisional"),)

    def _finding(self, cell: Cell, most: int, status: Status) -> Finding:
        state, limits = self.state, self.parameters
        t_s = np.array(state.t_s)
        top_s = float(t_s[most + limits.smooth_s // 2])
        near = np.abs(t_s - top_s) <= limits.near_s
        fit = polynomial(t_s[near] - top_s, np.array(state.pressures_pa)[near], 2)
        sigma_s, value = limits.model_s, state.told_pa
        if fit is not None and fit.coefficients[2] < 0.0:
            top = fit.zero(0.0, order=1)
            if top is not None and abs(top[0]) < 0.5 * limits.near_s:
                top_s, value = top_s + top[0], fit.value(top[0])[0]
                sigma_s = float(np.hypot(min(top[1], limits.near_s), limits.model_s))
        values = {"dynamic_pressure_pa": value}
        return self.finding(
            FlightEvent.MAX_Q.value, round(top_s * NS_PER_S), sigma_s, cell, state.count_first, values, status, 0
        )
