"""The vehicles of one flight, each by the dictionaries that its messages name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from processors.airframe import Airframe
from processors.books.flight import FlightBooks
from processors.hold import Hold
from processors.snapshot_check import named_in_snapshot
from processors.teller import Completed, Teller
from processors.vehicle import VehicleTrack
from telemetry.dictionary import Dictionary, Registry
from telemetry.events import Event


class Tracks:
    """What an engine keeps of each vehicle and dictionary.

    Parameters
    ----------
    registry
        The dictionaries.
    hold_ns
        Of the reorder hold.
    books
        Of the flight.
    """

    def __init__(self, registry: Registry, hold_ns: int, books: FlightBooks) -> None:
        self._registry = registry
        self._hold_ns = hold_ns
        self._books = books
        self._tracks: dict[tuple[str, str], VehicleTrack] = {}

    def __iter__(self) -> Iterator[VehicleTrack]:
        return iter(self._tracks.values())

    def of(self, vehicle: str, dictionary: Dictionary) -> VehicleTrack:
        """Return a vehicle's track, begun if it is not."""
        track = self._tracks.get((vehicle, dictionary.reference))
        if track is None:
            track = VehicleTrack(Airframe(vehicle, dictionary), self._hold_ns, self._books.of(vehicle))
            self._tracks[vehicle, dictionary.reference] = track
        return track

    def holds(self, vehicle: str) -> list[Hold]:
        """Return the holds that a vehicle's packets go through."""
        return [track.hold for (name, _), track in self._tracks.items() if name == vehicle]

    def airframes(self) -> dict[str, list[Airframe]]:
        """Return the airframes of each vehicle."""
        found: dict[str, list[Airframe]] = {}
        for (vehicle, _), track in self._tracks.items():
            found.setdefault(vehicle, []).append(track.airframe)
        return found

    def run_again(self, track: VehicleTrack, teller: Teller, by: Completed) -> list[Event]:
        """Let a track see again what came late; returns what that changes."""
        events, vehicle = track.run_again(teller, by), track.airframe.vehicle
        kept = [one.way_back.kept_events for (name, _), one in self._tracks.items() if name == vehicle]
        teller.forget(vehicle, set[tuple[str, int]]().union(*kept))
        return events

    @property
    def are_waiting(self) -> bool:
        """Whether any of them is to see again what came late."""
        return any(track.way_back.is_pending for track in self)

    def settle(self, teller: Teller, by: Completed) -> list[Event]:
        """Let those see it that are to; returns what that changes."""
        waiting = [track for track in self if track.way_back.is_pending]
        return [event for track in waiting for event in self.run_again(track, teller, by)]

    def snapshot(self) -> list[Any]:
        """Return the state as plain values and octets."""
        return [[vehicle, name, track.snapshot()] for (vehicle, name), track in self._tracks.items()]

    def restore(self, state: list[Any], whose: str) -> None:
        """Take over another one's state.

        Raises
        ------
        PacketError
            If it names a dictionary that is not known here.
        """
        for vehicle, name, track in state:
            self.of(vehicle, named_in_snapshot(self._registry, name, whose)).restore(track)
