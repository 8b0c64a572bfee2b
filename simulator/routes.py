"""Which way n express flights go, the short one or the long one round the Earth, and which of them cannot be flown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.among import among, entered
from simulator.arcs import required_velocity_m_s
from simulator.climb import Missions, Programme
from simulator.departure import above_pad_m, exhaust_m_s, first_aim
from simulator.earth import FloatArray
from simulator.elementary import log
from simulator.guidance import Solution, solve
from simulator.integrate import IntArray
from simulator.preset import Express
from telemetry.errors import FlightError

WITHIN_S: Final = 3_600.0
ARRIVES_M: Final = 2_000.0
ASCENT_AND_DESCENT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Routes:
    """What was found for n flights.

    Parameters
    ----------
    missions, programme
        From where to where, and how.
    missing_m_s
        Shape (n,): by how much speed the ship falls short with full tanks; 0 where it does not.
    miss_m, splash_s
        Shape (n,): how far from the target it comes down, and when.
    """

    missions: Missions
    programme: Programme
    missing_m_s: FloatArray
    miss_m: FloatArray
    splash_s: FloatArray

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Whether the vehicle gets there, shape (n,)."""
        return np.asarray((self.missing_m_s == 0.0) & (self.miss_m < ARRIVES_M) & (self.splash_s < WITHIN_S))

    def refusal(self, flight: int) -> FlightError:
        """Return why one flight is not possible."""
        if self.miss_m[flight] >= ARRIVES_M:
            miss_km = self.miss_m[flight] / 1e3
            return FlightError(f"target: no flight was found that leads there, the best one misses by {miss_km:.0f} km")
        if self.missing_m_s[flight] > 0.0:
            return FlightError(
                f"target: needs {self.missing_m_s[flight]:.0f} m/s more than the ship has; a lighter load goes farther"
            )
        return FlightError(f"target: takes {self.splash_s[flight]:.0f} s, more than the hour")

    def among(self, which: IntArray) -> Routes:
        """Return some of them."""
        return among(self, which)


def find_routes(preset: Express, missions: Missions) -> Routes:
    """Find the flights; the long way round is tried where the short one takes more than the vehicle has."""
    count = missions.cargo_kg.size
    routes = _routes(preset, missions, solve(preset, missions, np.zeros(count, dtype=np.bool_)))
    other = np.flatnonzero(~routes.possible)
    if other.size:
        own = among(missions, other)
        far = np.ones(other.size, dtype=np.bool_)
        arc_s = required_velocity_m_s(above_pad_m(own), first_aim(preset, own, far))[1]
        soon = np.flatnonzero(arc_s + ASCENT_AND_DESCENT_S < WITHIN_S)
        if soon.size:
            own = among(own, soon)
            round_ = _routes(preset, own, solve(preset, own, far[soon]))
            better = np.flatnonzero(round_.possible)
            routes = entered(routes, among(round_, better), other[soon][better])
    return routes


def _routes(preset: Express, missions: Missions, found: Solution) -> Routes:
    return Routes(
        missions, found.programme, _missing_m_s(preset, missions, found.programme), found.miss_m, found.splash_s
    )


def _missing_m_s(preset: Express, missions: Missions, programme: Programme) -> FloatArray:
    """By how much speed the ship falls short with full tanks, by the rocket equation.

    Guidance fills tanks as far as the flight needs, however large they are: what the whole vehicle would gain with them
    is compared with what it gains with those that it has.
    """
    needed = _gain_m_s(preset, missions, programme.ship_kg)
    has = _gain_m_s(preset, missions, np.full_like(programme.ship_kg, preset.ship.propellant_kg))
    return np.where(programme.ship_kg > preset.ship.propellant_kg, np.maximum(needed - has, 1.0), 0.0)


def _gain_m_s(preset: Express, missions: Missions, ship_kg: FloatArray) -> FloatArray:
    ascent, own_kg = preset.ascent, preset.ship.dry_mass_kg + missions.cargo_kg
    upper_kg, booster = own_kg + ship_kg, preset.booster
    lower = log(
        (booster.dry_mass_kg + booster.propellant_kg + upper_kg)
        / (booster.dry_mass_kg + ascent.booster_reserve_kg + upper_kg)
    )
    upper = log(upper_kg / (own_kg + ascent.ship_reserve_kg))
    return np.asarray(exhaust_m_s(booster) * lower + exhaust_m_s(preset.ship) * upper)
