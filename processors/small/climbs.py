"""What a vehicle says of its own climb, beside heights that are too noisy to tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from processors.evidence.atmosphere import GRAVITY_M_S2
from processors.motion.cell import Cell
from processors.motion.medians import median_of
from processors.motion.polynomials import Floats
from processors.motion.track import points

# second differences of independent noise have six times its variance, and half of it lies within 0.6745
WHITE: Final = 0.6745 * 6.0**0.5
# who makes it of heights filters them: a few tenths of a second late, which is 3 m/s in a fall
UNSURE_M_S: Final = 3.0
# differences of neighbouring heights of some decimetres, twenty a second, hang together by that
LEAST_M_S: Final = 2.0
# of the heights that have a climb, too
MOST: Final = 0.7


@dataclass(frozen=True, slots=True)
class Climbs:
    """Climbs as they were told.

    Parameters
    ----------
    t_s, m_s
        Shape (n,).
    sigma_m_s
        Noise of one.
    """

    t_s: Floats
    m_s: Floats
    sigma_m_s: float


def white(values: Floats) -> float:
    """Return the standard deviation of noise that is independent from one value to the next, whatever the motion."""
    return median_of(np.abs(np.diff(values, 2))) / WHITE


def told_climbs(cells: Sequence[Cell], origin_ns: int, heights: int) -> Climbs | None:
    """Return the climbs of a window; None if fewer than seven in ten of its heights have one.

    An altimeter makes them of its heights, from row to row: so their noise is their own once heights are noisy. What a
    computer with an accelerometer says of its climb is added up from that instead, its errors with it, and tells no
    more than the acceleration: that is not asked.
    """
    t_s, m_s = points(cells, lambda one: nan if one.stale_s else one.vertical_speed_m_s, origin_ns)
    return Climbs(t_s, m_s, max(white(m_s), LEAST_M_S)) if m_s.size > MOST * heights else None


def with_climbs(
    rows: Floats, wanted: Floats, climbs: Climbs, known_m_s: Floats, near_s: float, noise_m: float
) -> tuple[Floats, Floats]:
    """Add climbs to the equations of a coast: rows of the same noise, and a column for how wrong all climbs are.

    Parameters
    ----------
    rows, wanted
        Of heights, shape (n, k) and (n,).
    climbs, known_m_s
        What was told, and what is known of it beforehand, shape (m,).
    near_s
        About when the top is: drag goes with the square of the climb until then.
    noise_m
        Of a height.
    """
    before = np.minimum(climbs.t_s - near_s, 0.0)
    powers = [np.zeros(before.size), np.ones(before.size), climbs.t_s, -(GRAVITY_M_S2**3) * before**3 / 3.0]
    more = np.stack([*powers[: rows.shape[1]], np.ones(before.size)], axis=1)
    scale = noise_m / climbs.sigma_m_s
    rows = np.concatenate([np.pad(rows, ((0, 0), (0, 1))), scale * more])
    return rows, np.concatenate([wanted, scale * (climbs.m_s - known_m_s)])
