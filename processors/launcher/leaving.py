"""When a launcher left the pad, by its speeds since: the posterior of a ramp that begins at an unknown time."""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma, log, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.launcher.rest import LEAST_NOISE_M_S, SECOND, UNSURE
from processors.motion.cell import Cell

Floats = NDArray[np.float64]

# thrust is 1.2 to 1.5 times the weight, as engines are dear and gravity takes its share of each second; with solid
# boosters up to 1.7: an acceleration of 3 m/s^2, give or take
USUAL_M_S2: Final = 3.0
USUAL_SIGMA_M_S2: Final = 0.8
# clamps let go and engines come up, and a display's filter follows: acceleration reaches its whole within some seconds
SLOW_S: Final = 2.0
# the first second and a half of a display may show half or twice as much
FIRST_SIGMA_M_S2: Final = 1.5
AT_ONCE: Final = (0.0,)
SLOWLY: Final = (0.0, 0.4, 0.8)
STEP_S: Final = 0.05
# acceleration grows as propellant goes, and displays stick: what the speeds are off any such ramp
SHAPE_M_S: Final = 0.4
# Huber's constant: 95 % efficient for normal residuals
HUBER: Final = 1.345
ROUNDS: Final = 3
# a display that steps between two or three values stands; three rows make a ramp
LEVELS: Final = 4
FEWEST: Final = 3
# spikes last for a row or two
LEAP: Final = 5
# without rows for so long it may have left unseen
HOLE_S: Final = 1.0
# ten cells of the pad's own noise spread by less than this share of it once in 400,000 times; a display's step is less
# than this of 2 m/s. Cells of one value spread by nothing, so that no less than the last share is believed
QUIET_CELLS: Final = 8
QUIET_SHARE: Final = 0.15
LEAST_SHARE: Final = 0.05
# of how many last speeds, and how unlikely it must be that they are quiet by chance
QUIET_ROWS: Final = (10, 14, 20)
QUIET_CHANCE: Final = 3e-6
TINY: Final = 1e-12
# a ramp is carried back by no more
MOST_BEFORE_S: Final = 6.0


class Leaving(NamedTuple):
    """When it left, how sure that is, how hard it pulls then, and by how many sigmas it is more than noise."""

    t_s: float
    sigma_s: float
    pull_m_s2: float
    sigmas: float


def leaving(
    t_s: Floats,
    speeds: Floats,
    between: tuple[float, float],
    noise: float,
    slow: tuple[float, ...] = AT_ONCE,
    pull_sigma_m_s2: float = USUAL_SIGMA_M_S2,
) -> Leaving | None:
    """Return when the speeds began to grow.

    Parameters
    ----------
    t_s, speeds
        Shape (n,), some on the pad if it was seen.
    between
        The earliest and latest time.
    noise
        Standard deviation of a speed.
    slow
        Which shares of the acceleration may come slowly: of less than three seconds nothing is learnt of them.

    pull_sigma_m_s2
        How unlike the usual acceleration it may be.

    Returns
    -------
    Leaving | None
        None with no speeds.

    Notes
    -----
    Speed is zero before, and after it `a (u - m c (1 - exp(-u / c)))`, with u the time since, a from a normal
    distribution and m one of `slow` with even chance. For each begin and m the rest is linear with a normal prior,
    so its evidence has a closed form (Bishop, Pattern Recognition and Machine Learning, 2006, section 3.5); the begin's
    mean and standard deviation are those of the evidence over the grid.

    Examples
    --------
    >>> t_s = np.arange(-3.0, 3.0, 0.1)
    >>> found = leaving(t_s, 3.0 * np.maximum(t_s - 0.2, 0.0), (-2.0, 2.0), 0.1)
    >>> abs(found.t_s - 0.2) < 0.3
    True
    """
    low, high = between
    if not t_s.size or high <= low:
        return None
    begins = np.arange(low, high + STEP_S / 2.0, STEP_S)
    since = np.maximum(t_s - begins[:, None], 0.0)
    gone = SLOW_S * -np.expm1(-since / SLOW_S)
    shapes = np.concatenate([since - share * gone for share in slow])
    variance = noise * noise + SHAPE_M_S**2
    weights = np.ones(t_s.size)
    for _ in range(ROUNDS):
        weighted = shapes * (weights / variance)
        sure = np.einsum("ij,ij->i", weighted, shapes) + pull_sigma_m_s2**-2
        pull = (weighted @ speeds + USUAL_M_S2 * pull_sigma_m_s2**-2) / sure
        gain = 0.5 * (pull * pull * sure - (USUAL_M_S2 / pull_sigma_m_s2) ** 2 - np.log(sure * pull_sigma_m_s2**2))
        best = int(np.argmax(gain))
        residuals = np.abs(speeds - pull[best] * shapes[best])
        weights = np.minimum(1.0, HUBER * variance**0.5 / np.maximum(residuals, 1e-12))
    chance = np.exp(gain - gain[best])
    chance = chance.reshape(len(slow), -1).sum(axis=0)
    chance /= chance.sum()
    mean = float(chance @ begins)
    sigma = float(np.sqrt(max(chance @ (begins - mean) ** 2, 0.0)))
    return Leaving(mean, max(sigma, STEP_S), float(pull[best]), float(np.sqrt(max(2.0 * gain[best], 0.0))))


