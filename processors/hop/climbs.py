"""Heights that climbs smooth, where they are told and heights are noisier than what they add up to."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np

from processors.hop.standing import white_m
from processors.motion.polynomials import Floats

# climbs for most of the heights
SHARE: Final = 0.7
# errors of climbs add up: to so much less than a height's noise
BETTER: Final = 0.5
# the difference of two medians, each of which errs by a quarter more than a mean
SIGMAS: Final = 3.0
MEDIAN: Final = 1.25
FEW: Final = 20


def smoothed(t_s: Floats, heights_m: Floats, climbs_s: Floats, climbs_m_s: Floats) -> Floats:
    """Return heights as climbs connect them, about their own middle; as they are where climbs are no better or wrong.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order.
    climbs_s, climbs_m_s
        Shape (m,), in order.

    Examples
    --------
    >>> t_s = np.arange(0.0, 20.0, 0.1)
    >>> noisy = 50.0 - 2.0 * t_s + np.random.default_rng(1).normal(0.0, 10.0, 200)
    >>> found = smoothed(t_s, noisy, t_s, np.full(200, -2.0))
    >>> bool(np.ptp(np.diff(found)) < 1e-9)
    True
    """
    n = t_s.size
    if n < FEW or climbs_s.size < SHARE * n:
        return heights_m
    noise_m, span_s = white_m(heights_m), float(t_s[-1] - t_s[0])
    drift_m = white_m(climbs_m_s) * sqrt(float(np.median(np.diff(climbs_s))) * span_s)
    if drift_m > BETTER * noise_m:
        return heights_m
    steps = 0.5 * (climbs_m_s[1:] + climbs_m_s[:-1]) * np.diff(climbs_s)
    path = np.interp(t_s, climbs_s, np.concatenate([(0.0,), np.cumsum(steps)]))
    off = heights_m - path
    # what a computer on board says of its climb is often wrong
    parts = [float(np.median(part)) for part in np.array_split(off, 3)]
    most_m = SIGMAS * (MEDIAN * noise_m * sqrt(6.0 / n) + drift_m)
    return path + float(np.median(off)) if max(parts) - min(parts) < most_m else heights_m
