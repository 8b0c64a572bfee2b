"""The vehicle reaches the water."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.signals import Sustained, Trail, seconds_from
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SplashdownParameters:
    """Thresholds.

    Parameters
    ----------
    flown_m
        Only what has been higher than this comes down.
    low_m
        The water is within this of altitude 0: navigation errs by metres, swell and tide by as much.
    stop_m_s, stop_s
        A vehicle that no longer sinks faster than this, for as long, floats: a soft landing sinks at 1 to 2 m/s up
        to the water.
    steady_from_s, steady_to_s
        The speed before this stretch of time before the stop is that of the descent: the water stops a stage within
        a second.
    steady_share
        It has met the water when it has lost a tenth of that speed: more than the noise.
    keep_rows
        Five seconds of navigation.
    """

    flown_m: float = 100.0
    low_m: float = 10.0
    stop_m_s: float = 0.5
    stop_s: float = 0.3
    steady_from_s: float = 2.5
    steady_to_s: float = 1.2
    steady_share: float = 0.9
    keep_rows: int = 250


@dataclass(slots=True)
class SplashdownState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    stop: Sustained = field(default_factory=Sustained)
    flown: bool = False
    done: bool = False


class Splashdown(Detector):
    """The vehicle stops sinking at altitude 0.

    Time: the last row that sinks steadily. Altitude (m) only says that it is the water: its error of a metre is two
    thirds of a second at the speed of a soft landing, while vertical speed (m/s) shows the first touch to a tenth.
    Uncertainty: even chance between the last steady row and the stop.

    Failure modes: none if telemetry ends before the stop. A vehicle that hovers within `low_m` of the water and
    sinks more slowly than `stop_m_s` is taken to float.

    References
    ----------
    The dictionary's `altitude_m` counts from mean sea level.

    Examples
    --------
    >>> SplashdownParameters().low_m
    10.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.SPLASHDOWN.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"altitude_m", "vertical_speed_m_s", "speed_m_s"})
    parameters_type: ClassVar[type] = SplashdownParameters
    state_type: ClassVar[type] = SplashdownState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the stop at the water."""
        state, limits = self.state, self.parameters
        rows = None if state.done else stretch.rows("altitude_m", "vertical_speed_m_s")
        if rows is None:
            return ()
        altitude, speed = (np.asarray(values, dtype=np.float64) for values in rows.values)
        first = 0
        if not state.flown:
            high = np.flatnonzero(altitude > limits.flown_m)
            if not high.size:
                return ()
            state.flown, first = True, int(high[0])
        stopped = (altitude < limits.low_m) & (speed > -limits.stop_m_s)
        at = state.stop.first(rows.t_ns[first:], stopped[first:], limits.stop_s)
        stop = len(speed) if at is None else first + at + 1
        low = altitude[first:stop] < limits.flown_m
        if low.any():
            state.trail.add(rows.t_ns[first:stop][low], speed[first:stop][low], limits.keep_rows)
        if at is None:
            return ()
        state.done = True
        touch_ns, sigma_s, count = self._touch()
        state.trail.clear()
        values = stretch.at(touch_ns, int(rows.t_ns[stop - 1]))
        count_first = int(rows.counts[stop - 1]) - count + 1
        return (found(FlightEvent.SPLASHDOWN.value, touch_ns, sigma_s, rows, stop - 1, count_first, values),)

    def _touch(self) -> tuple[int, float, int]:
        """Return when the steady descent ended, how sure that is, and on how many rows it rests."""
        times, speeds = self.state.trail.arrays()
        stop_ns = self.state.stop.since_ns
        before_s = -seconds_from(times, stop_ns)
        limits = self.parameters
        steady = (before_s <= limits.steady_from_s) & (before_s >= limits.steady_to_s)
        if not steady.any():
            return stop_ns, limits.steady_to_s, len(times)
        touched = np.median(speeds[steady]) * limits.steady_share
        sinking = np.flatnonzero((before_s > 0.0) & (speeds <= touched))
        last_ns = int(times[sinking[-1]]) if sinking.size else stop_ns
        touch_ns = max(last_ns, stop_ns - round(limits.steady_to_s * NS_PER_S))
        return touch_ns, (stop_ns - touch_ns) / NS_PER_S / 12**0.5, len(times)
