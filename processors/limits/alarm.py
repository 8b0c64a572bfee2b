"""How the state of a limit follows from its events: the data's and people's."""

from __future__ import annotations

from typing import Any

from telemetry.events import Event
from telemetry.limit_state import Act, Condition, LimitState, Shelving
from telemetry.vocabulary import WATCH_EVENTS, ChannelEvent, LimitEvent

DOWNRANGE = "downrange"


def condition_of(event: Event) -> Condition | None:
    """Return which limit an event is about; None if it is about none."""
    if event.type not in WATCH_EVENTS:
        return None
    values: dict[str, Any] = dict(event.values)
    return Condition(vehicle=event.vehicle, channel=values["channel"], level=values["level"], side=values["side"])


def new_state(run: str, flight: str, condition: Condition) -> LimitState:
    """Return the state of a limit that nothing has happened to."""
    return LimitState(run=run, flight=flight, condition=condition, as_of_ns=0)


def next_state(before: LimitState, event: Event) -> LimitState:
    """Return the state of a limit after an event about it.

    Raising it again wants a new acknowledgement; so does taking it off the shelf while it is raised. What clears
    without having been acknowledged stays to be acknowledged.
    """
    values: dict[str, Any] = dict(event.values)
    match event.type:
        case LimitEvent.RAISED | ChannelEvent.STALE:
            changes = {
                "raised": True,
                "times_raised": before.times_raised + 1,
                "raised_ns": event.t_ns,
                "value": values.get("value"),
                "threshold": values.get("limit"),
                "phase": values.get("phase"),
                "acknowledged": None,
            }
        case LimitEvent.CLEARED | ChannelEvent.FRESH:
            changes = {"raised": False, "cleared_ns": event.t_ns, "cleared_by": values.get("reason", "values")}
        case LimitEvent.ACKNOWLEDGED:
            changes = {"acknowledged": _act(event)}
        case LimitEvent.SHELVED:
            changes = {"shelved": Shelving(**_act(event).model_dump(), until_ns=values["until_ns"])}
        case _:
            acknowledged = None if before.raised else before.acknowledged
            changes = {"shelved": None, "unshelved": _act(event), "acknowledged": acknowledged}
    return before.model_copy(update={**changes, "as_of_ns": event.t_ns})


def _act(event: Event) -> Act:
    return Act(by=str(event.values["by"]), why=str(event.values["why"]), t_ns=event.t_ns)
