"""The Earth as seen from far above one point: an orthographic view, with land outlines cut off at the limb; pure."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M: Final = 6_371_000.0
SIZE: Final = 1000
RADIUS: Final = 430.0
MAX_ZOOM: Final = 5.0
WHOLE_DISC_BELOW: Final = 1.35
# so that a route over a third of the globe or more shows the whole disc
ROUTE_SHARE: Final = 0.5
LAND_FILE: Final = Path(__file__).parent / "land" / "land-110m.json"
_LIMB_STEP_RAD: Final = math.radians(3)
_FAR: Final = 4_000.0

Vectors = NDArray[np.float64]


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
        x, y, z = self.turn(unit_vectors([(longitude_deg, latitude_deg)]))[0] * (1 + altitude_m / EARTH_RADIUS_M)
        if z < 0 and math.hypot(x, y) < 1:
            return None
        return round(SIZE / 2 + self.radius * x, 1), round(SIZE / 2 - self.radius * y, 1)

    def line(self, points: Iterable[tuple[float, float, float]]) -> str:
        """Return the SVG path of (latitude, longitude, altitude) points; it breaks where the Earth hides it."""
        parts: list[str] = []
        drawing = False
        for latitude_deg, longitude_deg, altitude_m in points:
            at = self.project(latitude_deg, longitude_deg, altitude_m)
            if at is not None:
                parts.append(f"{'L' if drawing else 'M'}{at[0]:g} {at[1]:g}")
            drawing = at is not None
        return "".join(parts)


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
def _land() -> tuple[tuple[Vectors, ...], ...]:
    content = json.loads(LAND_FILE.read_text(encoding="utf-8"))
    units = content["units_per_deg"]
    return tuple(
        tuple(unit_vectors(np.asarray(ring, dtype=np.float64) / units) for ring in polygon)
        for polygon in content["polygons"]
    )


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


def clip(rings: Sequence[Vectors]) -> list[Vectors]:
    """Cut a polygon of the sphere at the limb z = 0 and return the rings of its visible part, in the view.

    Parameters
    ----------
    rings
        Outline and holes in the view, shape (n, 3) each, closed, interior on the left.

    Returns
    -------
    list
        Rings of shape (m, 3) with z >= 0.

    Notes
    -----
    Where an outline leaves the visible half, its interior goes on along the limb to the left, as far as the next
    crossing, which is one where an outline comes in (Weiler and Atherton 1977, for a circle).
    """
    whole: list[Vectors] = []
    pieces: list[Vectors] = []
    for ring in rings:
        visible = ring[:, 2] > 0
        if visible.all():
            whole.append(ring)
        elif visible.any():
            pieces.extend(_visible_pieces(ring[:-1], visible[:-1]))
    return [*whole, *_join(pieces)]


def _visible_pieces(ring: Vectors, visible: NDArray[np.bool_]) -> list[Vectors]:
    """Return the stretches of an open ring on the near side, each beginning and ending on the limb."""
    first = int(np.flatnonzero(~visible)[0])
    ring, visible = np.roll(ring, -first, axis=0), np.roll(visible, -first)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], visible.astype(np.int8), [0]))))
    pieces = []
    for start, stop in edges.reshape(-1, 2):
        entry = _crossing(ring[start - 1], ring[start])
        leave = _crossing(ring[stop - 1], ring[stop % len(ring)])
        pieces.append(np.vstack([entry, ring[start:stop], leave]))
    return pieces


def _crossing(a: Vectors, b: Vectors) -> Vectors:
    point = a + (b - a) * (a[2] / (a[2] - b[2]))
    point[2] = 0.0
    return np.asarray(point / np.linalg.norm(point))


def _join(pieces: list[Vectors]) -> list[Vectors]:
    """Close stretches along the limb: from each exit counter-clockwise to the nearest entry."""
    entries = [math.atan2(piece[0][1], piece[0][0]) for piece in pieces]
    left = set(range(len(pieces)))
    rings: list[Vectors] = []
    while left:
        first = at = left.pop()
        parts = []
        while True:
            piece = pieces[at]
            leave = math.atan2(piece[-1][1], piece[-1][0])
            candidates = left | {first}
            following = min(candidates, key=lambda i: (entries[i] - leave) % math.tau)
            parts.extend([piece, _limb(leave, entries[following])])
            if following == first:
                break
            left.remove(following)
            at = following
        rings.append(np.vstack(parts))
    return rings


def _limb(start_rad: float, stop_rad: float) -> Vectors:
    angles = np.arange(start_rad, start_rad + (stop_rad - start_rad) % math.tau, _LIMB_STEP_RAD)
    return np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1)


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
