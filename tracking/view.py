"""What the public may see of a delivery and of a flight, at one moment; pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from telemetry.topics import LIVE_RUN
from telemetry.vocabulary import DeliveryStatus
from tracking.clock import Clock, clock_of, moment
from tracking.condition import Condition, LimitRaised
from tracking.flight import DEFAULT_VEHICLE, FlightRecord
from tracking.forecast import Basis, Estimate, Forecast, forecast
from tracking.globe import distance_m
from tracking.history import HistoryEntry
from tracking.milestones import Chronicle, Milestone
from tracking.motion import Now, Position, TrackPoint
from tracking.plan import FlightPlan, Place
from tracking.register import Tracked
from tracking.standing import FINAL, standing_of


class PublicStep(BaseModel):
    """A time on the flight's clock with its standard uncertainty; `actual` when it has happened."""

    model_config = ConfigDict(frozen=True)

    time: AwareDatetime
    t_ns: int
    sigma_s: float
    actual: bool


class PublicHistory(HistoryEntry):
    """One line of the history, with its time for people."""

    time: AwareDatetime


class PublicParcel(BaseModel):
    """What is shown of a parcel: not whose it is."""

    model_config = ConfigDict(frozen=True)

    mass_kg: float
    volume_m3: float
    description: str


class PublicFlight(BaseModel):
    """The public summary of a flight."""

    model_config = ConfigDict(frozen=True)

    flight: str
    run: str
    replay: bool
    status: DeliveryStatus
    origin: Place | None
    landing: Place | None
    destination: Place | None
    liftoff: PublicStep | None
    splashdown: PublicStep | None
    recovered: PublicStep | None
    pickup: PublicStep | None
    clock: Clock | None
    position: Position | None
    to_go_m: Annotated[float | None, Field(description="Great-circle distance from the position to the landing")]
    track: tuple[TrackPoint, ...]


class PublicDelivery(BaseModel):
    """The public state of a delivery."""

    model_config = ConfigDict(frozen=True)

    code: str
    status: DeliveryStatus
    progress: DeliveryStatus
    since: AwareDatetime
    handover: Annotated[str, Field(description="delivery: brought to the recipient; pickup: waits for the recipient")]
    parcel: PublicParcel
    history: tuple[PublicHistory, ...]
    eta: AwareDatetime | None
    eta_ns: int | None
    eta_sigma_s: float | None
    eta_basis: Basis
    condition: Condition
    limits: tuple[LimitRaised, ...]
    seal_broken: bool
    flight: PublicFlight


def public_delivery(tracked: Tracked, wall_ns: int) -> PublicDelivery | None:
    """Return the public state of a delivery at `wall_ns`; None while its flight has no plan."""
    delivery, record, now = tracked.delivery, tracked.flight, tracked.now
    plan = record.plan
    if plan is None:
        return None
    clock = clock_of(now, record.run, wall_ns)
    current = (*_flown(record, plan.vehicle), *Chronicle(delivery.own).current())
    expected = forecast(plan, current, None if clock is None else clock.t_ns)
    pickup = None if delivery.status in FINAL else expected.pickup
    return PublicDelivery(
        code=delivery.code,
        status=delivery.status,
        progress=delivery.progress,
        since=moment(delivery.since_ns),
        handover=plan.handover,
        parcel=PublicParcel(
            mass_kg=delivery.parcel.mass_kg,
            volume_m3=delivery.parcel.volume_m3,
            description=delivery.parcel.description,
        ),
        history=tuple(PublicHistory(time=moment(entry.t_ns), **dict(entry)) for entry in delivery.history),
        eta=None if pickup is None else moment(pickup.t_ns),
        eta_ns=None if pickup is None else pickup.t_ns,
        eta_sigma_s=None if pickup is None else round(pickup.sigma_s, 1),
        eta_basis="unknown" if pickup is None else expected.basis,
        condition=delivery.condition if now is None else delivery.condition.join(now.condition),
        limits=delivery.limits,
        seal_broken=delivery.seal_broken,
        flight=_summary(record, now, clock, expected),
    )


def public_flight(record: FlightRecord, now: Now | None, wall_ns: int) -> PublicFlight:
    """Return the public summary of a flight at `wall_ns`."""
    clock = clock_of(now, record.run, wall_ns)
    plan = record.plan
    expected = None
    if plan is not None:
        expected = forecast(plan, _flown(record, plan.vehicle), None if clock is None else clock.t_ns)
    return _summary(record, now, clock, expected)


def _flown(record: FlightRecord, vehicle: str) -> tuple[Milestone, ...]:
    return tuple(m for m in Chronicle(record.milestones).current() if m.subject == vehicle)


def _summary(record: FlightRecord, now: Now | None, clock: Clock | None, expected: Forecast | None) -> PublicFlight:
    plan: FlightPlan | None = record.plan
    flown = _flown(record, DEFAULT_VEHICLE if plan is None else plan.vehicle)
    return PublicFlight(
        flight=record.flight,
        run=record.run,
        replay=record.run != LIVE_RUN,
        status=standing_of(flown, "delivery" if plan is None else plan.handover).status,
        origin=None if plan is None else plan.origin,
        landing=None if plan is None else plan.landing_place,
        destination=None if plan is None else plan.destination,
        liftoff=None if expected is None else _step(expected.liftoff),
        splashdown=None if expected is None else _step(expected.splashdown),
        recovered=None if expected is None else _step(expected.recovered),
        pickup=None if expected is None else _step(expected.pickup),
        clock=clock,
        position=None if now is None else now.position,
        to_go_m=None if now is None or plan is None else _to_go_m(now.position, plan.landing_place),
        track=record.track,
    )


def _to_go_m(position: Position | None, landing: Place) -> float | None:
    if position is None or position.latitude_deg is None or position.longitude_deg is None:
        return None
    here = (position.latitude_deg, position.longitude_deg)
    return round(distance_m(here, (landing.latitude_deg, landing.longitude_deg)))


def _step(estimate: Estimate | None) -> PublicStep | None:
    if estimate is None:
        return None
    return PublicStep(
        time=moment(estimate.t_ns), t_ns=estimate.t_ns, sigma_s=round(estimate.sigma_s, 1), actual=estimate.actual
    )
