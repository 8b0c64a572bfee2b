"""Greatest dynamic pressure of the ascent."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.peaks import top_of
from processors.signals import Trail
from processors.stretch import Rows, Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class MaxQParameters:
    """Thresholds.

    Parameters
    ----------
    every_counts
        Rows looked at: dynamic pressure takes a minute to its maximum, so ten rows a second say everything.
    climb_m_s
        Only a vehicle that rises faster than this counts: wind on the pad and the way down do not.
    least_pa
        Below this it is no flight through the air: a gale on the pad makes as much.
    fallen_share, fallen_rows
        The maximum is past when the pressure has stayed below this share of it for so many rows. A throttle bucket
        dips by a tenth and comes back.
    smooth_rows
        The median of so many rows is looked at, so that a spike is no maximum.
    model_s
        What a parabola takes from a curve that is none, on top of what its residuals show.
    keep_rows
        The plateau of a slow ascent: a minute and a half.
    """

    every_counts: int = 5
    climb_m_s: float = 5.0
    least_pa: float = 500.0
    fallen_share: float = 0.85
    fallen_rows: int = 10
    smooth_rows: int = 5
    model_s: float = 0.3
    keep_rows: int = 900


@dataclass(slots=True)
class MaxQState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    best_pa: float = 0.0
    fallen: int = 0
    done: bool = False


class MaxQ(Detector):
    """The maximum of dynamic pressure `q = rho v^2 / 2` (Pa) on the way up.

    Time: top of a parabola through the rows near the maximum, where one fits; else the middle of the rows that are
    as high within their noise. The top is flat: over nine seconds it differs by a hundredth, and the uncertainty
    says so.

    Failure modes: late by the time that the pressure takes to fall by 15 %. A throttle bucket deeper than that
    makes the first of two maxima the event.

    References
    ----------
    Parabola by least squares: Bevington and Robinson, Data Reduction and Error Analysis for the Physical Sciences,
    2003, chapter 7.

    Examples
    --------
    >>> MaxQ.emits
    ('downrange.flight.max_q',)
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MAX_Q.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"dynamic_pressure_pa", "vertical_speed_m_s", "altitude_m"})
    parameters_type: ClassVar[type] = MaxQParameters
    state_type: ClassVar[type] = MaxQState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the pressure to fall from its maximum."""
        rows = None if self.state.done else stretch.rows("dynamic_pressure_pa", "vertical_speed_m_s")
        if rows is None:
            return ()
        pressure, climb = rows.values
        return self.follow(stretch, rows, np.asarray(pressure, dtype=np.float64), climb > self.parameters.climb_m_s)

    def follow(
        self, stretch: Stretch, rows: Rows, pressure: NDArray[np.float64], climbs: NDArray[np.bool_]
    ) -> tuple[Finding, ...]:
        """Take the rows on the way up and return the maximum once it is past."""
        for at in np.flatnonzero((rows.counts % self.parameters.every_counts == 0) & climbs).tolist():
            if self._past(rows.t_ns[at : at + 1], pressure[at : at + 1]):
                self.state.done = True
                times, pressures = self.state.trail.arrays()
                self.state.trail.clear()
                top_ns, sigma_s, top_pa = top_of(times, pressures)
                sigma_s = (sigma_s**2 + self.parameters.model_s**2) ** 0.5
                values = stretch.at(top_ns, int(rows.t_ns[at])) | {"dynamic_pressure_pa": top_pa}
                count_first = int(rows.counts[at]) - self.parameters.every_counts * (len(times) - 1)
                event = FlightEvent.MAX_Q.value
                return (found(event, top_ns, sigma_s, rows, at, max(count_first, 0), values),)
        return ()

    def _past(self, t_ns: NDArray[np.int64], pressure: NDArray[np.float64]) -> bool:
        """Take one row; return whether the maximum is past."""
        state, limits = self.state, self.parameters
        state.trail.add(t_ns, pressure, limits.keep_rows)
        smooth = median(state.trail.values[-limits.smooth_rows :])
        state.best_pa = max(state.best_pa, smooth)
        state.fallen = state.fallen + 1 if smooth < limits.fallen_share * state.best_pa else 0
        return bool(state.best_pa >= limits.least_pa and state.fallen >= limits.fallen_rows)
