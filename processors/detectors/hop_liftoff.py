"""A hop leaves its pad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import inf
from typing import ClassVar, Final, NamedTuple

import numpy as np

from processors.detector import Finding
from processors.hop.gauge import CLIMB, HEIGHT, LEAST, PULL, Gauge
from processors.hop.onset import Floats, Onset
from processors.hop.rise import CHANNELS, RiseThresholds, first_rise, flies, rise_again, stays
from processors.hop.tame import tame
from processors.motion.cell import Cell
from processors.motion.track import Track, points
from processors.motion_detector import MotionDetector
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# how much of the rise is fitted, by how often acceleration is integrated in what is measured: engines throttle within
# seconds
AFTER_S: Final = (1.0, 1.5, 2.5)


@dataclass(frozen=True, slots=True)
class HopLiftoffParameters(RiseThresholds):
    """Thresholds, beside those of `processors.hop.rise` and `gauge`.

    Parameters
    ----------
    before_s
        How much of the rest is fitted.
    again_s, settled_s, latest_s
        It is fitted again so often until so long after, when it is confirmed, if it is surely in the air; at last it is
        taken back.
    around_s, around_sigmas
        How far it may move then.
    """

    before_s: float = 8.0
    again_s: float = 1.0
    settled_s: float = 4.0
    latest_s: float = 7.0
    around_s: float = 0.5
    around_sigmas: float = 4.0


@dataclass(slots=True)
class HopLiftoffState:
    """What it remembers."""

    pull: Gauge = field(default_factory=lambda: Gauge(PULL))
    climb: Gauge = field(default_factory=lambda: Gauge(CLIMB))
    speed: Gauge = field(default_factory=lambda: Gauge(CLIMB))
    height: Gauge = field(default_factory=lambda: Gauge(HEIGHT))
    told_ns: int = 0
    first_ns: int = 0
    sigma_s: float = 0.0
    pull_m_s2: float = 0.0
    level_m: float = 0.0
    next_ns: int = 0
    occurrence: int = 0
    done: bool = False


class Said(NamedTuple):
    """What is said of it."""

    t_ns: int
    sigma_s: float
    pull_m_s2: float
    status: Status
    occurrence: int


class HopLiftoff(MotionDetector):
    """A vehicle at rest begins to move, at 1 to 5 m/s^2.

    Trigger: an acceleration fitted to the last accelerations, climbs, speeds or heights is far more than what noise has
    feigned on the pad, of whatever colour (`processors.hop.gauge`). Time: the posterior of a level that is left with an
    unknown acceleration (`processors.hop.onset`), by the channel that says it best. Told as provisional, fitted again
    each second, and confirmed four seconds later, in the air; taken back if nothing rises.
    What turns out to hop only in flight is looked at from the pad on, as far as it is remembered: what the rule of
    another class told of it is revised then.

    Failure modes: late by what noise hides (docs/events.md). None if the record begins in the air, or a moment before
    it.

    References
    ----------
    As of the modules named.

    Examples
    --------
    >>> HopLiftoffParameters().rise_m
    1.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"hop"})
    parameters_type: ClassVar[type] = HopLiftoffParameters
    state_type: ClassVar[type] = HopLiftoffState
    looks_back: ClassVar[bool] = True

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a rise, or more of one."""
        return [self._finding(cell, each) for each in self._step(cell, track)]

    def _step(self, cell: Cell, track: Track) -> Iterator[Said]:
        state = self.state
        if state.done:
            return
        if state.told_ns:
            if cell.t_ns >= state.next_ns:
                yield self._again(cell, track)
            return
        rises = [self._gauge(name) for name in CHANNELS if self._takes(name, cell)]
        found = first_rise(rises, self.parameters) if rises else None
        if found is not None:
            state.first_ns = cell.t_ns + round(found.t_s * NS_PER_S)
            # heights count from the pad, whose level is learnt as well
            rest = [h for t, h in zip(state.height.t_ns, state.height.values, strict=True) if t < state.first_ns]
            state.level_m = float(np.median(rest)) if rest else 0.0
            yield self._say(cell, replace(found, t_s=0.0), "provisional")

    def _gauge(self, name: str) -> Gauge:
        gauge: Gauge = getattr(self.state, name)
        return gauge

    def _takes(self, name: str, cell: Cell) -> bool:
        value = CHANNELS[name](cell)
        return abs(value) < inf and self._gauge(name).take(cell.t_ns, value, cell.stale_s)

    def _again(self, cell: Cell, track: Track) -> Said:
        """Fit it again; confirm it, or take it back."""
        state, limits = self.state, self.parameters
        since_s = (cell.t_ns - state.first_ns) / NS_PER_S
        rises = self._rises(cell, track, since_s)
        if rises is False or (rises is None and since_s > limits.latest_s):
            said = Said(state.told_ns, state.sigma_s, state.pull_m_s2, "retracted", state.occurrence)
            state.told_ns = 0
            state.occurrence += 1
            return said
        state.done = rises is True and since_s >= limits.settled_s
        best = self._best(cell, track)
        if best is None:
            best = Onset((state.told_ns - state.first_ns) / NS_PER_S, state.sigma_s, state.pull_m_s2, 0.0)
        return self._say(cell, best, "confirmed" if state.done else "provisional")

    def _seen(self, name: str, cell: Cell, track: Track, first_ns: int, last_ns: int) -> tuple[Floats, Floats]:
        """Return times after it was first told to be, and values, of a channel that is not frozen."""
        gauge = self._gauge(name)
        if not gauge.values:
            return points((), CHANNELS[name], 0)
        cells = track.between(cell, first_ns, last_ns)
        usable = [one for one in cells if not gauge.is_frozen(one.stale_s)]
        return tame(*points(usable, CHANNELS[name], self.state.first_ns), LEAST[gauge.order])

    def _best(self, cell: Cell, track: Track) -> Onset | None:
        """Return the surest rise of all channels, in seconds after it was first told to be."""
        state, limits = self.state, self.parameters
        around_s = limits.around_sigmas * state.sigma_s + limits.around_s
        first_ns = state.first_ns - round(limits.before_s * NS_PER_S)
        found = []
        for name in CHANNELS:
            gauge = self._gauge(name)
            last_ns = state.first_ns + round(AFTER_S[gauge.order] * NS_PER_S)
            t_s, values = self._seen(name, cell, track, first_ns, last_ns)
            found.append(rise_again(gauge, t_s, values, around_s, limits))
        return min((each for each in found if each is not None), key=lambda each: each.sigma_s, default=None)

    def _rises(self, cell: Cell, track: Track, since_s: float) -> bool | None:
        """Return whether it is surely in the air; false if surely not; by the surest witness first, heights."""
        state, limits = self.state, self.parameters
        for name in CHANNELS:
            gauge = self._gauge(name)
            _, values = self._seen(name, cell, track, cell.t_ns - NS_PER_S, cell.t_ns)
            if not values.size:
                continue
            over = values - (state.level_m if gauge.order == HEIGHT else 0.0)
            if flies(gauge, over, limits):
                return True
            if stays(gauge, over, state.pull_m_s2, since_s, limits):
                return False
        return None

    def _say(self, cell: Cell, found: Onset, status: Status) -> Said:
        state = self.state
        state.told_ns = state.first_ns + round(found.t_s * NS_PER_S)
        state.sigma_s, state.pull_m_s2 = found.sigma_s, found.pull_m_s2
        state.next_ns = cell.t_ns + round(self.parameters.again_s * NS_PER_S)
        return Said(state.told_ns, found.sigma_s, found.pull_m_s2, status, state.occurrence)

    def _finding(self, cell: Cell, said: Said) -> Finding:
        values = {"acceleration_m_s2": said.pull_m_s2}
        t_ns, sigma_s, _, status, occurrence = said
        return self.finding(
            FlightEvent.LIFTOFF.value, t_ns, sigma_s, cell, cell.count_first, values, status, occurrence
        )
