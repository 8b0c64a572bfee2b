"""When a vehicle leaves its rest: a level, and what leaves it with an acceleration that is a hop's."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# a hop's thrust is 1.1 to 1.5 times its weight
USUAL_M_S2: Final = 3.0
USUAL_SIGMA_M_S2: Final = 2.0
STEP_S: Final = 0.05
# Huber's constant: 95 % efficient for normal residuals
HUBER: Final = 1.345
ROUNDS: Final = 3
FEWEST: Final = 6


@dataclass(frozen=True, slots=True)
class Onset:
    """When something left its level.

    Parameters
    ----------
    t_s, sigma_s
        When, and how sure.
    pull_m_s2
        The acceleration.
    sigmas
        By how many standard deviations it is more than nothing.
    """

    t_s: float
    sigma_s: float
    pull_m_s2: float
    sigmas: float


def pulls(t_s: Floats, values: Floats, order: int, begins_s: Floats) -> tuple[Floats, Floats]:
    """Return the acceleration that fits best for each begin, and its uncertainty for values that err by 1.

    Parameters
    ----------
    t_s, values
        Shape (n,): accelerations (order 0), climbs (1) or heights (2).
    order
        How often the acceleration is integrated.
    begins_s
        Shape (m,).

    Returns
    -------
    tuple[Floats, Floats]
        Shape (m,) each; an infinite uncertainty where the values cannot tell.

    Examples
    --------
    >>> t_s = np.arange(-4.0, 0.05, 0.1)
    >>> found, _ = pulls(t_s, 7.0 + 2.0 * np.maximum(t_s + 1.0, 0.0) ** 2, 2, np.array([-1.0]))
    >>> round(float(found[0]), 3)
    4.0
    """
    about = _about(t_s, order, begins_s, np.ones(t_s.size))
    known = np.einsum("ij,ij->i", about, about)
    tells = known > 1e-9  # noqa: PLR2004 -- rounding
    safe = np.where(tells, known, 1.0)
    return np.where(tells, about @ values / safe, 0.0), np.where(tells, safe**-0.5, inf)


def onset(t_s: Floats, values: Floats, order: int, between: tuple[float, float], noise: float) -> Onset | None:
    """Return when the values left their level; None with fewer than six.

    Parameters
    ----------
    t_s, values, order
        As of `pulls`.
    between
        The earliest and latest time.
    noise
        Standard deviation of a value, with what hangs together.

    Notes
    -----
    The level has no prior, the acceleration a normal one; for each begin the rest is linear, so its evidence has a
    closed form (Bishop, Pattern Recognition and Machine Learning, 2006, section 3.5). Time and sigma are mean and
    standard deviation of the evidence over the grid. Wild values weigh less, as Huber has it.

    Examples
    --------
    >>> t_s = np.arange(-4.0, 2.0, 0.1)
    >>> round(onset(t_s, 2.0 * np.maximum(t_s - 0.2, 0.0) ** 2, 2, (-2.0, 1.5), 0.05).t_s, 1)
    0.2
    """
    low, high = between
    if t_s.size < FEWEST or high <= low:
        return None
    begins = np.arange(low, high + STEP_S / 2.0, STEP_S)
    weights = np.ones(t_s.size)
    gain, pull, best = begins, begins, 0
    for _ in range(ROUNDS):
        about = _about(t_s, order, begins, weights)
        level = float(weights @ values) / float(weights.sum())
        weighted = about * (weights / noise**2)
        sure = np.einsum("ij,ij->i", weighted, about) + USUAL_SIGMA_M_S2**-2
        pull = (weighted @ (values - level) + USUAL_M_S2 * USUAL_SIGMA_M_S2**-2) / sure
        gain = 0.5 * (pull**2 * sure - (USUAL_M_S2 / USUAL_SIGMA_M_S2) ** 2 - np.log(sure * USUAL_SIGMA_M_S2**2))
        best = int(np.argmax(gain))
        residuals = np.abs(values - level - pull[best] * about[best])
        weights = np.minimum(1.0, HUBER * noise / np.maximum(residuals, 1e-12))
    chance = np.exp(gain - gain[best])
    chance /= chance.sum()
    mean = float(chance @ begins)
    sigma = float(np.sqrt(max(chance @ (begins - mean) ** 2, 0.0)))
    return Onset(mean, max(sigma, STEP_S), float(pull[best]), float(np.sqrt(max(2.0 * gain[best], 0.0))))


def _about(t_s: Floats, order: int, begins_s: Floats, weights: Floats) -> Floats:
    """Return what an acceleration of 1 makes of the values, less its weighted mean, shape (begins, n)."""
    since = np.maximum(t_s - begins_s[:, None], 0.0)
    shapes = since**order / factorial(order) if order else (since > 0.0).astype(np.float64)
    return np.asarray(shapes - (shapes @ weights / weights.sum())[:, None])
