"""The limits of one flight as people see them: what is raised, acknowledged, shelved, and what they may do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from processors.airframe import Airframe
from processors.detector import Finding, Value
from processors.limits.alarm import DOWNRANGE, condition_of, new_state, next_state
from telemetry.cuc import NS_PER_S
from telemetry.errors import InputError, Reason
from telemetry.events import Event
from telemetry.limit_command import LONGEST_SHELF_S, Action, LimitCommand
from telemetry.limit_state import STALE_LEVEL, AlarmState, Condition, LimitState
from telemetry.vocabulary import LimitEvent

TIME_IS_UP: Final = "its time is up"
EVENT_OF: Final[dict[Action, LimitEvent]] = {
    "acknowledge": LimitEvent.ACKNOWLEDGED,
    "shelve": LimitEvent.SHELVED,
    "unshelve": LimitEvent.UNSHELVED,
}
WAITING: Final = frozenset((AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED))


@dataclass(frozen=True, slots=True)
class Author:
    """Who an act's event names as its source."""

    name: str
    version: int = 1
    parameter_values: dict[str, Value] = field(default_factory=dict)


OPERATOR: Final = Author("operator")
SHELF: Final = Author("shelf")


class Alarms:
    """Keeps the state of every limit of a flight that something has happened to.

    The states follow from the events alone (`processors.limits.alarm`): what the data say is the same whatever people
    do.

    Parameters
    ----------
    run, flight
        Which.
    """

    def __init__(self, run: str, flight: str) -> None:
        self._run = run
        self._flight = flight
        self._states: dict[Condition, LimitState] = {}

    def take(self, event: Event) -> LimitState | None:
        """Take an event; returns the state of the limit that it is about, None if it is about none."""
        condition = condition_of(event)
        if condition is None:
            return None
        state = self._states[condition] = next_state(self._state(condition), event)
        return state

    def on_clock(self, clock_ns: int) -> list[tuple[str, Finding]]:
        """Return vehicle and finding of each shelving whose time is up."""
        over = [
            (state.shelved.until_ns, condition)
            for condition, state in self._states.items()
            if state.shelved is not None and state.shelved.until_ns <= clock_ns
        ]
        return [
            (condition.vehicle, _finding(LimitEvent.UNSHELVED, until_ns, condition, DOWNRANGE, TIME_IS_UP, {}))
            for until_ns, condition in sorted(over, key=lambda one: (one[0], one[1].order))
        ]

    def decide(self, command: LimitCommand, airframes: Mapping[str, list[Airframe]], clock_ns: int) -> list[Finding]:
        """Return what a command does, one finding a limit.

        Parameters
        ----------
        command
            What somebody wants.
        airframes
            The vehicles that the flight has heard of.
        clock_ns
            The flight's own clock.

        Raises
        ------
        InputError
            If it can do nothing; says why (`refused-command`).
        """
        known = _meant(command, airframes)
        states = [(condition, self._state(condition)) for condition in known]
        extra: dict[str, Value] = {}
        match command.action:
            case "acknowledge":
                chosen = [condition for condition, state in states if state.state in WAITING]
            case "unshelve":
                chosen = [condition for condition, state in states if state.shelved is not None]
            case "shelve":
                chosen = known
                extra["until_ns"] = _until_ns(command, clock_ns)
        if not chosen:
            told = ", ".join(f"{_name(condition)} is {state.state.value}" for condition, state in states)
            raise _refused(f"there is nothing to {command.action}: {command.vehicle} {command.channel}: {told}")
        extra |= {"command": command.id, "acts": len(chosen)}
        kind = EVENT_OF[command.action]
        return [_finding(kind, clock_ns, condition, command.by, command.why, extra) for condition in chosen]

    def _state(self, condition: Condition) -> LimitState:
        return self._states.get(condition) or new_state(self._run, self._flight, condition)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the states as plain values."""
        return [state.model_dump(mode="json") for state in self._states.values()]

    def restore(self, snapshot: Iterable[dict[str, Any]]) -> None:
        """Take over another one's states."""
        states = [LimitState.model_validate(plain) for plain in snapshot]
        self._states = {state.condition: state for state in states}


def conditions_of(airframe: Airframe) -> list[Condition]:
    """Return everything that can be raised on a vehicle, in the order of its dictionary."""
    found: dict[Condition, None] = {}
    for channel in airframe.channels.values():
        about = {"vehicle": airframe.vehicle, "channel": channel.name}
        for limit in channel.limits:
            side = "above" if limit.above is not None else "below"
            found[Condition.model_validate(about | {"level": limit.level, "side": side})] = None
        if channel.stale_after_s is not None:
            found[Condition.model_validate(about | {"level": STALE_LEVEL, "side": "stale"})] = None
    return list(found)


def _meant(command: LimitCommand, airframes: Mapping[str, list[Airframe]]) -> list[Condition]:
    """Return the limits that a command speaks of, at least one."""
    if command.vehicle not in airframes:
        heard = ", ".join(sorted(airframes)) or "no vehicle so far"
        raise _refused(f"{command.key} has heard of no vehicle {command.vehicle!r}, but of: {heard}")
    watched = [condition for airframe in airframes[command.vehicle] for condition in conditions_of(airframe)]
    of_channel = [condition for condition in watched if condition.channel == command.channel]
    if not of_channel:
        names = ", ".join(dict.fromkeys(condition.channel for condition in watched)) or "none"
        raise _refused(f"{command.vehicle} has no limit on {command.channel!r}; there are limits on: {names}")
    meant = [
        condition
        for condition in of_channel
        if command.level in {None, condition.level} and command.side in {None, condition.side}
    ]
    if not meant:
        there = ", ".join(_name(condition) for condition in of_channel)
        raise _refused(f"{command.channel} has no such limit; it has: {there}")
    return meant


def _until_ns(command: LimitCommand, clock_ns: int) -> int:
    until_ns = command.until_ns if command.until_ns is not None else clock_ns + round((command.for_s or 0) * NS_PER_S)
    ahead_s = (until_ns - clock_ns) / NS_PER_S
    if not 0 < ahead_s <= LONGEST_SHELF_S:
        there = f"{abs(ahead_s):,.0f} s {'after' if ahead_s > 0 else 'before'} the flight's own clock"
        raise _refused(f"a limit is shelved for up to {LONGEST_SHELF_S:,.0f} s; this time lies {there}")
    return until_ns


def _finding(
    kind: LimitEvent, t_ns: int, condition: Condition, by: str, why: str, extra: Mapping[str, Value]
) -> Finding:
    about: dict[str, Value] = {
        "channel": condition.channel,
        "level": condition.level.value,
        "side": condition.side,
        "by": by,
        "why": why,
    }
    return Finding(kind.value, t_ns, 0.0, {**about, **extra})


def _name(condition: Condition) -> str:
    return f"{condition.level.value} {condition.side}"


def _refused(detail: str) -> InputError:
    return InputError(Reason.REFUSED_COMMAND, detail)
