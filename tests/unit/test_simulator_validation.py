"""The flyer against closed forms, conserved quantities and an independent simulator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest
import rocketpy

from simulator.guidance.climb import towards
from simulator.physics import earth, tableau
from simulator.physics.atmosphere import GRAVITY_M_S2, air_at
from simulator.physics.dynamics import Leg
from simulator.physics.earth import FloatArray, Place
from simulator.physics.laws import AlongVelocity, BaseFirst, PitchOver
from simulator.physics.motion import Motion, motion_of
from simulator.physics.until import Below, Descending, Until
from simulator.physics.vehicle import Aero, Engine
from simulator.physics.wind import Profile, Wind

VACUUM: Final = Aero(area_m2=1e-12, mach=(0.0,), drag=(1.0,))
SPIN: Final = np.array([0.0, 0.0, earth.ROTATION_RAD_S])
ENGINE: Final = Engine(
    count=1,
    thrust_vacuum_n=75e3,
    isp_vacuum_s=235.0,
    exit_area_m2=1e-9,
    min_throttle=0.0,
    start_s=0.1,
    stop_s=0.2,
    chamber_pressure_pa=1e7,
    turbopump_rpm=1.0,
)


def state(place: Place, altitude_m: float, velocity_m_s: FloatArray, mass_kg: float) -> FloatArray:
    return np.array([*place.position_m(altitude_m), *velocity_m_s, mass_kg])


def fly(leg: Leg, start: FloatArray, longest_s: float, until: Until | None = None, start_s: float = 0.0) -> Leg:
    """Fly one vehicle from a state of shape (7,)."""
    flown, passed = leg.fly(np.array([start_s]), start[:, np.newaxis], longest_s, until)
    assert until is None or bool(passed[0])
    return flown.of(0)


def inertial(at: FloatArray) -> tuple[FloatArray, FloatArray]:
    return at[:3], at[3:6] + np.cross(SPIN, at[:3])


def jacobi_j_kg(at: FloatArray) -> float:
    """Return the energy that a free body keeps in the turning frame, with the flattening's potential."""
    position, velocity = at[:3], at[3:6]
    radius = float(np.linalg.norm(position))
    bulge = 1.5 * (position[2] / radius) ** 2 - 0.5
    potential = -earth.MU_M3_S2 / radius * (1.0 - earth.J2 * (earth.EQUATOR_M / radius) ** 2 * bulge)
    spin = 0.5 * earth.ROTATION_RAD_S**2 * float(position[0] ** 2 + position[1] ** 2)
    return float(velocity @ velocity / 2.0 + potential - spin)


@dataclass(frozen=True)
class Nearer:
    """Comes down to a distance from the middle of the Earth."""

    radius_m: float

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        return np.asarray(self.radius_m - earth.norm(motion.position_m))


@dataclass(frozen=True)
class Higher:
    """Climbs to an altitude."""

    altitude_m: float

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        return np.asarray(motion.altitude_m - self.altitude_m)


def end_of(leg: Leg) -> FloatArray:
    return leg.at(np.asarray(leg.end_s))


def test_a_free_arc_keeps_its_energy_and_its_spin_about_the_axis() -> None:
    start = state(Place(30.0, 120.0), 200e3, np.array([-2_000.0, 3_000.0, 4_500.0]), 1_000.0)
    arc = fly(Leg("coast", AlongVelocity(0.0), VACUUM), start, 900.0)
    states = [arc.at(np.asarray(t_s)) for t_s in np.linspace(0.0, 900.0, 10)]
    energies = [jacobi_j_kg(at) for at in states]
    spins = [float(np.cross(*inertial(at))[2]) for at in states]
    assert np.ptp(energies) < 1e-8 * abs(energies[0])
    assert np.ptp(spins) < 1e-8 * abs(spins[0])


