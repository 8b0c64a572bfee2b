"""Whether heights have come to rest, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import Final

import numpy as np

from processors.motion.fits import hinge, polynomial
from processors.motion.polynomials import HALF, Floats
from processors.small.landing import together

FEW: Final = 5
# so much of what comes before a landing is fitted: of a steady sink much, of the end of a braking little
BEFORE_S: Final = (5.0, 3.5, 2.5, 1.7)
AFTER_S: Final = 8.0
# a line through the last L of a braking meets its level no more than a third of L too early
BENDS_S: Final = BEFORE_S[0] / 3.0
# a window follows the time that it finds, and has come to rest when it moves by less
ROUNDS: Final = 5
NEAR_S: Final = 0.1
# of two times
AGREES: Final = 1.5
# gusts hang together for about so long; a fit takes half of their variance for motion
GUST_S: Final = 1.0
HIDDEN: Final = 1.4
# legs give, and water takes a second to stop what falls into it
SETTLE_S: Final = 0.3
# a hop sinks at 1 to 2 m/s in its last seconds; what is surely slower than this has ended its descent
STILL_M_S: Final = 0.7
STILL_SIGMAS: Final = 2.5
# what descends before it, so surely more than gusts by the mean of its heights over the level
SURE_SIGMAS: Final = 3.0
SINKS_M_S: Final = 0.7
# longer than this without a height is a hole, in which anything may have been; of even chance throughout
HOLE_S: Final = 0.7
# second differences of independent noise have six times its variance; half of it lies within 0.6745
WHITE: Final = HALF * sqrt(6.0)


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


@dataclass(frozen=True, slots=True)
class Touch:
    """When a descent ends, how sure that is, how fast it was, and how surely more than gusts.

    `alike` is how many heights in succession say the same.
    """

    t_s: float
    sigma_s: float
    descent_m_s: float
    sigmas: float
    alike: float


def white_m(heights_m: Floats) -> float:
    """Return the noise of heights from row to row, shape (n,), n > 2."""
    return float(np.median(np.abs(np.diff(heights_m, 2)))) / WHITE


def spread_m(heights_m: Floats) -> float:
    """Return the robust standard deviation of heights, 0 without any."""
    return float(np.median(np.abs(heights_m - np.median(heights_m)))) / HALF if heights_m.size else 0.0


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
    touches, at_s = list[Touch](), first.t_s
    for long_s in BEFORE_S:
        touch = _touch(t_s, heights_m, (between, at_s), long_s, least_m)
        if touch is not None and touch.descent_m_s < -SINKS_M_S and touch.sigmas > SURE_SIGMAS:
            touches.append(touch)
            at_s = touch.t_s
        if not touches:
            return None
        between = (max(between[0], touches[0].t_s - BENDS_S), min(between[1], touches[0].t_s + BENDS_S))
    touch = _longest(touches)
    after = t_s > touch.t_s + SETTLE_S
    rest = polynomial(t_s[after], heights_m[after], 1, least_m) if np.count_nonzero(after) >= FEW else None
    if rest is None:
        return None
    sigma_s, gap_s = touch.sigma_s, _gap_s(t_s, touch.t_s)
    if gap_s > HOLE_S:
        sigma_s = hypot(sigma_s, gap_s / sqrt(12.0))
    rate_sigma = sqrt(max(float(rest.covariance[1, 1]), 0.0) * touch.alike)
    level_sigma_m = rest.spread * sqrt(touch.alike / np.count_nonzero(after))
    level_m = float(np.median(heights_m[after]))
    rate = float(rest.coefficients[1])
    return Standing(
        touch.t_s, hypot(sigma_s, SETTLE_S), level_m, level_sigma_m, touches[0].descent_m_s, rate, rate_sigma
    )


def _touch(
    t_s: Floats, heights_m: Floats, around: tuple[tuple[float, float], float], long_s: float, least_m: float
) -> Touch | None:
    """Return where a line through the last seconds of the descent meets the level; None with too few heights."""
    between, at_s = around
    found = None
    for _ in range(ROUNDS):
        near = (t_s > at_s - long_s) & (t_s < at_s + AFTER_S)
        if np.count_nonzero(near) < FEW:
            return None
        low_s, high_s = max(between[0], at_s - long_s / 2.0), min(between[1], at_s + long_s / 2.0)
        found = hinge(t_s[near], heights_m[near], (low_s, high_s), (1, 0), least=least_m)
        if found is None:
            return None
        moved_s, at_s = found.t_s - at_s, found.t_s
        if abs(moved_s) < NEAR_S:
            break
    if found is None or not found.before[1] < 0.0:
        return None
    # what it has found may lie at the window's edge
    near = (t_s > at_s - long_s) & (t_s < at_s + AFTER_S)
    t_s, heights_m = t_s[near], heights_m[near]
    descent_m_s = float(found.before[1])
    before, after = int(np.count_nonzero(t_s < at_s)), int(np.count_nonzero(t_s > at_s))
    if before < FEW:
        return None
    noise_m = min(max(white_m(heights_m), least_m), found.spread)
    gust_m = sqrt(max(found.spread**2 - noise_m**2, 0.0)) * HIDDEN
    since_s = max(float(t_s[-1]) - at_s, GUST_S)
    alike, ends = together(found, t_s, heights_m), 4.0 / before + 1.0 / max(after, 1)
    hang = gust_m**2 * GUST_S * (8.0 / long_s + 2.0 / since_s)
    unsure_m = sqrt(max(noise_m**2 * ends + hang, found.spread**2 * ends * alike))
    mean_m = sqrt(noise_m**2 / before + 2.0 * gust_m**2 * GUST_S / long_s)
    sigmas = abs(descent_m_s) * long_s / 2.0 / mean_m
    return Touch(at_s, max(found.sigma_s, unsure_m / abs(descent_m_s)), descent_m_s, sigmas, alike)


def _longest(touches: list[Touch]) -> Touch:
    """Return the touch by the longest part of the descent with which those by shorter ones agree.

    A descent bends where it is braked, and then the longer the part, the earlier its line meets the level; the shorter,
    the more its noise tells.

    References
    ----------
    Lepski, On a problem of adaptive estimation in Gaussian white noise, 1991.
    """
    for at, one in enumerate(touches):
        shorter = touches[at + 1 :]
        if all(abs(one.t_s - other.t_s) < AGREES * other.sigma_s for other in shorter):
            break
    off_s = max((abs(one.t_s - other.t_s) for other in touches[at + 1 :]), default=0.0)
    return replace(one, sigma_s=hypot(one.sigma_s, off_s / 2.0))


def _gap_s(t_s: Floats, at_s: float) -> float:
    """Return how far the heights about a time lie apart."""
    place = int(np.searchsorted(t_s, at_s))
    low, high = max(place - 1, 0), min(place, t_s.size - 1)
    return float(t_s[high] - t_s[low])
