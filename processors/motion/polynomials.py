"""Robust polynomials."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, perm, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.motion.medians import median_of

Floats = NDArray[np.float64]

# beyond this many standard deviations a residual weighs less: 95 % as efficient as least squares on normal noise
HUBER: Final = 1.345
ROUNDS: Final = 8
# a spread that is so many times too large after some rounds does not come down to what it may be in the others
PATIENCE: Final = 2
HOPELESS: Final = 2.0
HALF: Final = 0.6745


def variance_of(residuals: Floats, weights: Floats, fitted: int) -> float:
    """Return the variance that scales a robust fit's covariance, for residuals of shape (n,) and `fitted` numbers.

    Source: Huber and Ronchetti, Robust Statistics, 2009, equation 7.83, without its small-sample factor.
    """
    influence = float(np.sum((weights * residuals) ** 2)) / max(residuals.size - fitted, 1)
    inside = float(np.mean(weights >= 1.0))
    return influence / max(inside, 0.1) ** 2


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A fitted polynomial.

    Parameters
    ----------
    coefficients
        Shape (degree + 1,), the constant first, in powers of seconds.
    covariance
        Shape (degree + 1, degree + 1), scaled by the residuals.
    spread
        Robust standard deviation of the residuals.
    """

    coefficients: Floats
    covariance: Floats
    spread: float

    def value(self, t_s: float, order: int = 0) -> tuple[float, float]:
        """Return the value (or the derivative of an order) at a time and its standard uncertainty."""
        row: Floats = np.zeros(self.coefficients.size)
        for power in range(order, row.size):
            row[power] = perm(power, order) * t_s ** (power - order)
        return float(row @ self.coefficients), sqrt(max(float(row @ self.covariance @ row), 0.0))

    def zero(self, near_s: float, order: int = 0) -> tuple[float, float] | None:
        """Return when the value (or a derivative) is zero, by Newton's method from a time, and how sure that is.

        None if it is not found within 20 steps.
        """
        t_s = near_s
        for _ in range(20):
            value, _ = self.value(t_s, order)
            slope, _ = self.value(t_s, order + 1)
            if not slope:
                return None
            step = value / slope
            t_s -= step
            if abs(step) < 1e-6:  # noqa: PLR2004 -- a microsecond
                _, sigma = self.value(t_s, order)
                return t_s, abs(sigma / self.value(t_s, order + 1)[0])
        return None


def polynomial(t_s: Floats, values: Floats, degree: int, least: float = 0.0) -> Polynomial | None:
    """Fit a polynomial with Huber's weights.

    Parameters
    ----------
    t_s, values
        Shape (n,); times about zero.
    degree
        Of the polynomial.
    least
        The residuals' spread is never taken for less: what a channel's step makes.

    Returns
    -------
    Polynomial | None
        None with fewer than two points more than coefficients.

    References
    ----------
    Huber and Ronchetti, Robust Statistics, 2009, chapter 7; weights by iteration.

    Examples
    --------
    >>> t_s = np.linspace(-2.0, 2.0, 41)
    >>> heights = 100.0 - 4.9 * (t_s - 0.3) ** 2
    >>> heights[5] += 20000.0
    >>> top = polynomial(t_s, heights, 2).zero(0.0, order=1)
    >>> round(top[0], 3)
    0.3
    """
    if t_s.size < degree + 3:
        return None
    powers = np.vander(t_s, degree + 1, increasing=True)
    return weighted_fit(powers, values, least)


def weighted_fit(rows: Floats, values: Floats, least: float, most: float = inf) -> Polynomial | None:
    """Fit the coefficients of the columns of `rows`, shape (n, m), with Huber's weights.

    None if the residuals' spread is more than `most`, of which it gives up early when it is far from it.
    """
    weights = np.ones(values.size)
    n, m = rows.shape
    scales = np.maximum(np.abs(rows).max(axis=0), 1e-12)
    scaled = rows / scales
    spread = least
    excess = float(np.sqrt(n / max(n - m, 1)))
    for turn in range(ROUNDS):
        weighted = scaled * weights[:, None]
        normal = weighted.T @ scaled
        try:
            solved = np.linalg.solve(normal, weighted.T @ values)
        except np.linalg.LinAlgError:
            return None
        residuals = values - scaled @ solved
        size = np.abs(residuals)
        spread = max(median_of(size) / HALF * excess, least, 1e-9)
        if spread > (HOPELESS * most if turn >= PATIENCE else inf):
            return None
        new = np.minimum(1.0, HUBER * spread / np.maximum(size, 1e-12))
        if np.abs(new - weights).max() < 0.01:  # noqa: PLR2004 -- a hundredth of a weight moves nothing
            break
        weights = new
    if spread > most:
        return None
    variance = max(variance_of(residuals, weights, m), least * least)
    covariance = variance * np.linalg.pinv(scaled.T @ scaled) / np.outer(scales, scales)
    return Polynomial(solved / scales, covariance, spread)
