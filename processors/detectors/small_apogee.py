"""The highest point of a small rocket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SmallApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    rise_m, rise_sigmas
        It has flown when it was so much over the pad, and over the noise.
    fall_m_s
        It comes down when it surely falls faster: half a second of free fall.
    sure_sigmas
        How sure.
    before_s, after_s
        Window of the fit: coasting, a small rocket is slower than 40 m/s in it, and drag bends the parabola little.
    """

    rise_m: float = 20.0
    rise_sigmas: float = 8.0
    fall_m_s: float = -5.0
    sure_sigmas: float = 2.0
    before_s: float = 4.0
    after_s: float = 2.0


@dataclass(slots=True)
class SmallApogeeState:
    """What it remembers."""

    flown: bool = False
    highest_m: float = 0.0
    highest_ns: int = 0
    done: bool = False


class SmallApogee(MotionDetector):
    """The climb (m/s) of a rocket passes zero.

    Trigger: the estimate of climb is surely negative after a flight. Time: the top of a parabola through the heights on
    both sides, robust against the spikes of an ejection charge. Uncertainty: from its residuals.

    Failure modes: late by the time it takes to fall surely; none if the record ends before that.

    References
    ----------
    As of `processors.motion.fits`.

    Examples
    --------
    >>> SmallApogeeParameters().after_s
    2.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallApogeeParameters
    state_type: ClassVar[type] = SmallApogeeState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a fall after a flight."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        if cell.h_m > limits.rise_m + limits.rise_sigmas * cell.noise_m:
            state.flown = True
        if state.flown and cell.h_m > state.highest_m:
            state.highest_m, state.highest_ns = cell.h_m, cell.t_ns
        if not state.flown or not cell.v_m_s + limits.sure_sigmas * cell.v_sigma_m_s < limits.fall_m_s:
            return ()
        state.done = True
        return (self._top(cell, track),)

    def _top(self, cell: Cell, track: Track) -> Finding:
        state, limits = self.state, self.parameters
        near_ns = state.highest_ns
        first_ns, last_ns = near_ns - round(limits.before_s * NS_PER_S), near_ns + round(limits.after_s * NS_PER_S)
        cells = track.between(cell, first_ns, last_ns)
        t_s, heights = points(cells, lambda one: one.height_m if one.trusted else one.h_m * float("nan"), near_ns)
        fit = polynomial(t_s, heights, 2, cell.noise_m)
        top = None if fit is None or fit.coefficients[2] >= 0.0 else fit.zero(0.0, order=1)
        count_first = cells[0].count_first if cells else cell.count_first
        if fit is None or top is None or not -limits.before_s < top[0] < limits.after_s:
            sigma_s = (cell.t_ns - near_ns) / NS_PER_S
            return self.finding(
                FlightEvent.APOGEE.value, near_ns, sigma_s, cell, count_first, {"height_m": state.highest_m}
            )
        top_ns = near_ns + round(top[0] * NS_PER_S)
        return self.finding(
            FlightEvent.APOGEE.value, top_ns, top[1], cell, count_first, {"height_m": fit.value(top[0])[0]}
        )
