"""Heights as detectors of small rockets read them, and how gusts spread them."""

from __future__ import annotations

from math import nan

import numpy as np

from processors.motion.cell import Cell
from processors.motion.polynomials import HALF
from processors.motion.track import Track, points


def measured_m(cell: Cell) -> float:
    """Return the height over the pad that a cell measured; NaN if none, or a frozen one."""
    return nan if cell.stale_s else cell.height_m


def spread_m(cell: Cell, track: Track, first_ns: int, last_ns: int) -> float:
    """Return the robust standard deviation of the heights in a stretch at rest; 0 if there are fewer than three."""
    _, heights = points(track.between(cell, first_ns, last_ns), measured_m, cell.t_ns)
    if heights.size < 3:  # noqa: PLR2004 -- two lie on both sides of their median
        return 0.0
    return float(np.median(np.abs(heights - np.median(heights)))) / HALF
