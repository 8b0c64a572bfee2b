"""The phases of a flight as its events tell them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from downrange.report.model import Happening, Phase, Span
from processors.phases.machine import RETRACTED, Phases
from processors.phases.plan import Plan
from processors.phases.plans import plan_for
from telemetry.vocabulary import FlightEvent, VehicleClass

PAD: Final = "pad"
UNKNOWN: Final = "not known"
NS_PER_S: Final = 10**9
# after these nothing flies any more
OVER: Final = frozenset({"landed", "afloat", "recovered", "scrubbed", "lost"})
FLIGHT_EVENTS: Final = frozenset(event.value for event in FlightEvent)


def phases_of(happenings: Iterable[Happening], heard: Span, plan: Plan | None = None) -> tuple[Phase, ...]:
    """Return the phases of one vehicle from its first data to its last.

    What came before the first event is the pad if that event happens there only, and otherwise not known. An event
    that is retracted begins nothing.

    Parameters
    ----------
    happenings
        Its events.
    heard
        From when to when anything came of it.
    plan
        The phases of its class; those of a launcher where nobody says which it is.

    Returns
    -------
    tuple[Phase, ...]
        Without overlap and without holes; one `not known` without events.
    """
    plan = plan_for(VehicleClass.LAUNCHER) if plan is None else plan
    flown = [each for each in happenings if each.event.type in FLIGHT_EVENTS and each.event.status != RETRACTED]
    told = sorted(flown, key=lambda each: each.t_s)
    machine = Phases(plan)
    for each in told:
        machine.take(each.event.type, round(each.t_s * NS_PER_S))
    name = PAD if told and told[0].event.name in plan.shows_start else UNKNOWN
    phases: list[Phase] = []
    since_s, by = heard.start_s, ""
    for change in machine.changes():
        at_s = min(max(change.t_ns / NS_PER_S, since_s), heard.end_s)
        if at_s > since_s:
            phases.append(Phase(name, Span(since_s, at_s), by))
        name, since_s, by = change.after.replace("_", " "), at_s, change.event
    if heard.end_s > since_s or not phases:
        phases.append(Phase(name, Span(since_s, heard.end_s), by))
    return tuple(phases)
