"""All flights that one member of the consumer group looks after; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from telemetry.events import Event
from telemetry.message import Message
from telemetry.topics import LIVE_RUN, flight_key
from tracking.flight import Flight
from tracking.load import Booking
from tracking.motion import NS_PER_S
from tracking.records import StateRecord, state_record
from tracking.register import Register
from tracking.sampling import Sampler

WRITE_STEP_NS: Final = NS_PER_S


@dataclass(slots=True)
class _Tracked:
    """A flight, and what of it is not written yet.

    `unsaved_from` is the offset of the first telemetry message that no written record reflects.
    """

    flight: Flight
    deliveries_changed: bool = False
    flight_changed: bool = False
    unsaved_from: int | None = None
    written_ns: int = 0


class Tracker:
    """Advances flights by their inputs and says what is to be written.

    Live flights are followed from their first event or message on, those of another run only once they are booked under
    it: a replay leaves nothing behind.

    Parameters
    ----------
    sampler
        Reads telemetry.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._tracked: dict[str, _Tracked] = {}

    def restore(self, written: Register) -> None:
        """Take over flights from what was written of them."""
        for key in written:
            run, _, name = key.partition("/")
            flight = Flight(run, name)
            record, now = written.flight(name, run) or (None, None)
            flight.restore(record, now, written.deliveries(name, run))
            self._tracked[key] = _Tracked(flight)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._tracked))

    def forget(self, keys: Iterable[str]) -> None:
        """Drop flights that are another's now."""
        for key in keys:
            self._tracked.pop(key, None)

    def take_event(self, event: Event) -> None:
        """Take an event."""
        tracked = self._follow(event.run, event.flight)
        if tracked is not None and tracked.flight.take_event(event):
            tracked.flight_changed = tracked.deliveries_changed = True

    def take_message(self, message: Message, offset: int) -> None:
        """Take a telemetry or link message; only the vehicle with the container matters."""
        tracked = self._follow(message.address.run, message.address.flight)
        if tracked is None or message.address.vehicle != tracked.flight.vehicle:
            return
        flight = tracked.flight
        sample = self._sampler.sample(message, with_position=flight.wants_position(message.ert_ns))
        if sample is None:
            return
        if flight.take_sample(sample):
            tracked.flight_changed = True
        if tracked.unsaved_from is None:
            tracked.unsaved_from = offset

    def take_booking(self, booking: Booking, offset: int) -> None:
        """Take a manifest that stands at `offset` of `downrange.deliveries`."""
        plan = booking.manifest.plan
        key = flight_key(plan.run, plan.flight)
        tracked = self._tracked.setdefault(key, _Tracked(Flight(plan.run, plan.flight)))
        tracked.flight.book(booking, offset)
        tracked.flight_changed = tracked.deliveries_changed = True

    def due(self, *, everything: bool) -> list[StateRecord]:
        """Return what is to be written, deliveries before the flight that they belong to.

        Parameters
        ----------
        everything
            Whether to write the present of flights too that moved on by less than a second since it was written.
        """
        records: list[StateRecord] = []
        for tracked in self._tracked.values():
            flight = tracked.flight
            if tracked.deliveries_changed:
                records.extend(state_record(delivery) for delivery in flight.deliveries())
            if tracked.flight_changed:
                records.append(state_record(flight.record()))
            clock_ns = flight.present.clock_ns
            moved = everything or tracked.flight_changed or clock_ns - tracked.written_ns >= WRITE_STEP_NS
            if tracked.unsaved_from is not None and moved:
                records.append(state_record(flight.present.now()))
                tracked.unsaved_from = None
                tracked.written_ns = clock_ns
            tracked.deliveries_changed = tracked.flight_changed = False
        return records

    def unsaved_from(self, keys: Iterable[str]) -> int | None:
        """Return the smallest telemetry offset that no written record of these flights reflects, or None."""
        offsets = [tracked.unsaved_from for key in keys if (tracked := self._tracked.get(key)) is not None]
        return min((offset for offset in offsets if offset is not None), default=None)

    def _follow(self, run: str, flight: str) -> _Tracked | None:
        key = flight_key(run, flight)
        tracked = self._tracked.get(key)
        if tracked is None and run == LIVE_RUN:
            tracked = self._tracked[key] = _Tracked(Flight(run, flight))
        return tracked
