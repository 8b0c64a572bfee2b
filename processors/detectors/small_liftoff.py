"""A small rocket leaves its rail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import ClassVar

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from processors.small.climb import climb_of
from processors.small.departure import Departure, Left, flies
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SmallLiftoffParameters:
    """Thresholds, beside those of `processors.small.burn` and `departure`.

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
    again_s, sure_s_again, last_s
        What heights told is fitted again after so long, until it is as sure, or so long after it at the latest, as
        thrust is not even for longer.
    flown_s, latest_s
        It is in the air after so long, or at the latest: else it is taken back.
    """

    first_m_s2: float = 3.0
    cell_s: float = 0.15
    sure_s: float = 0.06
    unseen_s: float = 0.45
    pulls_s: float = 1.0
    again_s: float = 0.5
    sure_s_again: float = 0.15
    last_s: float = 2.5
    flown_s: float = 2.0
    latest_s: float = 5.0


@dataclass(slots=True)
class SmallLiftoffState:
    """What it remembers; `told_ns`, `sigma_s` and `pull_m_s2` are what was told."""

    burn: Burn = field(default_factory=Burn)
    departure: Departure = field(default_factory=Departure)
    pulled_ns: int = 0
    told_ns: int = 0
    sigma_s: float = 0.0
    pull_m_s2: float = 0.0
    pushed: bool = False
    sure: bool = False
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
    `processors.small.burn`, `processors.small.departure`, `processors.small.rise`.

    Examples
    --------
    >>> SmallLiftoffParameters().first_m_s2
    3.0
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallLiftoffParameters
    state_type: ClassVar[type] = SmallLiftoffState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a push, or a rise."""
        state = self.state
        if state.done:
            return ()
        if state.told_ns and state.pushed:
            state.burn.take(cell)
            return self._pushed(cell) if state.burn.verdict else ()
        if state.told_ns:
            return self._again(cell, track) if cell.t_ns >= state.next_ns else ()
        if abs(cell.pull_m_s2) < inf:
            return self._by_acceleration(cell, track)
        if state.pulled_ns and cell.t_ns - state.pulled_ns < self.parameters.pulls_s * NS_PER_S:
            return ()
        found = state.departure.fit(cell, track) if state.departure.rises(cell) else None
        return () if found is None else self._risen(cell, found)

    def _by_acceleration(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Tell a push."""
        state, burn = self.state, self.state.burn
        state.pulled_ns = cell.t_ns
        burn.take(cell)
        seen = burn.quiet_ns or cell.t_ns - burn.push_ns > self.parameters.unseen_s * NS_PER_S
        if not (burn.burning and seen):
            return ()
        state.told_ns, state.sigma_s, state.pull_m_s2 = self._onset(cell, track)
        state.pushed = True
        return self._pushed(cell)

    def _pushed(self, cell: Cell) -> Iterable[Finding]:
        """Tell what a push says: at once, then what heights say of it."""
        state = self.state
        if state.burn.verdict == "refuted":
            state.burn, state.pushed = state.burn.again(), False
            return self._taken_back(cell)
        state.done = state.burn.verdict == "proven"
        return self._tell(cell)

    def _tell(self, cell: Cell) -> Iterable[Finding]:
        state = self.state
        status: Status = "confirmed" if state.done else "provisional"
        values = {"acceleration_m_s2": state.pull_m_s2}
        count, occurrence = cell.count_first, state.occurrence
        event = FlightEvent.LIFTOFF.value
        return (self.finding(event, state.told_ns, state.sigma_s, cell, count, values, status, occurrence),)

    def _taken_back(self, cell: Cell) -> Iterable[Finding]:
        state, occurrence = self.state, self.state.occurrence
        state.told_ns, state.sure, state.occurrence = 0, False, occurrence + 1
        event = FlightEvent.LIFTOFF.value
        return (self.finding(event, cell.t_ns, 0.0, cell, cell.count_first, {}, "retracted", occurrence),)

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

    def _again(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Fit it again, until it is sure; then confirm it in the air, or take it back."""
        state, limits = self.state, self.parameters
        since_s = (cell.t_ns - state.told_ns) / NS_PER_S
        if not state.sure:
            found = state.departure.fit(cell, track)
            if found is not None:
                return self._risen(cell, found)
            state.sure = since_s > limits.last_s
        if not state.sure or since_s < limits.flown_s:
            return ()
        high = flies(cell, track)
        # of frozen rows, and in a hole, nothing speaks against it
        state.done = high is True or (high is None and since_s > limits.latest_s)
        if not state.done and since_s > limits.latest_s:
            return self._taken_back(cell)
        return self._tell(cell) if state.done else ()

    def _risen(self, cell: Cell, found: Left) -> Iterable[Finding]:
        """Tell what heights say by now."""
        state, limits = self.state, self.parameters
        state.next_ns = cell.t_ns + round(limits.again_s * NS_PER_S)
        state.told_ns, state.sigma_s, state.pull_m_s2 = found.t_ns, found.sigma_s, found.acceleration_m_s2
        since_s = (cell.t_ns - found.t_ns) / NS_PER_S
        state.sure = since_s > limits.last_s or found.sigma_s < limits.sure_s_again
        return self._tell(cell)
