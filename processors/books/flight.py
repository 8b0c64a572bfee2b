"""The books of one flight: of every vehicle, and of what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from processors.books.bringers import Brought
from processors.books.refusals import Refusals
from processors.books.vehicle import VehicleBooks
from processors.books.waiting import Waiting
from telemetry.message import Message
from telemetry.quality import GapRecord, LedgerRow

HoldsOf = Callable[[str], Iterable[Waiting]]


class FlightBooks:
    """Everything that is counted of a flight.

    Parameters
    ----------
    run, flight
        Which.
    """

    def __init__(self, run: str, flight: str) -> None:
        self.run = run
        self.flight = flight
        self.refusals = Refusals()
        self._vehicles: dict[str, VehicleBooks] = {}

    def of(self, vehicle: str) -> VehicleBooks:
        """Return a vehicle's books, opened if they are not."""
        if vehicle not in self._vehicles:
            self._vehicles[vehicle] = VehicleBooks()
        return self._vehicles[vehicle]

    def is_done(self, message: Message) -> bool:
        """Return whether a message is a retry that was taken before; else, if it is one, take back its refusal."""
        if not message.retry_of:
            return False
        vehicle, packet, reason = message.address.vehicle, message.retry_packet, message.retry_reason
        return not self.refusals.retry(vehicle, packet, reason, message.retry_of)

    def gap_changes(self, as_of_ns: int, holds_of: HoldsOf) -> Iterator[GapRecord]:
        """Yield what has changed about gaps since the last call; see `processors.books.gaps`."""
        for vehicle, books in self._vehicles.items():
            yield from books.gap_changes((self.run, self.flight, vehicle), as_of_ns, holds_of(vehicle))

    def brought(self, vehicle: str) -> dict[str, Brought]:
        """Return what each station brought of a vehicle."""
        return self._vehicles[vehicle].brought() if vehicle in self._vehicles else {}

    def rows(self, as_of_ns: int, holds_of: HoldsOf | None = None) -> list[LedgerRow]:
        """Return one row a vehicle and packet type; without holds nobody asks what detectors saw."""
        rows: list[LedgerRow] = []
        refused_only = [vehicle for vehicle in self.refusals.vehicles if vehicle not in self._vehicles]
        for vehicle in (*self._vehicles, *refused_only):
            books = self._vehicles[vehicle] if vehicle in self._vehicles else VehicleBooks()
            holds = None if holds_of is None else holds_of(vehicle)
            whose = (self.run, self.flight, vehicle)
            rows += books.rows(whose, as_of_ns, self.refusals.of(vehicle), holds)
        return rows

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [self.refusals.snapshot(), {name: books.snapshot() for name, books in self._vehicles.items()}]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot; airframes are admitted before."""
        refusals, vehicles = state
        self.refusals.restore(refusals)
        for vehicle, books in vehicles.items():
            self.of(vehicle).restore(books)
