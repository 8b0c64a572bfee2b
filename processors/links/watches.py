"""The link watches of a flight's vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from processors.books.flight import FlightBooks
from processors.detector import Found
from processors.links.watch import LinkWatch
from telemetry.quality import LinkState

MOST_VEHICLES: Final = 64
MOST_STATIONS: Final = 256


class Watches:
    """Which stations hear which vehicles of a flight.

    Parameters
    ----------
    books
        Of the flight: what each station brought.
    """

    def __init__(self, books: FlightBooks) -> None:
        self._books = books
        self._watches: dict[str, LinkWatch] = {}

    def of(self, vehicle: str) -> LinkWatch:
        """Return a vehicle's watch, begun if it is not."""
        if vehicle not in self._watches:
            self._watches[vehicle] = LinkWatch()
        return self._watches[vehicle]

    def has_room(self, vehicle: str, station: str) -> bool:
        """Return whether a vehicle and station are known, or may still be: each costs memory for the whole flight."""
        watch = self._watches.get(vehicle)
        if watch is None:
            return len(self._watches) < MOST_VEHICLES
        return station in watch.links or len(watch.links) < MOST_STATIONS

    def on_clock(self, clock_ns: int) -> Iterator[tuple[str, tuple[Found, ...]]]:
        """Take note of the flight's latest receive time, and yield the losses that silence proves, by vehicle."""
        for vehicle, watch in self._watches.items():
            yield vehicle, watch.on_clock(clock_ns)

    def on_second(self, clock_ns: int) -> None:
        """Take note of a new second of flight."""
        for vehicle, watch in self._watches.items():
            watch.on_second(clock_ns, self._books.brought(vehicle))

    def states(self, run: str, flight: str, as_of_ns: int) -> list[LinkState]:
        """Return the state of every station's link to every vehicle."""
        return [
            state
            for vehicle, watch in self._watches.items()
            for state in watch.states((run, flight, vehicle), as_of_ns, self._books.brought(vehicle))
        ]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {vehicle: watch.snapshot() for vehicle, watch in self._watches.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of another one's snapshot."""
        for vehicle, links in state.items():
            self.of(vehicle).restore(links)
