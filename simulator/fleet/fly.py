"""Flies a schedule: all flights of it at once, in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulator.faults import AnyFault, draw
from simulator.faults.ground import held_s
from simulator.fleet.missions import mission_of
from simulator.fleet.ports import Ports
from simulator.fleet.schedule import Departure
from simulator.flight import Flight, simulate_flights
from simulator.packets import Transmitter
from simulator.preset import Express
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary
from telemetry.errors import FlightError

TOGETHER: Final = 1000


@dataclass(frozen=True, slots=True)
class Flown:
    """A line of the schedule and its flight, or why the vehicle cannot do it."""

    departure: Departure
    flight: Flight | FlightError

    def transmitter(self, dictionary: Dictionary) -> Transmitter:
        """Return what its vehicles send.

        Raises
        ------
        FlightError
            If it cannot be flown.
        """
        if isinstance(self.flight, FlightError):
            raise self.flight
        liftoff_ns = self.departure.liftoff_ns + held_s(self.flight.faults) * NS_PER_S
        return Transmitter(self.flight, dictionary, self.departure.seed, liftoff_ns)


def fly_schedule(
    schedule: tuple[Departure, ...], preset: Express, ports: Ports, faults: tuple[AnyFault, ...] = ()
) -> Iterator[Flown]:
    """Yield the flights of a schedule in its order, flown `TOGETHER` at a time: memory does not grow with the fleet.

    Parameters
    ----------
    schedule
        The departures.
    preset
        The vehicle, and how it flies.
    ports
        The zones that the schedule names.
    faults
        What may go wrong with every flight besides the preset's own; drawn for each from its own seed.
    """
    for first in range(0, len(schedule), TOGETHER):
        departures = schedule[first : first + TOGETHER]
        drawn = [draw((*preset.faults, *faults), each.seed) for each in departures]
        flights = simulate_flights([mission_of(each, preset, ports) for each in departures], drawn)
        for departure, flight in zip(departures, flights, strict=True):
            yield Flown(departure, flight)