def test_a_free_arc_round_a_ball_is_the_kepler_ellipse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earth, "J2", 0.0)
    start = state(Place(0.0, 0.0), 300e3, np.array([0.0, 0.0, 7_000.0]), 1_000.0)
    position, velocity = inertial(start)
    semi_major = 1.0 / (2.0 / np.linalg.norm(position) - velocity @ velocity / earth.MU_M3_S2)
    radius_m = float(np.linalg.norm(position)) - 200e3
    down = fly(Leg("coast", BaseFirst(0.0), VACUUM), start, 5_000.0, Nearer(radius_m))
    # it starts at apogee, so the eccentric anomaly there is pi; Kepler's equation gives the time to any radius
    eccentricity = np.linalg.norm(position) / semi_major - 1.0
    anomaly = math.acos((1.0 - radius_m / semi_major) / eccentricity)
    mean_motion = math.sqrt(earth.MU_M3_S2 / semi_major**3)
    fall_s = (math.pi - (anomaly - eccentricity * math.sin(anomaly))) / mean_motion
    assert float(down.end_s) == pytest.approx(fall_s, rel=2e-6)


def test_the_flattening_turns_an_orbits_plane_as_the_theory_says() -> None:
    tilt, radius = math.radians(51.6), 6_800e3
    speed = math.sqrt(earth.MU_M3_S2 / radius)
    velocity = np.array([0.0, speed * math.cos(tilt) - earth.ROTATION_RAD_S * radius, speed * math.sin(tilt)])
    start = np.array([radius, 0.0, 0.0, *velocity, 1_000.0])
    mean_motion = speed / radius
    lasts_s = 2 * 2 * math.pi / mean_motion
    arc = fly(Leg("coast", AlongVelocity(0.0), VACUUM), start, lasts_s)
    pole = np.cross(*inertial(arc.at(np.asarray(lasts_s))))
    node = math.atan2(pole[0], -pole[1]) + earth.ROTATION_RAD_S * lasts_s
    # Vallado, section 9.6: secular drift of the node of a circular orbit
    drift = -1.5 * mean_motion * earth.J2 * (earth.EQUATOR_M / radius) ** 2 * math.cos(tilt) * lasts_s
    assert math.remainder(node, 2 * math.pi) == pytest.approx(drift, rel=0.01)


def test_a_burn_obeys_the_rocket_equation() -> None:
    start = state(Place(10.0, 20.0), 600e3, np.array([0.0, 7_000.0, 100.0]), 5_000.0)
    leg = fly(Leg("ascent", AlongVelocity(1.0), VACUUM, ENGINE), start, 100.0)
    t_s = np.linspace(0.0, 100.0, 20_001)
    states = leg.at(t_s)
    gained = float(np.trapezoid(leg.forces(t_s, motion_of(states)).thrust_n / states[6], t_s))
    exhaust_m_s = ENGINE.isp_vacuum_s * GRAVITY_M_S2
    assert gained == pytest.approx(exhaust_m_s * math.log(5_000.0 / states[6, -1]), rel=1e-6)
    assert states[6, -1] == pytest.approx(5_000.0 - 100.0 * 75e3 / exhaust_m_s, abs=0.01)


def test_a_falling_body_settles_at_its_terminal_speed() -> None:
    blunt = Aero(area_m2=10.0, mach=(0.0,), drag=(1.0,))
    start = state(Place(10.0, 20.0), 12_000.0, np.zeros(3), 1_000.0)
    down = fly(Leg("descent", BaseFirst(0.0), blunt), start, 900.0, Below(1_000.0))
    at = motion_of(end_of(down))
    weight_n = 1_000.0 * float(earth.norm(earth.inertial_acceleration_m_s2(at.position_m, np.zeros(3))))
    below, here = air_at(np.array([900.0, 1_000.0])).density_kg_m3.tolist()
    terminal_m_s = math.sqrt(2.0 * weight_n / (here * 10.0))
    # the air grows denser by 1 / H a metre, so it is always a little behind: by v**2 / (4 g H)
    behind = terminal_m_s**2 / (4.0 * 9.8) * math.log(below / here) / 100.0
    assert float(at.speed_m_s) == pytest.approx(terminal_m_s * (1.0 + behind), rel=1e-3)


