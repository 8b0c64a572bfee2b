"""Which way n express flights go, the short one or the long one round the Earth, and which of them cannot be flown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.guidance.arcs import required_velocity_m_s
from simulator.guidance.climb import Missions, Programme
from simulator.guidance.departure import above_pad_m, exhaust_m_s, first_aim, range_m
from simulator.guidance.solver import Solution, solve, solve_alike
from simulator.physics.among import among, entered
from simulator.physics.earth import FloatArray
from simulator.physics.elementary import log
from simulator.physics.integrate import IntArray
from simulator.preset import Express
from telemetry.errors import FlightError

WITHIN_S: Final = 3_600.0
ARRIVES_M: Final = 2_000.0
ASCENT_AND_DESCENT_S: Final = 600.0
USUAL_CARGO_KG: Final = 10_000.0
HOPELESS_M_S: Final = 50.0
HIGHER_M: Final = (40_000.0, 90_000.0)


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
        if self.missing_m_s[flight] > 0.0:
            return FlightError(
                f"target: needs {self.missing_m_s[flight]:.0f} m/s more than the ship has; a lighter load goes farther"
            )
        if self.miss_m[flight] >= ARRIVES_M:
            miss_km = self.miss_m[flight] / 1e3
            return FlightError(f"target: no flight was found that leads there, the best one misses by {miss_km:.0f} km")
        return FlightError(f"target: takes {self.splash_s[flight]:.0f} s, more than the hour")

    def among(self, which: IntArray) -> Routes:
        """Return some of them."""
        return among(self, which)


def find_routes(preset: Express, missions: Missions) -> Routes:
    """Find the flights; those between the same places share a search and differ in the last steps of it."""
    ends = np.concatenate([missions.pad_m, missions.target_m])
    _, first, route = np.unique(ends, axis=1, return_index=True, return_inverse=True)
    # never the load of a flight that happens to be among them: each comes out as if it were alone
    usual = replace(among(missions, first), cargo_kg=np.full(first.size, USUAL_CARGO_KG))
    found = among(_found(preset, usual), route.reshape(-1))
    needed_m_s = _gain_m_s(preset, found.missions, found.programme.ship_kg)
    short_m_s = needed_m_s - _gain_m_s(preset, missions, np.full(route.size, preset.ship.propellant_kg))
    near = np.flatnonzero(short_m_s < HOPELESS_M_S)
    if near.size:
        found = entered(found, solve_alike(preset, among(missions, near), among(found, near)), near)
    # a load so different that what was found for the usual one leads nowhere
    changed = missions.cargo_kg != USUAL_CARGO_KG
    lost = np.flatnonzero((short_m_s < HOPELESS_M_S) & (found.miss_m >= ARRIVES_M) & changed)
    if lost.size:
        found = entered(found, _found(preset, among(missions, lost)), lost)
    routes = _routes(preset, found)
    return replace(routes, missing_m_s=np.where(short_m_s < HOPELESS_M_S, routes.missing_m_s, short_m_s))


def _found(preset: Express, missions: Missions) -> Solution:
    """Try higher arcs where the usual one is not found, and the long way round where the short one takes too much."""
    far = np.zeros(missions.cargo_kg.size, dtype=np.bool_)
    found = solve(preset, missions, far)
    for higher_m in HIGHER_M:
        lost = np.flatnonzero(found.miss_m >= ARRIVES_M)
        if lost.size:
            found = entered(found, solve(preset, among(missions, lost), far[lost], higher_m), lost)
    other = np.flatnonzero(~_routes(preset, found).possible)
    if other.size:
        own, round_ = among(missions, other), np.ones(other.size, dtype=np.bool_)
        arc_s = required_velocity_m_s(above_pad_m(own, range_m(own, round_)), first_aim(preset, own, round_))[1]
        soon = np.flatnonzero(arc_s + ASCENT_AND_DESCENT_S < WITHIN_S)
        if soon.size:
            other_way = solve(preset, among(own, soon), round_[soon])
            better = np.flatnonzero(_routes(preset, other_way).possible)
            found = entered(found, among(other_way, better), other[soon][better])
    return found


def _routes(preset: Express, found: Solution) -> Routes:
    missing_m_s = _missing_m_s(preset, found.missions, found.programme)
    return Routes(found.missions, found.programme, missing_m_s, found.miss_m, found.splash_s)


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
