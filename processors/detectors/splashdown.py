"""The vehicle reaches the water, or the ground."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.evidence.plunge import first_touch
from processors.evidence.signals import UNSET, Sustained, Trail, seconds_from
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SplashdownParameters:
    """Thresholds.

    Parameters
    ----------
    flown_m, flown_s
        Only what has been higher than this above its pad, for as long, comes down.
    low_m
        The water is within this of altitude 0, or the ground of that of the pad: navigation errs by metres, swell and
        tide by as much.
    sure_sigmas
        Where navigation had to be made quiet, what it is unsure of widens these so many times.
    stop_m_s, stop_s
        A vehicle that no longer sinks faster than this, for as long, floats: a soft landing sinks at 1 to 2 m/s up
        to the water.
    steady_from_s, steady_to_s
        The speed before this stretch of time before the stop is that of the descent: the water stops a stage within
        a second.
    sinks_evenly_m_s
        Speeds of a descent differ by less, three times their noise and what engines still take off; those of a vehicle
        that bobs up and down by more.
    steady_share
        It has met the water when it has lost a tenth of that speed: more than the noise.
    slowed_share, slowed_rows
        How it loses speed from there down to half of it leads back to the first touch: further on the stage floats. It
        takes three rows to see it.
    still_m_s
        What stands moves by less than this, five times the noise of vertical speed.
    bounce_s
        Legs take the last speed up within this. Water takes four times as long, and then lifts the vehicle again.
    sure_s
        What is less sure happened in a hole, and is provisional: late data may tell it better.
    together_s
        Errors of a speed that had to be made quiet hang together for so long: as large as the speed at which it stops,
        they hide for as long that it has.
    rows_s
        Navigation comes so often; no touchdown is known better.
    keep_rows
        Five seconds of navigation.
    """

    flown_m: float = 30.0
    flown_s: float = 1.0
    low_m: float = 10.0
    sure_sigmas: float = 2.0
    stop_m_s: float = 0.5
    stop_s: float = 0.3
    steady_from_s: float = 2.5
    steady_to_s: float = 1.2
    sinks_evenly_m_s: float = 0.15
    steady_share: float = 0.9
    slowed_share: float = 0.5
    slowed_rows: int = 3
    still_m_s: float = 0.2
    bounce_s: float = 0.25
    sure_s: float = 1.0
    together_s: float = 2.0
    rows_s: float = 0.02
    keep_rows: int = 250


@dataclass(slots=True)
class SplashdownState:
    """What it remembers."""

    trail: Trail = field(default_factory=Trail)
    stop: Sustained = field(default_factory=Sustained)
    pad_m: float | None = None
    pad_unsure_m: float = 0.0
    sank_ns: int = 0
    left_s: float = 0.0
    low_ns: int = UNSET
    rise: Sustained = field(default_factory=Sustained)
    flown: bool = False
    done: bool = False


class Splashdown(Detector):
    """The vehicle stops sinking at altitude 0, or at that of its pad.

    Water stops a stage within a second and throws it up again; solid ground, or a deck, at once, and then it stands
    still: the first is a splashdown, the second a touchdown.

    Time: where the water takes hold of the steady descent, by drag and buoyancy (`processors.evidence.plunge`); where
    it stops at once, between the rows. Altitude (m) only says that it is the water: its error of a metre is two thirds
    of a second at the speed of a soft landing, while vertical speed (m/s) shows the first touch to a tenth.
    Uncertainty: the spread of the times that fit.

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

    version: ClassVar[int] = 7
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.SPLASHDOWN.value, FlightEvent.TOUCHDOWN.value)
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
        climb_m_s, height_m = (limits.sure_sigmas * each + np.zeros(len(speed)) for each in stretch.doubts(rows))
        first = 0
        if not state.flown:
            pad_m = self._pad(altitude, np.abs(speed) < limits.stop_m_s + climb_m_s, height_m)
            high = state.rise.first(rows.t_ns, altitude > pad_m + limits.flown_m + height_m, limits.flown_s)
            state.pad_m = float(pad_m[-1 if high is None else high])
            if high is None:
                return ()
            state.flown, first = True, high
        low = (altitude < limits.low_m + height_m) | (np.abs(altitude - state.pad_m) < limits.low_m + height_m)
        stopped = low & (speed > -limits.stop_m_s)
        at = state.stop.first(rows.t_ns[first:], stopped[first:], limits.stop_s)
        stop = len(speed) if at is None else first + at + 1
        near = altitude[first:stop] < state.pad_m + limits.flown_m
        if near.any():
            state.trail.add(rows.t_ns[first:stop][near], speed[first:stop][near], limits.keep_rows)
        self._follow_fall(rows, altitude, speed, first, stop)
        if at is None:
            return ()
        state.done = True
        touch_ns, sigma_s, count = self._touch()
        event = FlightEvent.SPLASHDOWN.value
        unsure_m_s = float(climb_m_s[stop - 1])
        sigma_s = float(np.hypot(sigma_s, limits.together_s * unsure_m_s / limits.stop_m_s))
        is_land = float(altitude[stop - 1]) > limits.low_m + 2.0 * float(height_m[stop - 1])
        if is_land or self._stands(touch_ns, unsure_m_s):
            # between two rows, and the legs give
            step_ns = state.stop.since_ns - touch_ns
            event = FlightEvent.TOUCHDOWN.value
            touch_ns, sigma_s = touch_ns + step_ns // 2, max(step_ns / NS_PER_S, limits.rows_s, sigma_s)
        state.trail.clear()
        values = stretch.at(touch_ns, int(rows.t_ns[stop - 1]))
        count_first = int(rows.counts[stop - 1]) - count + 1
        finding = found(event, touch_ns, sigma_s, rows, stop - 1, count_first, values)
        return (replace(finding, status="confirmed" if sigma_s <= limits.sure_s else "provisional"),)

    def _pad(
        self, altitude: NDArray[np.float64], stands: NDArray[np.bool_], unsure_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what is known of the pad's altitude in each row: that of the surest in which it stood, or else 0."""
        state = self.state
        if state.pad_m is None:
            state.pad_m, state.pad_unsure_m = float(altitude[0]) if stands[0] else 0.0, float(unsure_m[0])
        surest = np.minimum.accumulate(np.append(state.pad_unsure_m, np.where(stands, unsure_m, np.inf)))
        better = np.flatnonzero(surest[1:] < surest[:-1])
        latest = np.searchsorted(better, np.arange(len(altitude)), side="right") - 1
        state.pad_unsure_m = float(surest[-1])
        return np.where(latest < 0, state.pad_m, altitude[better[latest]] if better.size else state.pad_m)

    def _follow_fall(
        self, rows: Rows, altitude: NDArray[np.float64], speed: NDArray[np.float64], first: int, stop: int
    ) -> None:
        """Take note of the last row far from the ground, and of how long it had to fall from there at its speed."""
        state, limits = self.state, self.parameters
        ground_m = state.pad_m or 0.0
        high = np.flatnonzero(altitude[first:stop] > ground_m + limits.low_m)
        after = first + int(high[-1]) + 1 if high.size else first
        if (high.size or state.low_ns == UNSET) and first < stop:
            state.low_ns = int(rows.t_ns[after]) if after < stop else UNSET
        if high.size:
            at = after - 1
            state.sank_ns = int(rows.t_ns[at])
            sinks_m_s = -float(speed[at])
            state.left_s = (float(altitude[at]) - ground_m) / sinks_m_s if sinks_m_s > limits.stop_m_s else 0.0

    def _stands(self, touch_ns: int, unsure_m_s: float) -> bool:
        """Return whether it stands still where it stopped, and stopped at once."""
        times, speeds = self.state.trail.arrays()
        after = times >= self.state.stop.since_ns + round(self.parameters.stop_s / 3.0 * NS_PER_S)
        still = bool(after.any()) and bool((np.abs(speeds[after]) < self.parameters.still_m_s + unsure_m_s).all())
        return still and self.state.stop.since_ns - touch_ns <= self.parameters.bounce_s * NS_PER_S

    def _came_through_hole(self) -> bool:
        """Return whether it was not seen for a while when it came down to the water."""
        return bool(self.state.low_ns - self.state.sank_ns > self.parameters.sure_s * NS_PER_S)

    def _sinks(self, speeds: NDArray[np.float64]) -> bool:
        """Return whether speeds are those of a descent that was seen, and not of a vehicle that bobs up and down."""
        limits = self.parameters
        seen = len(speeds) * limits.rows_s > (limits.steady_from_s - limits.steady_to_s) / 2.0
        return bool(seen and np.median(speeds) < -limits.stop_m_s and np.std(speeds) < limits.sinks_evenly_m_s)

    def _touch(self) -> tuple[int, float, int]:
        """Return when the steady descent ended, how sure that is, and on how many rows it rests."""
        times, speeds = self.state.trail.arrays()
        stop_ns = self.state.stop.since_ns
        before_s = -seconds_from(times, stop_ns)
        limits = self.parameters
        steady = (before_s <= limits.steady_from_s) & (before_s >= limits.steady_to_s)
        if not steady.any() or (self._came_through_hole() and not self._sinks(speeds[steady])):
            # in a hole: no earlier than its last fall led it down, no later than it was seen to float
            first_ns = min(self.state.sank_ns + round(self.state.left_s * NS_PER_S), stop_ns)
            width_ns = stop_ns - first_ns
            return first_ns + width_ns // 2, max(width_ns / NS_PER_S / 12**0.5, limits.stop_s), len(times)
        touched = np.median(speeds[steady]) * limits.steady_share
        sinking = np.flatnonzero((before_s > 0.0) & (speeds <= touched))
        last_ns = int(times[sinking[-1]]) if sinking.size else stop_ns
        touch_ns = max(last_ns, stop_ns - round(limits.steady_to_s * NS_PER_S))
        half = np.median(speeds[steady]) * limits.slowed_share
        slowed = (times >= touch_ns) & (times <= stop_ns) & (speeds <= half)
        back: tuple[int, float] | None = None
        if np.count_nonzero(slowed) >= limits.slowed_rows:
            known = (before_s <= limits.steady_from_s) & (times <= times[slowed][-1])
            earliest_ns = touch_ns - round(limits.steady_to_s * NS_PER_S)
            back = first_touch(times[known], speeds[known], earliest_ns, touch_ns)
        # the water takes hold little by little
        return (*(back or (touch_ns, (stop_ns - touch_ns) / NS_PER_S / 12**0.5)), len(times))
