"""First upward motion, from speed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Sustained, Trail, zero_of_line
from processors.stretch import Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class WebcastLiftoffParameters:
    """Thresholds.

    Parameters
    ----------
    rest_m_s
        A record that has shown less than this began on the pad. Overlays count in steps of up to 1 m/s, and often begin
        with the clock at zero.
    rise_m_s, rise_s
        What has been faster than this for as long flies: no display error lasts so long.
    clear_m_s
        Rows below this are a display at rest, within two of its steps.
    line_m_s
        The line goes through the rows slower than this: two to four seconds of even acceleration.
    display_s
        Filter and refresh of a display, on top of what the residuals show: the spread of 27 launches about their
        clocks.
    keep_rows
        Ten seconds at 30 rows a second.
    """

    rest_m_s: float = 2.0
    rise_m_s: float = 8.0
    rise_s: float = 0.5
    clear_m_s: float = 1.1
    line_m_s: float = 12.0
    display_s: float = 0.4
    keep_rows: int = 300


@dataclass(slots=True)
class WebcastLiftoffState:
    """What it remembers."""

    rise: Sustained = field(default_factory=Sustained)
    trail: Trail = field(default_factory=Trail)
    rested: bool = False
    done: bool = False


class WebcastLiftoff(Detector):
    """First motion of a vehicle of which only speed (m/s) and altitude are known.

    Time: a line through the first rows of the rise, `v = a (t - t0)`, gives t0; its residuals the uncertainty,
    which a display in steps makes larger than the noise of an instrument.

    Failure modes: none if the record begins in flight. A clock of the record that is off takes the event along.

    References
    ----------
    Line by least squares, uncertainty by propagation: Bevington and Robinson, Data Reduction and Error Analysis for the
    Physical Sciences, 2003, chapter 6.

    Examples
    --------
    >>> WebcastLiftoffParameters().rise_m_s
    8.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"speed_m_s", "altitude_m"})
    parameters_type: ClassVar[type] = WebcastLiftoffParameters
    state_type: ClassVar[type] = WebcastLiftoffState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for a rise after a rest."""
        state, limits = self.state, self.parameters
        rows = None if state.done else stretch.rows("speed_m_s")
        if rows is None:
            return ()
        speed = np.asarray(rows.values[0], dtype=np.float64)
        first = 0
        if not state.rested:
            resting = np.flatnonzero(speed < limits.rest_m_s)
            if not resting.size:
                return ()
            state.rested, first = True, int(resting[0])
        risen = state.rise.first(rows.t_ns[first:], speed[first:] > limits.rise_m_s, limits.rise_s)
        stop = len(speed) if risen is None else first + risen + 1
        state.trail.add(rows.t_ns[first:stop], speed[first:stop], limits.keep_rows)
        if risen is None:
            return ()
        state.done = True
        times, speeds = state.trail.arrays()
        state.trail.clear()
        resting = np.flatnonzero(speeds <= limits.clear_m_s)
        start = int(resting[-1]) + 1 if resting.size else 0
        line = slice(start, start + max(int(np.count_nonzero(speeds[start:] < limits.line_m_s)), 1))
        fitted = zero_of_line(times[line], speeds[line])
        t0_ns, sigma_s = fitted if fitted is not None else (int(times[start]), limits.rise_s)
        sigma_s = (sigma_s**2 + limits.display_s**2) ** 0.5
        values = stretch.at(max(t0_ns, int(times[0])), int(rows.t_ns[stop - 1]))
        count_first = max(int(rows.counts[stop - 1]) - (len(times) - start - 1), 0)
        return (found(FlightEvent.LIFTOFF.value, t0_ns, sigma_s, rows, stop - 1, count_first, values),)
