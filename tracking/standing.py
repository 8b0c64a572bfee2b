"""The state machine of a delivery: what its milestones, taken together, say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.milestones import Milestone

Handover = Literal["delivery", "pickup"]

PATH: Final = (
    DeliveryStatus.BOOKED,
    DeliveryStatus.LOADED,
    DeliveryStatus.DEPARTED,
    DeliveryStatus.IN_FLIGHT,
    DeliveryStatus.LANDED,
    DeliveryStatus.RECOVERED,
    DeliveryStatus.OUT_FOR_DELIVERY,
    DeliveryStatus.AVAILABLE_FOR_PICKUP,
    DeliveryStatus.DELIVERED,
)
RANK: Final = {status: rank for rank, status in enumerate(PATH)}
FINAL: Final = (DeliveryStatus.CANCELLED, DeliveryStatus.RETURNED)

_TOLD_BY: Final[dict[str, DeliveryStatus]] = {
    CargoEvent.LOADED.value: DeliveryStatus.LOADED,
    FlightEvent.LIFTOFF.value: DeliveryStatus.DEPARTED,
    FlightEvent.STAGE_SEPARATION.value: DeliveryStatus.IN_FLIGHT,
    FlightEvent.SES.value: DeliveryStatus.IN_FLIGHT,
    FlightEvent.SPLASHDOWN.value: DeliveryStatus.LANDED,
    FlightEvent.TOUCHDOWN.value: DeliveryStatus.LANDED,
    FlightEvent.RECOVERED.value: DeliveryStatus.RECOVERED,
    FlightEvent.HOLD.value: DeliveryStatus.DELAYED,
    FlightEvent.SCRUB.value: DeliveryStatus.DELAYED,
    FlightEvent.ABORT.value: DeliveryStatus.EXCEPTION,
    FlightEvent.LOSS_OF_VEHICLE.value: DeliveryStatus.EXCEPTION,
    **{status.event_type: status for status in DeliveryStatus},
}
_UNLOADED_MEANS: Final[dict[Handover, DeliveryStatus]] = {
    "delivery": DeliveryStatus.OUT_FOR_DELIVERY,
    "pickup": DeliveryStatus.AVAILABLE_FOR_PICKUP,
}
_AIRBORNE: Final = RANK[DeliveryStatus.DEPARTED]
_FLYING: Final = frozenset(
    kind
    for kind, status in _TOLD_BY.items()
    if kind.startswith("downrange.flight.") and RANK.get(status, -1) >= _AIRBORNE
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a delivery is.

    Parameters
    ----------
    status
        What the customer is told.
    progress
        The furthest point of the path that was reached; it moves back only when a milestone is taken back.
    since_ns
        Since when the status holds, on the flight's own clock.
    """

    status: DeliveryStatus
    progress: DeliveryStatus
    since_ns: int


def told_by(milestone: Milestone, handover: Handover) -> DeliveryStatus | None:
    """Return the status that a milestone stands for, or None if it is only worth a note."""
    if milestone.type == CargoEvent.UNLOADED.value:
        return _UNLOADED_MEANS[handover]
    return _TOLD_BY.get(milestone.type)


def counting(milestones: Sequence[Milestone]) -> tuple[Milestone, ...]:
    """Return the milestones less unloadings that no flight came before: taken off the pad is not arrived."""
    flown_ns = min((m.t_ns for m in milestones if m.type in _FLYING), default=None)
    return tuple(
        m for m in milestones if m.type != CargoEvent.UNLOADED.value or (flown_ns is not None and flown_ns <= m.t_ns)
    )


def standing_of(milestones: Sequence[Milestone], handover: Handover) -> Standing:
    """Judge a delivery by everything that counts, in whatever order it came.

    Along the path the furthest milestone counts, so a status never goes backwards while milestones are only added.
    What leaves the path holds until something undoes it: a hold or scrub until liftoff, an abort or a failed attempt
    until a later step of the path; a lost vehicle, a cancellation and a return are undone by a correction only.

    Parameters
    ----------
    milestones
        What counts now (`Chronicle.current`) of the flight and of the parcel, its booking among them.
    handover
        What unloading means.
    """
    counted = counting(milestones)
    told = [(status, milestone) for milestone in counted if (status := told_by(milestone, handover)) is not None]
    steps = [(RANK[status], milestone) for status, milestone in told if status in RANK]
    rank = max((rank for rank, _ in steps), default=0)
    progress = PATH[rank]
    asides = [(s, m) for s, m in told if s not in RANK and _holds(s, m, steps, rank)]
    if not asides:
        since_ns = min((m.t_ns for r, m in steps if r == rank), default=0)
        return Standing(progress, progress, since_ns)
    status, milestone = max(asides, key=lambda aside: (_weight(*aside), aside[1].t_ns))
    return Standing(status, progress, milestone.t_ns)


def _holds(status: DeliveryStatus, aside: Milestone, steps: list[tuple[int, Milestone]], rank: int) -> bool:
    if status in FINAL or aside.type == FlightEvent.LOSS_OF_VEHICLE.value:
        return True
    if aside.type in {FlightEvent.HOLD.value, FlightEvent.SCRUB.value}:
        return rank < _AIRBORNE
    return all(step.t_ns <= aside.t_ns for _, step in steps)


def _weight(status: DeliveryStatus, milestone: Milestone) -> int:
    if status in FINAL:
        return 2 + FINAL[::-1].index(status)
    return 1 if milestone.type == FlightEvent.LOSS_OF_VEHICLE.value else 0
