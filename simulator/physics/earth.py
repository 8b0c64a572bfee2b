"""The WGS 84 ellipsoid that turns: frames, places on it, gravity, lines on the ground and elevations.

Everything is reckoned in the frame that turns with the Earth (x through 0 N 0 E, z through the north pole), so a pad
has no speed and the air stands still but for the wind. Latitudes and heights are geodetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

from simulator.physics.elementary import PI, TINY, arcsin, arctan2, sin_cos

FloatArray = NDArray[np.float64]

MU_M3_S2: Final = 3.986004418e14
"""Gravitational parameter (WGS 84)."""
EQUATOR_M: Final = 6_378_137.0
"""Semi-major axis (WGS 84)."""
FLATTENING: Final = 1.0 / 298.257223563
"""Of the ellipsoid (WGS 84)."""
POLE_M: Final = EQUATOR_M * (1.0 - FLATTENING)
"""Semi-minor axis."""
RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG R1), for estimates."""
J2: Final = 1.082629821313e-3
"""Dynamic form factor (WGS 84, NIMA TR8350.2)."""
ROTATION_RAD_S: Final = 7.292115e-5
"""Sidereal rotation (WGS 84)."""

RAD_PER_DEG: Final = PI / 180.0
DEG_PER_RAD: Final = 180.0 / PI
_ECCENTRICITY_2: Final = FLATTENING * (2.0 - FLATTENING)
_SECOND_2: Final = _ECCENTRICITY_2 / (1.0 - _ECCENTRICITY_2)
# What geographiclib answers is rounded to these digits, far above the last bits in which C libraries differ.
_DEGREE_DIGITS: Final = 9
_METRE_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the surface, in degrees north and east."""

    latitude_deg: float
    longitude_deg: float

    def position_m(self, altitude_m: float = 0.0) -> FloatArray:
        """Return the position, shape (3,), in the frame that turns with the Earth."""
        return position_at_m(np.asarray(self.latitude_deg), np.asarray(self.longitude_deg), np.asarray(altitude_m))


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Inner product over the first axis: (3, ...) and (3, ...) give (...)."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def norm(a: FloatArray) -> FloatArray:
    """Length over the first axis."""
    return np.asarray(np.sqrt(dot(a, a)))


def position_at_m(latitude_deg: FloatArray, longitude_deg: FloatArray, altitude_m: FloatArray) -> FloatArray:
    """Return positions, shape (3, ...), of geodetic coordinates of shape (...)."""
    sin_lat, cos_lat = sin_cos(latitude_deg * RAD_PER_DEG)
    sin_lon, cos_lon = sin_cos(longitude_deg * RAD_PER_DEG)
    across = EQUATOR_M / np.sqrt(1.0 - _ECCENTRICITY_2 * sin_lat * sin_lat)
    flat = (across + altitude_m) * cos_lat
    return np.array([flat * cos_lon, flat * sin_lon, (across * (1.0 - _ECCENTRICITY_2) + altitude_m) * sin_lat])


def up_and_altitude(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the vertical of the ellipsoid, shape (3, ...), and the height above it, shape (...).

    The vertical is within 3e-13 rad and the height within 1e-8 m from 5 km below to 40,000 km above the surface, at the
    poles too; without angles, so without elementary functions.

    References
    ----------
    Bowring, Survey Review 28 (1985) 202: the formula for points in space, one step.
    """
    x, y, z = position_m
    flat_2 = x * x + y * y
    flat, radius = np.sqrt(flat_2), np.sqrt(flat_2 + z * z)
    sine, cosine = POLE_M * z * (radius + _SECOND_2 * POLE_M), EQUATOR_M * flat * radius
    length = np.sqrt(sine * sine + cosine * cosine)
    sine, cosine = sine / length, cosine / length
    rise = z + _SECOND_2 * POLE_M * (sine * sine * sine)
    run = flat - _ECCENTRICITY_2 * EQUATOR_M * (cosine * cosine * cosine)
    length = np.sqrt(rise * rise + run * run)
    sine, cosine = rise / length, run / length
    altitude = flat * cosine + z * sine - EQUATOR_M * np.sqrt(1.0 - _ECCENTRICITY_2 * sine * sine)
    up = np.empty_like(position_m)
    share = cosine / np.maximum(flat, TINY)
    up[0], up[1], up[2] = x * share, y * share, sine
    return up, altitude


def altitude_m(position_m: FloatArray) -> FloatArray:
    """Return heights above the ellipsoid of positions of shape (3, ...)."""
    return up_and_altitude(position_m)[1]


