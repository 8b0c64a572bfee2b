"""The read model: every flight and delivery as last written, by flight and by tracking code; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.topics import LIVE_RUN, flight_key
from tracking.delivery import Delivery
from tracking.flight import FlightRecord
from tracking.load import Booking
from tracking.motion import Now


@dataclass(frozen=True, slots=True)
class Tracked:
    """A delivery with what is known of its flight."""

    delivery: Delivery
    flight: FlightRecord
    now: Now | None


class Register:
    """What all track instances know, whoever wrote it."""

    def __init__(self) -> None:
        self._flights: dict[str, FlightRecord] = {}
        self._nows: dict[str, Now] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._codes: dict[str, set[str]] = {}

    def put(self, record: Booking | FlightRecord | Now | Delivery) -> str | None:
        """Take a record; returns the key of the flight that changed, or None."""
        if isinstance(record, Booking):
            return None
        key = flight_key(record.run, record.flight)
        if isinstance(record, FlightRecord):
            self._flights[key] = record
        elif isinstance(record, Now):
            self._nows[key] = record
        else:
            self._deliveries[record.code] = record
            self._codes.setdefault(key, set()).add(record.code)
        return key

    def __iter__(self) -> Iterator[str]:
        return iter({*self._flights, *self._nows, *self._codes})

    def flight(self, flight: str, run: str = LIVE_RUN) -> tuple[FlightRecord, Now | None] | None:
        """Return what is known of a flight, or None."""
        key = flight_key(run, flight)
        record, now = self._flights.get(key), self._nows.get(key)
        if record is None:
            # a flight whose first second has brought telemetry and no event yet
            return None if now is None else (FlightRecord(run=run, flight=flight), now)
        return record, now

    def track(self, code: str) -> Tracked | None:
        """Return what is known of the delivery with a code, or None."""
        delivery = self._deliveries.get(code)
        if delivery is None:
            return None
        key = flight_key(delivery.run, delivery.flight)
        flight = self._flights.get(key)
        return None if flight is None else Tracked(delivery, flight, self._nows.get(key))

    def deliveries(self, flight: str, run: str = LIVE_RUN) -> Iterator[Delivery]:
        """Yield the deliveries of a flight."""
        for code in self._codes.get(flight_key(run, flight), ()):
            yield self._deliveries[code]

    def forget(self, key: str, code: str) -> None:
        """Drop a delivery whose record was deleted."""
        self._codes.get(key, set()).discard(code)
        self._deliveries.pop(code, None)
