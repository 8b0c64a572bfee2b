"""Where the sun stands, for the night side of the globe; pure."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from tracking.globe import SIZE, View, unit_vectors
from tracking.limb import Vectors, clip

J2000_NS: Final = 946_728_000 * 10**9
NS_PER_DAY: Final = 86_400 * 10**9


def subsolar_point(t_ns: int) -> tuple[float, float]:
    """Return latitude and longitude of the point that has the sun overhead, to about a hundredth of a degree.

    Notes
    -----
    Low-precision formulas of the Astronomical Almanac, section C, good from 1950 to 2050.

    Examples
    --------
    >>> [round(v) + 0 for v in subsolar_point(1_782_030_240_000_000_000)]  # the June solstice of 2026
    [23, 54]
    """
    days = (t_ns - J2000_NS) / NS_PER_DAY
    mean_longitude = math.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = mean_longitude + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    sidereal_deg = (280.46062 + 360.985647 * days) % 360
    longitude_deg = (math.degrees(ascension) - sidereal_deg + 180) % 360 - 180
    return math.degrees(declination), longitude_deg


def night_path(view: View, t_ns: int) -> str:
    """Return the SVG path of the part of the visible disc where the sun is down."""
    latitude_deg, longitude_deg = subsolar_point(t_ns)
    sun = view.turn(unit_vectors([(longitude_deg, latitude_deg)]))[0]
    aside = np.cross(sun, (0.0, 0.0, 1.0) if abs(sun[2]) < 0.9 else (1.0, 0.0, 0.0))  # noqa: PLR2004 -- any vector not along the sun
    aside /= np.linalg.norm(aside)
    other = np.cross(sun, aside)
    angles = np.linspace(0, -math.tau, 121)[:, None]
    terminator = np.cos(angles) * aside + np.sin(angles) * other
    return "".join(_outline(view, ring) for ring in clip([terminator]))


def _outline(view: View, ring: Vectors) -> str:
    xy = np.rint(SIZE / 2 + view.radius * ring[:, :2] * (1, -1)).astype(int)
    return "M" + "L".join(f"{x} {y}" for x, y in xy) + "z"
