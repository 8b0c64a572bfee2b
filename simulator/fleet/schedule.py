"""The schedule of a fleet: which flight leaves when, from where to where, with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.fleet.ports import Ports
from telemetry.cuc import NS_PER_S
from telemetry.errors import FlightError

S_PER_H: Final = 3600
LEAST_LOAD_SHARE: Final = 0.4
WHOLE_KG: Final = 10


@dataclass(frozen=True, slots=True)
class Departure:
    """A line of the schedule.

    Parameters
    ----------
    flight
        Name of the flight.
    liftoff_ns
        Planned, Unix time.
    origin, landing
        Names of the zones.
    load_kg
        Mass of the load.
    seed
        Of what this flight leaves to chance.
    """

    flight: str
    liftoff_ns: int
    origin: str
    landing: str
    load_kg: float
    seed: int


def make_schedule(
    flights: int, rate_per_h: float, first_ns: int, seed: int, ports: Ports, full_kg: float, prefix: str = "YX1"
) -> tuple[Departure, ...]:
    """Return departures at even intervals, their routes and loads drawn from the seed.

    Parameters
    ----------
    flights
        How many.
    rate_per_h
        Liftoffs an hour, all launch zones together.
    first_ns
        Liftoff of the first, Unix time.
    seed
        Of routes and loads; a longer schedule begins with the shorter one's flights.
    ports
        Launch and landing zones.
    full_kg
        A full container; loads lie between `LEAST_LOAD_SHARE` of it and all of it.
    prefix
        Of the flights' names.

    Raises
    ------
    FlightError
        If there is nothing to schedule.
    """
    if flights < 1 or rate_per_h <= 0.0:
        raise FlightError(f"{flights} flights at {rate_per_h:g} an hour: give at least one flight and a rate above 0")
    interval_ns = S_PER_H * NS_PER_S / rate_per_h
    launch, landing = tuple(ports.launch), tuple(ports.landing)
    departures: list[Departure] = []
    for number in range(flights):
        chance = np.random.default_rng([seed, number])
        share = LEAST_LOAD_SHARE + (1.0 - LEAST_LOAD_SHARE) * chance.random()
        departures.append(
            Departure(
                flight=f"{prefix}-{number + 1:04d}",
                liftoff_ns=first_ns + round(number * interval_ns),
                origin=launch[int(chance.integers(len(launch)))],
                landing=landing[int(chance.integers(len(landing)))],
                load_kg=float(round(share * full_kg / WHOLE_KG) * WHOLE_KG),
                seed=int(chance.integers(2**31)),
            )
        )
    return tuple(departures)
