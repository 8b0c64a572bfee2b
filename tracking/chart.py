"""The drawing of a flight on the globe: what stands still for a route, and what moves with the flight; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tracking.globe import SIZE, View, graticule_path, great_circle, land_path, view_of_route
from tracking.motion import Position, TrackPoint
from tracking.plan import Place
from tracking.sun import night_path

LABEL_GAP: Final = 22.0
_LEFT: Final = SIZE * 0.35


@dataclass(frozen=True, slots=True)
class Marker:
    """A place on the drawing, with its label's anchor on the side that has room."""

    x: float
    y: float
    label_x: float
    anchor: Literal["start", "end"]
    place: Place


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What stands still: SVG paths of land, night, grid and planned route, and the two ends."""

    size: int
    radius: float
    land: str
    night: str
    graticule: str
    planned: str
    origin: Marker | None
    landing: Marker | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What moves: the flown path at its height, its shadow on the ground, and the vehicle."""

    flown: str
    shadow: str
    at: tuple[float, float] | None
    foot: tuple[float, float] | None


def route_view(origin: Place, landing: Place) -> View:
    """Return the view of a route."""
    return view_of_route(_point(origin), _point(landing))


def backdrop(origin: Place, landing: Place, t_ns: int) -> Backdrop:
    """Draw what stands still, with the night of `t_ns`."""
    view = route_view(origin, landing)
    planned = [(lat, lon, 0.0) for lat, lon in great_circle(_point(origin), _point(landing))]
    return Backdrop(
        size=SIZE,
        radius=view.radius,
        land=land_path(view),
        night=night_path(view, t_ns),
        graticule=graticule_path(view),
        planned=view.line(planned),
        origin=_marker(view, origin),
        landing=_marker(view, landing),
    )


def progress(origin: Place, landing: Place, track: tuple[TrackPoint, ...], position: Position | None) -> Progress:
    """Draw what has been flown so far."""
    view = route_view(origin, landing)
    points = [(point.latitude_deg, point.longitude_deg, max(point.altitude_m, 0.0)) for point in track]
    here: tuple[float, float, float] | None = None
    if position is not None and position.latitude_deg is not None and position.longitude_deg is not None:
        here = (position.latitude_deg, position.longitude_deg, max(position.altitude_m or 0.0, 0.0))
        # late positions may have filled the track behind the newest one
        points.append(here)
    return Progress(
        flown=view.line(points) if len(points) > 1 else "",
        shadow=view.line([(lat, lon, 0.0) for lat, lon, _ in points]) if len(points) > 1 else "",
        at=None if here is None else view.project(*here),
        foot=None if here is None else view.project(here[0], here[1]),
    )


def _point(place: Place) -> tuple[float, float]:
    return place.latitude_deg, place.longitude_deg


def _marker(view: View, place: Place) -> Marker | None:
    at = view.project(*_point(place))
    if at is None:
        return None
    anchor: Literal["start", "end"] = "start" if at[0] > _LEFT else "end"
    return Marker(at[0], at[1], at[0] + (LABEL_GAP if anchor == "start" else -LABEL_GAP), anchor, place)
