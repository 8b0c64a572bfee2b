"""How fast it climbs, from heights alone, however wild some are."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from processors.motion.cell import Cell
from processors.motion.kind import HOP
from processors.motion.polynomials import HALF, Floats

# beyond so many standard deviations it is no noise
SURE_SIGMAS: Final = 2.0
# what heights may be off a coast besides noise, and how many times that
GUSTS_M: Final = 1.0
HOP_NOISES: Final = 2.0
NOISES: Final = 3.0


@dataclass(frozen=True, slots=True)
class Climb:
    """A climb.

    Parameters
    ----------
    t_s
        The middle of the heights' times, to which it belongs.
    m_s, sigma_m_s
        The climb, and how sure it is.
    """

    t_s: float
    m_s: float
    sigma_m_s: float


def climb_of(t_s: Floats, heights_m: Floats, few: int = 4) -> Climb | None:
    """Return the climb over a short stretch: the median of the slopes from each height to the one half of them later.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order.
    few
        The least number of slopes.

    Returns
    -------
    Climb | None
        None with fewer slopes.

    References
    ----------
    Theil, A rank-invariant method of linear and polynomial regression analysis, 1950, in its incomplete form.

    Examples
    --------
    >>> round(climb_of(np.arange(8) * 0.1, np.array([0.0, 2.0, 4.0, 9000.0, 8.0, 10.0, 12.0, 14.0])).m_s, 3)
    20.0
    """
    half = t_s.size // 2
    if half < few:
        return None
    slopes = (heights_m[-half:] - heights_m[:half]) / np.maximum(t_s[-half:] - t_s[:half], 1e-3)
    middle = float(np.median(slopes))
    # a median's variance is pi / 2 times a mean's
    sigma = 1.25 * float(np.median(np.abs(slopes - middle))) / HALF / sqrt(half)
    return Climb(float(np.mean(t_s)), middle, sigma)


def hop_climbs(cell: Cell) -> bool:
    """Return whether a hop surely climbs: its heights bend so little that, noisy, some look like the top of a coast."""
    return cell.kind == HOP and cell.v_m_s > SURE_SIGMAS * cell.v_sigma_m_s


def most_spread_m(kind: str, spread_m: float, white_m: float) -> float:
    """Return how far heights may lie about a coast.

    Parameters
    ----------
    kind
        The vehicle's class: a hop is slow, so gusts alone move its barometer, and thrust bends its heights so little
        that with more of a spread a climb would pass for a coast.
    spread_m
        What a small rocket's altimeter errs by, besides noise.
    white_m
        The noise from row to row.
    """
    return GUSTS_M + HOP_NOISES * white_m if kind == HOP else spread_m + NOISES * white_m
