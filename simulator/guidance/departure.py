"""Where n express flights aim at first, and a programme to begin the search with."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.guidance.arcs import Aim, cross, required_velocity_m_s, turned
from simulator.guidance.climb import COARSE, Missions, Programme, climb_joined
from simulator.physics.among import among
from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.earth import (
    DEG_PER_RAD,
    RADIUS_M,
    ROTATION_RAD_S,
    FloatArray,
    angle_between_rad,
    dot,
    east_north,
    norm,
)
from simulator.physics.elementary import PI, arcsin, arctan2, exp, log
from simulator.physics.vehicle import Stage
from simulator.preset import Express

LONG_RANGE_M: Final = 3.0e6
STEEPER_DEG: Final = 26.0
LEAST_SHARE: Final = 0.45
ENTRY_M: Final = 80_000.0
GLIDE_M: Final = 6.0e5
GLIDE_SHARE: Final = 0.2
GLIDE_S: Final = 380.0
CUT_OFF_M: Final = 130_000.0
LOWEST_CUT_OFF_M: Final = 45_000.0
CUT_OFF_SHARE: Final = 0.02
USUAL_TANGENT: Final = 0.4
USUAL_MECO_M_S: Final = 2_300.0
USUAL_LOSS_M_S: Final = 500.0
LEAST_GAIN_M_S: Final = 300.0
LEANS_DEG: Final = (0.2, 0.8, 1.5, 2.2, 3.0, 4.0, 5.5, 7.5, 10.0, 14.0)
LEAST_DEG: Final = 0.01
LEAST_M_S: Final = 1.0


def range_m(missions: Missions, far: NDArray[np.bool_]) -> FloatArray:
    """Return roughly how far the targets are, shape (n,), the long way round where that is taken."""
    angle = angle_between_rad(missions.pad_m, missions.target_m)
    return np.asarray(RADIUS_M * np.where(far, 2.0 * PI - angle, angle))


def first_aim(preset: Express, missions: Missions, far: NDArray[np.bool_]) -> Aim:
    """Return the target as an aim, over an apogee that grows with the range: a flat entry is a gentle one."""
    whole_m = range_m(missions, far)
    apogee_m = preset.ascent.apogee_m + preset.ascent.apogee_share * whole_m
    glide_m = np.minimum(GLIDE_M, GLIDE_SHARE * whole_m)
    entry_m, glide_s = np.full(far.size, ENTRY_M), np.full(far.size, GLIDE_S)
    straight = cross(missions.pad_m, missions.target_m)
    aim = Aim(missions.target_m, np.where(far, -straight, straight), apogee_m, entry_m, glide_m, glide_s)
    # the target turns away meanwhile: the shorter way to where it will be is what counts
    flight_s = required_velocity_m_s(above_pad_m(missions, whole_m), aim)[1] + glide_s
    met = cross(missions.pad_m, turned(missions.target_m, ROTATION_RAD_S * flight_s))
    return replace(aim, pole=np.where(far, -met, met))


def above_pad_m(missions: Missions, whole_m: FloatArray) -> FloatArray:
    """Return the points above the pads in which a flight is first thought to be at the ship's cut-off."""
    height_m = np.minimum(CUT_OFF_M, LOWEST_CUT_OFF_M + CUT_OFF_SHARE * whole_m)
    return np.asarray(missions.pad_m * (1.0 + height_m / RADIUS_M))


def first_programme(preset: Express, missions: Missions, whole_m: FloatArray, aim: Aim) -> Programme:
    """Return a programme that leads roughly there.

    For a short way the booster takes less propellant and climbs more steeply: it would otherwise come too far.
    """
    needed = required_velocity_m_s(above_pad_m(missions, whole_m), aim)[0]
    east, north = east_north(missions.pad_m)
    course = arctan2(dot(needed, east), dot(needed, north)) * DEG_PER_RAD
    share = np.minimum(np.maximum(np.sqrt(whole_m / LONG_RANGE_M), LEAST_SHARE), 1.0)
    rest_kg = preset.ship.dry_mass_kg + missions.cargo_kg + preset.ascent.ship_reserve_kg
    gain_m_s = np.maximum(norm(needed) - share * USUAL_MECO_M_S + USUAL_LOSS_M_S, LEAST_GAIN_M_S)
    ship_kg = rest_kg * (exp(gain_m_s / exhaust_m_s(preset.ship)) - 1.0) + preset.ascent.ship_reserve_kg
    stage, reserve_kg = preset.booster, preset.ascent.booster_reserve_kg
    upper_kg = preset.ship.dry_mass_kg + missions.cargo_kg + ship_kg
    most = log((stage.dry_mass_kg + stage.propellant_kg + upper_kg) / (stage.dry_mass_kg + reserve_kg + upper_kg))
    burnt_kg = (stage.dry_mass_kg + reserve_kg + upper_kg) * (exp(share * most) - 1.0)
    lean = np.full(whole_m.size, LEANS_DEG[0])
    first = Programme(course, lean, reserve_kg + burnt_kg, ship_kg, np.full(whole_m.size, USUAL_TANGENT))
    steeper_deg = STEEPER_DEG * (1.0 - np.minimum(whole_m / LONG_RANGE_M, 1.0))
    return _leaned(preset, missions, first, preset.ascent.meco_flight_path_deg + steeper_deg)


def exhaust_m_s(stage: Stage) -> float:
    """Speed of the exhaust of a stage's main engines in vacuum."""
    return stage.main.isp_vacuum_s * GRAVITY_M_S2


def _leaned(preset: Express, missions: Missions, programme: Programme, wanted_deg: FloatArray) -> Programme:
    """Return the programme with the lean that ends at a climb angle, interpolated between some that are tried."""
    count, leans = wanted_deg.size, np.array(LEANS_DEG)
    every = np.tile(np.arange(count), leans.size)
    tried = replace(among(programme, every), lean_deg=np.repeat(leans, count))
    motion = climb_joined(preset, among(missions, every), tried, keep=False, tolerance=COARSE).motion
    steepness = motion.vertical_speed_m_s / np.maximum(motion.speed_m_s, LEAST_M_S)
    angles = arcsin(steepness).reshape(leans.size, count) * DEG_PER_RAD
    lean = np.full(count, leans[-1])
    # from the largest lean to the smallest, so that the first pair that holds the angle has the last word
    for i in range(leans.size - 2, -1, -1):
        share = (angles[i] - wanted_deg) / np.maximum(angles[i] - angles[i + 1], LEAST_DEG)
        lean = np.where(
            wanted_deg >= angles[i + 1], leans[i] + np.maximum(share, 0.0) * (leans[i + 1] - leans[i]), lean
        )
    return replace(programme, lean_deg=lean)
