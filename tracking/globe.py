"""The Earth as seen from far above one point: an orthographic view, with the outlines of land; pure."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.limb import Vectors, clip

EARTH_RADIUS_M: Final = 6_371_000.0
SIZE: Final = 1000
RADIUS: Final = 430.0
MAX_ZOOM: Final = 5.0
WHOLE_DISC_BELOW: Final = 1.35
# so that a route over a third of the globe or more shows the whole disc
ROUTE_SHARE: Final = 0.5
LAND_FILE: Final = Path(__file__).parent / "land" / "land-110m.json"
_FAR: Final = 4_000.0


@dataclass(frozen=True, slots=True)
class View:
    """A view of the globe on a square of `SIZE` units.

    Parameters
    ----------
    latitude_deg, longitude_deg
        The point in the middle.
    zoom
        1 shows the whole disc.
    """

    latitude_deg: float
    longitude_deg: float
    zoom: float = 1.0

    @property
    def radius(self) -> float:
        """Radius of the disc in units of the drawing."""
        return RADIUS * self.zoom

    def turn(self, vectors: Vectors) -> Vectors:
        """Turn unit vectors of shape (n, 3) into the view: x to the right, y upwards, z to the observer."""
        lat, lon = math.radians(self.latitude_deg), math.radians(self.longitude_deg)
        east = (-math.sin(lon), math.cos(lon), 0.0)
        north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
        up = (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        return np.asarray(vectors @ np.array([east, north, up]).T)

    def project(self, latitude_deg: float, longitude_deg: float, altitude_m: float = 0.0) -> tuple[float, float] | None:
        """Return where a point appears, or None if the Earth hides it."""
        xy, seen = self._place([(latitude_deg, longitude_deg, altitude_m)])
        return (float(xy[0, 0]), float(xy[0, 1])) if seen[0] else None

    def line(self, points: Sequence[tuple[float, float, float]]) -> str:
        """Return the SVG path of (latitude, longitude, altitude) points; it breaks where the Earth hides it."""
        if not points:
            return ""
        xy, seen = self._place(points)
        begins = seen & ~np.concatenate(([False], seen[:-1]))
        return "".join(
            f"{'M' if begin else 'L'}{x:g} {y:g}"
            for (x, y), begin in zip(xy[seen].tolist(), begins[seen].tolist(), strict=True)
        )

    def _place(self, points: Sequence[tuple[float, float, float]]) -> tuple[Vectors, NDArray[np.bool_]]:
        """Return x and y of shape (n, 2) on the drawing, and which of the points are seen."""
        given = np.asarray(points, dtype=np.float64)
        turned = self.turn(unit_vectors(given[:, 1::-1])) * (1 + given[:, 2:] / EARTH_RADIUS_M)
        seen = (turned[:, 2] >= 0) | (np.hypot(turned[:, 0], turned[:, 1]) >= 1)
        return np.round(SIZE / 2 + self.radius * turned[:, :2] * (1, -1), 1), seen


def unit_vectors(lon_lat_deg: Sequence[tuple[float, float]] | NDArray[np.float64]) -> Vectors:
    """Return unit vectors of shape (n, 3) of points given as longitude and latitude."""
    lon, lat = np.radians(np.asarray(lon_lat_deg, dtype=np.float64)).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two points given as latitude and longitude, on a sphere.

    Examples
    --------
    >>> round(distance_m((0, 0), (0, 90)) / 1000)
    10008
    """
    start, stop = unit_vectors([(a[1], a[0]), (b[1], b[0])])
    return EARTH_RADIUS_M * math.atan2(float(np.linalg.norm(np.cross(start, stop))), float(start @ stop))


def great_circle(a: tuple[float, float], b: tuple[float, float], n: int = 64) -> list[tuple[float, float]]:
    """Return n points (latitude, longitude) of the shorter great circle from a to b, both ends included."""
    start, stop = unit_vectors([(a[1], a[0]), (b[1], b[0])])
    angle = math.acos(float(np.clip(start @ stop, -1, 1)))
    if math.sin(angle) < 1e-9:  # noqa: PLR2004 -- the same point, or its antipode, where no circle is the shorter one
        return [a, b]
    steps = np.linspace(0, 1, n)[:, None]
    points = (np.sin((1 - steps) * angle) * start + np.sin(steps * angle) * stop) / math.sin(angle)
    lat = np.degrees(np.arcsin(np.clip(points[:, 2], -1, 1)))
    lon = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    return [(float(p), float(q)) for p, q in zip(lat, lon, strict=True)]


def view_of_route(a: tuple[float, float], b: tuple[float, float]) -> View:
    """Return the view in whose middle the route from a to b lies, as near as shows all of it."""
    circle = great_circle(a, b, 3)
    middle = circle[len(circle) // 2]
    start, centre = unit_vectors([(a[1], a[0]), (middle[1], middle[0])])
    half = math.sqrt(max(0.0, 1 - float(np.clip(start @ centre, -1, 1)) ** 2))
    wanted = ROUTE_SHARE * SIZE / 2 / (RADIUS * max(half, 1e-6))
    zoom = 1.0 if wanted < WHOLE_DISC_BELOW else round(min(wanted, MAX_ZOOM), 2)
    return View(round(middle[0], 1), round(middle[1], 1), zoom)


@functools.cache
def land_outlines_deg() -> tuple[tuple[NDArray[np.float64], ...], ...]:
    """Return all land as polygons of rings; a ring has shape (n, 2): longitude and latitude in degrees."""
    content = json.loads(LAND_FILE.read_text(encoding="utf-8"))
    units = content["units_per_deg"]
    return tuple(tuple(np.asarray(r, dtype=np.float64) / units for r in polygon) for polygon in content["polygons"])


@functools.cache
def _land() -> tuple[tuple[Vectors, ...], ...]:
    return tuple(tuple(unit_vectors(ring) for ring in polygon) for polygon in land_outlines_deg())


@functools.lru_cache(maxsize=64)
def land_path(view: View) -> str:
    """Return the SVG path of all land on the visible half of the globe."""
    rings = (ring for polygon in _land() for ring in clip([view.turn(ring) for ring in polygon]))
    return "".join(_path(view, ring) for ring in rings)


@functools.lru_cache(maxsize=64)
def graticule_path(view: View, step_deg: int = 30) -> str:
    """Return the SVG path of parallels and meridians."""
    fine = range(-180, 181, 4)
    meridians = [[(lat, lon, 0.0) for lat in range(-88, 89, 4)] for lon in range(-180, 180, step_deg)]
    parallels = [[(lat, lon, 0.0) for lon in fine] for lat in range(-90 + step_deg, 90, step_deg)]
    return "".join(view.line(points) for points in (*meridians, *parallels))


def _path(view: View, ring: Vectors) -> str:
    """Return the SVG path of a ring in whole units, relative; what lies far outside the drawing is left out."""
    xy = np.rint(SIZE / 2 + view.radius * ring[:, :2] * (1, -1)).astype(int)
    if (np.abs(xy - SIZE // 2).min(axis=0) > _FAR).any():
        return ""
    steps = np.diff(xy, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    if len(steps) < 2:  # noqa: PLR2004 -- too small to enclose anything
        return ""
    return f"M{xy[0][0]} {xy[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z"
