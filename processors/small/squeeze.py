"""Heights that fall before they rise: the air that a fast rocket meets presses on its barometer's port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from processors.motion.polynomials import HALF, Floats

# second differences of independent noise have six times its variance
SECOND: Final = 6.0**0.5
LEAST_M: Final = 0.3
# a hundredth of the dynamic pressure shows as 25 m near the speed of sound; wind on a pad shows as 1 m
DEEP_M: Final = 10.0
DEEP_SIGMAS: Final = 6.0
# it lasts until the shock passes the port, and whoever is slower to get there shows none
LONGEST_S: Final = 3.0
FEWEST: Final = 3
# then heights catch up at more than the speed of sound, from the pad's level on
FAST_M_S: Final = 100.0
HIGH_M: Final = 20.0
LEVEL_M: Final = 1.0
LEVEL_SIGMAS: Final = 3.0
# a fall begins at once, or at some 100 m/s, which 25 g make in 0.4 s: any of them with the same chance
BEFORE_S: Final = 0.2
SIGMA_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A liftoff that heights hide at first.

    Parameters
    ----------
    t_s, sigma_s
        When it was, and how sure.
    acceleration_m_s2
        On average until heights climb again.
    """

    t_s: float
    sigma_s: float
    acceleration_m_s2: float


def squeeze(t_s: Floats, heights_m: Floats, noise_m: float) -> Squeeze | None:
    """Return the liftoff before a fall from the pad's level and a climb through it faster than anything begins with.

    A fit of a rise from rest would find it where the heights catch up, a second late, and with more than 100 g.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order; over the pad.
    noise_m
        Of one height.

    Examples
    --------
    >>> t_s = np.arange(-2.0, 2.4, 0.1)
    >>> pressed = np.where(t_s < 0.4, 0.0, np.where(t_s < 1.2, -70.0 * (t_s - 0.4), 340.0 * (t_s - 1.4)))
    >>> found = squeeze(t_s, pressed, 0.5)
    >>> round(found.t_s, 1), round(found.acceleration_m_s2)
    (0.1, 262)
    """
    if t_s.size < 2 * FEWEST:
        return None
    lowest = int(np.argmin(heights_m))
    if lowest >= FEWEST:
        # what a record's first rows do is taken for noise
        own_m = float(np.median(np.abs(np.diff(heights_m[: lowest + 1], 2)))) / (HALF * SECOND)
        noise_m = min(noise_m, max(own_m, LEAST_M))
    deep_m = DEEP_M + DEEP_SIGMAS * noise_m
    if heights_m[lowest] > -deep_m or np.count_nonzero(heights_m < -0.5 * deep_m) < FEWEST:
        return None
    climbs_m_s = float((heights_m[-1] - heights_m[-FEWEST]) / (t_s[-1] - t_s[-FEWEST]))
    if heights_m[-1] < HIGH_M + DEEP_SIGMAS * noise_m or climbs_m_s < FAST_M_S:
        return None
    level = np.flatnonzero(heights_m[:lowest] > -LEVEL_M - LEVEL_SIGMAS * noise_m)
    begin = int(level[-1]) if level.size else 0
    # the fall began at the top before it
    while begin > 0 and heights_m[begin - 1] > heights_m[begin]:
        begin -= 1
    begin_s = float(t_s[begin])
    if t_s[lowest] - begin_s > LONGEST_S:
        return None
    left_s = begin_s - BEFORE_S
    # by the first height over the pad again it is as fast as it climbs then
    over_s = float(t_s[lowest + int(np.argmax(heights_m[lowest:] > 0.0))])
    return Squeeze(left_s, SIGMA_S, climbs_m_s / (over_s - left_s))
