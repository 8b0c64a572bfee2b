"""A delivery: one parcel on one flight, as it stands on `downrange.deliveries`."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event, Evidence
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.condition import Condition, LimitRaised, limits_raised, seal_broken_in_transit
from tracking.forecast import Basis, Forecast, forecast
from tracking.manifest import Parcel
from tracking.milestones import Chronicle, Milestone, Validity, milestone_of
from tracking.plan import FlightPlan, LocalName
from tracking.standing import FINAL, Standing, standing_of, told_by

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


class Delivery(BaseModel):
    """The state of one delivery.

    Parameters
    ----------
    code, run, flight, parcel
        Which; the parcel's recipient reference never leaves the line.
    own
        What happened to this parcel alone, its booking first.
    status, progress, since_ns
        Where it is.
    history
        All that happened, in order of time.
    eta_ns, eta_sigma_s, eta_basis
        When it is handed over, as of the last event; None where nobody can say.
    condition, limits, seal_broken
        The container's, as of the last event.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    run: str
    flight: str
    parcel: Parcel
    own: tuple[Milestone, ...]
    status: DeliveryStatus
    progress: DeliveryStatus
    since_ns: int
    history: tuple[HistoryEntry, ...]
    eta_ns: int | None
    eta_sigma_s: float | None
    eta_basis: Basis
    condition: Condition
    limits: tuple[LimitRaised, ...]
    seal_broken: bool


def delivery_event(
    plan: FlightPlan, parcel: str, status: DeliveryStatus, t_ns: int, detector: str, ordinal: int = 0, revision: int = 0
) -> Event:
    """Return the event that says that a parcel reached a status; its subject, in the vehicle's place, is the parcel."""
    return Event(
        type=status.event_type,
        run=plan.run,
        flight=plan.flight,
        vehicle=parcel,
        ordinal=ordinal,
        revision=revision,
        t_ns=t_ns,
        detected_ns=t_ns,
        evidence=Evidence(detector=detector, detector_version=1),
    )


def booked(plan: FlightPlan, parcel: str, t_ns: int) -> Milestone:
    """Return the first milestone of a parcel."""
    return milestone_of(delivery_event(plan, parcel, DeliveryStatus.BOOKED, t_ns, "booking"))


def assemble(
    plan: FlightPlan,
    parcel: Parcel,
    code: str,
    chronicles: tuple[Chronicle, Chronicle],
    clock_ns: int | None,
    condition: Condition,
) -> Delivery:
    """Work out a delivery from all that is known.

    Parameters
    ----------
    plan, parcel, code
        What was booked.
    chronicles
        The flight's, of which only the plan's vehicle matters, and the parcel's own.
    clock_ns
        The flight's time now.
    condition
        The container's.
    """
    flights, own = chronicles
    current = (*(m for m in flights.current() if m.subject == plan.vehicle), *own.current())
    standing: Standing = standing_of(current, plan.handover)
    expected: Forecast = forecast(plan, current, clock_ns)
    pickup = None if standing.status in FINAL else expected.pickup
    entries = [
        _entry(plan, milestone, chronicle.validity(milestone))
        for chronicle, milestones in ((flights, _of(plan.vehicle, flights)), (own, own))
        for milestone in milestones
    ]
    return Delivery(
        code=code,
        run=plan.run,
        flight=plan.flight,
        parcel=parcel,
        own=tuple(own),
        status=standing.status,
        progress=standing.progress,
        since_ns=standing.since_ns,
        history=tuple(sorted(entries, key=lambda e: (e.status is not DeliveryStatus.BOOKED, e.t_ns, e.event))),
        eta_ns=None if pickup is None else pickup.t_ns,
        eta_sigma_s=None if pickup is None else round(pickup.sigma_s, 1),
        eta_basis=expected.basis if pickup is not None else "unknown",
        condition=condition,
        limits=limits_raised(current),
        seal_broken=seal_broken_in_transit(current),
    )


def _of(vehicle: str, chronicle: Chronicle) -> Iterable[Milestone]:
    return (milestone for milestone in chronicle if milestone.subject == vehicle)


def _entry(plan: FlightPlan, milestone: Milestone, validity: Validity) -> HistoryEntry:
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
