"""Slow processes: a first-order recursion, and a function of time on an even grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from simulator.physics.earth import FloatArray


def carry_on(driven: FloatArray, keep: float) -> FloatArray:
    """Return y with y[0] = driven[0] and y[n] = keep * y[n - 1] + driven[n], shape (n,).

    One step after the other: a library's filter may multiply and add in one rounding, and not on every machine.

    Examples
    --------
    >>> carry_on(np.array([8.0, 0.0, 1.0]), 0.5).tolist()
    [8.0, 4.0, 3.0]
    """
    return np.fromiter(accumulate(driven.tolist(), lambda last, now: keep * last + now), np.float64, driven.size)


@dataclass(frozen=True, slots=True)
class Grid:
    """A function of time with straight lines between its values.

    Parameters
    ----------
    start_s, step_s
        Time of the first value, and from each to the next.
    values
        Shape (m,), two or more.
    """

    start_s: float
    step_s: float
    values: FloatArray

    def at(self, t_s: FloatArray) -> FloatArray:
        """Return the values at times of shape (n,); outside the grid its ends stand.

        Examples
        --------
        >>> Grid(10.0, 2.0, np.array([0.0, 1.0, 5.0])).at(np.array([9.0, 11.0, 13.0, 20.0])).tolist()
        [0.0, 0.5, 3.0, 5.0]
        """
        steps = np.minimum(np.maximum((t_s - self.start_s) / self.step_s, 0.0), len(self.values) - 1.0)
        index = np.minimum(steps.astype(np.int64), len(self.values) - 2)
        low = self.values[index]
        return np.asarray(low + (steps - index) * (self.values[index + 1] - low))
