"""Rows that a column map may want to keep aside: repeated times, frozen values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from telemetry.samples import Samples

# fewer rows may stand so by chance
FEWEST: Final = 20


def repeated(samples: Samples, keep: Literal["first", "last"]) -> NDArray[np.bool_]:
    """Return a mask of shape (n,): rows that repeat their neighbour's time, but for the first or the last of them.

    Examples
    --------
    >>> repeated(Samples.of([0, 1, 1, 1, 2], altitude_m=[0] * 5), "first").tolist()
    [False, False, True, True, False]
    """
    which = np.zeros(len(samples), dtype=np.bool_)
    same = samples.t_ns[1:] == samples.t_ns[:-1]
    if keep == "first":
        which[1:] = same
    else:
        which[:-1] = same
    return which


def stale(samples: Samples, after_ns: int) -> NDArray[np.bool_]:
    """Return a mask of shape (n,): rows whose values, all of them, have not changed for more than some time.

    The first row with a value is never stale, and rows at rest whose noise shows are not either.

    Examples
    --------
    >>> stale(Samples.of([0, 1, 2, 3, 4], altitude_m=[5, 5, 5, 5, 6]), 1_500_000_000).tolist()
    [False, False, True, True, False]
    """
    count = len(samples)
    if count == 0:
        return np.zeros(0, dtype=np.bool_)
    same = np.ones(count, dtype=np.bool_)
    same[0] = False
    for values in samples.columns.values():
        both_empty = np.isnan(values[1:]) & np.isnan(values[:-1])
        same[1:] &= (values[1:] == values[:-1]) | both_empty
    began = np.maximum.accumulate(np.where(same, 0, np.arange(count)))
    return np.asarray(same & (samples.t_ns - samples.t_ns[began] > after_ns))


def sorted_as_texts(times: Sequence[Any], t_ns: NDArray[np.int64]) -> bool:
    """Whether rows stand in the order of their times' letters and not of the times: 1.95, 10, 10.05, 100, 11.

    A spreadsheet does that to a column of texts. No clock that counts, stops or begins again runs so.

    Parameters
    ----------
    times
        The cells, as they stand in the file.
    t_ns
        Shape (n,), what they say.

    Examples
    --------
    >>> cells = sorted(str(i) for i in range(30))
    >>> sorted_as_texts(cells, np.array([int(cell) for cell in cells], dtype=np.int64))
    True
    """
    if len(times) < FEWEST or not (np.diff(t_ns) < 0).any() or not all(isinstance(cell, str) for cell in times):
        return False
    stripped = [cell.strip() for cell in times]
    return stripped == sorted(stripped)
