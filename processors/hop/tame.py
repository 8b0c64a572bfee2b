"""Values without those that are wild: a row that no motion explains."""

from __future__ import annotations

from typing import Final

import numpy as np

from processors.motion.polynomials import HALF, Floats

FEW: Final = 5
# second differences of independent noise have six times its variance
SECOND: Final = 6.0
# in a million normal values none is so far off
FAR_SIGMAS: Final = 8.0
# steady motion moves the last value by one step from its neighbours, and a bend by another
STEPS: Final = 3.0


def tame(t_s: Floats, values: Floats, least: float) -> tuple[Floats, Floats]:
    """Return times and values, shape (n,), without those far from the middle of their neighbours.

    Parameters
    ----------
    t_s, values
        Shape (n,), in order.
    least
        The noise is never taken for less.

    Examples
    --------
    >>> t_s = np.arange(10.0)
    >>> values = 2.0 * t_s
    >>> values[4] = -20_000.0
    >>> tame(t_s, values, 0.3)[0].size
    9
    """
    if values.size < FEW:
        return t_s, values
    padded = np.pad(values, 2, mode="reflect")
    middle = np.median(np.stack([padded[at : at + values.size] for at in range(FEW)]), axis=0)
    noise = max(float(np.median(np.abs(np.diff(values, 2)))) / HALF / SECOND**0.5, least)
    step = float(np.median(np.abs(np.diff(values))))
    kept = np.abs(values - middle) < FAR_SIGMAS * noise + STEPS * step
    return t_s[kept], values[kept]
