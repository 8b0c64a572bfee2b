"""The flyer against closed forms, conserved quantities and an independent simulator."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator import earth
from simulator.dynamics import Leg, Until
from simulator.earth import FloatArray, Place
from simulator.laws import AlongVelocity, BaseFirst
from simulator.vehicle import Aero

VACUUM = Aero(area_m2=1e-12, mach=(0.0,), drag=(1.0,))
SPIN = np.array([0.0, 0.0, earth.ROTATION_RAD_S])


def state(place: Place, altitude_m: float, velocity_m_s: FloatArray, mass_kg: float) -> FloatArray:
    return np.array([*place.position_m(altitude_m), *velocity_m_s, mass_kg])


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


def test_a_free_arc_keeps_its_energy_and_its_spin_about_the_axis() -> None:
    start = state(Place(30.0, 120.0), 200e3, np.array([-2_000.0, 3_000.0, 4_500.0]), 1_000.0)
    arc = Leg("coast", AlongVelocity(0.0), VACUUM).fly(0.0, start, 900.0)
    energies, spins = [], []
    for t_s in np.linspace(0.0, 900.0, 10):
        at = arc.at(np.asarray(t_s))
        position, velocity = inertial(at)
        energies.append(jacobi_j_kg(at))
        spins.append(float(np.cross(position, velocity)[2]))
    assert np.ptp(energies) < 1e-7 * abs(energies[0])
    assert np.ptp(spins) < 1e-7 * abs(spins[0])


def test_a_free_arc_round_a_ball_is_the_kepler_ellipse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earth, "J2", 0.0)
    start = state(Place(0.0, 0.0), 300e3, np.array([0.0, 0.0, 7_000.0]), 1_000.0)
    position, velocity = inertial(start)
    semi_major = 1.0 / (2.0 / np.linalg.norm(position) - velocity @ velocity / earth.MU_M3_S2)
    radius_m = float(np.linalg.norm(position)) - 200e3
    arc = Leg("coast", BaseFirst(0.0), VACUUM)
    down = arc.fly(0.0, start, 5_000.0, Until(lambda _, m: float(earth.norm(m.position_m)) - radius_m, rising=False))
    # it starts at apogee, so the eccentric anomaly there is pi; Kepler's equation gives the time to any radius
    eccentricity = np.linalg.norm(position) / semi_major - 1.0
    anomaly = math.acos((1.0 - radius_m / semi_major) / eccentricity)
    mean_motion = math.sqrt(earth.MU_M3_S2 / semi_major**3)
    fall_s = (math.pi - (anomaly - eccentricity * math.sin(anomaly))) / mean_motion
    assert down.end_s == pytest.approx(fall_s, rel=1e-6)
