"""Burn-out of a small rocket's motor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot, inf, sqrt
from typing import ClassVar, Final

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import Hinge, hinge
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from processors.small.climb import climb_of
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

EDGE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class SmallMecoParameters:
    """Thresholds, beside those of `processors.small.burn`.

    Parameters
    ----------
    sure_s
        Thrust dies away over about so long.
    pulls_s
        Without acceleration for so long, heights have to tell.
    rise_m, rise_sigmas
        It flies when it is so much over the pad, and over the noise.
    every_s, window_s
        How often heights are fitted, and how many.
    soonest_s, transonic_s
        How much of the coast must be seen; more between `slow_m_s` and `fast_m_s`, where the shock waves at a
        barometer's vents make a climb seem slower for a second: Mach 0.6 to 1.3.
    push_m_s2, coast_m_s2, most_m_s2
        The least acceleration before it; the least deceleration after it, for gravity alone takes more, and the most,
        a dozen g of drag.
    better
        How much better a bend fits than none, in squared standard deviations.
    same_s
        Two fits in succession agree within this.
    model_s
        Thrust that dies away is no parabola, and a barometer's vents err most where drag is greatest.
    """

    sure_s: float = 0.05
    pulls_s: float = 1.0
    rise_m: float = 20.0
    rise_sigmas: float = 8.0
    every_s: float = 0.2
    window_s: float = 4.0
    soonest_s: float = 0.7
    transonic_s: float = 1.6
    slow_m_s: float = 200.0
    fast_m_s: float = 440.0
    push_m_s2: float = 8.0
    coast_m_s2: float = -6.0
    most_m_s2: float = -120.0
    better: float = 40.0
    same_s: float = 0.25
    model_s: float = 0.6


@dataclass(slots=True)
class SmallMecoState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    pulled_ns: int = 0
    next_ns: int = 0
    last_ns: int = 0
    ended_ns: int = 0
    sigma_s: float = 0.0
    height_m: float = 0.0
    climb_m_s: float = 0.0
    occurrence: int = 0
    done: bool = False


class SmallMeco(MotionDetector):
    """The acceleration (m/s2) of a rocket falls through zero and stays below: it is no faster any more.

    By acceleration where it is measured. Else by height (m): where a parabola that opens upward meets one that opens
    downward, when enough of the coast is seen.

    Failure modes: thrust that dies away over a second ends later than the speed's growth. By heights it is late, and
    a barometer that errs near the speed of sound moves it.

    References
    ----------
    `processors.small.burn`, `processors.motion.fits`.

    Examples
    --------
    >>> SmallMecoParameters().sure_s
    0.05
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MECO.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallMecoParameters
    state_type: ClassVar[type] = SmallMecoState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the end of a push."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        if state.ended_ns:
            state.burn.take(cell)
            return self._judged(cell) if state.burn.verdict else ()
        if abs(cell.pull_m_s2) < inf:
            state.pulled_ns = cell.t_ns
            state.burn = state.burn.after(cell)
            return self._ended(cell) if state.burn.over else ()
        seen = state.pulled_ns and cell.t_ns - state.pulled_ns < limits.pulls_s * NS_PER_S
        if seen or state.burn.burning or cell.t_ns < state.next_ns:
            return ()
        if cell.stale_s or not cell.h_m > limits.rise_m + limits.rise_sigmas * cell.noise_m:
            return ()
        state.next_ns = cell.t_ns + round(limits.every_s * NS_PER_S)
        return self._bends(cell, track)

    def _ended(self, cell: Cell) -> Iterable[Finding]:
        """Tell where the acceleration passed zero."""
        state, burn = self.state, self.state.burn
        gap_s = (burn.coast_ns - burn.thrust_ns) / NS_PER_S
        share = burn.thrust_m_s2 / (burn.thrust_m_s2 - burn.coast_m_s2)
        state.ended_ns = burn.thrust_ns + round(share * gap_s * NS_PER_S)
        state.sigma_s = max(self.parameters.sure_s, gap_s / sqrt(12.0))
        state.height_m, state.climb_m_s = cell.h_m, cell.v_m_s
        return self._judged(cell)

    def _judged(self, cell: Cell) -> Iterable[Finding]:
        """Tell what a push says, and take it back if heights say that nothing flew."""
        state = self.state
        if state.burn.verdict != "refuted":
            status: Status = "confirmed" if state.burn.verdict else "provisional"
            values = {"height_above_pad_m": state.height_m, "vertical_speed_m_s": state.climb_m_s}
            return self._tell(cell, state.ended_ns, state.sigma_s, values, status)
        occurrence = state.occurrence
        state.burn, state.ended_ns, state.occurrence = state.burn.again(), 0, occurrence + 1
        event = FlightEvent.MECO.value
        return (self.finding(event, cell.t_ns, 0.0, cell, cell.count_first, {}, "retracted", occurrence),)

    def _tell(
        self, cell: Cell, t_ns: int, sigma_s: float, values: dict[str, float], status: Status = "confirmed"
    ) -> Iterable[Finding]:
        state = self.state
        state.done = status == "confirmed"
        event = FlightEvent.MECO.value
        return (self.finding(event, t_ns, sigma_s, cell, cell.count_first, values, status, state.occurrence),)

    def _bends(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Tell where the heights bend, when two fits agree."""
        state, limits = self.state, self.parameters
        cells = track.between(cell, cell.t_ns - round(limits.window_s * NS_PER_S), cell.t_ns)
        t_s, heights = points(cells, measured_m, cell.t_ns)
        found = self._fit(t_s, heights)
        last_ns, state.last_ns = state.last_ns, 0
        if found is None:
            return ()
        state.last_ns = t_ns = cell.t_ns + round(found.t_s * NS_PER_S)
        if abs(t_ns - last_ns) > limits.same_s * NS_PER_S:
            return ()
        values = {"height_above_pad_m": cell.h_m, "vertical_speed_m_s": cell.v_m_s}
        return self._tell(cell, t_ns, hypot(found.sigma_s, limits.model_s), values)

    def _fit(self, t_s: Floats, heights: Floats) -> Hinge | None:
        """Return the bend from a push to a coast; None if there is none."""
        limits = self.parameters
        late = t_s > -limits.transonic_s
        climb = climb_of(t_s[late], heights[late])
        if climb is None or climb.m_s < 0.0:
            return None
        transonic = limits.slow_m_s < climb.m_s < limits.fast_m_s
        latest_s = -limits.transonic_s if transonic else -limits.soonest_s
        found = hinge(t_s, heights, (0.3 - limits.window_s, latest_s), (2, 2), first_after=2)
        if found is None or (found.gain - 1.0) * t_s.size < limits.better:
            return None
        push, coast = 2.0 * float(found.before[2]), 2.0 * float(found.after[2])
        inside = latest_s - found.t_s > EDGE_S and found.t_s - t_s[0] > limits.soonest_s
        bends = push > limits.push_m_s2 and limits.most_m_s2 < coast < limits.coast_m_s2
        return found if inside and bends else None
