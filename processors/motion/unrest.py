"""How noisy a vehicle's navigation and accelerometer are, second by second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.cuc import NS_PER_S

# second differences of what is noisy in each row have six times its variance; a median of theirs is 0.6745 sigma
OF_DIFFERENCE: Final = 1.0 / (0.6745 * 6.0**0.5)
# rows as far apart as these differ by noise alone
EVEN_NS: Final = 2_000_000
WIDE_NS: Final = 250_000_000
FEWEST: Final = 8
# rows that are not even by then never are
MOST: Final = 50
# ten times what a navigation that is well shows; half of it is well again. An accelerometer may shake
NOISY: Final = (3.0, 0.4, 0.4, 0.4, inf)
QUIETER: Final = 0.5
SECONDS: Final = 2
EVERY: Final = 4


class Unrest:
    """Measures the noise of heights, velocities (up, east, north) and acceleration, in their units, over two seconds.

    It is measured where seconds of the data's own time end, so that how a stream is cut changes nothing; the first time
    as soon as there are rows enough.
    """

    def __init__(self) -> None:
        self.is_noisy = False
        self.is_known = False
        self.noises = [0.0] * len(NOISY)
        self._second = 0
        self._t_ns: list[NDArray[np.int64]] = []
        self._values: list[Sequence[NDArray[Any]]] = []
        self._lately: list[list[float]] = []

    def seconds(self, t_ns: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield first and last row (exclusive) of each second, and of each row while nothing is known.

        What was measured until then counts before the next is yielded.
        """
        first = 0
        while first < len(t_ns):
            second = int(t_ns[first]) // NS_PER_S
            last = int(t_ns.searchsorted((second + 1) * NS_PER_S)) if self.is_known else first + 1
            if second != self._second and self.is_known:
                self._close()
                self._second = second
            yield first, last
            first = last
            if not self.is_known:
                self._close(keeps=True)

    def passes_over(self, t_ns: NDArray[np.int64]) -> bool:
        """Return whether rows are all of one second that is not measured, and nothing waits for its end."""
        if self.is_noisy or not self.is_known or self._t_ns:
            return False
        second = int(t_ns[0]) // NS_PER_S
        return second % EVERY != 0 and int(t_ns[-1]) // NS_PER_S == second

    def take(self, t_ns: NDArray[np.int64], values: Sequence[NDArray[Any]]) -> None:
        """Take rows of one second; of a navigation that is well each fourth is measured."""
        if self.is_known and not self.is_noisy and self._second % EVERY:
            return
        self._t_ns.append(t_ns)
        self._values.append(values)

    def _close(self, *, keeps: bool = False) -> None:
        if self._t_ns:
            t_ns = np.concatenate(self._t_ns)
            spans = np.diff(t_ns)
            even = (np.abs(np.diff(spans)) < EVEN_NS) & (spans[1:] < WIDE_NS)
            if np.count_nonzero(even) >= FEWEST:
                self._measure([np.concatenate(each) for each in zip(*self._values, strict=True)], even)
            elif keeps and len(t_ns) < MOST:
                return
            self.is_known = True
        self._t_ns, self._values = [], []

    def _measure(self, values: Sequence[NDArray[Any]], even: NDArray[np.bool_]) -> None:
        found = []
        for each, before in zip(values, self.noises, strict=True):
            off = np.abs(np.diff(each.astype(np.float64), 2)[even])
            known = off[np.isfinite(off)]
            found.append(float(np.median(known)) * OF_DIFFERENCE if known.size >= FEWEST else before)
        self._lately = [*self._lately[1 - SECONDS :], found]
        self.noises = [sum(each) / len(each) for each in zip(*self._lately, strict=True)]
        share = QUIETER if self.is_noisy else 1.0
        self.is_noisy = any(noise > share * most for noise, most in zip(self.noises, NOISY, strict=True))

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        rows = [np.concatenate(self._t_ns).tolist()] if self._t_ns else []
        rows += [np.concatenate(each).tolist() for each in zip(*self._values, strict=True)]
        return [self.is_noisy, self.is_known, self.noises, self._second, self._lately, rows]

    def restore(self, state: list[Any]) -> None:
        """Take over another one's state."""
        self.is_noisy, self.is_known, self.noises, self._second, self._lately, rows = state
        self._t_ns, self._values = [], []
        if rows:
            self.take(np.array(rows[0], dtype=np.int64), [np.array(each, dtype=np.float64) for each in rows[1:]])
