"""The air: its table against the library it comes from, and the wind."""

from __future__ import annotations

from pathlib import Path

import make_atmosphere
import numpy as np
import pytest

from simulator.physics.atmosphere import GRAVITY_M_S2, TABLE, air_at
from simulator.physics.earth import Place, dot, east_north, norm, up_and_altitude
from simulator.physics.heating import heat_flux_w_m2
from simulator.physics.wind import Wind, load_profile
from telemetry.errors import FlightError

ONE = np.asarray(1.0)


def test_the_table_is_what_the_library_says() -> None:
    made = np.loadtxt(make_atmosphere.text().splitlines(), delimiter=",")
    # the last printed digit may turn with a version of the library
    assert np.loadtxt(TABLE, delimiter=",") == pytest.approx(made, rel=1e-5)


def test_air_between_the_rows_errs_by_less_than_a_thousandth() -> None:
    altitude = np.arange(-5_000.0, 1e6, 487.0)
    air, (temperature, pressure, density) = air_at(altitude), make_atmosphere.standard(altitude)
    assert air.temperature_k == pytest.approx(temperature, rel=1e-3)
    assert air.pressure_pa == pytest.approx(pressure, rel=1e-3)
    assert air.density_kg_m3 == pytest.approx(density, rel=1e-3)


def test_air_carries_its_own_weight() -> None:
    altitude = np.linspace(0.0, 80_000.0, 80_001)
    air = air_at(altitude)
    gravity = GRAVITY_M_S2 * (6_356_766.0 / (6_356_766.0 + altitude)) ** 2
    weight = np.cumsum(air.density_kg_m3 * gravity)[:-1]
    assert air.pressure_pa[0] - air.pressure_pa[1:] == pytest.approx(weight, rel=2e-4)


def test_beyond_the_table_the_air_stays_as_it_is_at_its_ends() -> None:
    air = air_at(np.array([-9e3, -5e3, 1e6, 4e7]))
    assert air.pressure_pa[0] == air.pressure_pa[1]
    assert air.density_kg_m3[2] == air.density_kg_m3[3]
    assert air_at(np.asarray(0.0)).pressure_pa == 101_325.0
    assert air_at(np.zeros((2, 3))).density_kg_m3.shape == (2, 3)


def test_wind_blows_as_its_profile_says_and_not_in_space() -> None:
    wind = Wind(load_profile("westerlies"))
    east, north = wind.at(np.array([0.0, 10_500.0, 100_000.0, 400_000.0]))
    assert east.tolist() == [2.0, 26.0, 0.0, 0.0]
    assert north.tolist() == [0.0, 2.0, 0.0, 0.0]
    # whether others in a fleet are still in the wind changes nothing for one above it
    places = np.array([Place(30.0, 40.0).position_m(altitude) for altitude in (9e3, 1.1e5)]).T
    together = wind.velocity_m_s(places, *up_and_altitude(places))[:, 1]
    alone = wind.velocity_m_s(places[:, 1], *up_and_altitude(places[:, 1]))
    assert np.array_equal(together, alone)
    assert not alone.any()


def test_wind_of_many_flights_is_as_strong_and_turned_as_each_has_it() -> None:
    wind = Wind(load_profile("westerlies"), np.array([1.0, 0.5, 2.0]), np.array([0.0, 90.0, 180.0]))
    east, north = wind.at(np.full(3, 25_000.0))
    assert east == pytest.approx([4.0, 0.0, -8.0], abs=1e-12)
    assert north == pytest.approx([0.0, -2.0, 0.0], abs=1e-12)


def test_wind_lies_level_in_the_turning_frame() -> None:
    places = np.array([Place(*place).position_m(11_000.0) for place in ((36.6, 121.2), (-60.0, -5.0), (0.0, 180.0))]).T
    up, altitude = up_and_altitude(places)
    wind = Wind(load_profile("westerlies"))
    velocity = wind.velocity_m_s(places, up, altitude)
    east, north = east_north(places)
    for axis, speed in zip((east, north), wind.at(altitude), strict=True):
        assert dot(velocity, axis) == pytest.approx(speed, rel=1e-12)
    assert dot(velocity, up) == pytest.approx(np.zeros(3), abs=1e-12)
    pole = np.array([0.0, 0.0, 6.37e6])
    assert float(norm(wind.velocity_m_s(pole, *up_and_altitude(pole)))) == 0.0
    assert float(norm(Wind(load_profile("still")).velocity_m_s(pole, *up_and_altitude(pole)))) == 0.0


def test_a_profile_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FlightError, match=r"no wind 'gale' in .* there are still, westerlies"):
        load_profile("gale")
    path = tmp_path / "wind.yaml"
    path.write_text("gale: {altitude_m: [0, 1], east_m_s: [1], north_m_s: [1, 2]}\n")
    with pytest.raises(FlightError, match="there must be as many speeds as heights"):
        load_profile("gale", path)
    path.write_text("gale: {height: 3}\n")
    with pytest.raises(FlightError, match="no profiles of wind"):
        load_profile("gale", path)


def test_heat_follows_sutton_and_graves() -> None:
    flux = heat_flux_w_m2(np.array([1e-4, 4e-4, 1e-4]), np.array([7_000.0, 7_000.0, 3_500.0]), 1.0)
    assert flux == pytest.approx(np.array([5.973e5, 2 * 5.973e5, 5.973e5 / 8]), rel=1e-3)
    assert heat_flux_w_m2(np.asarray(1e-4), np.asarray(7_000.0), 4.0) == pytest.approx(5.973e5 / 2, rel=1e-3)