def test_what_falls_through_wind_goes_with_it_and_feels_only_its_fall() -> None:
    wind = Wind(Profile(altitude_m=(0.0, 9_000.0), east_m_s=(12.0, 12.0), north_m_s=(0.0, 0.0)), 2.0, 90.0)
    blunt = Aero(area_m2=10.0, mach=(0.0,), drag=(1.0,))
    start = state(Place(10.0, 20.0), 8_000.0, np.zeros(3), 300.0)
    leg = Leg("descent", BaseFirst(0.0), blunt, wind=wind)
    down = fly(leg, start, 900.0, Below(1_000.0))
    at = down.motion(end_of(down))
    east, north = earth.east_north(at.position_m)
    # turned clockwise from the east it blows to the south; the rest is Coriolis
    assert float(earth.dot(at.velocity_m_s, north)) == pytest.approx(-24.0, abs=0.1)
    assert abs(float(earth.dot(at.velocity_m_s, east))) < 0.1
    assert float(at.airspeed_m_s) == pytest.approx(-float(at.vertical_speed_m_s), rel=1e-3)
    assert float(at.speed_m_s) > float(at.airspeed_m_s) + 5.0


def test_tighter_tolerances_change_nothing_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many flights, since one may err little by chance: layers of air and pieces of drag bend in steps."""
    speeds_m_s = np.linspace(40.0, 80.0, 40)
    start = np.repeat(state(Place(67.9, 21.1), 300.0, np.zeros(3), 542.0)[:, np.newaxis], speeds_m_s.size, axis=1)
    start[3:6] = speeds_m_s * earth.up_and_altitude(start[:3])[0]
    slender = Aero(area_m2=0.1, mach=(0.0, 1.0, 3.0), drag=(0.35, 0.6, 0.3))
    begin_s, absolute = np.zeros(speeds_m_s.size), tableau.ABSOLUTE_TOLERANCE
    tops_m, tops_s = [], []
    for factor in (100.0, 1.0, 0.001):
        monkeypatch.setattr(tableau, "RELATIVE_TOLERANCE", 1e-7 * factor)
        monkeypatch.setattr(tableau, "ABSOLUTE_TOLERANCE", absolute * factor)
        burn, _ = Leg("ascent", AlongVelocity(0.5), slender, ENGINE).fly(begin_s, start, 15.0)
        burnt = np.stack([end_of(burn.of(i)) for i in range(speeds_m_s.size)], axis=1)
        top, _ = Leg("coast", AlongVelocity(0.0), slender).fly(begin_s + 15.0, burnt, 900.0, Descending())
        ends = [top.of(i) for i in range(speeds_m_s.size)]
        tops_m.append([float(motion_of(end_of(each)).altitude_m) for each in ends])
        tops_s.append([float(each.end_s) for each in ends])
    coarse_m, usual_m, fine_m = np.array(tops_m)
    assert 4.9e4 < fine_m.min() < fine_m.max() < 5.4e4
    assert np.abs(usual_m - fine_m).max() < 5.0
    assert np.median(np.abs(usual_m - fine_m)) < 1.5
    assert np.abs(np.diff(tops_s[1:], axis=0)).max() < 0.01
    assert np.abs(usual_m - fine_m).mean() < np.abs(coarse_m - fine_m).mean() < 20.0


def test_drag_has_no_kink_where_its_table_ends() -> None:
    body = Aero(area_m2=1.0, mach=(0.5, 1.0, 3.0), drag=(0.35, 0.6, 0.3))
    for end, inwards, value in ((0.5, 1e-4, 0.35), (3.0, -1e-4, 0.3)):
        outside, at, inside = body.drag_coefficient(end + inwards * np.array([-1.0, 0.0, 1.0])).tolist()
        assert outside == at == value
        assert abs(inside - at) < 1e-6
    assert Aero(area_m2=1.0, mach=(0.8,), drag=(0.4,)).drag_coefficient(np.array([0.1, 0.8, 5.0])).tolist() == [0.4] * 3


def test_a_sounding_rocket_flies_as_rocketpy_says() -> None:
    """The same site, rail, masses, thrust curve, drag and air; RocketPy with three degrees of freedom."""
    site, lean_deg, rail_m, full_kg = Place(67.89, 21.1), 2.0, 10.0, 542.0
    slender = Aero(
        area_m2=math.pi * 0.178**2,
        mach=(0.0, 0.8, 1.05, 1.5, 2.0, 3.0, 4.0),
        drag=(0.35, 0.38, 0.6, 0.5, 0.42, 0.33, 0.28),
    )
    boost_s, burn_s, sustain = 5.0, 26.0, 0.19
    start = state(site, 0.0, np.zeros(3), full_kg)
    east = towards(start[:3, np.newaxis], np.array([90.0]))
    rail = Leg("ascent", PitchOver(1.0, -1e9, 1.0, lean_deg, east), slender, ENGINE, lit_s=0.0)
    legs = [fly(rail, start, 30.0, Higher(rail_m * math.cos(math.radians(lean_deg))))]
    for power, until_s, cut_s in ((1.0, boost_s, math.inf), (sustain, burn_s, math.inf), (sustain, 30.0, burn_s)):
        leg = Leg("ascent", AlongVelocity(power), slender, ENGINE, lit_s=0.0, cut_s=cut_s)
        legs.append(fly(leg, end_of(legs[-1]), until_s - float(legs[-1].end_s), None, float(legs[-1].end_s)))
    coast = Leg("coast", AlongVelocity(0.0), slender)
    legs.append(fly(coast, end_of(legs[-1]), 900.0, Descending(), float(legs[-1].end_s)))
    top = motion_of(end_of(legs[-1]))

    thrust = np.array(
        [(0.0, 0.0), (0.1, 1.0), (boost_s, 1.0), (boost_s + 1e-4, sustain), (burn_s, sustain), (26.2, 0.0)]
    )
    thrust[:, 1] *= ENGINE.thrust_vacuum_n
    propellant_kg = float(np.trapezoid(thrust[:, 1], thrust[:, 0])) / (ENGINE.isp_vacuum_s * GRAVITY_M_S2)
    assert float(end_of(legs[-1])[6]) == pytest.approx(full_kg - propellant_kg, abs=0.1)

    def drag(at_mach: float) -> float:
        return float(np.interp(at_mach, slender.mach, slender.drag))

    motor = rocketpy.PointMassMotor(
        thrust_source=thrust, dry_mass=0.01, propellant_initial_mass=propellant_kg, burn_time=26.2
    )
    rocket = rocketpy.PointMassRocket(0.178, full_kg - propellant_kg, 0.0, drag, drag, weathercock_coeff=100.0)
    rocket.add_motor(motor, position=0.0)
    air = rocketpy.Environment(latitude=site.latitude_deg, longitude=site.longitude_deg, elevation=0.0)
    air.set_atmospheric_model(type="standard_atmosphere")
    theirs = rocketpy.Flight(
        rocket, air, rail_m, 90.0 - lean_deg, 90.0, terminate_on_apogee=True, simulation_mode="3 DOF"
    )
    assert float(top.altitude_m) == pytest.approx(theirs.apogee, rel=0.03)
    assert float(legs[-1].end_s) == pytest.approx(theirs.apogee_time, rel=0.03)
    boosted = motion_of(end_of(legs[1]))
    assert float(boosted.speed_m_s) == pytest.approx(theirs.speed(boost_s), rel=0.03)
