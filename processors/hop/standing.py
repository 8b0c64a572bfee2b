"""Whether heights have come to rest, and when."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from typing import Final

import numpy as np

from processors.motion.fits import hinge, polynomial
from processors.motion.polynomials import Floats
from processors.small.landing import together

FEW: Final = 5
# what comes before a landing is fitted for so long: a steady sink, or the end of the braking
BEFORE_S: Final = 5.0
# legs give, and water takes a second to stop what falls into it
SETTLE_S: Final = 0.3
# a hop sinks at 1 to 2 m/s in its last seconds; what is surely slower than this has ended its descent
STILL_M_S: Final = 0.7
STILL_SIGMAS: Final = 2.5
# what descends before it
SINKS_M_S: Final = 0.7
# longer than this without a height is a hole, in which anything may have been; of even chance throughout
HOLE_S: Final = 0.7
BENDS: Final = 1.3
# second differences of independent noise have six times its variance; half of it lies within 0.6745
WHITE: Final = 0.6745 * 6.0**0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """A descent and a rest.

    Parameters
    ----------
    t_s, sigma_s
        When the rest began, and how sure.
    level_m, level_sigma_m
        Where it rests.
    descent_m_s
        How fast it came down, below zero.
    rate_m_s, rate_sigma_m_s
        What is left of it.
    """

    t_s: float
    sigma_s: float
    level_m: float
    level_sigma_m: float
    descent_m_s: float
    rate_m_s: float
    rate_sigma_m_s: float

    @property
    def is_still(self) -> bool:
        """Whether it is surely slower than anything that sinks."""
        return abs(self.rate_m_s) + STILL_SIGMAS * self.rate_sigma_m_s < STILL_M_S


def white_m(heights_m: Floats) -> float:
    """Return the noise of heights from row to row, shape (n,), n > 2."""
    return float(np.median(np.abs(np.diff(heights_m, 2)))) / WHITE


def standing(t_s: Floats, heights_m: Floats, between: tuple[float, float], least_m: float) -> Standing | None:
    """Fit a descent and a level that follows it.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order.
    between
        When the rest may have begun.
    least_m
        The noise is never taken for less.

    Returns
    -------
    Standing | None
        None with too few heights, or if it did not descend before.

    Examples
    --------
    >>> t_s = np.arange(-20.0, 0.05, 0.1)
    >>> found = standing(t_s, -1.5 * np.minimum(t_s + 7.0, 0.0), (-16.0, -5.0), 0.1)
    >>> round(found.t_s, 1), found.is_still
    (-7.0, True)
    """
    first = hinge(t_s, heights_m, between, (1, 0), least=least_m)
    if first is None:
        return None
    near = t_s > first.t_s - BEFORE_S
    around = (max(between[0], first.t_s - BEFORE_S / 2.0), between[1])
    found = hinge(t_s[near], heights_m[near], around, (2, 0), least=least_m)
    line = hinge(t_s[near], heights_m[near], around, (1, 0), least=least_m)
    if found is None or line is None:
        return None
    # a parabola only where braking bends the descent so much that a line does not fit, and not beyond its lowest point:
    # it would climb along a gust to its end
    if line.spread < BENDS * found.spread or float(found.before[1]) > 0.0:
        found = line
    after, before = t_s > found.t_s + SETTLE_S, near & (t_s <= found.t_s)
    rest = polynomial(t_s[after], heights_m[after], 1, least_m) if np.count_nonzero(after) >= FEW else None
    if rest is None or np.count_nonzero(before) < FEW:
        return None
    descent_m_s = float(np.polyfit(t_s[before], heights_m[before], 1)[0])
    if descent_m_s > -SINKS_M_S:
        return None
    alike = together(found, t_s[near], heights_m[near])
    ends = 1.0 / np.count_nonzero(after) + 4.0 / np.count_nonzero(before)
    sigma_s = max(found.sigma_s, found.spread / abs(descent_m_s) * sqrt(ends)) * sqrt(alike)
    gap_s = _gap_s(t_s, found.t_s)
    if gap_s > HOLE_S:
        sigma_s = hypot(sigma_s, gap_s / sqrt(12.0))
    rate_sigma = sqrt(max(float(rest.covariance[1, 1]), 0.0) * alike)
    level_sigma_m = rest.spread * sqrt(alike / np.count_nonzero(after))
    level_m = float(np.median(heights_m[after]))
    rate = float(rest.coefficients[1])
    return Standing(found.t_s, hypot(sigma_s, SETTLE_S), level_m, level_sigma_m, descent_m_s, rate, rate_sigma)


def _gap_s(t_s: Floats, at_s: float) -> float:
    """Return how far the heights about a time lie apart."""
    place = int(np.searchsorted(t_s, at_s))
    low, high = max(place - 1, 0), min(place, t_s.size - 1)
    return float(t_s[high] - t_s[low])
