"""Two polynomials that meet at an unknown time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from processors.motion.medians import median_of
from processors.motion.polynomials import HALF, HUBER, Floats, Polynomial, variance_of, weighted_fit

CANDIDATES: Final = 25
REFINEMENTS: Final = 3
LEAST_SCALE: Final = 1e-12
# of normal equations, squared: what is smaller is rounding
SINGULAR: Final = 1e-13


@dataclass(frozen=True, slots=True)
class Hinge:
    """Two polynomials that meet at a time.

    Parameters
    ----------
    t_s, sigma_s
        When they meet, and how sure that is.
    before, after
        Coefficients about that time, the constant first; both begin with the value there.
    spread
        Robust standard deviation of the residuals.
    gain
        How many times smaller the squared residuals are than with one polynomial of the higher degree, at least 1.
    """

    t_s: float
    sigma_s: float
    before: Floats
    after: Floats
    spread: float
    gain: float


def hinge(
    t_s: Floats,
    values: Floats,
    between: tuple[float, float],
    degrees: tuple[int, int] = (1, 1),
    first_after: int = 1,
    least: float = 0.0,
) -> Hinge | None:
    """Fit two polynomials that meet at an unknown time.

    Parameters
    ----------
    t_s, values
        Shape (n,).
    between
        The earliest and latest time at which they may meet.
    degrees
        Of the one before and the one after.
    first_after
        The lowest power in which they differ: 1 for a kink (rates differ), 2 where only the bend differs, as height at
        the start of an engine.
    least
        As of `polynomial`.

    Returns
    -------
    Hinge | None
        None with too few points on either side.

    Notes
    -----
    For each candidate time the rest is linear; the squared residuals, Huber's beyond 1.345 spreads, are least at the
    best one. Sigma from the bend of that cost there: one standard deviation away it is more by the variance of a
    residual (Bevington and Robinson, Data Reduction and Error Analysis, 2003, section 8.1).

    Examples
    --------
    >>> t_s = np.linspace(-2.0, 2.0, 81)
    >>> speeds = np.where(t_s < 0.37, 30.0 * (t_s - 0.37), -9.8 * (t_s - 0.37)) + np.where(np.arange(81) % 2, 0.1, -0.1)
    >>> found = hinge(t_s, speeds, (-1.0, 1.0))
    >>> round(found.t_s, 2)
    0.37
    """
    low, high = max(between[0], float(t_s[0])), min(between[1], float(t_s[-1]))
    if t_s.size < sum(degrees) + 4 or low >= high:
        return None
    one = weighted_fit(np.vander(t_s, max(degrees) + 1, increasing=True), values, least)
    if one is None:
        return None
    weights, spread = np.ones(t_s.size), one.spread
    best_s = 0.5 * (low + high)
    for turn in range(REFINEMENTS):
        step = (high - low) / (CANDIDATES - 1)
        times = low + step * np.arange(CANDIDATES, dtype=np.float64)
        best = int(np.argmin(_costs(times, t_s, values, degrees, first_after, weights)))
        best_s = low + best * step
        residuals = _cost(best_s, t_s, values, degrees, first_after, weights)[1]
        size = np.abs(residuals)
        spread = max(median_of(size) / HALF, least, 1e-9)
        weights = np.minimum(1.0, HUBER * spread / np.maximum(size, 1e-12))
        if turn + 1 < REFINEMENTS:
            low, high = max(low, best_s - 2.0 * step), min(high, best_s + 2.0 * step)
    return _hinge_at(best_s, t_s, values, degrees, first_after, weights, least, spread, one)


def _rows(at_s: float, t_s: Floats, degrees: tuple[int, int], first_after: int) -> Floats:
    since = t_s - at_s
    before, after = np.minimum(since, 0.0), np.maximum(since, 0.0)
    common = [since**k for k in range(first_after)]
    left = [before**k for k in range(first_after, degrees[0] + 1)]
    right = [after**k for k in range(first_after, degrees[1] + 1)]
    return np.stack([*common, *left, *right], axis=1)


def _costs(
    at_s: Floats, t_s: Floats, values: Floats, degrees: tuple[int, int], first_after: int, weights: Floats
) -> Floats:
    """Return what `_cost` says of each of some times, shape (times,), by normal equations, all at once.

    Columns are scaled to 1, so that the equations are as well behaved as they can be; one without points, as before a
    hinge at the very beginning, leaves them singular, and the pseudo-inverse does without it.
    """
    since = t_s - at_s[:, None]
    before, after = np.minimum(since, 0.0), np.maximum(since, 0.0)
    columns = [since**k for k in range(first_after)]
    columns += [before**k for k in range(first_after, degrees[0] + 1)]
    columns += [after**k for k in range(first_after, degrees[1] + 1)]
    rows = np.stack(columns, axis=1)
    rows /= np.maximum(np.abs(rows).max(axis=2, keepdims=True), LEAST_SCALE)
    weighted = rows * weights
    normal = weighted @ rows.transpose(0, 2, 1)
    inverse = np.linalg.pinv(normal, rcond=SINGULAR, hermitian=True)
    solved = inverse @ (weighted @ values)[:, :, None]
    residuals = values - (solved.transpose(0, 2, 1) @ rows)[:, 0]
    return np.asarray((residuals**2) @ weights)


def _cost(
    at_s: float, t_s: Floats, values: Floats, degrees: tuple[int, int], first_after: int, weights: Floats
) -> tuple[float, Floats]:
    rows = _rows(at_s, t_s, degrees, first_after)
    root = np.sqrt(weights)
    solved = np.linalg.lstsq(rows * root[:, None], values * root, rcond=None)[0]
    residuals = values - rows @ solved
    return float(np.sum(weights * residuals**2)), residuals


def _hinge_at(
    at_s: float,
    t_s: Floats,
    values: Floats,
    degrees: tuple[int, int],
    first_after: int,
    weights: Floats,
    least: float,
    spread: float,
    one: Polynomial,
) -> Hinge:
    """Refine the best time by a parabola through the cost about it."""
    width = max(4.0 * float(np.median(np.diff(t_s))), 1e-3)

    def cost(time_s: float) -> float:
        return _cost(time_s, t_s, values, degrees, first_after, weights)[0]

    here, left, right = cost(at_s), cost(at_s - width), cost(at_s + width)
    bend = (left - 2.0 * here + right) / (width * width)
    if bend > 0.0:
        shift = 0.5 * (left - right) / (bend * width)
        if abs(shift) < width and cost(at_s + shift) <= here:
            at_s += shift
    rows = _rows(at_s, t_s, degrees, first_after)
    root = np.sqrt(weights)
    solved = np.linalg.lstsq(rows * root[:, None], values * root, rcond=None)[0]
    residuals = values - rows @ solved
    variance = max(variance_of(residuals, weights, rows.shape[1] + 1), least * least, 1e-18)
    sigma_s = float(np.sqrt(2.0 * variance / bend)) if bend > 0.0 else float(t_s[-1] - t_s[0])
    common = solved[:first_after]
    left_end = degrees[0] + 1
    before = np.concatenate([common, solved[first_after:left_end]])
    after = np.concatenate([common, solved[left_end:]])
    straight = values - np.polynomial.polynomial.polyval(t_s, one.coefficients)
    gain = float(np.sum(weights * straight**2)) / max(float(np.sum(weights * residuals**2)), 1e-18)
    return Hinge(at_s, sigma_s, before, after, spread, gain)