def leaps(cells: list[Cell]) -> bool:
    """Return whether speed goes on elsewhere than it was: several cells in succession that the filter refuses."""
    refused = 0
    for cell in cells:
        refused = 0 if cell.speed_trusted else refused + 1
        if refused == LEAP:
            return True
    return False


def is_ramp(speeds: Floats, noise: float) -> bool:
    """Return whether speed grows all the way: a display that steps from one value to another does not fly."""
    third = max(speeds.size // 3, 1)
    if speeds.size < FEWEST or np.unique(speeds).size < min(LEVELS, speeds.size):
        return False
    low, middle, high = (float(np.median(part)) for part in (speeds[:third], speeds[third:-third], speeds[-third:]))
    slack, share = noise / third**0.5, 0.2 * (high - low)
    return bool(low - slack < middle - share + slack and middle < high - share + slack)


def quiet_noise(speeds: Sequence[float], noise: float) -> float:
    """Return the noise of the last speeds if they are so much quieter than the pad was that it is no chance; else that.

    Second differences of n speeds of a pad's noise are all as small as a share r of it about once in
    `gamma(k/2 + 1) / (k r^2 / 2)^(k/2)` times, with k = n - 2; a pad of ten minutes has some thousand looks.
    """
    for many in QUIET_ROWS:
        last = speeds[-many:]
        if len(last) < many:
            break
        errors = [after - 2.0 * at + before for before, at, after in zip(last, last[1:], last[2:], strict=False)]
        k = len(errors)
        own = sqrt(sum(error * error for error in errors) / SECOND / k)
        half = max(k * (own / noise) ** 2 / 2.0, TINY)
        if k / 2.0 * log(half) - lgamma(k / 2.0 + 1.0) < log(QUIET_CHANCE):
            return max(own * (1.0 + UNSURE / k), LEAST_NOISE_M_S)
    return noise


def quiet_sigmas(t_s: Floats, speeds: Floats, noise: float) -> float:
    """Return by how many sigmas the last speeds grow if they are much quieter than the pad was; 0 if they are not.

    What is noisy on a pad is often its surroundings: reflections, people, a display without a signal. Whoever climbs
    away from them is measured better, and is judged by that.
    """
    if speeds.size < QUIET_CELLS:
        return 0.0
    since = t_s - t_s.mean()
    spread = float(since @ since)
    slope = float(since @ speeds) / spread
    residuals = speeds - speeds.mean() - slope * since
    own = float(np.sqrt(residuals @ residuals / (speeds.size - 2)))
    if own > QUIET_SHARE * noise:
        return 0.0
    return slope * float(np.sqrt(spread)) / max(own, LEAST_SHARE * noise)


def earliest_s(t_s: Floats, longest_s: float) -> float:
    """Return when it left at the earliest: in sight, in the hole that hides it, or before the record begins.

    Parameters
    ----------
    t_s
        Times of speeds before now, shape (n,).
    longest_s
        What is in sight.
    """
    holes = np.flatnonzero(np.diff(t_s) > HOLE_S)
    if holes.size and t_s[holes[-1] + 1] > -longest_s:
        return float(t_s[holes[-1]]) - HOLE_S
    return -longest_s if t_s[0] < -longest_s else float(t_s[0]) - MOST_BEFORE_S
