"""The phases of one vehicle class, as data."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from telemetry.vocabulary import FlightEvent, FlightPhase, VehicleClass, short_name

EVENTS: Final = frozenset(short_name(event) for event in FlightEvent)


def _known(event: str) -> str:
    if event not in EVENTS:
        msg = f"{event!r} is no flight event; there are {', '.join(sorted(EVENTS))}"
        raise ValueError(msg)
    return event


EventName = Annotated[str, AfterValidator(_known)]


class State(BaseModel):
    """A phase.

    Parameters
    ----------
    description
        What the vehicle does in it.
    phase
        The limits that hold in it are those of this phase.
    stays
        Events that may happen in it and leave it as it is.
    to
        Events that end it, and the phase that each begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    phase: FlightPhase
    stays: tuple[EventName, ...] = ()
    to: dict[EventName, str] = {}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        twice = [event for event in self.stays if event in self.to]
        if twice:
            msg = f"{twice[0]!r} either ends the phase or does not; name it once"
            raise ValueError(msg)
        return self


class Plan(BaseModel):
    """The phases of a vehicle class, and how its events lead through them.

    Parameters
    ----------
    name
        The vehicle class.
    description
        Which vehicles it is for.
    words
        What a dictionary's `vehicle_class` may say for it besides its name.
    start
        The phase of a vehicle of which nothing was told yet.
    shows_start
        Events that happen in that phase alone: a vehicle of which one of these is told first was in it before.
    states
        By name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: VehicleClass
    description: str
    words: tuple[str, ...] = ()
    start: str
    shows_start: tuple[EventName, ...]
    states: Annotated[dict[str, State], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        named = {self.start, *(after for state in self.states.values() for after in state.to.values())}
        unknown = sorted(named - self.states.keys())
        if unknown:
            msg = f"{unknown[0]!r} is no state; there are {', '.join(self.states)}"
            raise ValueError(msg)
        lost = self.states.keys() - set(self._from(self.start))
        if lost:
            msg = f"no event leads from {self.start!r} to {min(lost)!r}"
            raise ValueError(msg)
        return self

    @cached_property
    def ways(self) -> Mapping[str, Mapping[str, str]]:
        """By state: every event that may come next, and where it leads.

        An event may be missed, so one that its state does not name leads on from the nearest state behind it that
        does: one where it ends the state, or else one where it does not. What no state behind it names cannot happen.
        """
        return {name: self._ways(name) for name in self.states}

    def _ways(self, name: str) -> dict[str, str]:
        own = self.states[name]
        found = dict.fromkeys(own.stays, name) | own.to
        behind = list(self._from(name))
        for each in behind:
            for event, after in self.states[each].to.items():
                found.setdefault(event, after)
        for each in behind:
            for event in self.states[each].stays:
                found.setdefault(event, each)
        return found

    def _from(self, name: str) -> Iterator[str]:
        """Yield a state and all behind it, the nearest first."""
        seen, waiting = {name}, deque([name])
        while waiting:
            each = waiting.popleft()
            yield each
            for after in self.states[each].to.values():
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
