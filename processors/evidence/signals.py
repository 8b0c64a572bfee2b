"""Small tools that detectors share. What they remember is plain, and how rows are cut makes no difference to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.cuc import NS_PER_S

UNSET = -1
# what a time code of three fine octets and the rounding of rows may take
CUT_OFF_S: Final = 1e-4
# of errors from row to row; independent ones seem as correlated as 1 / sqrt(rows)
CHANCE_SIGMAS: Final = 3.0
MOST_ALIKE: Final = 0.99


@dataclass(slots=True)
class Sustained:
    """Tells when a condition has held on every row for some time.

    Examples
    --------
    >>> t_ns = np.arange(6) * 100_000_000
    >>> Sustained().first(t_ns, np.array([True, False, True, True, True, True]), 0.2, rows=3)
    4
    """

    since_ns: int = UNSET
    rows: int = 0

    def first(self, t_ns: NDArray[np.int64], holds: NDArray[np.bool_], duration_s: float, rows: int = 1) -> int | None:
        """Return the first row at which it has held for a duration and a number of rows; None if there is none yet."""
        held = np.count_nonzero(holds)
        if not held:
            self.since_ns, self.rows = UNSET, 0
            return None
        need_ns = round(duration_s * NS_PER_S)
        changes = [] if held == len(holds) else (np.flatnonzero(holds[1:] != holds[:-1]) + 1).tolist()
        edges = [0, *changes, len(holds)]
        for start, stop in pairwise(edges):
            if not holds[start]:
                self.since_ns, self.rows = UNSET, 0
                continue
            if self.rows == 0:
                self.since_ns = int(t_ns[start])
            late_enough = int(t_ns[start:stop].searchsorted(self.since_ns + need_ns)) + start
            enough = max(late_enough, start + rows - self.rows - 1)
            self.rows += stop - start
            if enough < stop:
                return enough
        return None


@dataclass(frozen=True, slots=True)
class Turn:
    """A switch that has turned, and stayed.

    Parameters
    ----------
    t_ns, t_sigma_s
        Half way between the last row before and the first row after, and the spread of an even chance between them.
    row
        Index of the row that made it sure.
    seen
        Whether it was seen before it turned; if not, it turned at some time before the first row.
    """

    t_ns: int
    t_sigma_s: float
    row: int
    seen: bool


def in_step_s(sigma_s: float, rate_hz: float) -> float:
    """Return the uncertainty of what a computer on board does, in seconds, given that of an even chance between rows.

    It may do so in step with the rows that it sends, and then it happens at one of them: never half way, where it is
    said to be, but always half of their distance away. A row in n steps has a spread of `sqrt(n^2 / 12 + 1 / 6)` steps
    around the middle. On top of that, times on the wire are cut off.

    Examples
    --------
    >>> round(in_step_s(0.05 / 12**0.5, 20.0), 4)
    0.0251
    """
    return float(np.sqrt(sigma_s**2 + 1.0 / (6.0 * rate_hz**2))) + CUT_OFF_S


@dataclass(slots=True)
class Switch:
    """Tells when a switch has turned and stayed so for some rows.

    Examples
    --------
    >>> Switch().turned(np.arange(4) * 100_000_000, np.array([False, True, True, True]), rows=3).t_ns
    50000000
    """

    sustained: Sustained = field(default_factory=Sustained)
    before_ns: int = UNSET

    def turned(self, t_ns: NDArray[np.int64], on: NDArray[np.bool_], rows: int) -> Turn | None:
        """Return how it has turned on; None while it has not."""
        at = self.sustained.first(t_ns, on, 0.0, rows)
        off = np.flatnonzero(~on if at is None else ~on[:at])
        if off.size:
            self.before_ns = int(t_ns[off[-1]])
        if at is None:
            return None
        if self.before_ns == UNSET:
            return Turn(self.sustained.since_ns, 0.0, at, seen=False)
        width_ns = self.sustained.since_ns - self.before_ns
        return Turn(self.before_ns + width_ns // 2, width_ns / NS_PER_S / 12**0.5, at, seen=True)


@dataclass(slots=True)
class Trail:
    """The last rows of a quantity: times in ns and values, oldest first."""

    t_ns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, t_ns: NDArray[np.int64], values: NDArray[np.generic], keep: int) -> None:
        """Append rows and keep the last `keep`."""
        self.t_ns += t_ns.tolist()
        self.values += values.tolist()
        if len(self.t_ns) > keep:
            del self.t_ns[:-keep]
            del self.values[:-keep]

    def clear(self) -> None:
        """Forget everything."""
        self.t_ns.clear()
        self.values.clear()

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return times in ns and values, shape (n,)."""
        return np.array(self.t_ns, dtype=np.int64), np.array(self.values, dtype=np.float64)


def seconds_from(t_ns: NDArray[np.int64], origin_ns: int) -> NDArray[np.float64]:
    """Return times in seconds from an origin, shape (n,)."""
    return np.asarray((t_ns - origin_ns) / NS_PER_S)


def least_squares(
    t_s: NDArray[np.float64], values: NDArray[np.float64], degree: int
) -> tuple[NDArray[np.float64], float]:
    """Fit a polynomial.

    Parameters
    ----------
    t_s, values
        Shape (n,), n > degree.
    degree
        Of the polynomial.

    Returns
    -------
    tuple
        Coefficients of shape (degree + 1,), the constant first, and the standard deviation of the residuals.

    Examples
    --------
    >>> coefficients, spread = least_squares(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]), 1)
    >>> coefficients.round(6).tolist(), round(spread, 6)
    ([1.0, 2.0], 0.0)
    """
    powers = np.vander(t_s, degree + 1, increasing=True)
    coefficients = np.asarray(np.linalg.lstsq(powers, values, rcond=None)[0], dtype=np.float64)
    residuals = values - powers @ coefficients
    freedom = max(len(values) - degree - 1, 1)
    return coefficients, float(np.sqrt(np.sum(residuals**2) / freedom))


def zero_of_line(t_ns: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[int, float] | None:
    """Return when a line through some rows passes zero, in ns, and the standard uncertainty of that in seconds.

    None if there are fewer than three rows, or the line is level. Uncertainty by propagation of the residuals' spread.
    Errors that hang together from row to row, as of a smoothed channel or of a curve that is no line, are worth fewer
    rows than there are: `(1 - r) / (1 + r)` of them with a correlation of r, where it is greater than chance makes it.

    References
    ----------
    Rows that are correlated: Bayley and Hammersley, Suppl. J. Royal Statistical Society 8 (1946) 184.
    """
    if len(t_ns) < 3:  # noqa: PLR2004 -- a line and its spread
        return None
    origin_ns = int(t_ns[-1])
    t_s = seconds_from(t_ns, origin_ns)
    (offset, slope), spread = least_squares(t_s, values, 1)
    if slope == 0.0:
        return None
    zero_s = -offset / slope
    mean_s = float(t_s.mean())
    lever = 1.0 / len(t_s) + (zero_s - mean_s) ** 2 / max(float(np.sum((t_s - mean_s) ** 2)), 1e-12)
    off = values - offset - slope * t_s
    alike = min(float(np.dot(off[1:], off[:-1])) / max(float(np.dot(off, off)), 1e-300), MOST_ALIKE)
    worth = (1.0 - alike) / (1.0 + alike) if alike > CHANCE_SIGMAS / len(t_s) ** 0.5 else 1.0
    return origin_ns + round(zero_s * NS_PER_S), float(spread / abs(slope) * np.sqrt(lever / worth))
