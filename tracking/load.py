"""The parcels of a flight: booked, changed while that is possible, and cancelled; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event
from telemetry.vocabulary import DeliveryStatus
from tracking.delivery import Delivery, booked, delivery_event
from tracking.manifest import Manifest, Parcel
from tracking.milestones import Chronicle, milestone_of
from tracking.plan import FlightPlan

CANCELLED: Final = DeliveryStatus.CANCELLED


class Booking(BaseModel):
    """A manifest on its way to the flight's record, with codes for its parcels.

    Parameters
    ----------
    booking
        Random number of this request, by which the requester finds its outcome.
    booked_ns
        Wall clock of the request.
    manifest
        What is to be booked.
    codes
        A fresh tracking code for each parcel; a parcel that has one keeps it.
    """

    model_config = ConfigDict(frozen=True)

    booking: str
    booked_ns: int
    manifest: Manifest
    codes: dict[str, str]


@dataclass(slots=True)
class Held:
    """A parcel of the flight, its code, and what happened to it alone."""

    parcel: Parcel
    code: str
    own: Chronicle

    @property
    def is_cancelled(self) -> bool:
        """Whether it was taken off the manifest, or cancelled otherwise."""
        return any(milestone.type == CANCELLED.event_type for milestone in self.own.current())


class Load:
    """What a flight carries."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def restore(self, deliveries: Iterable[Delivery]) -> None:
        """Take over what was saved."""
        for delivery in deliveries:
            self._held[delivery.parcel.parcel] = Held(delivery.parcel, delivery.code, Chronicle(delivery.own))

    def __iter__(self) -> Iterator[Held]:
        return iter(self._held.values())

    def take_event(self, event: Event) -> bool:
        """Take an event of one parcel; returns whether it was news."""
        held = self._held.get(event.vehicle)
        return held is not None and held.own.add(milestone_of(event))

    def differs(self, manifest: Manifest, *, closed: bool) -> bool:
        """Return whether a manifest lists other parcels than these.

        Parameters
        ----------
        manifest
            The manifest.
        closed
            Whether the container is closed for changes: then a parcel that was cancelled since is still one of it.
        """
        mine = {held.parcel.parcel: held.parcel for held in self if closed or not held.is_cancelled}
        return mine != {parcel.parcel: parcel for parcel in manifest.parcels}

    def take_manifest(self, booking: Booking) -> None:
        """Make the load what the manifest lists; who has a code keeps it."""
        plan = booking.manifest.plan
        wanted = {parcel.parcel: parcel for parcel in booking.manifest.parcels}
        for name, held in self._held.items():
            if (name not in wanted) != held.is_cancelled:
                _turn_cancellation(plan, held, booking.booked_ns)
        for name, parcel in wanted.items():
            if name in self._held:
                self._held[name].parcel = parcel
            else:
                own = Chronicle([booked(plan, name, booking.booked_ns)])
                self._held[name] = Held(parcel, booking.codes[name], own)


def _turn_cancellation(plan: FlightPlan, held: Held, t_ns: int) -> None:
    """Cancel a parcel, or take its cancellation back: an explicit correction, which history keeps."""
    revision = sum(milestone.type == CANCELLED.event_type for milestone in held.own)
    event = delivery_event(plan, held.parcel.parcel, CANCELLED, t_ns, "booking", revision=revision)
    held.own.add(milestone_of(event.model_copy(update={"status": "retracted"}) if held.is_cancelled else event))
