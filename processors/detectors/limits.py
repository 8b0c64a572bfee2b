"""Every limit of the dictionary on every channel of a vehicle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.detector import Detector, Finding, Value, found
from processors.limits.watch import LimitWatch, Turn
from processors.stretch import Rows, Stretch
from telemetry.vocabulary import LimitEvent

PHASE: Final = "flight_phase"
EVER: Final = (1 << 63) - 1
"""Behind every time that a clock can say: later than `telemetry.leap_seconds.LAST_NS`."""


@dataclass(frozen=True, slots=True)
class LimitsParameters:
    """None: thresholds and counts stand in the dictionary, where every part of the line reads them."""


@dataclass(slots=True)
class LimitsMemory:
    """The flight phase as last known; empty before the first. Each limit's watch remembers its own."""

    phase: str = ""


class Span(NamedTuple):
    """Part of a stretch that lies in one flight phase.

    Parameters
    ----------
    phase, start_ns, stop_ns
        Which, from when on and until when.
    told_ns, row
        When the phase was told, and the row of the stretch that told it; -1 if none of it did.
    """

    phase: str
    start_ns: int
    stop_ns: int
    told_ns: int
    row: int = -1


Dated = tuple[int, Finding]


class Limits(Detector):
    """A channel passes a limit, or is back behind it.

    Raised after `raise_count` rows in a row beyond the threshold, cleared after `clear_count` rows in a row behind
    `clear` (`processors.limits.watch`). Time: the first of those rows; its uncertainty is that of a row. A limit with
    phases counts rows only while the vehicle's last word on `flight_phase` is one of them: before the first word it
    counts none, and when the vehicle leaves the phase the limit is cleared at that word's time, reason `phase`. Of a
    vehicle that sends no `flight_phase` it is the phase that its events tell (`processors.phases`), once known.

    Events of one stretch come in the order in which they were completed, whichever channels they are of.

    Rows that come late raise nothing and clear nothing: an alarm that nobody can act on any more is none.

    Failure modes: a sensor that drifts or sticks inside its range is believed; the phase is the flight computer's own.

    References
    ----------
    ISA-18.2-2016, 3.1: deadband and on- and off-delay; the dictionary for thresholds and counts.

    Examples
    --------
    >>> Limits.emits
    ('downrange.limit.raised', 'downrange.limit.cleared')
    """

    emits: ClassVar[tuple[str, ...]] = (LimitEvent.RAISED.value, LimitEvent.CLEARED.value)
    requires: ClassVar[frozenset[str]] = frozenset()
    looks_again: ClassVar[bool] = False
    parameters_type: ClassVar[type] = LimitsParameters
    state_type: ClassVar[type] = LimitsMemory

    def __init__(self, airframe: Airframe, parameters: Any = None) -> None:
        super().__init__(airframe, parameters)
        limited = [channel for channel in airframe.channels.values() if channel.limits]
        self._watches = {channel.name: [LimitWatch(channel, limit) for limit in channel.limits] for channel in limited}
        self._places: dict[str, list[tuple[str, int]]] = {}
        for name in self._watches:
            packet = airframe.packet_of[name]
            self._places.setdefault(packet, []).append((name, airframe.blocks[packet].places[name]))
        self._awake: set[str] = set()
        gated = any(limit.phases for channel in limited for limit in channel.limits)
        self._labels: dict[int, str] = (airframe.channels[PHASE].labels or {}) if PHASE in airframe.channels else {}
        needed = {*self._watches, PHASE} if self._labels and gated else {*self._watches}
        self._packets = frozenset(airframe.packet_of[name] for name in needed)

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether some channel of the vehicle has a limit."""
        return any(channel.limits for channel in airframe.channels.values())

    @property
    def packets(self) -> frozenset[str]:
        """Those of the channels with limits, and of the flight phase where a limit asks for it."""
        return self._packets

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for limits that are raised or cleared."""
        told = stretch.rows(PHASE) if self._labels else None
        spans = self._spans(told) if self._labels else self._turns(stretch)
        busy = self._busy(stretch)
        dated: list[Dated] = []
        for name in busy:
            rows, watches = stretch.rows(name), self._watches[name]
            values = None if rows is None else np.asarray(rows.values[0], dtype=np.float64)
            for watch in watches:
                if watch.limit.phases:
                    dated += self._in_phases(watch, name, rows, values, spans, told)
                elif rows is not None and values is not None:
                    turns = watch.take(rows.t_ns, values)
                    dated += [self._turned(watch, name, rows, turn, turn.row, spans) for turn in turns]
        self._stir(busy)
        self.state.phase = spans[-1].phase
        # the dictionary's order decides between rows of one instant
        return tuple(finding for _, finding in sorted(dated, key=lambda one: one[0]))

    def _busy(self, stretch: Stretch) -> list[str]:
        """Return the channels whose limits a stretch may change, in the dictionary's order."""
        busy = set(self._awake)
        for packet, places in self._places.items():
            extents = None if stretch.is_quiet(packet) else stretch.extents(packet)
            if extents is not None and not extents.all_calm:
                busy.update(name for name, place in places if not extents.calm[place])
        return [name for name in self._watches if name in busy] if busy else []

    def _stir(self, names: Iterable[str]) -> None:
        """Remember which of some channels have a limit that is awake."""
        for name in names:
            if any(watch.is_awake for watch in self._watches[name]):
                self._awake.add(name)
            else:
                self._awake.discard(name)

    def _spans(self, told: Rows | None) -> list[Span]:
        """Return the flight phases of a stretch in order; there is at least one."""
        spans = [Span(self.state.phase, -EVER, EVER, -EVER)]
        if told is None:
            return spans
        codes = told.values[0]
        if self._labels.get(int(codes[0]), "") == self.state.phase and (codes == codes[0]).all():
            return spans
        changes = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist()]
        for row in changes:
            phase, t_ns = self._labels.get(int(codes[row]), ""), int(told.t_ns[row])
            if phase != spans[-1].phase:
                spans[-1] = spans[-1]._replace(stop_ns=t_ns)
                spans.append(Span(phase, t_ns, EVER, t_ns, row))
        return spans

    def _turns(self, stretch: Stretch) -> list[Span]:
        """Return the phases of a stretch as events tell them; there is at least one."""
        spans = [Span(self.state.phase, -EVER, EVER, -EVER)] if not stretch.turns else []
        for turn in stretch.turns:
            start_ns = turn.known_ns if spans else -EVER
            spans[-1:] = [span._replace(stop_ns=start_ns) for span in spans[-1:]]
            spans.append(Span(turn.phase, start_ns, EVER, turn.known_ns))
        return spans

    def _in_phases(
        self,
        watch: LimitWatch,
        name: str,
        rows: Rows | None,
        values: NDArray[np.float64] | None,
        spans: list[Span],
        told: Rows | None,
    ) -> list[Dated]:
        """Let a limit see the rows of its phases, and clear it where the vehicle leaves them."""
        dated: list[Dated] = []
        for span in spans:
            if span.phase not in watch.limit.phases:
                if watch.leave():
                    dated.append(self._left(watch, name, told, span))
            elif rows is not None and values is not None:
                start, stop = np.searchsorted(rows.t_ns, [span.start_ns, span.stop_ns]).tolist()
                part = values[start:stop]
                if part.size:
                    turns = watch.take(rows.t_ns[start:stop], part)
                    dated += [self._turned(watch, name, rows, turn, start + turn.row, spans) for turn in turns]
        return dated

    def _turned(self, watch: LimitWatch, name: str, rows: Rows, turn: Turn, row: int, spans: list[Span]) -> Dated:
        completed_ns = int(rows.t_ns[row])
        phase = next(span.phase for span in spans if completed_ns < span.stop_ns)
        values = self._values(watch, name, phase) | {"value": turn.value}
        count = watch.limit.raise_count if turn.raised else watch.limit.clear_count
        sigma_s = 1.0 / self.airframe.rates_hz[rows.packet] / 12**0.5
        kind = LimitEvent.RAISED if turn.raised else LimitEvent.CLEARED
        if not turn.raised:
            values["reason"] = "values"
        count_first = max(int(rows.counts[row]) - count + 1, 0)
        return completed_ns, found(kind.value, turn.t_ns, sigma_s, rows, row, count_first, values)

    def _left(self, watch: LimitWatch, name: str, told: Rows | None, span: Span) -> Dated:
        values = self._values(watch, name, span.phase) | {"reason": "phase"}
        if told is None or span.row < 0:
            return span.told_ns, Finding(LimitEvent.CLEARED.value, span.told_ns, 0.0, values)
        sigma_s = 1.0 / self.airframe.rates_hz[told.packet] / 12**0.5
        count = int(told.counts[span.row])
        return span.told_ns, found(LimitEvent.CLEARED.value, span.told_ns, sigma_s, told, span.row, count, values)

    @staticmethod
    def _values(watch: LimitWatch, name: str, phase: str) -> dict[str, Value]:
        values: dict[str, Value] = {
            "channel": name,
            "level": watch.limit.level.value,
            "side": "above" if watch.is_upper else "below",
            "limit": watch.threshold,
            "clear": watch.limit.clear,
        }
        return values | {"phase": phase} if phase else values

    def snapshot(self) -> Any:
        """Return the phase, and what the limits that do not rest remember."""
        kept = {name: [watch.snapshot() for watch in watches] for name, watches in self._watches.items()}
        return [self.state.phase, {name: some for name, some in kept.items() if any(some)}]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered; a limit that the dictionary has not any more is forgotten."""
        self.state.phase, kept = snapshot
        for name, watches in self._watches.items():
            for watch, remembered in zip(watches, kept.get(name, [[]] * len(watches)), strict=False):
                watch.restore(remembered)
        self._stir(self._watches)
