"""A small rocket leaves its rail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import ClassVar, Final

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from processors.small.climb import climb_of
from processors.small.heights import measured_m, spread_m
from processors.small.rise import rise
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

NEEDED: Final = 3
# so many cells tell how noisy heights are
LEARNT: Final = 15


@dataclass(frozen=True, slots=True)
class SmallLiftoffParameters:
    """Thresholds, beside those of `processors.small.burn`.

    Parameters
    ----------
    first_m_s2
        The first push over the noise of an accelerometer at rest.
    cell_s
        How far two cells lie apart when none is missing.
    sure_s
        Thrust builds up in that time.
    unseen_s
        If the record begins in the burn, so much of it tells how fast it is already.
    pulls_s
        Without acceleration for so long, heights have to tell.
    rise_m, rise_sigmas
        A height worth a fit: the blast of the motor moves a barometer by less; and over its noise.
    gusts_s, gusts_sigmas
        Gusts move it for a second or two, so they are known after so long, and a rise is so many times as high.
    steep_m_s
        Three heights in succession rise at least as fast, as nothing on a pad does for a third of a second.
    before_s
        How much of the rest on the pad is fitted.
    least_m, least_m_s2
        The least noise, and the least acceleration of a rocket that is safe to launch, less what a fit may be off by.
    better
        How much better a rise must fit than rest, in squared standard deviations.
    after_s
        It is told when it has risen for so long at least.
    off_m, off_sigmas
        How far from the pad's level it may begin, and by how much heights may differ from the curve.
    again_s, sure_s_again, last_s
        What heights told is fitted again after so long, until it is as sure, or so long after it at the latest, as
        thrust is not even for longer.
    """

    first_m_s2: float = 3.0
    cell_s: float = 0.15
    sure_s: float = 0.06
    unseen_s: float = 0.45
    pulls_s: float = 1.0
    rise_m: float = 1.0
    rise_sigmas: float = 4.0
    gusts_s: float = 12.0
    gusts_sigmas: float = 4.0
    steep_m_s: float = 10.0
    before_s: float = 6.0
    least_m: float = 0.3
    least_m_s2: float = 8.0
    better: float = 30.0
    after_s: float = 0.2
    off_m: float = 3.0
    off_sigmas: float = 3.0
    again_s: float = 0.5
    sure_s_again: float = 0.15
    last_s: float = 2.5


@dataclass(slots=True)
class SmallLiftoffState:
    """What it remembers; `heights` are the last three, `noises` what was known of their noise, the oldest first."""

    burn: Burn = field(default_factory=Burn)
    pulled_ns: int = 0
    heights: list[float] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    noises: list[float] = field(default_factory=list)
    rising: int = 0
    told_ns: int = 0
    occurrence: int = 0
    next_ns: int = 0
    done: bool = False


class SmallLiftoff(MotionDetector):
    """A rocket at rest begins to move.

    By acceleration (m/s2), where it is measured: a push that lasts; the time is where it leaves the level at rest. Else
    by height (m): a level and a parabola that leaves it, fitted when the last heights rise steeply; told later, as it
    takes a while to rise over the noise.

    Failure modes: if the record begins in the burn, liftoff is reckoned back from the speed that it has by then.

    References
    ----------
    `processors.small.burn`, `processors.small.rise`.

    Examples
    --------
    >>> SmallLiftoffParameters().first_m_s2
    3.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallLiftoffParameters
    state_type: ClassVar[type] = SmallLiftoffState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a push, or a rise."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        if state.told_ns:
            return self._again(cell, track) if cell.t_ns >= state.next_ns else ()
        if abs(cell.pull_m_s2) < inf:
            state.pulled_ns = cell.t_ns
            state.burn.take(cell)
            seen = state.burn.quiet_ns or cell.t_ns - state.burn.push_ns > limits.unseen_s * NS_PER_S
            return self._tell(cell, *self._onset(cell, track)) if state.burn.burning and seen else ()
        if state.pulled_ns and cell.t_ns - state.pulled_ns < limits.pulls_s * NS_PER_S:
            return ()
        return self._by_heights(cell, track) if self._rises(cell) else ()

    def _tell(self, cell: Cell, t_ns: int, sigma_s: float, acceleration_m_s2: float) -> Iterable[Finding]:
        self.state.done = True
        values = {"acceleration_m_s2": acceleration_m_s2}
        return (self.finding(FlightEvent.LIFTOFF.value, t_ns, sigma_s, cell, cell.count_first, values),)

    def _onset(self, cell: Cell, track: Track) -> tuple[int, float, float]:
        """Return when the push began, how sure that is, and how strong it is."""
        burn, limits = self.state.burn, self.parameters
        if not burn.quiet_ns:
            cells = track.between(cell, burn.push_ns, cell.t_ns)
            climb = climb_of(*points(cells, measured_m, cell.t_ns), few=2)
            since_s = max(climb.m_s / burn.thrust_m_s2, 0.0) if climb is not None else 0.0
            middle_s = climb.t_s if climb is not None else 0.0
            # thrust may have been half as much again before
            sigma_s = limits.sure_s + 0.2 * since_s if climb is not None else 1.0
            return cell.t_ns + round((middle_s - since_s) * NS_PER_S), sigma_s, burn.thrust_m_s2
        gap_s = (burn.push_ns - burn.quiet_ns) / NS_PER_S
        push = burn.push_m_s2 - burn.quiet_m_s2
        share = min(max((limits.first_m_s2 - burn.quiet_m_s2) / push, 0.0), 1.0)
        if gap_s > limits.cell_s:
            share = 0.5
        t_ns = burn.quiet_ns + round(share * gap_s * NS_PER_S)
        return t_ns, max(limits.sure_s, gap_s / sqrt(12.0)), burn.thrust_m_s2

    def _rises(self, cell: Cell) -> bool:
        """Return whether the last three heights rise steeply over the noise, or it is high up already."""
        state, limits = self.state, self.parameters
        if cell.stale_s or not abs(cell.height_m) < inf:
            return False
        state.heights, state.times_ns = [*state.heights[-2:], cell.height_m], [*state.times_ns[-2:], cell.t_ns]
        state.rising = state.rising + 1 if state.heights[-1] > state.heights[-2:][0] else 0
        # a filter that lags takes a rise for noise, so what it was half a second ago counts
        recent = [*state.noises[-5:], cell.noise_m]
        state.noises = recent if cell.index > LEARNT else [max(recent)]
        first, second, third = state.heights if len(state.heights) == NEEDED else (0.0, 0.0, 0.0)
        least_m = limits.rise_m + limits.rise_sigmas * state.noises[0]
        if cell.index <= LEARNT and state.rising < LEARNT // 3:
            # how noisy heights are is not known yet
            return False
        if cell.h_m > 2.0 * least_m:
            return True
        since_s = (state.times_ns[-1] - state.times_ns[0]) / NS_PER_S
        return bool(first < second < third and third > least_m and third - first > limits.steep_m_s * since_s)

    def _by_heights(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Tell the rise that fits."""
        found = self._fit(cell, track)
        if found is None:
            return ()
        self.state.told_ns = found[0]
        return self._more(cell, *found)

    def _again(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Fit it again; take it back if there was no rise."""
        state, limits = self.state, self.parameters
        found = self._fit(cell, track)
        if found is not None:
            return self._more(cell, *found)
        if (cell.t_ns - state.told_ns) / NS_PER_S < limits.last_s:
            return ()
        gone = not cell.h_m > limits.rise_m + limits.rise_sigmas * state.noises[0]
        state.told_ns, state.done = 0, not gone
        if not gone:
            return ()
        occurrence = state.occurrence
        state.occurrence += 1
        return (
            self.finding(
                FlightEvent.LIFTOFF.value, cell.t_ns, 0.0, cell, cell.count_first, {}, "retracted", occurrence
            ),
        )

    def _more(self, cell: Cell, t_ns: int, sigma_s: float, acceleration_m_s2: float) -> Iterable[Finding]:
        """Tell what heights say by now."""
        state, limits = self.state, self.parameters
        state.next_ns = cell.t_ns + round(limits.again_s * NS_PER_S)
        state.done = sigma_s < limits.sure_s_again or (cell.t_ns - t_ns) / NS_PER_S > limits.last_s
        status: Status = "confirmed" if state.done else "provisional"
        values = {"acceleration_m_s2": acceleration_m_s2}
        return (
            self.finding(
                FlightEvent.LIFTOFF.value, t_ns, sigma_s, cell, cell.count_first, values, status, state.occurrence
            ),
        )

    def _fit(self, cell: Cell, track: Track) -> tuple[int, float, float] | None:
        """Fit a rise from rest."""
        limits = self.parameters
        cells = track.between(cell, cell.t_ns - round(limits.before_s * NS_PER_S), cell.t_ns)
        t_s, heights = points(cells, measured_m, cell.t_ns)
        if not t_s.size:
            return None
        # a record may begin a little after liftoff
        earliest = max(float(t_s[0]) - 1.0, -limits.before_s)
        found = rise(t_s, heights, (earliest, -limits.after_s), max(limits.least_m, self.state.noises[0]))
        if found is None or found.better < limits.better:
            return None
        until_ns = cell.t_ns + round(found.t_s * NS_PER_S)
        gusts_m = spread_m(cell, track, until_ns - round(limits.gusts_s * NS_PER_S), until_ns)
        if float(heights[-1]) - found.level_m < limits.rise_m + limits.gusts_sigmas * gusts_m:
            return None
        # it leaves the pad, not some other height, and as smoothly as thrust makes it
        off_m = limits.off_m + limits.off_sigmas * self.state.noises[0]
        if max(abs(found.level_m), found.spread_m) > off_m:
            return None
        if found.acceleration_m_s2 - found.sigma_m_s2 < limits.least_m_s2:
            return None
        sigma_s = found.sigma_s if found.t_s > t_s[0] else found.sigma_s + 0.5 * float(t_s[0] - found.t_s)
        return cell.t_ns + round(found.t_s * NS_PER_S), sigma_s, found.acceleration_m_s2
