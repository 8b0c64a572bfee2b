"""Random faults of simulated flights: every kind there is, the same every time for the same number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

import numpy as np

from simulator.faults.cargo import CargoFault
from simulator.faults.clock import ClockFault
from simulator.faults.flight import FlightFault
from simulator.faults.kinds import KINDS, AnyFault
from simulator.faults.link import LinkFault
from simulator.faults.sensor import SensorFault

Chance = np.random.Generator

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(model.model_fields["kind"].default for model in get_args(union))
    for name, union in {
        "link": LinkFault,
        "sensor": SensorFault,
        "clock": ClockFault,
        "flight": FlightFault,
        "cargo": CargoFault,
    }.items()
} | {"mixed": tuple(KINDS), "none": ()}
SHARES: Final = {"link": 0.2, "sensor": 0.25, "clock": 0.1, "flight": 0.2, "cargo": 0.05, "mixed": 0.15, "none": 0.05}
MOST: Final = 3
BEFORE_LIFTOFF: Final = frozenset({"pad_hold", "scrub"})
# channels that events are told from, and a spike of each that could be taken for one
CHANNELS: Final = {
    "altitude_m": 20_000.0,
    "vertical_speed_m_s": 1_500.0,
    "speed_m_s": 1_500.0,
    "axial_acceleration_m_s2": 200.0,
    "dynamic_pressure_pa": 50_000.0,
    "static_pressure_pa": 50_000.0,
    "chamber_pressure_pa": 1e7,
    "engines_running_count": 3.0,
}


def family_of(chance: Chance) -> str:
    """Draw what sort of trouble a flight has."""
    return str(chance.choice(list(SHARES), p=list(SHARES.values())))


def drawn(family: str, vehicles: list[str], stations: list[str], last_s: float, chance: Chance) -> list[AnyFault]:
    """Draw up to three faults of a family, anywhere between ten seconds before liftoff and the last event."""
    kinds = FAMILIES[family]
    count = int(chance.integers(1, MOST + 1)) if kinds else 0
    return [_fault(str(chance.choice(kinds)), vehicles, stations, last_s, chance) for _ in range(count)]


def _fault(kind: str, vehicles: list[str], stations: list[str], last_s: float, chance: Chance) -> AnyFault:
    model = KINDS[kind]
    said: dict[str, Any] = {"kind": kind}
    for name, value in _values(vehicles, stations, chance).items():
        if name in model.model_fields:
            said[name] = value()
    if kind == "sensor_spike":
        said["by"] = CHANNELS[said["channel"]] * float(chance.choice([-1.0, 1.0]))
    if kind == "clock_jump":
        # forward by more than a second is refused, and nobody's to find; back is not, however far
        said["by_s"] *= float(chance.choice([-1.0, -1.0, 1.0]))
    if "rate_per_s" in said:
        said["rate_per_s"] *= CHANNELS[said["channel"]] / 1_000.0
    if model.time != "none":
        window = (-20.0, -3.0) if kind in BEFORE_LIFTOFF else (-10.0, last_s)
        said["at_s"] = round(float(chance.uniform(*window)), 3)
    return model(**said)


def _values(vehicles: list[str], stations: list[str], chance: Chance) -> dict[str, Callable[[], Any]]:
    def uniform(low: float, high: float) -> Callable[[], float]:
        return lambda: round(float(chance.uniform(low, high)), 4)

    def lasting(low: float, high: float) -> Callable[[], float]:
        return lambda: round(float(np.exp(chance.uniform(np.log(low), np.log(high)))), 4)

    def one_of(values: list[Any]) -> Callable[[], Any]:
        return lambda: values[int(chance.integers(len(values)))]

    return {
        "vehicle": one_of(vehicles),
        "station": one_of([None, *stations]),
        "channel": one_of(list(CHANNELS)),
        "for_s": lasting(2.0, 60.0),
        "rate_per_s": uniform(-5.0, 5.0),
        "by_s": uniform(0.1, 3.0),
        "ppm": uniform(-500.0, 500.0),
        "share": lasting(0.005, 0.3),
        "burst": lambda: int(chance.integers(1, 50)),
        "burn": one_of(["insertion", "entry", "landing"]),
        "speed_m_s": uniform(5.0, 25.0),
    }
