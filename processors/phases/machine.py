"""The machine that follows a plan: events move it, and what is said anew of an event moves it anew."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from processors.phases.plan import Plan
from telemetry.events import Status
from telemetry.vocabulary import FlightPhase, short_name

RETRACTED: Final = "retracted"
# a flight has some thirty events: what flutters a hundred times over is settled, so that memory ends somewhere
MOST_WORDS: Final = 200


class Word(NamedTuple):
    """An event that was told: when it happened, which it is, and by which number more may be said of it."""

    t_ns: int
    event: str
    number: int


class Transition(NamedTuple):
    """A phase that an event has ended, and the one that it has begun."""

    event: str
    t_ns: int
    before: str
    after: str


class Phases:
    """Where a vehicle is in the plan of its class.

    Events count in the order of the times at which they happened, whatever the order in which they were told:
    a revision moves its event, a retraction takes it out. One that cannot happen where it stands moves nothing.

    Parameters
    ----------
    plan
        Of the vehicle's class.

    Examples
    --------
    >>> from processors.phases.plans import plan_for
    >>> phases = Phases(plan_for("sounding"))
    >>> phases.take("downrange.flight.meco", 12)
    Transition(event='meco', t_ns=12, before='pad', after='coast')
    >>> phases.take("downrange.flight.liftoff", 10)
    >>> [change.after for change in phases.changes()]
    ['boost', 'coast']
    >>> phases.allows("downrange.flight.liftoff", 20)
    False
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._base = plan.start
        self._words: list[Word] = []
        self._state = plan.start
        self._alone = 0

    @property
    def plan(self) -> Plan:
        """That it follows."""
        return self._plan

    @property
    def state(self) -> str:
        """The state after the last event."""
        return self._state

    @property
    def phase(self) -> FlightPhase:
        """The phase of limits that holds in that state."""
        return self._plan.states[self._state].phase

    def take(
        self, event_type: str, t_ns: int, status: Status = "confirmed", occurrence: int | None = None
    ) -> Transition | None:
        """Take what was told of an event, and return how that changes the last state; None if it does not.

        Parameters
        ----------
        event_type
            Of the vocabulary.
        t_ns, status, occurrence
            As in a finding: what has no occurrence is an event of its own, of which nothing more is said.
        """
        event = short_name(event_type)
        before = self._state
        if occurrence is None:
            # below every number that a detector gives
            self._alone += 1
            number = -self._alone
        else:
            number = occurrence
            self._words = [word for word in self._words if word[1:] != (event, number)]
        if status != RETRACTED:
            insort(self._words, Word(t_ns, event, number))
        self._settle()
        self._state = self._end()
        return None if self._state == before else Transition(event, t_ns, before, self._state)

    def knows(self, event_type: str, occurrence: int | None) -> bool:
        """Return whether more is said here of an event that was told."""
        return occurrence is not None and any(word[1:] == (short_name(event_type), occurrence) for word in self._words)

    def allows(self, event_type: str, t_ns: int) -> bool:
        """Return whether an event can happen at a time, by what was told to happen until then."""
        until = [word for word in self._words if word.t_ns <= t_ns]
        return short_name(event_type) in self._plan.ways[self._walk(until)[0]]

    def changes(self) -> list[Transition]:
        """Return every change of phase, in order of time."""
        return self._walk(self._words)[1]

    def change_plan(self, plan: Plan) -> None:
        """Follow another plan, and look at all events anew; a state that it has not begins with its start."""
        self._plan = plan
        self._base = self._base if self._base in plan.states else plan.start
        self._state = self._end()

    def begin_anew(self) -> None:
        """Forget every event."""
        self._base = self._state = self._plan.start
        self._words = []

    def _settle(self) -> None:
        excess = len(self._words) - MOST_WORDS
        if excess > 0:
            self._base = self._walk(self._words[:excess])[0]
            del self._words[:excess]

    def _end(self) -> str:
        return self._walk(self._words)[0]

    def _walk(self, words: Iterable[Word]) -> tuple[str, list[Transition]]:
        state, changes = self._base, []
        for word in words:
            after = self._plan.ways[state].get(word.event, state)
            if after != state:
                changes.append(Transition(word.event, word.t_ns, state, after))
                state = after
        return state, changes

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [self._base, self._alone, [list(word) for word in self._words]]

    def restore(self, snapshot: Iterable[Any]) -> None:
        """Take over what another one of the same plan remembered."""
        base, self._alone, words = snapshot
        self._base = base if base in self._plan.states else self._plan.start
        self._words = [Word(*word) for word in words]
        self._state = self._end()
