"""What a flight's plot shows: the same panels for the picture and for the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.exports.curves import Curve, Mark
from simulator.physics.earth import FloatArray


@dataclass(frozen=True, slots=True)
class Panel:
    """A quantity over mission time.

    Parameters
    ----------
    title
        With its unit.
    value
        The quantity of a curve, shape (n,).
    """

    title: str
    value: Callable[[Curve], FloatArray]


PANELS: Final = (
    Panel("Altitude, km", lambda curve: curve.truth.altitude_m / 1000.0),
    Panel("Speed over ground, km/s", lambda curve: curve.truth.speed_m_s / 1000.0),
    Panel("Load, g", lambda curve: curve.load_g),
    Panel("Mass, t", lambda curve: curve.truth.mass_kg / 1000.0),
)

COLOURS: Final = ("#e8590c", "#1c7ed6", "#2f9e44", "#9c36b5")
INK: Final = "#343a40"
LAND: Final = "#e9ecef"

FLIGHT_EVENTS: Final = "downrange.flight."
FULL_DEG: Final = 360.0
MARGIN_SHARE: Final = 0.1
LEAST_MARGIN_DEG: Final = 0.03
LEAST_SQUEEZE: Final = 0.2

# Outlines of land: rings of (longitude, latitude) in degrees, shape (n, 2).
Land = tuple[FloatArray, ...]


def value_at(panel: Panel, curve: Curve, mark: Mark) -> float:
    """Return the height of a mark on its curve."""
    return float(np.interp(mark.happening.t_s, curve.truth.t_s, panel.value(curve)))


def way_shown(curve: Curve, index: int) -> slice:
    """Return which part of a curve is drawn: of the first vehicle all, of the others what they fly alone."""
    return slice(None) if index == 0 else curve.own_way


def marks_shown(curves: tuple[Curve, ...]) -> tuple[tuple[int, Mark], ...]:
    """Return the events of the flight with their curves' places, in order of time; what vehicles share stands once."""
    seen: set[tuple[str, int]] = set()
    shown: list[tuple[int, Mark]] = []
    for index, curve in enumerate(curves):
        for mark in curve.marks:
            shared = (mark.happening.type, round(mark.happening.t_s))
            if mark.happening.type.startswith(FLIGHT_EVENTS) and shared not in seen:
                seen.add(shared)
                shown.append((index, mark))
    return tuple(sorted(shown, key=lambda each: each[1].happening.t_s))


@dataclass(frozen=True, slots=True)
class Chart:
    """A map of the ways: longitudes run on across the antimeridian instead of jumping back.

    Parameters
    ----------
    east_deg, north_deg
        The ways as drawn, one of shape (n,) a curve.
    land
        Outlines of all land that may be seen.
    """

    east_deg: tuple[FloatArray, ...]
    north_deg: tuple[FloatArray, ...]
    land: Land

    def east_of(self, index: int, longitude_deg: float) -> float:
        """Return a longitude as it lies beside a way.

        Examples
        --------
        >>> Chart((np.array([179.0, 181.0]),), (np.array([0.0, 0.0]),), ()).east_of(0, -178.0)
        182.0
        """
        middle = float(np.mean(self.east_deg[index]))
        return longitude_deg + FULL_DEG * round((middle - longitude_deg) / FULL_DEG)

    @property
    def box_deg(self) -> tuple[float, float, float, float]:
        """What is worth showing: west, east, south, north, with a margin."""
        sides: list[float] = []
        for ways in (self.east_deg, self.north_deg):
            low, high = min(float(way.min()) for way in ways), max(float(way.max()) for way in ways)
            margin = max((high - low) * MARGIN_SHARE, LEAST_MARGIN_DEG)
            sides += [low - margin, high + margin]
        return sides[0], sides[1], sides[2], sides[3]

    @property
    def squeeze(self) -> float:
        """How much shorter a degree of longitude is than one of latitude in the middle of the map."""
        _, _, south, north = self.box_deg
        return max(math.cos(math.radians((south + north) / 2.0)), LEAST_SQUEEZE)


def chart_of(curves: tuple[Curve, ...], land: Land) -> Chart:
    """Return the map of a flight."""
    ways = [curve.truth.longitude_deg[way_shown(curve, index)] for index, curve in enumerate(curves)]
    first = float(ways[0][0])
    east = tuple(np.unwrap(np.concatenate([[first], way]), period=FULL_DEG)[1:] for way in ways)
    north = tuple(curve.truth.latitude_deg[way_shown(curve, index)] for index, curve in enumerate(curves))
    outlines: list[FloatArray] = []
    for ring in land:
        whole = np.column_stack([np.unwrap(ring[:, 0], period=FULL_DEG), ring[:, 1]])
        outlines += [whole + np.array([turn, 0.0]) for turn in (-FULL_DEG, 0.0, FULL_DEG)]
    chart = Chart(east, north, ())
    west, right, _, _ = chart.box_deg
    wide = right - west
    near = tuple(r for r in outlines if r[:, 0].max() > west - wide and r[:, 0].min() < right + wide)
    return Chart(east, north, near)
