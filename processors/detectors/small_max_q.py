"""Greatest dynamic pressure of a small rocket's ascent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, nan, sqrt
from typing import ClassVar, Final

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from processors.small.climb import climb_of
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

# density of the standard atmosphere's troposphere: rho0 (1 - L h / T0)^(g / (R L) - 1)
SEA_LEVEL_KG_M3: Final = 1.225
LAPSE_PER_M: Final = 2.25577e-5
POWER: Final = 4.25588
TOP_M: Final = 20_000.0
LOOKS: Final = 2
# of heights that make a climb where they are rare
FEW: Final = 5
# less than any wind's
TINY_PA: Final = 1e-9
# a median errs by a quarter more than a mean
MEDIAN: Final = 1.25


@dataclass(frozen=True, slots=True)
class SmallMaxQParameters:
    """Thresholds.

    Parameters
    ----------
    rise_m, rise_sigmas, rise_cells
        Without an accelerometer, it has left the pad when it was so much over it and its noise for so many cells.
    climb_m_s, sure_sigmas
        The least climb, and how many times its uncertainty, that is looked at: every rocket leaves its rail faster.
    after_s, after_heights_s, share
        It is told when the pressure has been less for so long, and is less than this share of the greatest: drag alone
        slows a rocket that much within seconds. A barometer that errs at burn-out or at the speed of sound shows a
        slower climb for up to so long.
    plateau
        Where it is more than this share, one time is as good as another.
    least_s
        Thrust and drag change over about so long.
    hole_s
        What happens within a longer hole is not known: then it is not told.
    every_s
        How often heights are looked at.
    short_s, noise_m, long_s
        Over how long a climb is measured from heights: their noise at which it is `short_s`, and the longest.
    stood_s, low_s
        Who was near its pad's height for so long within that has left it from rest, when there was no pressure: no
        rocket takes as long to rise out of the noise.
    seldom_s
        Where five heights take longer, a climb is measured over these.
    """

    rise_m: float = 20.0
    rise_sigmas: float = 8.0
    rise_cells: int = 3
    climb_m_s: float = 20.0
    sure_sigmas: float = 5.0
    after_s: float = 1.5
    after_heights_s: float = 4.0
    share: float = 0.7
    plateau: float = 0.97
    least_s: float = 0.2
    hole_s: float = 1.0
    every_s: float = 0.2
    short_s: float = 1.0
    noise_m: float = 1.0
    long_s: float = 3.0
    stood_s: float = 10.0
    low_s: float = 4.0
    seldom_s: float = 1.5


@dataclass(slots=True)
class SmallMaxQState:
    """What it remembers; `plateau_s` is for how long the pressure was near its greatest, `less` looks since it fell."""

    burn: Burn = field(default_factory=Burn)
    pulled_ns: int = 0
    high: int = 0
    speed_m_s: float = 0.0
    pull_m_s2: float = 0.0
    looked_ns: int = 0
    most_pa: float = 0.0
    most_ns: int = 0
    first_pa: float = 0.0
    plateau_s: float = 0.0
    height_m: float = 0.0
    climb_m_s: float = 0.0
    less: int = 0
    done: bool = False


class SmallMaxQ(MotionDetector):
    """The maximum of `q = rho v^2 / 2` (Pa) on the way up, with the density of the standard atmosphere.

    Speed is the acceleration added up since the push began; without an accelerometer it is the climb of the last
    heights. The pad is taken to be at sea level: its height scales the density, and hardly moves the maximum.

    Failure modes: none is told if the record has a hole there. A barometer that errs at the speed of sound makes a
    climb of its own, where there is no accelerometer.

    References
    ----------
    U.S. Standard Atmosphere, 1976 (NOAA-S/T 76-1562), equation 42.

    Examples
    --------
    >>> round(dynamic_pressure_pa(0.0, 100.0)), round(dynamic_pressure_pa(1000.0, 100.0))
    (6125, 5558)
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MAX_Q.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallMaxQParameters
    state_type: ClassVar[type] = SmallMaxQState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the pressure to fall from its maximum."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        state.burn.take(cell)
        if state.burn.verdict == "refuted":
            self.state = state = SmallMaxQState(state.burn.again())
        if abs(cell.pull_m_s2) < inf and (state.burn.quiet_ns or not state.burn.pushes):
            return self._by_acceleration(cell)
        if state.high < limits.rise_cells:
            high = cell.h_m > limits.rise_m + limits.rise_sigmas * cell.noise_m
            state.high = state.high + 1 if high else 0
            return ()
        if state.pulled_ns or cell.t_ns - state.looked_ns < limits.every_s * NS_PER_S:
            return ()
        return self._by_heights(cell, track)

    def _by_acceleration(self, cell: Cell) -> Iterable[Finding]:
        """Add up the acceleration since the push began."""
        state, limits = self.state, self.parameters
        if cell.stale_s:
            return ()
        since_s = (cell.t_ns - state.pulled_ns) / NS_PER_S if state.pulled_ns else 0.0
        pull = cell.pull_m_s2 * state.burn.sign
        state.speed_m_s += 0.5 * (pull + state.pull_m_s2) * since_s
        state.pulled_ns, state.pull_m_s2 = cell.t_ns, pull
        if not state.burn.pushes:
            state.speed_m_s = 0.0
            return ()
        if since_s > limits.hole_s:
            state.done = True
            return ()
        return self._follow(cell, cell.t_ns, state.speed_m_s, limits.climb_m_s, since_s)

    def _by_heights(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Measure the climb of the last heights."""
        state, limits = self.state, self.parameters
        since_s = (cell.t_ns - state.looked_ns) / NS_PER_S if state.looked_ns else 0.0
        state.looked_ns = cell.t_ns
        long_s = min(limits.short_s * max(cell.noise_m / limits.noise_m, 1.0) ** 0.4, limits.long_s)
        before = track.between(cell, cell.t_ns - round(limits.stood_s * NS_PER_S), cell.t_ns)
        state.first_pa = state.first_pa or (TINY_PA if self._stood(before) else 0.0)
        seldom_s = FEW * (before[-1].t_ns - before[0].t_ns) / NS_PER_S / max(len(before) - 1, 1)
        long_s = max(long_s, seldom_s) if seldom_s > limits.seldom_s else long_s
        cells = track.between(cell, cell.t_ns - round(long_s * NS_PER_S), cell.t_ns)
        t_s, heights = points(cells, lambda one: nan if one.stale_s else one.height_m, cell.t_ns)
        climb = climb_of(t_s, heights, few=2 if seldom_s > limits.seldom_s else 4)
        if climb is None or t_s[-1] - t_s[0] < 0.7 * long_s:
            # a hole where the pressure may have been greatest
            state.done = state.most_ns > 0 and since_s < long_s
            return ()
        # a few slopes tell their own spread to a third only: the noise of the heights counts, too
        half = t_s.size // 2
        white_m_s = MEDIAN * sqrt(2.0 / half) * cell.noise_m / (0.5 * float(t_s[-1] - t_s[0]))
        least_m_s = max(limits.climb_m_s, limits.sure_sigmas * max(climb.sigma_m_s, white_m_s))
        return self._follow(cell, cell.t_ns + round(climb.t_s * NS_PER_S), climb.m_s, least_m_s, since_s)

    def _stood(self, cells: list[Cell]) -> bool:
        """Return whether it lay low for longer than any rocket that leaves its pad."""
        limits = self.parameters
        low = [one.t_ns for one in cells if abs(one.height_m) < limits.rise_m + limits.rise_sigmas * one.noise_m]
        return bool(low) and low[-1] - low[0] > limits.low_s * NS_PER_S

    def _follow(self, cell: Cell, t_ns: int, climb_m_s: float, least_m_s: float, since_s: float) -> Iterable[Finding]:
        """Keep the maximum; tell it when the pressure is well below."""
        state, limits = self.state, self.parameters
        pressure = dynamic_pressure_pa(cell.h_m, max(climb_m_s, 0.0))
        if climb_m_s > least_m_s and pressure > state.most_pa:
            if limits.plateau * pressure > state.most_pa:
                state.plateau_s = 0.0
            state.most_pa, state.most_ns = pressure, t_ns
            state.height_m, state.climb_m_s = cell.h_m, climb_m_s
        if pressure > limits.plateau * state.most_pa:
            state.plateau_s += since_s
        state.first_pa = state.first_pa or pressure
        state.less = state.less + 1 if pressure < limits.share * state.most_pa else 0
        after_s = limits.after_s if state.pulled_ns else limits.after_heights_s
        on_pad = not state.pulled_ns and cell.h_m < limits.rise_m + limits.rise_sigmas * cell.noise_m
        if on_pad or state.less <= LOOKS or (cell.t_ns - state.most_ns) / NS_PER_S < after_s:
            return ()
        if state.pulled_ns and not state.burn.verdict:
            # heights are still to say whether anything flew
            return ()
        state.done = True
        if state.first_pa > limits.share * state.most_pa:
            # the record begins when it may have been greater already
            return ()
        values = {
            "dynamic_pressure_pa": state.most_pa,
            "height_above_pad_m": state.height_m,
            "vertical_speed_m_s": state.climb_m_s,
        }
        sigma_s = max(limits.least_s, state.plateau_s / 12.0**0.5)
        return (self.finding(FlightEvent.MAX_Q.value, state.most_ns, sigma_s, cell, cell.count_first, values),)


def dynamic_pressure_pa(height_m: float, speed_m_s: float) -> float:
    """Return the dynamic pressure (Pa) in the standard atmosphere, up to 20 km; NaN for NaN."""
    thin = max(1.0 - LAPSE_PER_M * min(height_m, TOP_M), 0.0)
    density = SEA_LEVEL_KG_M3 * float(thin**POWER)
    return 0.5 * density * speed_m_s * speed_m_s
