"""Turns between the attitudes that the laws ask for, at a rate that a vehicle can follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.physics.earth import DEG_PER_RAD, FloatArray, angle_between_rad, dot, norm
from simulator.physics.elementary import sin_cos

LARGEST_RATE_DEG_S: Final = 8.0
SHORTEST_S: Final = 1.0
ALMOST_STRAIGHT: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Slew:
    """A turn that begins at a time from an axis of shape (3,), for a duration."""

    start_s: float
    first: FloatArray
    duration_s: float

    def axis(self, t_s: FloatArray, wanted: FloatArray, up: FloatArray) -> FloatArray:
        """Return the axis on the way to the wanted one, which may move; `wanted` and `up` have shape (3, n).

        The turn goes along the great circle between both; where they are opposite, through the vertical, and where it
        begins there, any way round.
        """
        share = np.clip((t_s - self.start_s) / self.duration_s, 0.0, 1.0)
        share = share * share * (3.0 - 2.0 * share)
        first = self.first[:, np.newaxis]
        across = wanted - dot(first, wanted) * first
        through = up - dot(first, up) * first
        through = np.where(norm(through) > ALMOST_STRAIGHT, through, _aside(self.first)[:, np.newaxis])
        way = np.where(norm(across) > ALMOST_STRAIGHT, across, np.where(dot(first, wanted) > 0, across, through))
        way = way / np.maximum(norm(way), np.finfo(np.float64).tiny)
        angle = share * angle_between_rad(np.broadcast_to(first, wanted.shape), wanted)
        sine, cosine = sin_cos(angle)
        turned = cosine * first + sine * way
        return np.where(share < 1.0, turned, wanted)


def _aside(axis: FloatArray) -> FloatArray:
    """Return a direction at right angles to an axis."""
    other = np.eye(3)[np.argmin(np.abs(axis))]
    return np.asarray(other - dot(axis, other) * axis)


def slew_to(start_s: float, first: FloatArray, wanted: FloatArray) -> Slew:
    """Return the turn from one axis to another, both of shape (3,), within the largest rate."""
    angle = float(angle_between_rad(first, wanted) * DEG_PER_RAD)
    return Slew(start_s, first, max(SHORTEST_S, 1.5 * angle / LARGEST_RATE_DEG_S))
