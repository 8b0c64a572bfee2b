"""A delivery: one parcel on one flight, as it stands on `downrange.deliveries`."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event, Evidence
from telemetry.vocabulary import DeliveryStatus
from tracking.condition import Condition, LimitRaised, limits_raised, seal_broken_in_transit
from tracking.forecast import Basis, Forecast, forecast
from tracking.history import HistoryEntry, entry_of
from tracking.manifest import Parcel
from tracking.milestones import Chronicle, Milestone, milestone_of
from tracking.plan import FlightPlan
from tracking.standing import FINAL, Standing, standing_of


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What all deliveries of a flight have in common: worked out once, however many parcels there are."""

    plan: FlightPlan
    clock_ns: int | None
    condition: Condition
    current: tuple[Milestone, ...]
    entries: tuple[HistoryEntry, ...]
    limits: tuple[LimitRaised, ...]
    seal_broken: bool


def facts_of(plan: FlightPlan, chronicle: Chronicle, clock_ns: int | None, condition: Condition) -> Facts:
    """Work out what a flight's deliveries have in common.

    Parameters
    ----------
    plan, chronicle
        The flight's; of its chronicle only the plan's vehicle matters.
    clock_ns
        The flight's time now; None before its first signal.
    condition
        The container's.
    """
    mine = [milestone for milestone in chronicle if milestone.subject == plan.vehicle]
    current = tuple(m for m in mine if chronicle.validity(m) == "current")
    return Facts(
        plan=plan,
        clock_ns=clock_ns,
        condition=condition,
        current=current,
        entries=tuple(entry_of(plan, milestone, chronicle.validity(milestone)) for milestone in mine),
        limits=limits_raised(current),
        seal_broken=seal_broken_in_transit(current),
    )


def assemble(facts: Facts, parcel: Parcel, code: str, own: Chronicle) -> Delivery:
    """Work out the delivery of a parcel, to which alone `own` happened."""
    plan = facts.plan
    current = (*facts.current, *own.current())
    standing: Standing = standing_of(current, plan.handover)
    expected: Forecast = forecast(plan, current, facts.clock_ns)
    pickup = None if standing.status in FINAL else expected.pickup
    entries = (*facts.entries, *(entry_of(plan, milestone, own.validity(milestone)) for milestone in own))
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
        eta_basis="unknown" if pickup is None else expected.basis,
        condition=facts.condition,
        limits=facts.limits,
        seal_broken=facts.seal_broken,
    )
