"""Flight-seconds per CPU-second of a fleet, guidance and truth included and nothing published, beside RocketPy's.

A flight-second is one second of one flight, from the first telemetry to the last, however many vehicles fly in it.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np
import rocketpy

from simulator.fleet.fly import fly_schedule
from simulator.fleet.ports import load_ports
from simulator.fleet.schedule import make_schedule
from simulator.flight import Flight, simulate_flights
from simulator.happenings import flight_happenings
from simulator.plans import Coordinates
from simulator.preset import Express, load_preset
from telemetry.errors import FlightError

PER_H = 20.0
FIRST_NS = 1_790_000_000 * 10**9


def drawn(preset: Express, flights: int) -> list[Express]:
    """Return missions between places anywhere on Earth: no two fly the same route."""
    chance = np.random.default_rng(4)
    found: list[Express] = []
    for _ in range(flights):
        ends = [
            Coordinates(
                latitude_deg=math.degrees(math.asin(chance.uniform(-1.0, 1.0))),
                longitude_deg=float(chance.uniform(-180.0, 180.0)),
            )
            for _ in range(2)
        ]
        found.append(preset.model_copy(update={"pad": ends[0], "target": ends[1]}))
    return found


def report(what: str, flown: list[Flight | FlightError], begin_s: float) -> float:
    """Print and return the rate; the truth of every flight is part of it."""
    flights = [flight for flight in flown if isinstance(flight, Flight)]
    physics_s = time.process_time() - begin_s
    events = sum(len(flight_happenings(flight)) for flight in flights)
    spent_s = time.process_time() - begin_s
    flight_s = sum(flight.end_s - flight.preset.countdown.start_s for flight in flights)
    rate = flight_s / spent_s
    print(
        f"{what}: {len(flights)} of {len(flown)} fly, {flight_s:,.0f} flight-s in {spent_s:.2f} CPU-s "
        f"({physics_s:.2f} physics and guidance, the rest {events} events) = {rate:,.0f} flight-s per CPU-s"
    )
    return rate


def rocketpy_rate() -> float:
    """Return the rate of RocketPy with six degrees of freedom on a sounding rocket, up and down."""
    site = rocketpy.Environment(latitude=32.99, longitude=-106.97, elevation=1400.0)
    site.set_atmospheric_model(type="standard_atmosphere")
    motor = rocketpy.GenericMotor(
        thrust_source=6_000.0,
        burn_time=3.9,
        chamber_radius=0.033,
        chamber_height=0.5,
        chamber_position=0.3,
        propellant_initial_mass=3.0,
        nozzle_radius=0.033,
        dry_mass=1.8,
        center_of_dry_mass_position=0.3,
        dry_inertia=(0.125, 0.125, 0.002),
        nozzle_position=0.0,
    )
    rocket = rocketpy.Rocket(
        radius=0.0635,
        mass=14.4,
        inertia=(6.3, 6.3, 0.034),
        power_off_drag=0.4,
        power_on_drag=0.4,
        center_of_mass_without_motor=0.0,
        coordinate_system_orientation="tail_to_nose",
    )
    rocket.add_motor(motor, position=-1.255)
    rocket.add_nose(length=0.558, kind="von karman", position=1.278)
    rocket.add_trapezoidal_fins(n=4, root_chord=0.12, tip_chord=0.06, span=0.11, position=-1.05)
    begin = time.process_time()
    flown = rocketpy.Flight(rocket, site, rail_length=5.2, inclination=85.0, heading=0.0)
    return float(flown.t_final / (time.process_time() - begin))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flights", type=int, default=1000)
    options = parser.parse_args()
    preset = load_preset("express")
    if not isinstance(preset, Express):
        raise TypeError("express is no express flight")
    ports = load_ports()
    theirs = rocketpy_rate()
    print(f"RocketPy, six degrees of freedom, a sounding rocket: {theirs:,.0f} flight-s per CPU-s")
    schedule = make_schedule(options.flights, PER_H, FIRST_NS, 7, ports, preset.handling.mass_kg)
    begin = time.process_time()
    ours = report("schedule", [flown.flight for flown in fly_schedule(schedule, preset, ports)], begin)
    begin = time.process_time()
    anywhere = report("anywhere", simulate_flights(drawn(preset, options.flights)), begin)
    print(f"times RocketPy: schedule {ours / theirs:,.0f}, anywhere {anywhere / theirs:,.0f}")


if __name__ == "__main__":
    main()
