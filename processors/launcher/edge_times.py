"""When the rate of a speed changes: fits to the cells on both sides."""

from __future__ import annotations

from math import inf, isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.motion.fits import Polynomial, hinge, polynomial

Floats = NDArray[np.float64]

# thrust comes and goes over tenths of a second, and a display follows: no fit is surer of its moment than that
TAIL_S: Final = 0.3
# the last of the thrust adds a metre a second, over some tenths: noise of as much hides it, and its end
HIDDEN_S: Final = 0.27
HIDDEN_M_S: Final = 1.0
# half widths and degrees of the polynomials that close in on it
STEPS: Final = ((2.0, 2), (1.6, 4), (1.2, 4))
# the more noise there is for the change, the wider
WIDEN: Final = 3.0
WIDEST: Final = 2.5
GRID: Final = 161
MOST_SIGMA_S: Final = 2.0


def passing(
    t_s: Floats, speeds: Floats, between: tuple[float, float], noise: float, change: float, rate: float
) -> tuple[float, float] | None:
    """Return when the rate of speed passes a value, and how sure that is.

    The rate may pass it again: braked no more, a stage falls into denser air within seconds. So it is looked for only
    where two lines have shown that it changes, and there where a polynomial has a top: at the ends of its window it
    bends as it likes.

    Parameters
    ----------
    t_s, speeds
        Shape (n,), about the time sought.
    between
        The earliest and latest time.
    noise
        Standard deviation of a speed.
    change
        By how much the rate changes.
    rate
        The value: 0 is where speed is greatest, or least.

    Returns
    -------
    tuple[float, float] | None
        Time and its standard uncertainty; None with too few points, or if none of the polynomials has a top there.

    Examples
    --------
    >>> t_s = np.linspace(-4.0, 2.0, 61)
    >>> speeds = np.where(t_s < 0.3, 30.0 * (t_s - 0.3), -4.0 * (t_s - 0.3))
    >>> found = passing(t_s, speeds, (-1.0, 1.0), 0.1, -34.0, 13.0)
    >>> abs(found[0] - 0.3) < 0.1
    True
    """
    order = np.argsort(t_s, kind="stable")
    t_s, heights = t_s[order], speeds[order] - rate * t_s[order]
    if change > 0.0:
        heights = -heights
    wide = min(1.0 + WIDEN * noise / abs(change), WIDEST)
    top_s, sigma_s, (low_s, high_s) = 0.0, inf, between
    for half_s, degree in STEPS:
        near = np.abs(t_s - top_s) <= half_s * wide
        fit = polynomial(t_s[near] - top_s, heights[near], degree, noise)
        if fit is None:
            return None
        best_s = _highest_s(fit, np.linspace(-half_s, half_s, GRID) * wide, low_s - top_s, high_s - top_s)
        if best_s is None:
            continue
        sigma_s = fit.value(best_s, 1)[1] / -fit.value(best_s, 2)[0]
        top_s += best_s
    if not isfinite(sigma_s):
        return None
    return top_s, float(np.hypot(_with_tail(sigma_s), HIDDEN_S * min(noise / HIDDEN_M_S, 1.0)))


def _highest_s(fit: Polynomial, grid: Floats, low_s: float, high_s: float) -> float | None:
    """Return the highest of the tops that a polynomial has on a grid between two times; None if it has none there."""
    values = np.polynomial.polynomial.polyval(grid, fit.coefficients)
    inner = grid[1:-1]
    tops = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:]) & (inner >= low_s) & (inner <= high_s)
    if not tops.any():
        return None
    return float(inner[int(np.argmax(np.where(tops, values[1:-1], -inf)))])


def onset(t_s: Floats, speeds: Floats, between: tuple[float, float], noise: float) -> tuple[float, float] | None:
    """Return when the rate of speed begins to change, as of an engine that comes slowly, and how sure that is.

    Parameters
    ----------
    t_s, speeds, noise
        As of `passing`.
    between
        The earliest and latest time.
    """
    fit = hinge(t_s, speeds, between, (2, 2), 2, noise) if t_s.size else None
    return None if fit is None else (fit.t_s, _with_tail(fit.sigma_s))


def _with_tail(sigma_s: float) -> float:
    return float(np.hypot(min(sigma_s, MOST_SIGMA_S), TAIL_S))
