"""Lines of a delivery's history: what happened, when, and where; pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.milestones import Milestone, Validity
from tracking.plan import FlightPlan, LocalName
from tracking.standing import told_by

_ON_THE_PAD = frozenset(
    kind.value
    for kind in (
        CargoEvent.LOADED,
        CargoEvent.SEALED,
        FlightEvent.IGNITION,
        FlightEvent.LIFTOFF,
        FlightEvent.HOLD,
        FlightEvent.SCRUB,
    )
)
_AT_SEA = frozenset(kind.value for kind in (FlightEvent.SPLASHDOWN, FlightEvent.TOUCHDOWN, FlightEvent.RECOVERED))


class HistoryEntry(BaseModel):
    """One line of a delivery's history.

    Parameters
    ----------
    event_id, event
        The event and the last word of its type.
    status
        The status it stands for; None if it is only worth a note.
    t_ns, t_sigma_s
        When, on the flight's own clock.
    place
        Where by name; None in flight.
    latitude_deg, longitude_deg, altitude_m
        Where by figures, when the event says.
    validity
        Whether it counts, was replaced by a later revision, or took its event back.
    """

    model_config = ConfigDict(frozen=True)

    event_id: str
    event: str
    status: DeliveryStatus | None
    t_ns: int
    t_sigma_s: float
    place: LocalName | None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    validity: Validity = "current"


def entry_of(plan: FlightPlan, milestone: Milestone, validity: Validity) -> HistoryEntry:
    """Return the line that tells a milestone."""
    figures = {
        name: float(value)
        for name in ("latitude_deg", "longitude_deg", "altitude_m")
        if isinstance(value := milestone.values.get(name), int | float)
    }
    return HistoryEntry(
        event_id=milestone.event_id,
        event=milestone.name,
        status=told_by(milestone, plan.handover),
        t_ns=milestone.t_ns,
        t_sigma_s=milestone.t_sigma_s,
        place=_place(plan, milestone),
        validity=validity,
        **figures,
    )


def _place(plan: FlightPlan, milestone: Milestone) -> LocalName | None:
    if milestone.type in _ON_THE_PAD or milestone.type == DeliveryStatus.BOOKED.event_type:
        return plan.origin.name
    if milestone.type in _AT_SEA:
        return plan.landing_place.name
    if milestone.type == CargoEvent.UNLOADED.value or milestone.type.startswith("downrange.delivery."):
        return plan.destination.name
    return None
