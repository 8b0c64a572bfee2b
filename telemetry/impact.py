"""Instantaneous impact point: where a vehicle comes down if thrust ends now, on a Kepler arc without air."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# WGS-84 (NIMA TR8350.2)
SEMI_MAJOR_M: Final = 6_378_137.0
FLATTENING: Final = 1.0 / 298.257223563
MU_M3_S2: Final = 3.986004418e14
EARTH_RATE_RAD_S: Final = 7.292115e-5
_E2: Final = FLATTENING * (2.0 - FLATTENING)
_ROUNDS: Final = 4


def impact_point(
    latitude_deg: Floats,
    longitude_deg: Floats,
    altitude_m: Floats,
    velocity_east_m_s: Floats,
    velocity_north_m_s: Floats,
    vertical_speed_m_s: Floats,
) -> tuple[Floats, Floats]:
    """Return geodetic latitude and longitude of the impact, degrees.

    Parameters
    ----------
    latitude_deg, longitude_deg, altitude_m
        Shape (n,): geodetic place and height above the ellipsoid.
    velocity_east_m_s, velocity_north_m_s, vertical_speed_m_s
        Shape (n,): velocity over the rotating Earth.

    Returns
    -------
    tuple
        Two of shape (n,); NaN where the arc does not come down: an orbit, or an escape.

    Notes
    -----
    Two bodies, J2 and air left out (Bate, Mueller, White: Fundamentals of Astrodynamics, chapters 1 and 6). The arc is
    followed to the radius that the ellipsoid has below the impact, found in a few rounds; the Earth turns meanwhile.
    A vehicle on the ground has its impact where it stands.
    """
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    r, v = _inertial(lat, lon, altitude_m, velocity_east_m_s, velocity_north_m_s, vertical_speed_m_s)
    radius = np.sqrt((r * r).sum(axis=0))
    toward = (r * v).sum(axis=0)
    h2 = radius**2 * (v * v).sum(axis=0) - toward**2
    p = h2 / MU_M3_S2
    # e*cos and e*sin of the true anomaly, so that a circle needs no case of its own
    e_cos, e_sin = p / radius - 1.0, np.sqrt(p / MU_M3_S2) * toward / radius
    e = np.hypot(e_cos, e_sin)
    anomaly = np.arctan2(e_sin, e_cos)
    axis = p / (1.0 - e * e)
    target = np.minimum(radius, _ground_radius(r[2] / radius))
    place, flown_s = r, np.zeros_like(radius)
    for _ in range(_ROUNDS):
        at = -np.arccos((p / target - 1.0) / e)
        turn = np.mod(at - anomaly, 2.0 * np.pi)
        place = _turned(r, v, radius, p, turn, target)
        flown_s = _time(axis, e, anomaly, anomaly + turn)
        target = np.minimum(radius, _ground_radius(place[2] / target))
    x, y, z = place
    landed_lon = np.arctan2(y, x) - EARTH_RATE_RAD_S * flown_s
    landed_lat = np.arctan2(z, (1.0 - _E2) * np.hypot(x, y))
    on_ground = altitude_m <= 0.0
    latitude = np.where(on_ground, latitude_deg, np.where(np.isfinite(flown_s), np.degrees(landed_lat), np.nan))
    longitude = np.where(on_ground, longitude_deg, np.degrees(landed_lon))
    return latitude, np.mod(longitude + 180.0, 360.0) - 180.0


def _inertial(
    lat: Floats, lon: Floats, altitude_m: Floats, east: Floats, north: Floats, up: Floats
) -> tuple[Floats, Floats]:
    """Return place and velocity, shape (3, n), in the frame that does not turn and now lies on the Earth's."""
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    normal = SEMI_MAJOR_M / np.sqrt(1.0 - _E2 * sin_lat**2)
    out = (normal + altitude_m) * cos_lat
    r = np.stack([out * cos_lon, out * sin_lon, (normal * (1.0 - _E2) + altitude_m) * sin_lat])
    outward = up * cos_lat - north * sin_lat
    around = east + EARTH_RATE_RAD_S * out
    v = np.stack(
        [
            outward * cos_lon - around * sin_lon,
            outward * sin_lon + around * cos_lon,
            up * sin_lat + north * cos_lat,
        ]
    )
    return r, v


def _ground_radius(sine: Floats) -> Floats:
    """Return the ellipsoid's radius by the sine of the geocentric latitude."""
    return np.asarray(SEMI_MAJOR_M * (1.0 - FLATTENING) / np.sqrt(1.0 - _E2 * (1.0 - sine**2)))


def _turned(r: Floats, v: Floats, radius: Floats, p: Floats, turn: Floats, target: Floats) -> Floats:
    """Return the place on the arc, shape (3, n), after a turn of the true anomaly (Lagrange's f and g)."""
    f = 1.0 - target / p * (1.0 - np.cos(turn))
    g = radius * target * np.sin(turn) / np.sqrt(MU_M3_S2 * p)
    return np.asarray(f * r + g * v)


def _time(axis: Floats, e: Floats, start: Floats, stop: Floats) -> Floats:
    """Return the time from one true anomaly to another on an ellipse, by Kepler's equation."""
    root = np.sqrt((1.0 - e) / (1.0 + e))

    def mean(anomaly: Floats) -> Floats:
        eccentric = 2.0 * np.arctan2(root * np.sin(anomaly / 2.0), np.cos(anomaly / 2.0))
        return np.asarray(eccentric - e * np.sin(eccentric))

    return np.asarray(np.mod(mean(stop) - mean(start), 2.0 * np.pi) * np.sqrt(axis**3 / MU_M3_S2))
