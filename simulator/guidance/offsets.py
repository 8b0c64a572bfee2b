"""How far beyond and beside their targets points of the ground lie."""

from __future__ import annotations

import numpy as np

from simulator.guidance.arcs import away, cross
from simulator.guidance.climb import Missions
from simulator.physics.earth import FloatArray, dot, norm


def _frame(missions: Missions) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors at the targets, shape (3, n): onwards, as seen from the pad, and to the left."""
    onwards = -away(missions.target_m, missions.pad_m)
    return onwards, cross(missions.target_m / norm(missions.target_m), onwards)


def off_m(missions: Missions, point_m: FloatArray) -> FloatArray:
    """Return how far beyond and how far to the left of the targets points lie, shape (2, n)."""
    onwards, left = _frame(missions)
    off = point_m - missions.target_m
    return np.stack([dot(off, onwards), dot(off, left)])


def shifted_m(missions: Missions, shift_m: FloatArray) -> FloatArray:
    """Return the points that lie beyond and to the left of the targets, shape (3, n)."""
    onwards, left = _frame(missions)
    # as far from the middle of the Earth as the target: what `off_m` of it is, is the shift again
    share = np.minimum((shift_m * shift_m).sum(axis=0) / dot(missions.target_m, missions.target_m), 1.0)
    return np.asarray(missions.target_m * np.sqrt(1.0 - share) + shift_m[0] * onwards + shift_m[1] * left)
