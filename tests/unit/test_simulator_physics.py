"""The physics against the standard's tables and closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.guidance.pilot import Pilot
from simulator.physics.atmosphere import GRAVITY_M_S2, air_at
from simulator.physics.dynamics import Leg
from simulator.physics.earth import (
    FloatArray,
    Place,
    elevation_deg,
)
from simulator.physics.laws import AlongVelocity, BaseFirst, Landing, SteadySpeed, Upright
from simulator.physics.motion import motion_of
from simulator.physics.until import Below, Until
from simulator.physics.vehicle import Aero, Engine
from telemetry.errors import FlightError

ENGINE = Engine(
    count=1,
    thrust_vacuum_n=900e3,
    isp_vacuum_s=340.0,
    exit_area_m2=1.0,
    min_throttle=0.3,
    start_s=1.0,
    stop_s=0.5,
    chamber_pressure_pa=1e7,
    turbopump_rpm=20_000.0,
)
BLUNT = Aero(area_m2=13.85, mach=(0.0,), drag=(1.0,))
VACUUM = Aero(area_m2=1e-12, mach=(0.0,), drag=(1.0,))


def state(place: Place, altitude_m: float, velocity_m_s: FloatArray, mass_kg: float) -> FloatArray:
    return np.array([*place.position_m(altitude_m), *velocity_m_s, mass_kg])


def fly(leg: Leg, start: FloatArray, longest_s: float, until: Until | None = None, start_s: float = 0.0) -> Leg:
    """Fly one vehicle from a state of shape (7,)."""
    flown, passed = leg.fly(np.array([start_s]), start[:, np.newaxis], longest_s, until)
    assert until is None or bool(passed[0])
    return flown.of(0)


# U.S. Standard Atmosphere 1976, table I: height (m), temperature (K), pressure (Pa), density (kg/m3)
@pytest.mark.parametrize(
    ("altitude_m", "temperature_k", "pressure_pa", "density_kg_m3"),
    [
        (-1_000, 294.651, 1.13929e5, 1.34702),
        (0, 288.150, 1.01325e5, 1.22500),
        (5_000, 255.676, 5.40482e4, 7.36429e-1),
        (11_000, 216.774, 2.26999e4, 3.64801e-1),
        (15_000, 216.650, 1.21118e4, 1.94755e-1),
        (30_000, 226.509, 1.19703e3, 1.84102e-2),
        (50_000, 270.650, 7.97787e1, 1.02687e-3),
        (70_000, 219.585, 5.22086, 8.28287e-5),
        (80_000, 198.639, 1.05247, 1.84580e-5),
        (100_000, 195.08, 3.2011e-2, 5.604e-7),
        (200_000, 854.56, 8.4736e-5, 2.541e-10),
    ],
)
def test_air_agrees_with_the_standards_table(
    altitude_m: float, temperature_k: float, pressure_pa: float, density_kg_m3: float
) -> None:
    air = air_at(np.asarray(float(altitude_m)))
    assert float(air.temperature_k) == pytest.approx(temperature_k, rel=2e-4)
    assert float(air.pressure_pa) == pytest.approx(pressure_pa, rel=5e-4)
    assert float(air.density_kg_m3) == pytest.approx(density_kg_m3, rel=5e-4)


def test_sound_is_as_fast_as_the_standard_says() -> None:
    assert float(air_at(np.asarray(0.0)).sound_speed_m_s) == pytest.approx(340.294, abs=1e-3)


def test_a_burn_obeys_the_rocket_equation() -> None:
    start = state(Place(10.0, 20.0), 600e3, np.array([0.0, 7_000.0, 100.0]), 50_000.0)
    leg = fly(Leg("ascent", AlongVelocity(1.0), VACUUM, ENGINE), start, 100.0)
    t_s = np.linspace(0.0, 100.0, 20_001)
    states = leg.at(t_s)
    thrust = leg.forces(t_s, motion_of(states)).thrust_n
    gained = float(np.trapezoid(thrust / states[6], t_s))
    exhaust_m_s = ENGINE.isp_vacuum_s * GRAVITY_M_S2
    assert gained == pytest.approx(exhaust_m_s * math.log(50_000.0 / states[6, -1]), rel=1e-6)
    assert states[6, -1] == pytest.approx(50_000.0 - 100.0 * ENGINE.mass_flow_kg_s, abs=0.1)


def test_back_pressure_costs_thrust_and_an_idle_engine_gives_none() -> None:
    full, none = np.asarray(1.0), np.asarray(0.0)
    assert float(ENGINE.thrust_n(full, np.asarray(101_325.0))) == pytest.approx(900e3 - 101_325.0)
    assert float(ENGINE.thrust_n(none, np.asarray(101_325.0))) == 0.0
    throttle = ENGINE.throttle_for(np.asarray(500e3), np.asarray(101_325.0))
    assert float(ENGINE.thrust_n(throttle, np.asarray(101_325.0))) == pytest.approx(500e3)


def test_power_ramps_up_after_the_start_command_and_down_after_cut_off() -> None:
    leg = Leg("ascent", Upright(1.0), BLUNT, ENGINE, lit_s=10.0, cut_s=20.0)
    share = leg.power_share(np.array([9.9, 10.5, 11.0, 20.0, 20.25, 21.0]))
    assert share.tolist() == pytest.approx([0.0, 0.5, 1.0, 1.0, 0.5, 0.0])


def test_a_falling_body_reaches_terminal_speed() -> None:
    start = state(Place(10.0, 20.0), 12_000.0, np.zeros(3), 2_000.0)
    fall = Leg("descent", BaseFirst(0.0), BLUNT)
    down = fly(fall, start, 400.0, Below(0.0))
    at = motion_of(down.ends[1])
    terminal = math.sqrt(2.0 * 2_000.0 * 9.8 / (1.225 * 13.85))
    assert float(at.speed_m_s) == pytest.approx(terminal, rel=0.02)


def test_drag_takes_energy_and_lift_does_not() -> None:
    moving = np.array([0.0, 1_000.0, -200.0])
    start = state(Place(0.0, 0.0), 30_000.0, moving, 10_000.0)
    for ratio in (0.0, 0.3):
        leg = Leg("entry", BaseFirst(0.0, ratio), BLUNT.model_copy(update={"lift_to_drag": ratio}))
        motion = motion_of(start)
        force = leg.forces(np.asarray(0.0), motion).sum_n
        assert float(force @ motion.ahead) == pytest.approx(-BLUNT.drag_n(motion.mach, motion.dynamic_pressure_pa))
        assert float(force @ motion.lift_axis) == pytest.approx(-ratio * float(force @ motion.ahead), abs=1e-6)


def test_a_landing_burn_ends_at_the_speed_that_was_asked_for() -> None:
    start = state(Place(10.0, 20.0), 2_000.0, np.zeros(3), 30_000.0)
    start[3:6] = -150.0 * start[:3] / np.linalg.norm(start[:3])
    landing = Leg("landing_burn", Landing(2.0, BLUNT, 10.0), BLUNT, ENGINE, lit_s=0.0)
    down = fly(landing, start, 60.0, Below(10.0))
    assert float(motion_of(down.ends[1]).speed_m_s) == pytest.approx(2.0, abs=0.5)
    settle = replace(landing, law=SteadySpeed(-1.0))
    end = fly(settle, down.ends[1], 60.0, Below(0.0), float(down.end_s))
    assert float(motion_of(end.ends[1]).vertical_speed_m_s) == pytest.approx(-1.0, abs=0.05)


def test_a_leg_whose_end_does_not_come_says_so() -> None:
    start = state(Place(0.0, 0.0), 400e3, np.array([0.0, 7_500.0, 0.0]), 1_000.0)
    pilot = Pilot(np.array([5.0]), start[:, np.newaxis])
    pilot.fly(Leg("coast", AlongVelocity(0.0), VACUUM), 10.0, Below(0.0))
    with pytest.raises(FlightError, match=r"leg 'coast' from 5\.0 s did not end in 10 s"):
        pilot.check()


def test_elevation_is_a_right_angle_overhead_and_below_zero_behind_the_horizon() -> None:
    station = Place(0.0, 0.0).position_m()
    above, far = Place(0.0, 0.0).position_m(100e3), Place(0.0, 40.0).position_m(100e3)
    assert float(elevation_deg(station, above)) == pytest.approx(90.0)
    assert float(elevation_deg(station, far)) < 0.0
