"""First upward motion of a launcher, from its speed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, log, sqrt
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.fits import hinge, polynomial
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# cells of the ramps that are looked for: one second to three
WINDOWS: Final = (10, 15, 20, 30)

# what a line carried back is off, of how far it is carried
UNSEEN_SHARE: Final = 0.3
# a line is carried back by no more
MOST_BEFORE_S: Final = 6.0
# second differences of independent noise have six times its variance; what is off by more sigmas is a spike
SECOND: Final = 6.0
WILD: Final = 4.0
FEW: Final = 5
# after so many the noise is known better than from one fit
MANY: Final = 100
# a display that counts km/h
LEAST_NOISE_M_S: Final = 0.1
# a display that steps between two or three values stands
LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class LauncherLiftoffParameters:
    """Thresholds.

    Parameters
    ----------
    rest_m_s
        A record that begins slower than this began on the pad, or within five seconds of even acceleration.
    least_m_s
        Slower than this nothing is told: overlays count in steps of up to 1 m/s.
    least_m_s2, most_m_s2
        Acceleration along the first seconds: a launcher weighs a tenth less than its thrust at least, and a solid one
        a third of it.
    false_share
        How often noise alone may pass, a record.
    settled_s
        It is confirmed when so much of the climb is known; until then acceleration grows evenly.
    display_s
        Filter and refresh of a display, on top of what the residuals show: the spread of 27 launches about their
        clocks.
    unsure
        A record that begins with the climb is looked at again only if the first time is less sure than this many times
        a display: acceleration changes as the tower goes by.
    near_s
        The second look moves it by this at most.
    stood_s
        So much of the time on the pad shows what rest is.
    """

    rest_m_s: float = 16.0
    least_m_s: float = 1.8
    least_m_s2: float = 0.8
    most_m_s2: float = 20.0
    false_share: float = 1e-3
    settled_s: float = 4.0
    display_s: float = 0.3
    unsure: float = 1.5
    near_s: float = 3.0
    stood_s: float = 1.0


@dataclass(slots=True)
class LauncherLiftoffState:
    """What it remembers."""

    t_s: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    cells: int = 0
    errors: int = 0
    squares: float = 0.0
    first_ns: int = 0
    told_ns: int = 0
    sigma_s: float = 0.0
    done: bool = False


class LauncherLiftoff(MotionDetector):
    """The speed (m/s) of a launcher that stood on the pad grows evenly from zero.

    Trigger: speeds of one to three seconds are like a ramp from zero and unlike noise; how unlike they must be grows
    with the time on the pad, so that a long wait makes no false alarm likelier. Time: the bend between rest and a line,
    or where the line is zero if the record begins with it. Uncertainty: of the fit, and that of a display.

    Failure modes: none if the record begins in flight. A clock of the record that is off takes the event along.

    References
    ----------
    Matched filter and sequential thresholds: Basseville and Nikiforov, Detection of Abrupt Changes, 1993, section 2.4.

    Examples
    --------
    >>> LauncherLiftoffParameters().least_m_s
    1.8
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherLiftoffParameters
    state_type: ClassVar[type] = LauncherLiftoffState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a ramp."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        if state.told_ns:
            return self._confirmed(cell, track)
        if not cell.speed_trusted:
            return ()
        if not state.cells:
            state.first_ns = cell.t_ns
        state.cells += 1
        self._learn(cell)
        state.t_s.append((cell.t_ns - state.first_ns) / NS_PER_S)
        state.speeds.append(cell.speed_m_s)
        if len(state.t_s) > WINDOWS[-1]:
            del state.t_s[0], state.speeds[0]
        if state.cells == WINDOWS[0] and self._began_in_flight(cell):
            state.done = True
            return ()
        # cheap: at rest the last speeds are as low as any
        if sum(state.speeds[-5:]) < 5.0 * 0.7 * limits.least_m_s or state.cells < WINDOWS[0]:
            return ()
        return self._look(cell, track)

    def _learn(self, cell: Cell) -> None:
        """Take note of the noise: of second differences, so that a ramp has none, over all the time on the pad."""
        state = self.state
        if len(state.speeds) > 1:
            error = cell.speed_m_s - 2.0 * state.speeds[-1] + state.speeds[-2]
            usual = state.squares / state.errors if state.errors > FEW else inf
            state.errors += 1
            state.squares += min(error * error, WILD**2 * max(usual, SECOND * LEAST_NOISE_M_S**2))

    def _noise(self) -> float:
        """Return the standard deviation of a speed, more than it is likely to be while few have been seen."""
        state = self.state
        return sqrt(state.squares / SECOND / max(state.errors, 1)) * (1.0 + 1.0 / sqrt(max(state.errors, 1)))

    def _began_in_flight(self, cell: Cell) -> bool:
        limits: LauncherLiftoffParameters = self.parameters
        return float(np.median(self.state.speeds[:5])) > limits.rest_m_s + 3.0 * cell.speed_noise_m_s

    def _look(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        sure = sqrt(2.0 * log((1.0 + state.cells / WINDOWS[0]) / limits.false_share))
        times, speeds = np.array(state.t_s), np.array(state.speeds)
        for window in WINDOWS:
            if times.size < window:
                break
            t_s, some = times[-window:] - times[-window], speeds[-window:]
            fit = polynomial(t_s, some, 1)
            if fit is None or not limits.least_m_s2 < fit.coefficients[1] < limits.most_m_s2:
                continue
            zero = fit.zero(0.0)
            end = fit.value(float(t_s[-1]))[0]
            if zero is None or end < limits.least_m_s or -zero[0] > MOST_BEFORE_S:
                continue
            spread = fit.spread if state.errors < MANY else 0.0
            noise = max(self._noise(), spread, LEAST_NOISE_M_S)
            ramp = np.maximum(t_s - max(zero[0], 0.0), 0.0)
            energy = float(np.sum(ramp * some)) / sqrt(max(float(np.sum(ramp**2)), 1e-9))
            if energy < sure * noise or not self._is_ramp(some, noise):
                continue
            sigma_s = float(np.hypot(min(zero[1], 2.0), limits.display_s))
            t_ns = state.first_ns + round((float(times[-window]) + zero[0]) * NS_PER_S)
            state.told_ns, state.sigma_s = t_ns, sigma_s
            self._refine(cell, track, lines=False)
            return (self._finding(cell, "provisional"),)
        return ()

    def _is_ramp(self, speeds: np.typing.NDArray[np.float64], noise: float) -> bool:
        """Return whether speed grows all the way: a display that steps from one value to another does not fly."""
        third = speeds.size // 3
        low, middle, high = (float(np.mean(part)) for part in (speeds[:third], speeds[third:-third], speeds[-third:]))
        if np.unique(speeds).size < LEVELS:
            return False
        slack = noise / sqrt(third)
        return low - slack < middle - 0.2 * (high - low) + slack and middle < high - 0.2 * (high - low) + slack

    def _confirmed(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        if cell.t_ns < state.told_ns + limits.settled_s * NS_PER_S:
            return ()
        state.done = True
        self._refine(cell, track, lines=state.sigma_s > limits.unsure * limits.display_s)
        return (self._finding(cell, "confirmed"),)

    def _refine(self, cell: Cell, track: Track, *, lines: bool) -> None:
        """Look again at when it was, from both sides if the pad was seen; else, if asked for, by a longer line."""
        state, limits = self.state, self.parameters
        window_ns = round(limits.settled_s * NS_PER_S)
        cells = track.between(cell, state.told_ns - window_ns, state.told_ns + window_ns)
        t_s, speeds = points(cells, lambda one: one.speed_m_s, state.told_ns)
        zero: tuple[float, float] | None = None
        if t_s.size > WINDOWS[0] and t_s[0] < -limits.stood_s:
            fit = hinge(t_s, speeds, (-limits.near_s, limits.near_s), (0, 1), 1, cell.speed_noise_m_s)
            zero = None if fit is None else (fit.t_s, fit.sigma_s)
        elif t_s.size > WINDOWS[0] and lines:
            line = polynomial(t_s, speeds, 1, cell.speed_noise_m_s)
            zero = None if line is None else line.zero(0.0)
        if zero is not None and abs(zero[0]) <= limits.near_s:
            state.told_ns += round(zero[0] * NS_PER_S)
            state.sigma_s = float(np.hypot(min(zero[1], 2.0), limits.display_s))

    def _finding(self, cell: Cell, status: Status) -> Finding:
        t_ns = self.state.told_ns
        # what was not seen: acceleration grows as propellant goes
        unseen_s = max((self.state.first_ns - t_ns) / NS_PER_S, 0.0)
        sigma_s = float(np.hypot(self.state.sigma_s, UNSEEN_SHARE * unseen_s))
        return self.finding(FlightEvent.LIFTOFF.value, t_ns, sigma_s, cell, cell.count_first, {}, status, 0)
