"""A round Earth that turns: frames, places on it, great circles and elevations.

Everything is reckoned in the frame that turns with the Earth (x through 0 N 0 E, z through the north pole), so a pad
has no speed and the air stands still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MU_M3_S2: Final = 3.986004418e14
"""Gravitational parameter (WGS 84)."""
RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG R1)."""
ROTATION_RAD_S: Final = 7.292115e-5
"""Sidereal rotation (WGS 84)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the surface, in degrees north and east."""

    latitude_deg: float
    longitude_deg: float

    def position_m(self, altitude_m: float = 0.0) -> FloatArray:
        """Return the position, shape (3,), in the frame that turns with the Earth."""
        lat, lon = math.radians(self.latitude_deg), math.radians(self.longitude_deg)
        radius = RADIUS_M + altitude_m
        return radius * np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Inner product over the first axis: (3, ...) and (3, ...) give (...)."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def norm(a: FloatArray) -> FloatArray:
    """Length over the first axis."""
    return np.asarray(np.sqrt(dot(a, a)))


def latitude_longitude_deg(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return latitude and longitude of positions of shape (3, ...)."""
    x, y, z = position_m
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def place_of(position_m: FloatArray) -> Place:
    """Return the place below a position of shape (3,)."""
    latitude, longitude = latitude_longitude_deg(position_m)
    return Place(float(latitude), float(longitude))


def east_north(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the unit vectors to the east and to the north at positions of shape (3, ...), not at a pole."""
    x, y = position_m[0], position_m[1]
    flat = np.hypot(x, y)
    east = np.array([-y / flat, x / flat, np.zeros_like(flat)])
    up = position_m / norm(position_m)
    north = np.array([-up[2] * east[1], up[2] * east[0], up[0] * east[1] - up[1] * east[0]])
    return east, north


def inertial_acceleration_m_s2(position_m: FloatArray, velocity_m_s: FloatArray) -> FloatArray:
    """Gravity, Coriolis and centrifugal acceleration in the turning frame.

    Parameters
    ----------
    position_m, velocity_m_s
        Shape (3, ...).

    Returns
    -------
    FloatArray
        Shape (3, ...): what a body that falls freely is accelerated by.
    """
    pull = -MU_M3_S2 / norm(position_m) ** 3
    w = ROTATION_RAD_S
    x, y, z = position_m
    vx, vy, _ = velocity_m_s
    return np.array([(pull + w * w) * x + 2.0 * w * vy, (pull + w * w) * y - 2.0 * w * vx, pull * z])


def angle_between_rad(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle between vectors over the first axis; exact for small angles too (Kahan)."""
    a_unit, b_unit = a / norm(a), b / norm(b)
    return np.asarray(2.0 * np.arctan2(norm(a_unit - b_unit), norm(a_unit + b_unit)))


def ground_distance_m(a: Place, position_m: FloatArray) -> FloatArray:
    """Great-circle distance along the surface from a place to the points below positions of shape (3, ...)."""
    start = a.position_m().reshape((3,) + (1,) * (position_m.ndim - 1))
    return RADIUS_M * angle_between_rad(start, position_m)


def bearing_deg(a: Place, b: Place) -> float:
    """Return the initial course of the great circle from one place to another, clockwise from north."""
    east, north = east_north(a.position_m())
    there = b.position_m()
    return math.degrees(math.atan2(float(there @ east), float(there @ north))) % 360.0


def destination(a: Place, course_deg: float, distance_m: float) -> Place:
    """Return the place at a distance along the great circle that leaves `a` on a course.

    Examples
    --------
    >>> there = destination(Place(0.0, 0.0), 90.0, RADIUS_M * math.pi / 2)
    >>> abs(there.latitude_deg) < 1e-9, round(there.longitude_deg, 9)
    (True, 90.0)
    """
    east, north = east_north(a.position_m())
    course, angle = math.radians(course_deg), distance_m / RADIUS_M
    ahead = math.sin(course) * east + math.cos(course) * north
    return place_of(math.cos(angle) * a.position_m() / RADIUS_M + math.sin(angle) * ahead)


def elevation_deg(observer_m: FloatArray, target_m: FloatArray) -> FloatArray:
    """Elevation of targets above observers' horizon; shapes (3, ...) that broadcast."""
    sight = target_m - observer_m
    return np.asarray(np.degrees(np.arcsin(dot(sight, observer_m) / (norm(sight) * norm(observer_m)))))
