"""What stands between the detectors of a vehicle and those who are told: the phases of its flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from processors.airframe import LOG_TIME, Airframe
from processors.detector import Finding, Found, Source
from processors.phases.machine import RETRACTED, Phases
from processors.phases.plans import plan_for, plan_of
from processors.plain import from_plain, to_plain
from processors.stretch import Stretch
from processors.turned import LONG_AGO_NS, Turned
from telemetry.vocabulary import FlightEvent

FLIGHT_EVENTS: Final = frozenset(event.value for event in FlightEvent)
MOST_HELD: Final = 64


class Mark(NamedTuple):
    """From some row on: a log whose clock has begun anew, or of whose vehicle's class more is known."""

    known_ns: int
    segment: int
    kind: str


class Gate:
    """Lets through what can happen in the phase in which it is found, and holds the rest back.

    A finding is judged at the time of its event, by what was told until the row that completed it: so it makes no
    difference how the rows are cut into stretches. Detectors go on being fed: what a later word takes back must find
    them as if it had never been said, and what was held back for its sake is told then. What was told stays told:
    only its own detector, or rows that come late, take it back. More that is said of it is always let through.

    Parameters
    ----------
    airframe
        The vehicle.
    named
        Returns the detector of a name.
    """

    def __init__(self, airframe: Airframe, named: Callable[[str], Source | None]) -> None:
        self._named = named
        self._phases = Phases(plan_of(airframe.dictionary, airframe.vehicle))
        self._packet = airframe.packet_of.get(LOG_TIME)
        self._segment = 0
        self._kind = ""
        self._held: list[tuple[str, Finding]] = []
        self._turned = Turned(LONG_AGO_NS, self._phases.phase.value)

    @property
    def state(self) -> str:
        """The state that the vehicle is in."""
        return self._phases.state

    @property
    def held(self) -> tuple[Finding, ...]:
        """What was held back: no state that can follow its own allows it."""
        return tuple(finding for _, finding in self._held)

    def judge(self, stretch: Stretch, found: Sequence[Found]) -> Iterator[tuple[int, Found]]:
        """Yield what is to be told of what a stretch completed, and let the stretch know of the phases.

        With each goes the time of the row that completed it, or that of what let it through.
        """
        stretch.turns = [self._turned]
        steps: list[tuple[int, Mark | Found]] = [(mark.known_ns, mark) for mark in self._marks(stretch)]
        steps += [(stretch.row_ns(each[1].packet, each[1].count_last), each) for each in found]
        for known_ns, step in sorted(steps, key=lambda each: each[0]):
            if isinstance(step, Mark):
                self._turn_to(step)
            else:
                for told in self._pass(*step):
                    yield known_ns, told
            if self._has_turned(known_ns):
                stretch.turns.append(self._turned)

    def judge_silence(self, t_ns: int, found: Iterable[Found]) -> Iterator[Found]:
        """Yield what is to be told of what the silence until a time completed."""
        for source, finding in found:
            yield from self._pass(source, finding)
            self._has_turned(t_ns)

    def _pass(self, source: Source, finding: Finding) -> Iterator[Found]:
        if finding.type not in FLIGHT_EVENTS:
            yield source, finding
            return
        self._forget(finding)
        is_known = self._phases.knows(finding.type, finding.occurrence)
        if finding.status == RETRACTED or is_known or self._phases.allows(finding.type, finding.t_ns):
            if finding.status != RETRACTED or is_known:
                self._phases.take(finding.type, finding.t_ns, finding.status, finding.occurrence)
            yield source, finding
            yield from self._let_go()
        else:
            self._held = [*self._held, (source.name, finding)][-MOST_HELD:]

    def _let_go(self) -> Iterator[Found]:
        """Yield what was held back for the sake of what is not so any more."""
        for name, finding in sorted(self._held, key=lambda each: each[1].t_ns):
            source = self._named(name)
            if source is not None and self._phases.allows(finding.type, finding.t_ns):
                self._held.remove((name, finding))
                self._phases.take(finding.type, finding.t_ns, finding.status, finding.occurrence)
                yield source, finding

    def _forget(self, finding: Finding) -> None:
        """Forget what was held back of an event of which more is said."""
        if finding.occurrence is not None:
            event = (finding.type, finding.occurrence)
            self._held = [each for each in self._held if (each[1].type, each[1].occurrence) != event]

    def _marks(self, stretch: Stretch) -> Iterator[Mark]:
        cells = stretch.motion.cells if stretch.motion is not None else []
        if not cells or (cells[-1].segment, cells[-1].kind) == (self._segment, self._kind):
            return
        segment, kind = self._segment, self._kind
        for cell in cells:
            if (cell.segment, cell.kind) != (segment, kind):
                segment, kind = cell.segment, cell.kind
                yield Mark(stretch.row_ns(self._packet, cell.known_count), segment, kind)

    def _turn_to(self, mark: Mark) -> None:
        if mark.segment != self._segment:
            self._phases.begin_anew()
            self._held.clear()
        if mark.kind:
            self._phases.change_plan(plan_for(mark.kind))
        self._segment, self._kind = mark.segment, mark.kind

    def _has_turned(self, known_ns: int) -> bool:
        """Return whether the phase is another one since a row."""
        phase = self._phases.phase.value
        if phase == self._turned.phase:
            return False
        self._turned = Turned(known_ns, phase)
        return True

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        held = [[name, to_plain(finding)] for name, finding in self._held]
        return [self._phases.snapshot(), self._segment, self._kind, held, list(self._turned)]

    def restore(self, snapshot: Iterable[Any]) -> None:
        """Take over what another one remembered."""
        phases, self._segment, self._kind, held, turned = snapshot
        if self._kind:
            self._phases.change_plan(plan_for(self._kind))
        self._phases.restore(phases)
        self._held = [(name, from_plain(Finding, finding)) for name, finding in held]
        self._turned = Turned(*turned)
