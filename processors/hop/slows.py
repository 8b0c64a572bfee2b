"""Whether heights have about ceased to fall, at a glance."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np

from processors.motion.polynomials import Floats

# what is compared: the last seconds, and those before them
LAST_S: Final = 2.0
BEFORE_S: Final = (6.0, 4.0)
RECENT_S: Final = 1.0
# three sigmas of a median, which errs by a quarter more than a mean
SIGMAS: Final = 3.0 * 1.25


def slows(t_s: Floats, heights_m: Floats, least_m: float, noise_m: float) -> bool:
    """Return whether the last heights are about as high as those some seconds before.

    Parameters
    ----------
    t_s, heights_m
        Times before now, shape (n,), in order.
    least_m, noise_m
        By how much they may differ, and the noise of one.
    """
    last, before = heights_m[t_s > -LAST_S], heights_m[(t_s > -BEFORE_S[0]) & (t_s <= -BEFORE_S[1])]
    if not last.size or not before.size:
        return bool(t_s[-1] > -RECENT_S)
    noise_m *= SIGMAS * sqrt(1.0 / last.size + 1.0 / before.size)
    return bool(abs(float(np.median(last)) - float(np.median(before))) < least_m + noise_m)