def latitude_longitude_deg(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return geodetic latitude and longitude of positions of shape (3, ...); the longitude of a pole is 0."""
    up, _ = up_and_altitude(position_m)
    flat = np.sqrt(up[0] * up[0] + up[1] * up[1])
    return arctan2(up[2], flat) * DEG_PER_RAD, arctan2(position_m[1], position_m[0]) * DEG_PER_RAD


def place_of(position_m: FloatArray) -> Place:
    """Return the place below a position of shape (3,)."""
    latitude, longitude = latitude_longitude_deg(position_m)
    return Place(float(latitude), float(longitude))


def east_north(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the unit vectors to the east and to the north at positions of shape (3, ...); at a pole those of 0 E."""
    up, _ = up_and_altitude(position_m)
    x, y = position_m[0], position_m[1]
    flat = np.sqrt(x * x + y * y)
    pole = flat == 0.0
    flat = flat + pole
    east, north = np.empty_like(position_m), np.empty_like(position_m)
    east[0], east[1], east[2] = -y / flat, x / flat + pole, 0.0
    north[0], north[1], north[2] = -up[2] * east[1], up[2] * east[0], up[0] * east[1] - up[1] * east[0]
    return east, north


def inertial_acceleration_m_s2(position_m: FloatArray, velocity_m_s: FloatArray) -> FloatArray:
    """Gravity with the flattening's part (J2), Coriolis and centrifugal acceleration in the turning frame.

    Parameters
    ----------
    position_m, velocity_m_s
        Shape (3, ...).

    Returns
    -------
    FloatArray
        Shape (3, ...): what a body that falls freely is accelerated by.

    References
    ----------
    Vallado, Fundamentals of Astrodynamics and Applications, 4th ed., section 8.7.1.
    """
    w = ROTATION_RAD_S
    radius_2 = dot(position_m, position_m)
    pull = MU_M3_S2 / (radius_2 * np.sqrt(radius_2))
    bulge = (1.5 * J2 * EQUATOR_M * EQUATOR_M) * pull / radius_2
    z = position_m[2]
    tilted = bulge * (5.0 * z * z / radius_2 - 1.0) - pull
    outwards = tilted + w * w
    result = np.empty_like(position_m)
    result[0] = outwards * position_m[0] + (2.0 * w) * velocity_m_s[1]
    result[1] = outwards * position_m[1] - (2.0 * w) * velocity_m_s[0]
    result[2] = (tilted - 2.0 * bulge) * z
    return result


def angle_between_rad(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle between vectors over the first axis; exact for small angles too (Kahan)."""
    a_unit, b_unit = a / norm(a), b / norm(b)
    return np.asarray(2.0 * arctan2(norm(a_unit - b_unit), norm(a_unit + b_unit)))


def distance_between_m(a_m: FloatArray, b_m: FloatArray) -> FloatArray:
    """Distance along the ellipsoid between the points below positions of shapes (3, ...) that broadcast.

    Off by less than 4e-6 of itself as far as 15,000 km, and by some km for places on opposite sides of the Earth.

    References
    ----------
    Lambert, J. Washington Acad. Sci. 32 (1942) 125, written with vectors.
    """
    a, b = _reduced(a_m), _reduced(b_m)
    apart, together = a - b, a + b
    apart_2, together_2 = np.maximum(dot(apart, apart), TINY), np.maximum(dot(together, together), TINY)
    arc = 2.0 * arctan2(np.sqrt(apart_2), np.sqrt(together_2))
    sine = sin_cos(arc)[0]
    east = (arc - sine) * (together[2] * together[2]) / together_2
    north = (arc + sine) * (apart[2] * apart[2]) / apart_2
    return np.asarray(EQUATOR_M * (arc - (0.5 * FLATTENING) * (east + north)))


def _reduced(position_m: FloatArray) -> FloatArray:
    """Return where points lie on the sphere of reduced latitudes."""
    vector, _ = up_and_altitude(position_m)
    vector[2] *= 1.0 - FLATTENING
    return np.asarray(vector / norm(vector))


def ground_distance_m(a: Place, position_m: FloatArray) -> FloatArray:
    """Distance along the ground from a place to the points below positions of shape (3, ...)."""
    return distance_between_m(a.position_m().reshape((3,) + (1,) * (position_m.ndim - 1)), position_m)


def elevation_deg(observer_m: FloatArray, target_m: FloatArray) -> FloatArray:
    """Elevation of targets above observers' horizon; shapes (3, ...) that broadcast."""
    sight = target_m - observer_m
    up, _ = up_and_altitude(observer_m)
    return np.asarray(arcsin(dot(sight, up) / norm(sight)) * DEG_PER_RAD)


def distance_m(a: Place, b: Place) -> float:
    """Return the length of the shortest line on the ground, to the millimetre."""
    return round(float(_line(a, b)["s12"]), _METRE_DIGITS)


def bearing_deg(a: Place, b: Place) -> float:
    """Return the initial course of the shortest line from one place to another, clockwise from north, 0 to 360."""
    return round(float(_line(a, b)["azi1"]), _DEGREE_DIGITS) % 360.0


def destination(a: Place, course_deg: float, distance_m: float) -> Place:
    """Return the place at a distance along the shortest line that leaves `a` on a course.

    Examples
    --------
    >>> destination(Place(0.0, 179.0), 90.0, 222_638.981_587)
    Place(latitude_deg=0.0, longitude_deg=-179.0)
    """
    end = Geodesic.WGS84.Direct(a.latitude_deg, a.longitude_deg, course_deg, distance_m)
    return Place(round(float(end["lat2"]), _DEGREE_DIGITS), round(float(end["lon2"]), _DEGREE_DIGITS))


def _line(a: Place, b: Place) -> dict[str, float]:
    line: dict[str, float] = Geodesic.WGS84.Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg)
    return line
