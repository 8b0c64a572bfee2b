"""Greatest dynamic pressure of the ascent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.evidence.atmosphere import density_kg_m3
from processors.evidence.peaks import top_of
from processors.evidence.signals import Sustained, Trail
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class MaxQParameters:
    """Thresholds.

    Parameters
    ----------
    every_counts
        Rows looked at: dynamic pressure takes a minute to its maximum, so ten rows a second say everything.
    climb_m_s, climb_s
        Only a vehicle that has risen faster than this for as long counts: wind on the pad and the way down do not.
    least_pa
        Below this it is no flight through the air: a gale on the pad makes as much.
    fallen_share, fallen_rows
        The maximum is past when the pressure has stayed below this share of it for so many rows: ten times what
        turbulence and the sensor's drift make, and reached within ten seconds by a launcher at full thrust.
    flat_share, flat_s
        An ascent that is short of an engine takes longer: after so many seconds this share is as sure, seven times what
        the sensor's drift makes meanwhile.
    sink_m_s
        A gravity turn may dip while it still accelerates; what falls faster than this ascends no more.
    greater_share
        A later maximum that is greater by this is the greatest, behind a throttle bucket or on a flat ascent.
    thin_share
        Below this share of the greatest the vehicle has left the air.
    full_share
        A sensor that shows more than this share of its range is full; speed and the standard atmosphere tell instead.
    smooth_rows
        The median of so many rows is looked at, so that a spike is no maximum.
    model_s
        What a parabola takes from a curve that is none, on top of what its residuals show.
    keep_rows
        The plateau of a slow ascent: a minute and a half.
    """

    every_counts: int = 5
    climb_m_s: float = 5.0
    climb_s: float = 1.0
    least_pa: float = 500.0
    fallen_share: float = 0.95
    fallen_rows: int = 10
    flat_share: float = 0.97
    flat_s: float = 10.0
    sink_m_s: float = 20.0
    greater_share: float = 1.01
    thin_share: float = 0.2
    full_share: float = 0.99
    smooth_rows: int = 5
    model_s: float = 0.3
    keep_rows: int = 900


@dataclass(slots=True)
class MaxQState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    best_pa: float = 0.0
    best_ns: int = 0
    told_pa: float = 0.0
    fallen: int = 0
    sunk: int = 0
    climb: Sustained = field(default_factory=Sustained)
    begun: bool = False
    done: bool = False


class MaxQ(Detector):
    """The maximum of dynamic pressure `q = rho v^2 / 2` (Pa) on the way up.

    Time: top of a parabola through the rows near the maximum, where one fits; else the middle of the rows that are
    as high within their noise. The top is flat: over nine seconds it differs by a hundredth, and the uncertainty
    says so.

    Failure modes: late by the time that the pressure takes to fall by 5 %, or by 3 % and ten seconds. A throttle bucket
    deeper than that makes the first of two maxima the event until the second is past, which then revises it.

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
    version: ClassVar[int] = 4
    requires: ClassVar[frozenset[str]] = frozenset(
        {"dynamic_pressure_pa", "vertical_speed_m_s", "altitude_m", "speed_m_s"}
    )
    parameters_type: ClassVar[type] = MaxQParameters
    state_type: ClassVar[type] = MaxQState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the pressure to fall from its maximum."""
        limits = self.parameters
        rows = None if self.state.done else stretch.rows("dynamic_pressure_pa", "vertical_speed_m_s")
        if rows is None:
            return ()
        pressure, climb = np.asarray(rows.values[0], dtype=np.float64), rows.values[1]
        first = 0
        if not self.state.begun:
            climbs = self.state.climb.first(rows.t_ns, climb > limits.climb_m_s, limits.climb_s)
            self.state.begun, first = climbs is not None, len(climb) if climbs is None else climbs
        ascends = np.asarray(climb > -limits.sink_m_s)
        ascends[:first] = False
        return self._follow(stretch, rows, self._beyond_full(stretch, rows, pressure), ascends)

    def _follow(
        self, stretch: Stretch, rows: Rows, pressure: NDArray[np.float64], climbs: NDArray[np.bool_]
    ) -> tuple[Finding, ...]:
        """Take the rows, of which some are on the way up, and return the maximum once it is past."""
        state = self.state
        findings: list[Finding] = []
        for at in np.flatnonzero(rows.counts % self.parameters.every_counts == 0).tolist():
            if self._past(int(rows.t_ns[at]), float(pressure[at]), climbs=bool(climbs[at])):
                state.told_pa, state.fallen = state.best_pa, 0
                findings.append(self._top(stretch, rows, at))
            if state.done:
                break
        return tuple(findings)

    def _top(self, stretch: Stretch, rows: Rows, at: int) -> Finding:
        times, pressures = self.state.trail.arrays()
        top_ns, sigma_s, top_pa = top_of(times, pressures)
        sigma_s = (sigma_s**2 + self.parameters.model_s**2) ** 0.5
        values = stretch.at(top_ns, int(rows.t_ns[at])) | {"dynamic_pressure_pa": top_pa}
        count_first = int(rows.counts[at]) - self.parameters.every_counts * (len(times) - 1)
        finding = found(FlightEvent.MAX_Q.value, top_ns, sigma_s, rows, at, max(count_first, 0), values)
        return replace(finding, occurrence=0)

    def _past(self, t_ns: int, pressure: float, *, climbs: bool) -> bool:
        """Take one row; return whether a maximum is past that is greater than what was told."""
        state, limits = self.state, self.parameters
        new = state.best_pa >= max(limits.least_pa, limits.greater_share * state.told_pa)
        if not climbs:
            # it may have fallen by less so far; what still rises where the ascent ends has had no maximum
            state.sunk += 1
            over = state.best_pa >= limits.least_pa and state.sunk == limits.fallen_rows
            state.done = state.done or over
            fell = over and limits.greater_share * median(state.trail.values[-limits.smooth_rows :]) < state.best_pa
            return bool(new and fell and state.best_pa > state.told_pa)
        state.sunk = 0
        state.trail.add(np.array([t_ns]), np.array([pressure]), limits.keep_rows)
        smooth = median(state.trail.values[-limits.smooth_rows :])
        if smooth > state.best_pa:
            state.best_pa, state.best_ns = smooth, t_ns
        is_flat = t_ns - state.best_ns >= limits.flat_s * NS_PER_S
        share = limits.flat_share if is_flat else limits.fallen_share
        state.fallen = state.fallen + 1 if smooth < share * state.best_pa else 0
        state.done = bool(state.told_pa and smooth < limits.thin_share * state.best_pa)
        return bool(new and state.best_pa > state.told_pa and state.fallen >= limits.fallen_rows)

    def _beyond_full(self, stretch: Stretch, rows: Rows, pressure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pressures, those of a sensor that is full by speed and the standard atmosphere."""
        most = (self.airframe.channels["dynamic_pressure_pa"].range or (0.0, np.inf))[1]
        full = pressure > self.parameters.full_share * most
        motion = stretch.rows("speed_m_s", "altitude_m") if full.any() else None
        if motion is None:
            return pressure
        speed, altitude = (np.asarray(values, dtype=np.float64) for values in motion.values)
        both, here, there = np.intersect1d(rows.counts, motion.counts, return_indices=True)
        modelled = pressure.copy()
        modelled[here] = 0.5 * density_kg_m3(altitude[there]) * speed[there] ** 2
        return np.where(full, np.maximum(modelled, pressure), pressure) if both.size else pressure
