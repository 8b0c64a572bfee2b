"""A first-order recursion over a whole array."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_banded

from simulator.earth import FloatArray


def carry_on(driven: FloatArray, keep: float) -> FloatArray:
    """Return y with y[0] = driven[0] and y[n] = keep * y[n - 1] + driven[n], shape (n,).

    Solved as the bidiagonal system that it is, which spares a filter library.

    Examples
    --------
    >>> carry_on(np.array([8.0, 0.0, 1.0]), 0.5).tolist()
    [8.0, 4.0, 3.0]
    """
    bands = np.ones((2, driven.size))
    bands[1] = -keep
    return np.asarray(solve_banded((1, 0), bands, driven, overwrite_ab=True, check_finite=False))
