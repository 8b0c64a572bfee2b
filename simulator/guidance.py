"""Finds the turn, the course and the cut-off speed with which an express flight comes down at its target."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from simulator.climb import climb_alone, climb_angle_deg, climb_joined
from simulator.earth import (
    MU_M3_S2,
    RADIUS_M,
    ROTATION_RAD_S,
    FloatArray,
    Place,
    bearing_deg,
    east_north,
    ground_distance_m,
)
from simulator.pilot import Pilot
from simulator.preset import Express
from telemetry.errors import FlightError

CLOSE_ENOUGH_M: Final = 200.0
MOST_TRIALS: Final = 20
STEPS: Final = np.array([0.2, 5.0])
LARGEST_STEP: Final = np.array([10.0, 200.0])
POWERED_RANGE_M: Final = 2.6e6
USUAL_CLIMB_DEG: Final = 6.0
USUAL_CUTOFF_M: Final = 2.5e5
USUAL_FLIGHT_S: Final = 1500.0
LEAN_BOUNDS_DEG: Final = (0.2, 8.0)


@dataclass(frozen=True, slots=True)
class Solution:
    """What guidance found, and the flight that it gives."""

    course_deg: float
    lean_deg: float
    cutoff_m_s: float
    joined: Pilot
    ship: Pilot


def solve(preset: Express) -> Solution:
    """Find the flight to the target.

    Raises
    ------
    FlightError
        If no flight is found that comes down there.
    """
    first = _first_guess(preset.pad.place, preset.target.place)
    lean = _lean(preset, float(first[0]))

    def fly(course_deg: float, cutoff_m_s: float) -> Solution:
        joined = climb_joined(preset, course_deg, lean)
        ship = climb_alone(preset, joined, cutoff_m_s)
        ship.come_down(preset.ship, preset.ship_return, preset.touchdown)
        return Solution(course_deg, lean, cutoff_m_s, joined, ship)

    def miss_m(unknowns: FloatArray) -> FloatArray:
        landed = fly(float(unknowns[0]), float(unknowns[1])).ship.state[:3]
        east, north = east_north(preset.target.place.position_m())
        away = landed - preset.target.place.position_m()
        return np.array([away @ east, away @ north])

    course, cutoff = aim(miss_m, first)
    return fly(float(course), float(cutoff))


def aim(miss_m: Callable[[FloatArray], FloatArray], first: FloatArray) -> FloatArray:
    """Return the unknowns, shape (2,), for which the miss is small.

    Newton's method with Broyden's (1965) rank-one corrections: a trial is a whole flight, so derivatives are taken
    once.

    Raises
    ------
    FlightError
        If `MOST_TRIALS` flights do not get there.
    """
    at, miss = first, miss_m(first)
    jacobian = np.column_stack([(miss_m(at + step) - miss) / step.sum() for step in np.diag(STEPS)])
    for _ in range(MOST_TRIALS):
        if float(np.linalg.norm(miss)) < CLOSE_ENOUGH_M:
            return at
        step = -np.linalg.solve(jacobian, miss)
        step = step / max(1.0, float(np.max(np.abs(step) / LARGEST_STEP)))
        at = at + step
        now = miss_m(at)
        jacobian = jacobian + np.outer(now - miss - jacobian @ step, step) / (step @ step)
        miss = now
    raise FlightError(
        f"target: no flight leads there, trial {MOST_TRIALS} still misses by {np.linalg.norm(miss) / 1000:.0f} km"
    )


def _lean(preset: Express, course_deg: float) -> float:
    wanted = preset.ascent.meco_flight_path_deg

    def error(lean_deg: float) -> float:
        return climb_angle_deg(climb_joined(preset, course_deg, lean_deg).state) - wanted

    try:
        return float(brentq(error, *LEAN_BOUNDS_DEG, xtol=1e-3))
    except ValueError as cause:
        raise FlightError(f"ascent.meco_flight_path_deg: no gravity turn ends at {wanted:g} degrees") from cause


def _first_guess(pad: Place, target: Place) -> FloatArray:
    """Return the course to where the target will have turned, and the speed of a Kepler arc, less the pad's own."""
    turned = Place(target.latitude_deg, target.longitude_deg + math.degrees(ROTATION_RAD_S * USUAL_FLIGHT_S))
    course = bearing_deg(pad, turned)
    arc = max(float(ground_distance_m(pad, target.position_m())) - POWERED_RANGE_M, POWERED_RANGE_M) / RADIUS_M
    climb, half = math.radians(USUAL_CLIMB_DEG), math.tan(arc / 2.0)
    share = half / (math.sin(climb) * math.cos(climb) + half * math.cos(climb) ** 2)
    eastward = ROTATION_RAD_S * RADIUS_M * math.cos(math.radians(pad.latitude_deg)) * math.sin(math.radians(course))
    return np.array([course, math.sqrt(share * MU_M3_S2 / (RADIUS_M + USUAL_CUTOFF_M)) - eastward])
