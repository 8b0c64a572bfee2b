"""Rows of a log as columns, in the log's own order and time: what every importer returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NS_PER_S: Final = 10**9
CHANNELS: Final = ("speed_m_s", "altitude_m", "vertical_speed_m_s", "acceleration_m_s2", "pressure_pa")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no row, kept with its reason.

    Parameters
    ----------
    line
        Its number in the file, from 1.
    text
        What stood there.
    reason
        What is wrong with it.
    """

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Some rows of a log, in the order in which they stand there.

    Parameters
    ----------
    t_ns
        Shape (n,), the log's own time; it may repeat and step back.
    columns
        Name (one of `CHANNELS`) to values of shape (n,), float64; NaN is "not measured". A column that is left out was
        never measured.
    bad_rows
        Lines beside them that are no rows.

    Examples
    --------
    >>> rows = Samples.of([0.0, 0.1], altitude_m=[1.0, float("nan")])
    >>> rows.t_ns.tolist(), list(rows.columns)
    ([0, 100000000], ['altitude_m'])
    """

    t_ns: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.float64]]
    bad_rows: tuple[BadRow, ...] = ()

    @classmethod
    def of(cls, t_s: Any, **columns: Any) -> Samples:
        """Return samples from times in seconds and columns, all array-like of one length."""
        t_ns = np.rint(np.asarray(t_s, dtype=np.float64) * NS_PER_S).astype(np.int64)
        return cls(t_ns, {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()})

    def __len__(self) -> int:
        return int(self.t_ns.size)

    def select(self, which: NDArray[Any] | slice) -> Samples:
        """Return only the chosen rows (a mask, indices or a slice)."""
        return Samples(self.t_ns[which], {name: values[which] for name, values in self.columns.items()})
