"""First upward motion of a launcher, from its speed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import log, sqrt
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.launcher.leaving import (
    FIRST_SIGMA_M_S2,
    MOST_BEFORE_S,
    QUIET_CELLS,
    SLOWLY,
    Leaving,
    earliest_s,
    is_ramp,
    leaps,
    leaving,
    quiet_noise,
    quiet_sigmas,
)
from processors.launcher.rest import Rest, grows
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# cells of a second, and of three with one on the pad; displays that are read seldom have fewer, but three make a ramp
SECOND_CELLS: Final = 10
KEPT: Final = 40
FEWEST: Final = 3
LAST_S: Final = 1.05
# a row or two of slow displays before it are of the ramp
SEEN_S: Final = 0.5
# a ramp's last second is, on the mean, at least this share of its sigmas above zero: a second of four is
LAST_SHARE: Final = 0.5
# at the speeds of a climb a display counts on in every cell
STALE_S: Final = 0.25
# what a filter refuses and is nearer than that to its estimate is no spike
NEAR_SIGMAS: Final = 4.0
LEARNT: Final = ("cells", "first_ns", "rest")


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
        How often noise alone may pass, a record, to be withdrawn then.
    shortest_s, longest_s
        How long ago it began when it is told first: a ramp of less shows nothing, and one of more was seen before.
    settled_s
        It is confirmed, or withdrawn, when so much is known: how slowly acceleration came shows by then.
    climbs_m_s2, doubted_s
        By then it has this mean acceleration, or it never left; what is surely slower is withdrawn after the latter.
    display_s
        Filter and refresh of a display, on top of the residuals: the spread of 27 launches about their clocks.
    stood_s
        So much of the time on the pad is looked at again.
    """

    rest_m_s: float = 16.0
    least_m_s: float = 1.8
    least_m_s2: float = 0.8
    most_m_s2: float = 20.0
    false_share: float = 1e-2
    shortest_s: float = 0.8
    longest_s: float = 3.0
    settled_s: float = 8.0
    climbs_m_s2: float = 0.8
    doubted_s: float = 2.5
    display_s: float = 0.3
    stood_s: float = 4.0


@dataclass(slots=True)
class LauncherLiftoffState:
    """What it remembers."""

    t_s: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    cells: int = 0
    first_ns: int = 0
    told_ns: int = 0
    sigma_s: float = 0.0
    rest: Rest = field(default_factory=Rest)
    done: bool = False


