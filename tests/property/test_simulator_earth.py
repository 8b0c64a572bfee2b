"""The Earth against two libraries of geodesy, from pole to pole and from the sea floor to space."""

from __future__ import annotations

import math

import numpy as np
import pymap3d
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from simulator.physics import earth
from simulator.physics.earth import Place

latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)
places = st.builds(Place, latitudes, longitudes)
altitudes = st.floats(-5_000.0, 2e6)
courses = st.floats(0.0, 360.0)
MM = 1e-3


def away_m(a: np.ndarray, b: np.ndarray) -> float:
    return float(earth.norm(a - b))


@given(places, altitudes)
def test_positions_are_pymap3ds(place: Place, altitude_m: float) -> None:
    theirs = np.array(pymap3d.geodetic2ecef(place.latitude_deg, place.longitude_deg, altitude_m))
    assert away_m(place.position_m(altitude_m), theirs) < MM


@given(places, altitudes)
def test_a_position_gives_its_coordinates_back_within_a_millimetre(place: Place, altitude_m: float) -> None:
    position = place.position_m(altitude_m)
    assert float(earth.altitude_m(position)) == pytest.approx(altitude_m, abs=1e-7)
    latitude, longitude = earth.latitude_longitude_deg(position)
    again = Place(float(latitude), float(longitude)).position_m(altitude_m)
    assert away_m(again, position) < 0.01 * MM


@given(places, altitudes)
def test_up_east_and_north_are_pymap3ds(place: Place, altitude_m: float) -> None:
    position = place.position_m(altitude_m)
    up, _ = earth.up_and_altitude(position)
    east, north = earth.east_north(position)
    frame = np.array([east, north, up])
    assert np.abs(earth.dot(frame[:, np.newaxis].T, frame.T[:, :, np.newaxis]) - np.eye(3)).max() < 1e-12
    if abs(place.latitude_deg) < 90.0 - 1e-9:
        theirs = np.array(
            [pymap3d.enu2uvw(*axis, place.latitude_deg, place.longitude_deg) for axis in np.eye(3).tolist()]
        )
        # east turns fast beside a pole: what counts is how far that is on the ground
        shrink = math.cos(math.radians(place.latitude_deg))
        assert np.abs(frame - theirs).max() < 1e-12 + 1e-15 / shrink


@given(places, courses, st.floats(0.0, 1.5e7), altitudes)
def test_ground_distances_are_geographiclibs(
    place: Place, course_deg: float, distance_m: float, altitude_m: float
) -> None:
    end = Geodesic.WGS84.Direct(place.latitude_deg, place.longitude_deg, course_deg, distance_m)
    there = Place(end["lat2"], end["lon2"])
    assert float(earth.ground_distance_m(place, there.position_m(altitude_m))) == pytest.approx(
        distance_m, rel=4e-6, abs=MM
    )
    assert earth.distance_m(place, there) == pytest.approx(distance_m, abs=MM)


@given(places, courses, st.floats(1.0, 1.9e7))
def test_a_destination_lies_at_its_bearing_and_distance(place: Place, course_deg: float, distance_m: float) -> None:
    there = earth.destination(place, course_deg, distance_m)
    assert earth.distance_m(place, there) == pytest.approx(distance_m, abs=2 * MM)
    again = earth.destination(place, earth.bearing_deg(place, there), earth.distance_m(place, there))
    assert away_m(again.position_m(), there.position_m()) < 10 * MM


@given(places, altitudes)
def test_many_positions_at_once_are_each_alone(place: Place, altitude_m: float) -> None:
    alone = place.position_m(altitude_m)
    many = np.array([alone, np.array([0.0, 0.0, 6.4e6]), -alone]).T
    for function in (earth.up_and_altitude, earth.east_north, earth.latitude_longitude_deg):
        for together, single in zip(function(many), function(alone), strict=True):
            assert np.array_equal(together[..., 0], single)


@given(st.sampled_from([-1.0, 1.0]), altitudes)
def test_a_pole_is_a_place_like_any_other(side: float, altitude_m: float) -> None:
    position = np.array([0.0, 0.0, side * (earth.POLE_M + altitude_m)])
    up, altitude = earth.up_and_altitude(position)
    assert up.tolist() == [0.0, 0.0, side]
    assert float(altitude) == pytest.approx(altitude_m, abs=1e-7)
    assert earth.place_of(position) == Place(side * 90.0, 0.0)
    east, north = earth.east_north(position)
    assert east.tolist() == [0.0, 1.0, 0.0]
    assert north.tolist() == [-side, 0.0, 0.0]


@given(latitudes)
def test_a_plumb_line_is_the_vertical_and_weighs_what_somigliana_says(latitude_deg: float) -> None:
    position = Place(latitude_deg, 77.0).position_m()
    weight = earth.inertial_acceleration_m_s2(position, np.zeros(3))
    up, _ = earth.up_and_altitude(position)
    sine = math.sin(math.radians(latitude_deg))
    # normal gravity of WGS 84, NIMA TR8350.2, equation 4-1
    normal = 9.7803253359 * (1 + 0.00193185265241 * sine**2) / math.sqrt(1 - 0.00669437999013 * sine**2)
    assert float(earth.norm(weight)) == pytest.approx(normal, abs=2e-4)
    assert float(earth.angle_between_rad(-weight, up)) < 2e-5
