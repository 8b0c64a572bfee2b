"""The phases of a flight as its events tell them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from downrange.report.model import Happening, Phase, Span
from telemetry.vocabulary import FlightEvent

PAD: Final = "pad"
UNKNOWN: Final = "not known"

# what an event begins, and only in which phases; none is any
BEGINS: Final[dict[str, tuple[str, frozenset[str] | None]]] = {
    FlightEvent.HOLD.value: ("hold", frozenset({PAD})),
    FlightEvent.SCRUB.value: ("scrubbed", None),
    FlightEvent.ABORT.value: ("aborted", None),
    FlightEvent.LIFTOFF.value: ("boost", None),
    FlightEvent.MECO.value: ("coast", None),
    FlightEvent.STAGE_SEPARATION.value: ("coast", frozenset({"boost", UNKNOWN})),
    FlightEvent.SES.value: ("upper-stage burn", None),
    FlightEvent.SECO.value: ("coast", None),
    FlightEvent.BOOSTBACK_START.value: ("boostback", None),
    FlightEvent.BOOSTBACK_END.value: ("coast", None),
    # over the top under power it is still under power
    FlightEvent.APOGEE.value: ("descent", frozenset({"coast", UNKNOWN})),
    FlightEvent.ENTRY_START.value: ("entry burn", None),
    FlightEvent.ENTRY_END.value: ("descent", None),
    FlightEvent.LANDING_BURN_START.value: ("landing burn", None),
    FlightEvent.TOUCHDOWN.value: ("landed", None),
    FlightEvent.SPLASHDOWN.value: ("landed", None),
    FlightEvent.RECOVERED.value: ("recovered", None),
    FlightEvent.LOSS_OF_VEHICLE.value: ("lost", None),
}
# after these nothing flies any more
OVER: Final = frozenset({"landed", "recovered", "scrubbed", "lost"})
FROM_THE_PAD: Final = frozenset({FlightEvent.LIFTOFF, FlightEvent.IGNITION, FlightEvent.HOLD, FlightEvent.SCRUB})


def phases_of(happenings: Iterable[Happening], heard: Span) -> tuple[Phase, ...]:
    """Return the phases of one vehicle from its first data to its last.

    What came before the first event is the pad if that event happens there, and otherwise not known. An event that is
    retracted begins nothing.

    Parameters
    ----------
    happenings
        Its events.
    heard
        From when to when anything came of it.

    Returns
    -------
    tuple[Phase, ...]
        Without overlap and without holes; one `not known` without events.
    """
    told = sorted((each for each in happenings if each.event.status != "retracted"), key=lambda each: each.t_s)
    known = [each for each in told if each.event.type in BEGINS or each.event.type in FROM_THE_PAD]
    name = PAD if known and known[0].event.type in FROM_THE_PAD else UNKNOWN
    phases: list[Phase] = []
    since_s, by = heard.start_s, ""
    for each in known:
        begun, only_in = BEGINS.get(each.event.type, (name, None))
        if begun == name or (only_in is not None and name not in only_in):
            continue
        at_s = min(max(each.t_s, since_s), heard.end_s)
        if at_s > since_s:
            phases.append(Phase(name, Span(since_s, at_s), by))
        name, since_s, by = begun, at_s, each.event.name
    if heard.end_s > since_s or not phases:
        phases.append(Phase(name, Span(since_s, heard.end_s), by))
    return tuple(phases)
