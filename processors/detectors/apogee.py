"""The highest point."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from processors.burns.carried import STAGE, Carried
from processors.burns.engines_off import EnginesOff
from processors.detector import Detector, Finding, found
from processors.evidence.signals import UNSET, Sustained, Trail, zero_of_line
from processors.evidence.summit import Summit
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

# a climb loses so much in a second of free fall
FALLS_M_S2: Final = 9.4


@dataclass(frozen=True, slots=True)
class ApogeeParameters:
    """Thresholds.

    Parameters
    ----------
    climb_m_s, climb_s
        A vehicle that has risen this fast for as long has flown.
    fall_m_s, fall_s
        It comes down when it has fallen faster than this for as long: seven times the noise of vertical speed on ten
        rows.
    lit_s
        It falls freely until so long after engines begin to push: a braking burn may begin at the very top, and takes
        a second to come up.
    free_m_s2
        In free fall the accelerometer shows less than this. Under thrust a passage through zero is a hover or a leg
        of the ascent, not the top of the flight. An accelerometer that shows more while the engines themselves say
        that they are off is wrong: near the top there is no air that brakes so hard.
    near_m_s
        The line goes through the rows slower than this: ten seconds of free fall near an orbit, one on a hop.
    keep_rows
        Ten seconds of navigation.
    shutdown_s
        The line may lead back into the last moments of thrust by this, in which engines run down. Further back it was
        driven over its top, and what follows is no top of a free flight.
    sure_s
        A top that is less sure is that of an orbit, where the fall is slow: its apogee is another place.
    below_m
        The top is the highest point so far. Altitude drifts by a metre or two, and the fall is less than one.
    parted_s
        A stage that is carried, or has parted so short a time ago, has its own ascent before it.
    hole_s
        Rows further apart than this leave room for more than free fall: engines light and stop within a second.
    """

    climb_m_s: float = 10.0
    climb_s: float = 1.0
    fall_m_s: float = 0.3
    fall_s: float = 0.2
    lit_s: float = 1.0
    free_m_s2: float = 3.0
    near_m_s: float = 5.0
    keep_rows: int = 500
    shutdown_s: float = 0.5
    sure_s: float = 1.0
    below_m: float = 15.0
    parted_s: float = 30.0
    hole_s: float = 0.5


@dataclass(slots=True)
class ApogeeState:
    """What it remembers; `rose_ns` is the last row that rose, `sank_ns` the next."""

    climb: Sustained = field(default_factory=Sustained)
    fall: Sustained = field(default_factory=Sustained)
    trail: Trail = field(default_factory=Trail)
    summit: Summit = field(default_factory=Summit)
    carried: Carried = field(default_factory=Carried)
    engines: EnginesOff = field(default_factory=EnginesOff)
    free_ns: int = UNSET
    rose_ns: int = UNSET
    rose_m_s: float = 0.0
    rose_m: float = 0.0
    sank_ns: int = UNSET
    sank_m_s: float = 0.0
    rose_free: bool = False
    sank_free: bool = False
    climbed: bool = False
    done: bool = False


class Apogee(Detector):
    """Vertical speed passes zero downwards in free fall, at the highest point so far.

    A stage that an ascent burn or an entry burn has thrown up again passes zero once more, but lower: that is none.

    Time: a line through the vertical speed (m/s) around zero; free fall is uniformly accelerated over some seconds.

    Of a top in a hole nothing is known but that it was there: it is told as provisional, where free fall would have had
    it, with an even chance over the hole.

    Failure modes: late if telemetry is away at the top. None where engines drive it over its top.

    References
    ----------
    Line by least squares, uncertainty by propagation: Bevington and Robinson, Data Reduction and Error Analysis for the
    Physical Sciences, 2003, chapter 6.

    Examples
    --------
    >>> ApogeeParameters().free_m_s2
    3.0
    """

    version: ClassVar[int] = 6
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.APOGEE.value,)
    requires: ClassVar[frozenset[str]] = frozenset(
        {"vertical_speed_m_s", "axial_acceleration_m_s2", "altitude_m", "speed_m_s"}
    )
    parameters_type: ClassVar[type] = ApogeeParameters
    state_type: ClassVar[type] = ApogeeState

    @property
    def packets(self) -> frozenset[str]:
        """The packet types that it has to see: of a stage also that of its engines."""
        return super().packets | {self.airframe.packet_of[name] for name in STAGE if self._is_stage}

    @property
    def _is_stage(self) -> bool:
        return self.airframe.channels.keys() >= STAGE

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the passage through zero."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        rows = stretch.rows("vertical_speed_m_s", "axial_acceleration_m_s2")
        off = np.zeros(0 if rows is None else len(rows.t_ns), dtype=np.bool_)
        if self._is_stage:
            state.carried.follow(stretch)
            off = state.engines.off(stretch, off.astype(np.int64) if rows is None else rows.t_ns)
        if rows is None:
            return ()
        speed, axial = (np.asarray(values, dtype=np.float64) for values in rows.values)
        coasts = (np.abs(axial) < limits.free_m_s2) | off
        first = 0
        while True:
            if not state.climbed:
                climbed = state.climb.first(rows.t_ns[first:], speed[first:] > limits.climb_m_s, limits.climb_s)
                if climbed is None:
                    return ()
                state.climbed, first = True, first + climbed
            free = coasts[first:]
            free_ns = np.maximum(np.maximum.accumulate(np.where(free, rows.t_ns[first:], UNSET)), state.free_ns)
            falls = rows.t_ns[first:] - free_ns <= limits.lit_s * NS_PER_S
            fallen = state.fall.first(rows.t_ns[first:], (speed[first:] < -limits.fall_m_s) & falls, limits.fall_s)
            stop = len(speed) if fallen is None else first + fallen + 1
            self._remember(rows.t_ns[first:stop], speed[first:stop], free[: stop - first], falls[: stop - first])
            state.free_ns = int(free_ns[stop - first - 1])
            self._follow_rise(stretch, rows.t_ns[first:stop], speed[first:stop], free[: stop - first])
            state.summit.follow(stretch, int(rows.t_ns[stop - 1]))
            if fallen is None:
                return ()
            finding = self._judge(stretch, rows, stop - 1)
            state.climb, state.fall, state.climbed, first = Sustained(), Sustained(), False, stop
            state.trail.clear()
            if finding is not None:
                state.done = True
                return (finding,)
            if stop == len(speed):
                return ()

    def _judge(self, stretch: Stretch, rows: Rows, last: int) -> Finding | None:
        """Return the top that a fall has shown; None if it is not the flight's."""
        state, limits = self.state, self.parameters
        t_ns = int(rows.t_ns[last])
        times, speeds = state.trail.arrays()
        # without three rows of free fall around it, it was between the last that rose and the first that fell
        top_ns, sigma_s = zero_of_line(times, speeds) or (state.fall.since_ns, limits.fall_s)
        hole_s = (state.sank_ns - state.rose_ns) / NS_PER_S
        climb_m_s, height_m = (float(np.max(each)) for each in stretch.doubts(rows))
        if hole_s > limits.hole_s and not (len(times) and times[0] <= state.rose_ns):
            # where free fall would have had it
            share = state.rose_m_s / (state.rose_m_s - state.sank_m_s)
            top_ns, sigma_s = state.rose_ns + round(share * hole_s * NS_PER_S), hole_s / 12**0.5
            top_m = state.rose_m + share * hole_s * state.rose_m_s / 2.0
            # engines that burn before and after it have driven it over its top
            is_top = state.rose_free or state.sank_free
            is_top = is_top and max(top_m, state.summit.last_m) >= state.summit.best_m - limits.below_m
        else:
            first_ns = int(times[0]) - round(limits.shutdown_s * NS_PER_S) if len(times) else state.rose_ns
            is_top = (
                state.summit.is_near(limits.below_m + 3.0 * height_m)
                and sigma_s <= limits.sure_s
                and first_ns <= top_ns <= t_ns
            )
        if not is_top or state.carried.goes_on(t_ns, limits.parted_s):
            return None
        values = stretch.at(top_ns, t_ns)
        count_first = int(rows.counts[last]) - max(len(times) - 1, 0)
        # errors of a climb that had to be made quiet hang together, so a line's residuals do not show them
        sigma_s = float(np.hypot(sigma_s, climb_m_s / FALLS_M_S2))
        finding = found(FlightEvent.APOGEE.value, top_ns, sigma_s, rows, last, count_first, values)
        return replace(finding, status="provisional") if sigma_s > limits.sure_s else finding

    def _follow_rise(
        self, stretch: Stretch, t_ns: NDArray[np.int64], speed: NDArray[np.float64], free: NDArray[np.bool_]
    ) -> None:
        """Take note of the last row that rose, of how high that was, and of the next."""
        state = self.state
        rising = np.flatnonzero(speed > 0.0)
        after = 0
        if rising.size:
            after = int(rising[-1]) + 1
            state.rose_free = bool(free[after - 1])
            state.rose_ns, state.rose_m_s, state.sank_ns = int(t_ns[after - 1]), float(speed[after - 1]), UNSET
            altitude = stretch.rows("altitude_m")
            at = 0 if altitude is None else int(np.searchsorted(altitude.t_ns, state.rose_ns, side="right"))
            state.rose_m = state.rose_m if altitude is None or not at else float(altitude.values[0][at - 1])
        if state.sank_ns == UNSET and after < len(speed):
            state.sank_ns, state.sank_m_s, state.sank_free = int(t_ns[after]), float(speed[after]), bool(free[after])

    def _remember(
        self, t_ns: NDArray[np.int64], speed: NDArray[np.float64], free: NDArray[np.bool_], falls: NDArray[np.bool_]
    ) -> None:
        """Keep the rows around zero, those of free fall since it was last faster or driven."""
        near = np.abs(speed) <= self.parameters.near_m_s
        others = np.flatnonzero(~near | ~falls)
        if others.size:
            self.state.trail.clear()
        start = int(others[-1]) + 1 if others.size else 0
        kept = free[start:]
        self.state.trail.add(t_ns[start:][kept], speed[start:][kept], self.parameters.keep_rows)
