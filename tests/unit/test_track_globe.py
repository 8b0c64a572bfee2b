from __future__ import annotations

import json
import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracking.globe import (
    EARTH_RADIUS_M,
    LAND_FILE,
    RADIUS,
    SIZE,
    View,
    distance_m,
    great_circle,
    land_path,
    unit_vectors,
    view_of_route,
)
from tracking.limb import clip
from tracking.sun import night_path, subsolar_point

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)
# Natural Earth's land: 149 of 510 million square kilometres
LAND_SHARE = 0.29


def planar_area(path: str) -> float:
    """Return the signed area of a path of the drawing, in units of the disc's area at zoom 1."""
    area = 0.0
    for start, steps in re.findall(r"M(-?\d+ -?\d+)l([^z]+)z", path):
        xy = np.cumsum(
            [[float(v) for v in start.split()], *np.array(steps.split(), dtype=float).reshape(-1, 2)], axis=0
        )
        x, y = xy[:, 0] - SIZE / 2, SIZE / 2 - xy[:, 1]
        area += float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return area / (math.pi * RADIUS**2)


def cap(latitude_deg: float, longitude_deg: float, radius_deg: float) -> NDArray[np.float64]:
    """Return the outline of a round land, interior on the left."""
    view = View(latitude_deg, longitude_deg)
    angles = np.linspace(0, 2 * math.pi, 361)
    radius = math.radians(radius_deg)
    local = np.stack(
        [np.cos(angles) * math.sin(radius), np.sin(angles) * math.sin(radius), np.full(361, math.cos(radius))], axis=1
    )
    axes = view.turn(np.eye(3))
    return np.asarray(local @ axes.T)


def test_the_land_file_names_its_source_and_covers_the_land() -> None:
    content = json.loads(LAND_FILE.read_text())
    assert "Natural Earth" in content["source"]
    assert LAND_FILE.stat().st_size < 150_000


@given(points)
def test_land_lies_on_the_disc_whatever_the_view(centre: tuple[float, float]) -> None:
    path = land_path(View(*centre))
    for start, steps in re.findall(r"M(-?\d+ -?\d+)l([^z]+)z", path):
        xy = np.cumsum(
            [[float(v) for v in start.split()], *np.array(steps.split(), dtype=float).reshape(-1, 2)], axis=0
        )
        assert np.hypot(*(xy - SIZE / 2).T).max() <= RADIUS + 1.5


def test_opposite_views_show_all_land_once() -> None:
    centres = [(0.0, lon) for lon in range(-180, 180, 30)] + [(90.0, 0.0), (-90.0, 0.0)]
    shares = [planar_area(land_path(View(*centre))) for centre in centres]
    assert all(0.0 <= share <= 1.0 for share in shares)
    # the projected share is not the true one, but over the equator's views it comes near
    assert np.mean(shares) == pytest.approx(LAND_SHARE, abs=0.06)


@given(points, points, st.floats(5, 80))
def test_a_round_land_is_cut_to_what_is_seen_of_it(
    at: tuple[float, float], centre: tuple[float, float], r_deg: float
) -> None:
    view = View(*centre)
    rings = clip([view.turn(cap(*at, r_deg))])
    x, y = rings_xy(rings)
    area = sum(float(a @ np.roll(b, -1) - b @ np.roll(a, -1)) / 2 for a, b in zip(x, y, strict=True))
    grid = np.linspace(-1, 1, 201)
    gx, gy = (axis.ravel() for axis in np.meshgrid(grid, grid))
    on_disc = gx**2 + gy**2 < 1
    gz = np.sqrt(1 - (gx[on_disc] ** 2 + gy[on_disc] ** 2))
    seen = np.stack([gx[on_disc], gy[on_disc], gz], axis=1)
    middle = view.turn(unit_vectors([(at[1], at[0])]))[0]
    expected = float((seen @ middle > math.cos(math.radians(r_deg))).mean()) * math.pi
    assert area == pytest.approx(expected, abs=0.06)


def rings_xy(rings: list[NDArray[np.float64]]) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    assert all(ring[:, 2].min() > -1e-9 for ring in rings)
    return [ring[:, 0] for ring in rings], [ring[:, 1] for ring in rings]


@given(points, points)
def test_both_ends_of_a_route_are_in_its_view(a: tuple[float, float], b: tuple[float, float]) -> None:
    view = view_of_route(a, b)
    if distance_m(a, b) > 19_900_000:
        return
    for end in (a, b):
        at = view.project(*end)
        assert at is not None
        assert 0 <= at[0] <= SIZE
        assert 0 <= at[1] <= SIZE


@given(points, points)
def test_a_great_circle_is_as_long_as_the_distance_and_straight(a: tuple[float, float], b: tuple[float, float]) -> None:
    distance = distance_m(a, b)
    if not 1_000 < distance < 20_000_000:
        return
    circle = great_circle(a, b, 9)
    legs = [distance_m(p, q) for p, q in pairwise(circle)]
    assert sum(legs) == pytest.approx(distance, rel=1e-3)
    assert max(legs) == pytest.approx(min(legs), rel=1e-2)


def test_what_the_earth_hides_is_not_drawn_and_a_high_ship_looks_over_the_limb() -> None:
    view = View(0, 0)
    assert view.project(0, 0) == (SIZE / 2, SIZE / 2)
    assert view.project(0, 100) is None
    assert view.project(0, 100, 2_000_000) is not None
    assert view.line([(0, 0, 0), (0, 100, 0), (0, 60, 0), (0, 50, 0)]).count("M") == 2
    assert view.line([]) == ""


def test_the_sun_stands_over_the_right_place() -> None:
    equinox_ns = 1_774_017_960 * 10**9  # 20 March 2026, 14:46 UTC; the sun is 7.4 minutes late then
    latitude, longitude = subsolar_point(equinox_ns)
    assert latitude == pytest.approx(0, abs=0.02)
    assert longitude == pytest.approx(-15 * (14 + 46 / 60 - 7.4 / 60 - 12), abs=0.2)


@given(points, st.integers(0, 4_000_000_000))
def test_about_half_of_the_earth_is_dark(centre: tuple[float, float], t_s: int) -> None:
    near, far = View(*centre), View(-centre[0], (centre[1] + 360) % 360 - 180)
    dark = sum(dark_share(night_path(view, t_s * 10**9)) for view in (near, far))
    assert dark == pytest.approx(1.0, abs=0.03)


def dark_share(path: str) -> float:
    area = 0.0
    for ring in re.findall(r"M([^z]+)z", path):
        x, y = np.array([[float(v) for v in point.split()] for point in ring.split("L")]).T - SIZE / 2
        area += abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
    return area / (math.pi * RADIUS**2)


@given(points)
def test_night_is_where_the_sun_is_not(centre: tuple[float, float]) -> None:
    t_ns = 1_782_030_240 * 10**9
    phase_rad = distance_m(centre, subsolar_point(t_ns)) / EARTH_RADIUS_M
    # the lit part of a disc is that of the moon at the same phase
    assert dark_share(night_path(View(*centre), t_ns)) == pytest.approx((1 - math.cos(phase_rad)) / 2, abs=0.02)
