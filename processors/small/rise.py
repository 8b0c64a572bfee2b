"""When a rise from rest began: a level, and a parabola that leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from processors.motion.medians import median_of
from processors.motion.polynomials import HALF, Floats

TURNS: Final = 3
CANDIDATES: Final = 41
FAR: Final = 4.685
# it is more likely by e^(1/2) for each standard deviation squared; a rise of unsteady thrust is off by this much
MODEL_S: Final = 0.08


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise from rest.

    Parameters
    ----------
    t_s, sigma_s
        When it began, and how sure.
    acceleration_m_s2, sigma_m_s2
        Of the rise.
    level_m
        Before it.
    better
        By how much the squared residuals, in variances, are less than those of the level alone.
    spread_m
        Robust standard deviation of the heights about the curve.
    """

    t_s: float
    sigma_s: float
    acceleration_m_s2: float
    sigma_m_s2: float
    level_m: float
    better: float
    spread_m: float


def rise(t_s: Floats, heights_m: Floats, between: tuple[float, float], least_m: float) -> Rise | None:
    """Fit a level and a parabola that leaves it without a kink.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order.
    between
        When it may have begun.
    least_m
        The noise is never taken for less.

    Returns
    -------
    Rise | None
        None with fewer than eight points.

    Examples
    --------
    >>> t_s = np.linspace(-3.0, 1.0, 41)
    >>> round(rise(t_s, 25.0 * np.maximum(t_s - 0.2, 0.0) ** 2, (-1.0, 0.9), 0.1).t_s, 1)
    0.2
    """
    low, high = between
    if t_s.size < 8 or low >= high:  # noqa: PLR2004 -- three unknowns, and some to judge them by
        return None
    weights, spread = np.ones(t_s.size), least_m
    begins, costs = np.linspace(low, high, CANDIDATES), np.zeros(CANDIDATES)
    bends = 0.5 * np.maximum(t_s - begins[:, None], 0.0) ** 2
    best = 0
    for _ in range(TURNS):
        costs = _costs(bends, heights_m, weights)
        best = int(np.argmin(costs))
        size = np.abs(_fit(float(begins[best]), t_s, heights_m, weights)[2])
        spread = max(median_of(size) / HALF, least_m)
        weights = np.where(size < FAR * spread, (1.0 - np.minimum(size / (FAR * spread), 1.0) ** 2) ** 2, 0.0)
    chances = np.exp(-0.5 * (costs - costs[best]) / spread**2)
    chances /= chances.sum()
    middle = float(np.sum(chances * begins))
    width = float(np.sum(chances * (begins - middle) ** 2)) + (begins[1] - begins[0]) ** 2 / 12.0
    level, bend, _ = _fit(middle, t_s, heights_m, weights)
    powers = 0.5 * np.maximum(t_s - middle, 0.0) ** 2
    about = powers - np.average(powers, weights=np.maximum(weights, 1e-9))
    known = max(float(np.sum(weights * about**2)), 1e-9)
    flat = heights_m - np.average(heights_m, weights=np.maximum(weights, 1e-9))
    better = (float(np.sum(weights * flat**2)) - float(costs[best])) / spread**2
    return Rise(middle, float(np.sqrt(width + MODEL_S**2)), bend, spread / known**0.5, level, better, spread)


def _costs(powers: Floats, heights_m: Floats, weights: Floats) -> Floats:
    """Return the squared residuals of `_fit` for rises of shape (begins, n), shape (begins,)."""
    total = max(float(weights.sum()), 1e-9)
    about = powers - (powers @ weights / total)[:, None]
    heights = heights_m - float(weights @ heights_m) / total
    spread = about**2 @ weights
    bend = np.where(spread > 0.0, about @ (weights * heights) / np.where(spread > 0.0, spread, 1.0), 0.0)
    return np.asarray((heights - bend[:, None] * about) ** 2 @ weights)


def _fit(at_s: float, t_s: Floats, heights_m: Floats, weights: Floats) -> tuple[float, float, Floats]:
    """Return level, acceleration and residuals of a rise that began at a time: least squares of two unknowns."""
    powers = 0.5 * np.maximum(t_s - at_s, 0.0) ** 2
    total = max(float(weights.sum()), 1e-9)
    mean_p, mean_h = float(weights @ powers) / total, float(weights @ heights_m) / total
    spread = float(weights @ (powers - mean_p) ** 2)
    bend = float(weights @ ((powers - mean_p) * (heights_m - mean_h))) / spread if spread > 0.0 else 0.0
    level = mean_h - bend * mean_p
    return level, bend, heights_m - level - bend * powers
