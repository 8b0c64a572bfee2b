"""Heights as detectors of small rockets read them, and how gusts spread them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from typing import Final

import numpy as np

from processors.motion.cell import Cell
from processors.motion.polynomials import HALF, Floats
from processors.motion.track import Track, points

# what gains 40 g has moved by less after a tenth of a second; and over the noise
LEAP_M: Final = 3.0
LEAP_SIGMAS: Final = 6.0


def measured_m(cell: Cell) -> float:
    """Return the height over the pad that a cell measured; NaN if none, or a frozen one."""
    return nan if cell.stale_s else cell.height_m


def resting(cells: Sequence[Cell], origin_ns: int) -> tuple[Floats, Floats]:
    """Return times in seconds from an origin and heights, shape (n,), of a rest and what follows it.

    An altimeter that counts in steps shows the same height again and again at rest: that is measured. What was frozen
    comes back with a leap that no rocket makes within a cell.
    """
    t_s, heights = points(cells, lambda one: one.height_m, origin_ns)
    stale = points(cells, lambda one: nan if isnan(one.height_m) else float(one.stale_s > 0.0), origin_ns)[1] > 0.0
    if not stale.any():
        return t_s, heights
    after = np.append(heights[1:], heights[-1:])
    leaps = stale & (np.abs(after - heights) > LEAP_M + LEAP_SIGMAS * cells[-1].noise_m)
    for at in np.flatnonzero(leaps)[::-1].tolist():
        begin = at
        while begin > 0 and stale[begin - 1]:
            begin -= 1
        stale[begin : at + 1] = False
        heights[begin : at + 1] = nan
    known = np.isfinite(heights)
    return t_s[known], heights[known]


def spread_m(cell: Cell, track: Track, first_ns: int, last_ns: int) -> float:
    """Return the robust standard deviation of the heights in a stretch at rest; 0 if there are fewer than three."""
    _, heights = resting(track.between(cell, first_ns, last_ns), cell.t_ns)
    if heights.size < 3:  # noqa: PLR2004 -- two lie on both sides of their median
        return 0.0
    return float(np.median(np.abs(heights - np.median(heights)))) / HALF