class LauncherLiftoff(MotionDetector):
    """The speed (m/s) of a launcher that stood on the pad grows evenly from zero.

    Trigger: speeds of one to three seconds are like a ramp from rest and unlike noise; how unlike they must be grows
    with the time on the pad, so that a long wait makes no false alarm likelier. Rest need not be zero: noise without a
    sign is none on the mean (`processors.launcher.rest`). Time and uncertainty: of all ramps that
    a launcher may climb along, by how likely the speeds are then; and those of a display. Told at once as provisional,
    and confirmed with eight seconds of climb, or withdrawn.

    Failure modes: none if the record begins in flight; late in noise that hides the first two seconds of a climb
    (docs/events.md says by how much). A clock of the record that is off takes the event along.

    References
    ----------
    Matched filter and sequential thresholds: Basseville and Nikiforov, Detection of Abrupt Changes, 1993, section 2.4.
    Time: `processors.launcher.leaving`.

    Examples
    --------
    >>> LauncherLiftoffParameters().least_m_s
    1.8
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherLiftoffParameters
    state_type: ClassVar[type] = LauncherLiftoffState
    looks_back: ClassVar[bool] = True

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a ramp."""
        state = self.state
        if state.done:
            return ()
        if state.told_ns:
            return self._confirmed(cell, track)
        # what repeats itself after a noisy pad is no news to a filter, and yet it is what was measured
        if not (cell.speed_trusted or abs(cell.speed_m_s - cell.s_m_s) < NEAR_SIGMAS * cell.speed_noise_m_s):
            return ()
        if not state.cells:
            state.first_ns = cell.t_ns
        state.cells += 1
        state.rest.learn(state.speeds, cell.speed_m_s)
        state.t_s.append((cell.t_ns - state.first_ns) / NS_PER_S)
        state.speeds.append(cell.speed_m_s)
        if len(state.t_s) > KEPT:
            state.rest.take(state.speeds[0])
            del state.t_s[0], state.speeds[0]
        if state.cells == SECOND_CELLS and self._began_in_flight(cell):
            state.done = True
        return () if state.done or state.cells < FEWEST else self._look(cell)

    def _began_in_flight(self, cell: Cell) -> bool:
        limits: LauncherLiftoffParameters = self.parameters
        return float(np.median(self.state.speeds[:5])) > limits.rest_m_s + 3.0 * cell.speed_noise_m_s

    def _look(self, cell: Cell) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        now_s, count = state.t_s[-1], 2
        while count < len(state.t_s) and state.t_s[-count - 1] > now_s - LAST_S:
            count += 1
        noise, rest_m_s = state.rest.noise_m_s, state.rest.level_m_s
        last = sum(state.speeds[-count:]) / count - rest_m_s
        # cheap: at rest the last second is as slow as any
        if last < 0.5 * limits.least_m_s or (state.cells < SECOND_CELLS and self._began_in_flight(cell)):
            return ()
        if count < QUIET_CELLS:
            # too few for a second alone to say how quiet it is
            noise = quiet_noise(state.speeds, noise)
        sure = sqrt(2.0 * log((1.0 + state.cells / SECOND_CELLS) / limits.false_share))
        if last < LAST_SHARE * sure * noise / sqrt(count):
            return ()
        t_s, speeds = np.array(state.t_s) - now_s, np.array(state.speeds)
        between = (earliest_s(t_s, limits.longest_s), -limits.shortest_s)
        like = leaving(t_s, speeds - rest_m_s, between, noise, SLOWLY, FIRST_SIGMA_M_S2)
        if like is None or max(like.sigmas, quiet_sigmas(t_s[-count:], speeds[-count:], noise)) < sure:
            return ()
        speeds = state.rest.without(speeds)
        left = leaving(t_s, speeds, between, noise)
        if left is None or left.pull_m_s2 * -left.t_s < limits.least_m_s or last > limits.most_m_s2 * -left.t_s:
            return ()
        if not limits.least_m_s2 < left.pull_m_s2 < limits.most_m_s2 or not is_ramp(speeds[t_s > left.t_s], noise):
            return ()
        self._take(left, cell.t_ns)
        return (self._finding(cell, "provisional"),)

    def _confirmed(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        if cell.t_ns < state.told_ns + limits.settled_s * NS_PER_S:
            return self._withdrawn(cell, track) if self._stands(cell, track) else ()
        first_ns = state.told_ns - round(limits.stood_s * NS_PER_S)
        last_ns = state.told_ns + round(limits.settled_s * NS_PER_S)
        cells = track.between(cell, first_ns, last_ns)
        if leaps(cells) or cell.stale_s > STALE_S:
            # what stood still before was frozen, and no rest; so is what stands still in a climb
            cells = [one for one in cells if one.stale_s < STALE_S]
        t_s, speeds = points(cells, lambda one: one.speed_m_s, state.told_ns)
        noise = max(state.rest.noise_m_s, cell.speed_noise_m_s)
        slowest = limits.climbs_m_s2 * limits.settled_s - cell.s_sigma_m_s + state.rest.level_m_s
        left = leaving(t_s, state.rest.without(speeds), (-MOST_BEFORE_S, limits.settled_s), noise, SLOWLY)
        if left is None or not cell.s_m_s > slowest or not grows(t_s, speeds, limits.climbs_m_s2, noise):
            return self._withdrawn(cell, track)
        state.done = True
        self._take(left, state.told_ns)
        return (self._finding(cell, "confirmed"),)

    def _stands(self, cell: Cell, track: Track) -> bool:
        """Return whether it is surely slower than anything that climbs."""
        state, limits = self.state, self.parameters
        since_s = (cell.t_ns - state.told_ns) / NS_PER_S
        if since_s < limits.doubted_s or not cell.speed_trusted or cell.stale_s > STALE_S:
            return False
        cells = track.between(cell, cell.t_ns - round(LAST_S * NS_PER_S), cell.t_ns)
        speeds = [one.speed_m_s for one in cells if one.speed_trusted]
        mean = sum(speeds) / max(len(speeds), 1)
        slowest: float = limits.climbs_m_s2 * (since_s - LAST_S / 2.0)
        rest: Rest = state.rest
        return mean - rest.level_m_s + 2.0 * rest.noise_m_s / sqrt(max(len(speeds), 1)) < slowest

    def _withdrawn(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state = self.state
        for one in track.between(cell, state.told_ns, cell.t_ns):
            if one.speed_trusted:
                state.rest.take(one.speed_m_s)
        finding = self._finding(cell, "retracted")
        self.state = replace(LauncherLiftoffState(), **{name: getattr(state, name) for name in LEARNT})
        return (finding,)

    def _take(self, left: Leaving, origin_ns: int) -> None:
        self.state.told_ns = origin_ns + round(left.t_s * NS_PER_S)
        self.state.sigma_s = float(np.hypot(left.sigma_s, self.parameters.display_s))

    def _finding(self, cell: Cell, status: Status) -> Finding:
        state = self.state
        return self.finding(
            FlightEvent.LIFTOFF.value, state.told_ns, state.sigma_s, cell, cell.count_first, {}, status, 0
        )
