"""Engines of a launcher that start and stop, from its speed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from processors.detector import Finding
from processors.launcher.edge_times import onset, passing
from processors.launcher.engine_edges import (
    AIR,
    ASCENT,
    BOOSTBACK,
    FALL,
    LANDING,
    Look,
    easing_m_s2,
    falling,
    is_turned,
    least_m_s2,
    may_come,
    meaning,
    orbits,
)
from processors.launcher.engine_thresholds import AFTER_BACK, DEEP, IN_AIR, SCALES, EngineThresholds
from processors.launcher.kinks import SLACK_S
from processors.launcher.leaving import LEAP
from processors.launcher.means import Means
from processors.launcher.stuck import shown_kink, unstuck
from processors.launcher.thrust import along_m_s2, push_of, slowed_since_s
from processors.launcher.told_edge import Told
from processors.motion.cell import Cell
from processors.motion.noise import STALE_MOST_S
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# how well the lines through a second before and after tell when the first of several engines comes
EARLIER_S: Final = 0.5
BY_PHASE: Final = {AIR: IN_AIR, FALL: IN_AIR, BOOSTBACK: (*SCALES, *AFTER_BACK)}
# a display that stands still for longer shows nothing; at the rates looked for here it counts on in every cell
STALE_S: Final = 0.25
# sticking for longer is rare, and an orbit a matter of course
STANDS_S: Final = 2.5
# of a change of rate: what is left of it when it is over, if the rate does not change its sign
LEFT: Final = 0.05
# the same of a boostback's engines, which stop one after the other: the last is a third or less of them
LAST_LEFT: Final = 0.2
ONSETS: Final = {FlightEvent.BOOSTBACK_START.value, FlightEvent.LANDING_BURN_START.value}


@dataclass(frozen=True, slots=True)
class LauncherEnginesParameters(EngineThresholds):
    """Thresholds, besides those of `EngineThresholds`.

    Parameters
    ----------
    before_s, after_s
        Window of the fits: within it thrust changes evenly. An event is confirmed when the whole window is known.
    """

    before_s: float = 4.0
    after_s: float = 3.0


@dataclass(slots=True)
class LauncherEnginesState:
    """What it remembers: the phase, when it began and how fast it was, how many events there were, the lowest rate."""

    means: Means = field(default_factory=Means)
    phase: str = ASCENT
    since_s: float = 0.0
    count: int = 0
    deepest_m_s2: float = 0.0
    deepest_s: float = 0.0
    refused: int = 0
    since_m_s: float = 0.0
    open: Told = field(default_factory=Told)


class LauncherEngines(MotionDetector):
    """The rate of speed (m/s^2) of a launcher changes at once: an engine has started or stopped.

    Trigger: straight lines through means of a fifth of a second before and after differ in rate, for sure, and meet
    between the two. What that means follows from the phase and from what pushes, which is the rate without gravity's
    share along the path. Time: an engine has stopped, or slows the stage, where the rate of speed passes zero (speed
    is greatest or least), or else the end of the change; one that comes slowly starts where the change begins.
    Uncertainty: of the fit, and a third of a second of thrust that comes or goes. Told at once as provisional, and
    confirmed with the fit of both sides three seconds later; or withdrawn, if speed has gone on as if nothing had been.
    In a circular orbit a display stands: that it does is the end of the burn, and confirmed when none sticks so long.

    Failure modes: late by a second or two, by up to four in strong noise. None within a hole longer than 12 s, nor if
    the record leaps or is frozen there; landing engines need the braking by the air before them.
    A boostback begins with its first engine, and is told with the others; its end is told once three seconds are a
    coast, more in noise, and not if its last engine pushes across the path.

    References
    ----------
    Change of slope by generalised likelihood ratio over windows: Basseville and Nikiforov, Detection of Abrupt Changes,
    1993, section 2.4. Fits: `processors.launcher.edge_times`.

    Examples
    --------
    >>> LauncherEnginesParameters().after_s
    3.0
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (
        FlightEvent.MECO.value,
        FlightEvent.SES.value,
        FlightEvent.SECO.value,
        FlightEvent.BOOSTBACK_START.value,
        FlightEvent.BOOSTBACK_END.value,
        FlightEvent.ENTRY_START.value,
        FlightEvent.ENTRY_END.value,
        FlightEvent.LANDING_BURN_START.value,
    )
    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})
    parameters_type: ClassVar[type] = LauncherEnginesParameters
    state_type: ClassVar[type] = LauncherEnginesState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a change when another fifth of a second is complete."""
        state = self.state
        if state.phase == LANDING and not state.open.type:
            return ()
        # a circular orbit stands on a display, as a display does that sticks
        sticks = cell.stale_s > STALE_S
        stands = sticks and (state.open.stands or orbits(state.phase, cell, self.parameters))
        if not stands and (sticks or not cell.speed_trusted):
            state.refused += cell.speed_m_s == cell.speed_m_s and not cell.stale_s
            return ()
        if state.refused >= LEAP:
            # what goes on elsewhere is another stage, or another display
            state.means = Means()
        state.refused = 0
        phase = state.phase if state.open.type else falling(state.phase, cell, self.parameters)
        if phase != state.phase:
            state.phase, state.since_s, state.since_m_s = phase, cell.t_ns / NS_PER_S, cell.s_m_s
        if not state.means.add(cell.t_ns, cell.t_ns / NS_PER_S, cell.speed_m_s):
            return ()
        if stands and cell.stale_s < (STALE_MOST_S if state.open.type else STANDS_S):
            return ()
        return self._confirmed(cell, track) if state.open.type else self._look(cell, track)

    def _look(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state, limits = self.state, self.parameters
        if not may_come(state.phase, cell, limits):
            return ()
        noise = state.means.noise(cell.speed_noise_m_s)
        air = state.phase in {AIR, FALL}
        sure = limits.landing_sigmas if state.phase == AIR else limits.sure_sigmas
        least = least_m_s2(state.phase, limits)
        scales = BY_PHASE.get(state.phase, SCALES)
        for after, before, guard in state.means.worth(scales, 0.5 * least, noise, DEEP if air else 0):
            if state.phase == BOOSTBACK and self._burns_on(after, cell, noise):
                continue
            if air and after != DEEP and not cell.h_m < limits.landing_m:
                continue
            kink = state.means.kink(after, before, guard, noise)
            if kink is None:
                return ()
            if air and after == DEEP and kink.after.rate < state.deepest_m_s2:
                state.deepest_m_s2, state.deepest_s = kink.after.rate, kink.after.t_s
            change = kink.change - (easing_m_s2(kink, limits) if air else 0.0)
            if abs(change) < max(least, sure * kink.least_sigma):
                continue
            kink = shown_kink(kink, change, (after, before, guard), cell, track, least, sure)
            if kink is None:
                continue
            since_s = kink.at_s - state.since_s
            push = push_of(kink, cell)
            look = Look(kink, push, cell, since_s, state.since_m_s, state.deepest_m_s2, state.deepest_s, noise, limits)
            found = meaning(state.phase, look)
            if found is not None:
                return (self._told(*found, look, track),)
        return ()

    def _burns_on(self, after: int, cell: Cell, noise: float) -> bool:
        """Return whether the last means alone show that a boostback goes on, and no entry has begun."""
        limits, means = self.parameters, self.state.means
        line = means.line(-max(means.many(after), means.fewest), 0)
        if line is None or cell.v_m_s < -limits.falls_m_s:
            return False
        return not is_turned(line, line.rate + along_m_s2(cell), noise, limits)

    def _told(self, event: FlightEvent, phase: str, look: Look, track: Track) -> Finding:
        state, kink, cell = self.state, look.kink, look.cell
        before = (state.phase, state.since_s, state.since_m_s)
        state.phase, state.since_s, state.since_m_s = phase, kink.at_s, kink.before.at(kink.at_s)
        state.count += 1
        slack_s = SLACK_S if event in ONSETS else kink.slack_s
        low_s, high_s = kink.before.last_s - slack_s, kink.after.first_s + slack_s
        at_s = min(max(kink.at_s, low_s), high_s)
        if event is FlightEvent.BOOSTBACK_START:
            first_s = slowed_since_s(state.means, kink, look.push, state.means.noise(cell.speed_noise_m_s))
            if first_s is not None:
                at_s, low_s, high_s = first_s, first_s - EARLIER_S, min(first_s + EARLIER_S, high_s)
        slower, faster = sorted((kink.before.rate + LEFT * kink.change, kink.after.rate - LEFT * kink.change))
        across = event is FlightEvent.BOOSTBACK_END
        state.open = Told(
            event.value,
            round(at_s * NS_PER_S),
            kink.change,
            kink.after.rate - LAST_LEFT * kink.change if across else min(max(0.0, slower), faster),
            low_s - at_s,
            high_s - at_s,
            round(at_s * NS_PER_S),
            (high_s - low_s) / 12.0**0.5,
            kink.before.at(at_s),
            kink.before.rate,
            *before,
            cell.stale_s > STALE_S,
        )
        return self._finding(cell, track, "provisional")

    def _confirmed(self, cell: Cell, track: Track) -> Iterable[Finding]:
        state = self.state
        if cell.t_ns < state.open.origin_ns + self.parameters.after_s * NS_PER_S:
            return ()
        told = state.open
        holds = told.holds(state.means, cell)
        finding = self._finding(cell, track, "confirmed" if holds else "retracted")
        state.open = Told()
        if not holds:
            state.phase, state.since_s, state.since_m_s = told.phase, told.since_s, told.since_m_s
        return (finding,)

    def _finding(self, cell: Cell, track: Track, status: Status) -> Finding:
        now, limits = self.state.open, self.parameters
        first_ns = now.origin_ns - round(limits.before_s * NS_PER_S)
        last_ns = now.origin_ns + round(limits.after_s * NS_PER_S)
        cells = track.between(cell, first_ns, last_ns)
        cells = cells if now.stands else unstuck(cells)
        t_s, speeds = points(cells, lambda one: one.speed_m_s, now.origin_ns)
        between, noise = (now.low_s, now.high_s), cell.speed_noise_m_s
        if now.type in ONSETS:
            fit = onset(t_s, speeds, between, noise)
        else:
            fit = passing(t_s, speeds, between, noise, now.change_m_s2, now.rate_m_s2)
        if fit is not None:
            now.t_ns, now.sigma_s = now.origin_ns + round(fit[0] * NS_PER_S), fit[1]
        first = cells[0] if cells else cell
        return self.finding(now.type, now.t_ns, now.sigma_s, cell, first.count_first, {}, status, self.state.count)
