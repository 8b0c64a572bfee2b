"""Natural cubic splines, vectorised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def natural_cubic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the natural cubic spline through points: twice continuously differentiable, straight at both ends.

    Parameters
    ----------
    x
        Shape (k,), rising, k >= 2.
    y
        Shape (k,).

    Returns
    -------
    NDArray[np.float64]
        Shape (k - 1, 4): in segment i, y = c0 + c1*d + c2*d**2 + c3*d**3 with d = x - x[i].

    Notes
    -----
    De Boor, A Practical Guide to Splines, chapter IV: the second derivatives solve a tridiagonal system whose first
    and last are 0. Solved here by elimination (Thomas), without a library, so that every machine finds the same bits.

    Examples
    --------
    >>> natural_cubic(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0])).tolist()
    [[0.0, 1.5, 0.0, -0.5], [1.0, 0.0, -1.5, 0.5]]
    """
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    bends = np.zeros(x.size)
    diagonal, right = 2.0 * (h[:-1] + h[1:]), 6.0 * np.diff(slope)
    for i in range(1, diagonal.size):
        factor = h[i] / diagonal[i - 1]
        diagonal[i] -= factor * h[i]
        right[i] -= factor * right[i - 1]
    for i in range(diagonal.size - 1, -1, -1):
        bends[i + 1] = (right[i] - h[i + 1] * bends[i + 2]) / diagonal[i]
    c1 = slope - h * (2.0 * bends[:-1] + bends[1:]) / 6.0
    return np.column_stack([y[:-1], c1, bends[:-1] / 2.0, np.diff(bends) / (6.0 * h)])


def evaluate_spline(
    x: NDArray[np.float64], segments: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a spline's values at `at`, shape (n,), which lies between the first and the last of `x`."""
    which = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    d = at - x[which]
    c0, c1, c2, c3 = segments[which].T
    return np.asarray(c0 + d * (c1 + d * (c2 + d * c3)))
