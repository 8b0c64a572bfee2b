"""Everything that tracking knows of one flight, advanced by events, samples and bookings; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event
from telemetry.vocabulary import DeliveryStatus
from tracking.delivery import Delivery, assemble, facts_of
from tracking.load import Booking, Load
from tracking.milestones import KEPT_TYPES, Chronicle, Milestone, milestone_of
from tracking.motion import Now, Present, Sample, TrackPoint, extend_track
from tracking.plan import FlightPlan
from tracking.standing import standing_of

DEFAULT_VEHICLE: Final = "ship"
OUTCOMES_KEPT: Final = 8
POSITION_STEP_NS: Final = 10**9


class Outcome(BaseModel):
    """What became of a booking: accepted, or why not."""

    model_config = ConfigDict(frozen=True)

    booking: str
    refused: str | None = None


class FlightRecord(BaseModel):
    """A flight as it stands on `downrange.deliveries`, deliveries and present apart."""

    model_config = ConfigDict(frozen=True)

    run: str
    flight: str
    plan: FlightPlan | None = None
    milestones: tuple[Milestone, ...] = ()
    track: tuple[TrackPoint, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    booking_offset: int = -1


class Flight:
    """One flight of one run.

    Parameters
    ----------
    run, flight
        Which.
    """

    def __init__(self, run: str, flight: str) -> None:
        self.run = run
        self.flight = flight
        self.plan: FlightPlan | None = None
        self.present = Present(Now(run=run, flight=flight))
        self._load = Load()
        self._chronicle = Chronicle()
        self._track: list[TrackPoint] = []
        self._outcomes: list[Outcome] = []
        self._booking_offset = -1

    @property
    def vehicle(self) -> str:
        """The vehicle that carries the container."""
        return DEFAULT_VEHICLE if self.plan is None else self.plan.vehicle

    def restore(self, record: FlightRecord | None, now: Now | None, deliveries: Iterable[Delivery]) -> None:
        """Take over what was saved."""
        if record is not None:
            self.plan = record.plan
            self._chronicle = Chronicle(record.milestones)
            self._track = list(record.track)
            self._outcomes = list(record.outcomes)
            self._booking_offset = record.booking_offset
        if now is not None:
            self.present = Present(now)
        self._load.restore(deliveries)

    def take_event(self, event: Event) -> bool:
        """Take an event of the flight or of one of its parcels; returns whether it was news."""
        if event.type.startswith("downrange.delivery."):
            return self._load.take_event(event)
        # what a station hears of the vehicle is mission control's business
        return event.type in KEPT_TYPES and self._chronicle.add(milestone_of(event))

    def wants_position(self, ert_ns: int) -> bool:
        """Whether a message heard at `ert_ns` is worth decoding for its position: about one a second of flight time."""
        known = self.present.position
        return known is None or ert_ns >= known.t_ns + POSITION_STEP_NS

    def take_sample(self, sample: Sample) -> bool:
        """Take what a message shows; returns whether the ground track grew."""
        self.present.take(sample)
        return sample.position is not None and extend_track(self._track, sample.position)

    def book(self, booking: Booking, offset: int) -> None:
        """Book a manifest, or refuse it; the same one again changes nothing.

        Parameters
        ----------
        booking
            The request.
        offset
            Its offset: a booking read a second time is known by it.
        """
        if offset <= self._booking_offset:
            return
        self._booking_offset = offset
        manifest = booking.manifest
        closed = self._closed_by()
        changed = self.plan != manifest.plan or self._load.differs(manifest, closed=closed is not None)
        refused = closed if changed else None
        if changed and refused is None:
            self.plan = manifest.plan
            self._load.take_manifest(booking)
        self._outcomes = [*self._outcomes[1 - OUTCOMES_KEPT :], Outcome(booking=booking.booking, refused=refused)]

    def record(self) -> FlightRecord:
        """Return the flight's own record."""
        return FlightRecord(
            run=self.run,
            flight=self.flight,
            plan=self.plan,
            milestones=tuple(self._chronicle),
            track=tuple(self._track),
            outcomes=tuple(self._outcomes),
            booking_offset=self._booking_offset,
        )

    def deliveries(self) -> list[Delivery]:
        """Return the state of every delivery of the flight."""
        plan = self.plan
        if plan is None:
            return []
        facts = facts_of(plan, self._chronicle, self.present.clock_ns or None, self.present.condition)
        return [assemble(facts, held.parcel, held.code, held.own) for held in self._load]

    def _closed_by(self) -> str | None:
        """Return why the manifest can no longer be changed, or None: a first manifest may always come."""
        if self.plan is None:
            return None
        current = [m for m in self._chronicle.current() if m.subject == self.vehicle]
        progress = standing_of(current, self.plan.handover).progress
        if progress is DeliveryStatus.BOOKED:
            return None
        return f"flight {self.flight} is {progress.value} already: its manifest can no longer be changed"
