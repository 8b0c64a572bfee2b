"""Where n express flights aim at first, and a programme to begin the search with."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.arcs import Aim, cross, required_velocity_m_s, turned
from simulator.atmosphere import GRAVITY_M_S2
from simulator.climb import Missions, Programme, climb_joined
from simulator.earth import DEG_PER_RAD, RADIUS_M, ROTATION_RAD_S, FloatArray, angle_between_rad, dot, east_north, norm
from simulator.elementary import PI, arcsin, arctan2, exp, log
from simulator.preset import Express
from simulator.vehicle import Stage

LONG_RANGE_M: Final = 3.0e6
STEEPER_DEG: Final = 26.0
LEAST_SHARE: Final = 0.45
ENTRY_M: Final = 80_000.0
GLIDE_M: Final = 6.0e5
GLIDE_SHARE: Final = 0.2
GLIDE_S: Final = 380.0
CUT_OFF_M: Final = 130_000.0
USUAL_TANGENT: Final = 0.4
USUAL_MECO_M_S: Final = 2_300.0
USUAL_LOSS_M_S: Final = 500.0
LEAST_GAIN_M_S: Final = 300.0
LEANS_DEG: Final = (1.2, 2.2)
LEAN_BOUNDS_DEG: Final = (0.1, 15.0)
LEAN_TRIALS: Final = 8
LONGEST_DEG: Final = 1.5
FLATTEST: Final = -0.5
CLOSE_ENOUGH_DEG: Final = 0.3


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
    flight_s = required_velocity_m_s(above_pad_m(missions), aim)[1] + glide_s
    met = cross(missions.pad_m, turned(missions.target_m, ROTATION_RAD_S * flight_s))
    return replace(aim, pole=np.where(far, -met, met))


def above_pad_m(missions: Missions) -> FloatArray:
    """Return the points above the pads in which a flight is first thought to be at the ship's cut-off."""
    return missions.pad_m * (1.0 + CUT_OFF_M / RADIUS_M)


def first_programme(preset: Express, missions: Missions, whole_m: FloatArray, aim: Aim) -> Programme:
    """Return a programme that leads roughly there.

    For a short way the booster takes less propellant and climbs more steeply: it would otherwise come too far.
    """
    needed = required_velocity_m_s(above_pad_m(missions), aim)[0]
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
    """Return the programme with the lean that ends at a climb angle; by secants."""
    before, lean = programme.lean_deg, np.full(wanted_deg.size, LEANS_DEG[1])
    past = _climb_angle_deg(preset, missions, programme) - wanted_deg
    for _ in range(LEAN_TRIALS):
        now = _climb_angle_deg(preset, missions, replace(programme, lean_deg=lean)) - wanted_deg
        slope = (now - past) / np.where(lean == before, 1.0, lean - before)
        step = -now / np.minimum(slope, FLATTEST)
        step = np.where(np.abs(now) < CLOSE_ENOUGH_DEG, 0.0, np.minimum(np.maximum(step, -LONGEST_DEG), LONGEST_DEG))
        if not step.any():
            break
        before, past = np.where(step == 0.0, before, lean), np.where(step == 0.0, past, now)
        lean = np.minimum(np.maximum(lean + step, LEAN_BOUNDS_DEG[0]), LEAN_BOUNDS_DEG[1])
    return replace(programme, lean_deg=lean)


def _climb_angle_deg(preset: Express, missions: Missions, programme: Programme) -> FloatArray:
    motion = climb_joined(preset, missions, programme, keep=False).motion
    return np.asarray(arcsin(motion.vertical_speed_m_s / motion.speed_m_s) * DEG_PER_RAD)
