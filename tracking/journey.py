"""The journey of a parcel as the page tells it: steps, updates and figures; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent, short_name
from tracking.globe import distance_m
from tracking.language import Words, clock_text
from tracking.motion import NS_PER_S
from tracking.plan import Place
from tracking.standing import PATH, RANK
from tracking.view import PublicDelivery, PublicHistory, PublicStep

NS_PER_MS: Final = 10**6
KM_H_PER_M_S: Final = 3.6
_HANDOVERS: Final = frozenset({DeliveryStatus.OUT_FOR_DELIVERY, DeliveryStatus.AVAILABLE_FOR_PICKUP})
_LEFT_OUT: Final = {
    "delivery": DeliveryStatus.AVAILABLE_FOR_PICKUP,
    "pickup": DeliveryStatus.OUT_FOR_DELIVERY,
}
# limits are told by the condition of the container, not one by one
_NOT_TOLD: Final = frozenset(
    short_name(kind.value)
    for kind in (
        CargoEvent.SHOCK,
        CargoEvent.TILT,
        CargoEvent.TEMPERATURE,
        CargoEvent.PRESSURE,
        CargoEvent.HUMIDITY,
        CargoEvent.POWER,
    )
)


@dataclass(frozen=True, slots=True)
class When:
    """A time for people and for the script."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the journey: `done`, `now` or `next`, and when it was or will be."""

    name: str
    state: str
    state_text: str
    when: When | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Update:
    """One line of the history."""

    text: str
    where: str
    when: When
    note: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the flight; one that counts up says since when."""

    label: str
    value: str
    since_ms: int | None = None


def when(words: Words, time: datetime) -> When:
    """Return a time in words."""
    return When(time.isoformat(timespec="seconds"), words.when(time))


def reached(delivery: PublicDelivery, status: DeliveryStatus) -> PublicHistory | None:
    """Return the line of the history that first brought a status, or None."""
    return next((entry for entry in delivery.history if entry.status is status and entry.validity == "current"), None)


def steps_of(delivery: PublicDelivery, words: Words) -> tuple[Step, ...]:
    """Return the steps of the path, done and to come."""
    left_out = _LEFT_OUT[delivery.handover]
    if delivery.progress is left_out:
        left_out = next(iter(_HANDOVERS - {left_out}))
    return tuple(_step(delivery, words, status) for status in PATH if status is not left_out)


def _step(delivery: PublicDelivery, words: Words, status: DeliveryStatus) -> Step:
    rank, reached_rank = RANK[status], RANK[delivery.progress]
    over = rank < reached_rank or delivery.progress is DeliveryStatus.DELIVERED
    state = "done" if over else "now" if rank == reached_rank else "next"
    entry, estimate = reached(delivery, status), _estimate(delivery, status)
    time = None
    if entry is not None:
        time = when(words, entry.time)
    elif estimate is not None and state == "next":
        time = when(words, estimate.time)
    return Step(words(f"step.{status.value}"), state, words(f"step.{state}"), time, estimated=entry is None)


def _estimate(delivery: PublicDelivery, status: DeliveryStatus) -> PublicStep | None:
    flight = delivery.flight
    return {
        DeliveryStatus.DEPARTED: flight.liftoff,
        DeliveryStatus.LANDED: flight.splashdown,
        DeliveryStatus.RECOVERED: flight.recovered,
        **dict.fromkeys(_HANDOVERS, flight.pickup),
    }.get(status)


def updates_of(delivery: PublicDelivery, words: Words) -> tuple[Update, ...]:
    """Return the history, the newest first."""
    return tuple(
        Update(
            text=words(f"update.{entry.event}"),
            where=_where(entry, words),
            when=when(words, entry.time),
            note="" if entry.validity == "current" else words(f"update.{entry.validity}"),
        )
        for entry in reversed(delivery.history)
        if entry.event not in _NOT_TOLD
    )


def _where(entry: PublicHistory, words: Words) -> str:
    if entry.place is not None:
        return words.name(entry.place)
    if entry.altitude_m is not None:
        return words("update.altitude", altitude=words.length(max(entry.altitude_m, 0.0)))
    return words("place.flight")


def figures_of(delivery: PublicDelivery, words: Words, clock_ns: int | None) -> tuple[Figure, ...]:
    """Return the figures of the flight: to come, now, or as it was."""
    rank = RANK[delivery.progress]
    if RANK[DeliveryStatus.DEPARTED] <= rank < RANK[DeliveryStatus.LANDED]:
        return _figures_now(delivery, words, clock_ns)
    flight = delivery.flight
    figures = []
    if flight.origin is not None and flight.landing is not None:
        route_m = distance_m(_point(flight.origin), _point(flight.landing))
        figures.append(Figure(words("figure.distance"), words.length(route_m)))
    if flight.liftoff is not None and flight.splashdown is not None:
        label = "figure.airtime" if flight.splashdown.actual else "figure.takes"
        figures.append(Figure(words(label), words.about((flight.splashdown.t_ns - flight.liftoff.t_ns) / NS_PER_S)))
    apogee = short_name(FlightEvent.APOGEE.value)
    highest = [e.altitude_m for e in delivery.history if e.event == apogee and e.validity == "current"]
    if highest and highest[0] is not None:
        figures.append(Figure(words("figure.apogee"), words.length(highest[0])))
    return tuple(figures)


def _figures_now(delivery: PublicDelivery, words: Words, clock_ns: int | None) -> tuple[Figure, ...]:
    flight, position, liftoff = delivery.flight, delivery.flight.position, delivery.flight.liftoff
    figures = []
    if position is not None and position.altitude_m is not None:
        figures.append(Figure(words("figure.altitude"), words.length(max(position.altitude_m, 0.0))))
    if position is not None and position.speed_m_s is not None:
        speed = words.with_unit("kmh", position.speed_m_s * KM_H_PER_M_S)
        figures.append(Figure(words("figure.speed"), speed))
    if flight.to_go_m is not None:
        figures.append(Figure(words("figure.togo"), words.length(flight.to_go_m)))
    if liftoff is not None and liftoff.actual and clock_ns is not None:
        text = clock_text((clock_ns - liftoff.t_ns) / NS_PER_S)
        figures.append(Figure(words("figure.clock"), text, liftoff.t_ns // NS_PER_MS))
    return tuple(figures)


def _point(place: Place) -> tuple[float, float]:
    return place.latitude_deg, place.longitude_deg
