"""Closes in on a point of the ground by trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from simulator.physics.earth import FloatArray

LEAST = 1e-6
LEAST_AREA = 0.1
TELLING_M = 1_000.0


@dataclass(frozen=True, slots=True)
class Search:
    """Where n searches in two unknowns stand: Broyden's method, which begins with what is moved moving alike.

    Parameters
    ----------
    shift_m
        Shape (2, n): what is tried now.
    slopes
        Shape (2, 2, n): by how much the outcome moves with it.
    last_shift_m, last_miss_m
        What was tried before, and by how much that missed; not a number before the first trial.

    References
    ----------
    Broyden, Mathematics of Computation 19 (1965) 577.
    """

    shift_m: FloatArray
    slopes: FloatArray
    last_shift_m: FloatArray
    last_miss_m: FloatArray

    @classmethod
    def begin(cls, count: int) -> Self:
        """Return searches that try no shift first."""
        slopes = np.zeros((2, 2, count))
        slopes[0, 0] = slopes[1, 1] = 1.0
        none = np.zeros((2, count))
        return cls(none, slopes, none, np.full((2, count), np.nan))

    def next(self, shift_m: FloatArray, miss_m: FloatArray, farthest_m: float) -> Self:
        """Return what to try next, given which shift was tried indeed and by how much it missed, shape (2, n)."""
        moved, changed = shift_m - self.last_shift_m, miss_m - self.last_miss_m
        length_2 = np.maximum((moved * moved).sum(axis=0), LEAST)
        # what is learnt from a small step is its noise
        known = np.isfinite(changed[0]) & (length_2 > TELLING_M * TELLING_M)
        surprise = np.where(known, changed, 0.0) - (self.slopes * moved).sum(axis=1) * known
        slopes = self.slopes + surprise[:, np.newaxis] * moved[np.newaxis] / length_2
        (a, b), (c, d) = slopes
        area = a * d - b * c
        # where the slopes have become senseless the search begins anew from here
        sane = area > LEAST_AREA
        slopes = np.where(sane, slopes, self.begin(miss_m.shape[1]).slopes)
        area = np.where(sane, area, 1.0)
        (a, b), (c, d) = slopes
        step = -np.stack([d * miss_m[0] - b * miss_m[1], a * miss_m[1] - c * miss_m[0]]) / area
        length = np.sqrt((step * step).sum(axis=0))
        step = step * np.minimum(1.0, farthest_m / np.maximum(length, LEAST))
        return replace(self, shift_m=shift_m + step, slopes=slopes, last_shift_m=shift_m, last_miss_m=miss_m)
