"""Which packets of one type of one vehicle have come: unwrapped counts, duplicates, gaps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.cuc import NS_PER_S
from telemetry.sequence import COUNT_MODULO, RangeSet

MAX_GAPS: Final = 4096
MAX_ANCHORS: Final = 64
# where time and counts part by this much, both are remembered, so that old packets are still told apart
IRREGULAR_COUNTS: Final = COUNT_MODULO // 8


class Completeness:
    """The books of one packet type of one vehicle.

    A 14-bit count says where a packet stands within 16384; the generation time says in which turn. What follows the
    highest count without a step is the next packet however much time has passed, since an outage that ends on
    exactly the next count is 16384 times less likely than a pause on board. A packet made later than all others
    never stands before them: after a restart of the vehicle's counters the rest of the turn counts as missing, and
    nothing is taken for a duplicate.

    Parameters
    ----------
    rate_hz
        Nominal rate, from the dictionary.

    Examples
    --------
    >>> books = Completeness(50.0)
    >>> books.accept(16380, np.arange(4) * 20_000_000)[0]
    16380
    >>> books.accept(0, 80_000_000 + np.arange(4) * 20_000_000)[0]  # the count wraps
    16384
    >>> books.accept(5, np.array([400_000_000_000]))[0]  # 400 s later, 20,000 packets: more than a turn
    32773
    >>> books.unique, books.duplicate, books.missing
    (9, 0, 32765)
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.ranges = RangeSet()
        self.unique = 0
        self.duplicate = 0
        self.late = 0
        self.highest = -1
        self._highest_t_ns = 0
        self._anchors: list[tuple[int, int]] = []
        self._gaps_opened = 0

    @property
    def missing(self) -> int:
        """Counts up to the highest that never came."""
        return self.highest + 1 - self.unique

    def accept(self, count: int, t_ns: NDArray[np.int64]) -> tuple[int, NDArray[np.bool_] | None]:
        """Enter n packets with consecutive counts.

        Parameters
        ----------
        count
            14-bit count of the first.
        t_ns
            Shape (n,), n > 0, generation times.

        Returns
        -------
        tuple
            The first's unwrapped count, and a mask of shape (n,) of those that are no duplicates; None when none is.
        """
        n = t_ns.size
        first = self._unwrap(count, int(t_ns[0]))
        last = first + n - 1
        fresh: NDArray[np.bool_] | None = None
        if first <= self.ranges.highest:
            if self.ranges.end_of_run(first) >= last:
                self.duplicate += n
                return first, np.zeros(n, dtype=np.bool_)
            fresh = np.array([u not in self.ranges for u in range(first, last + 1)])
        elif first > self.ranges.highest + 1:
            self._gaps_opened += 1
        self.ranges.add(first, last)
        new = n if fresh is None else int(np.count_nonzero(fresh))
        self.unique += new
        self.duplicate += n - new
        if last > self.highest:
            self._advance(last, int(t_ns[-1]), first, int(t_ns[0]))
        if self._gaps_opened > MAX_GAPS:
            self._forget_oldest_gaps()
        return first, None if new == n else fresh

    def _unwrap(self, count: int, t_ns: int) -> int:
        if self.highest < 0 or (self.highest + 1) % COUNT_MODULO == count:
            return count if self.highest < 0 else self.highest + 1
        expected = round(self._expected(t_ns))
        unwrapped = expected + (count - expected + COUNT_MODULO // 2) % COUNT_MODULO - COUNT_MODULO // 2
        if t_ns > self._highest_t_ns:
            while unwrapped <= self.highest:
                unwrapped += COUNT_MODULO
        elif t_ns < self._highest_t_ns:
            while unwrapped > self.highest and unwrapped >= COUNT_MODULO:
                unwrapped -= COUNT_MODULO
        return unwrapped if unwrapped >= 0 else unwrapped % COUNT_MODULO

    def _expected(self, t_ns: int) -> float:
        """Return the count that a packet made at a time would have, by interpolation or at the nominal rate."""
        if t_ns >= self._highest_t_ns:
            return self.highest + (t_ns - self._highest_t_ns) * self.rate_hz / NS_PER_S
        for (u0, t0), (u1, t1) in pairwise(reversed([*self._anchors, (self.highest, self._highest_t_ns)])):
            if t1 <= t_ns <= t0 and t0 > t1:
                return u1 + (u0 - u1) * (t_ns - t1) / (t0 - t1)
        oldest_u, oldest_t_ns = self._anchors[0]
        return oldest_u + (t_ns - oldest_t_ns) * self.rate_hz / NS_PER_S

    def _advance(self, last: int, last_t_ns: int, first: int, first_t_ns: int) -> None:
        if self.highest < 0:
            self._anchors.append((first, first_t_ns))
        else:
            passed = (first_t_ns - self._highest_t_ns) * self.rate_hz / NS_PER_S
            if abs(passed - (first - self.highest)) > IRREGULAR_COUNTS:
                self._anchors += [(self.highest, self._highest_t_ns), (first, first_t_ns)]
                del self._anchors[:-MAX_ANCHORS]
        self.highest, self._highest_t_ns = last, last_t_ns

    def _forget_oldest_gaps(self) -> None:
        """Close the oldest gaps: they stay missing, and what comes for them from now on counts as a duplicate."""
        gaps = list(self.ranges.gaps())
        for first, last in gaps[: max(0, len(gaps) - MAX_GAPS // 2)]:
            self.ranges.add(first, last)
        self._gaps_opened = min(len(gaps), MAX_GAPS // 2)

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        bounds = [bound for pair in self.ranges for bound in pair]
        return {
            "ranges": np.diff(np.array([0, *bounds], dtype=np.int64)).tolist(),
            "counts": [self.unique, self.duplicate, self.late, self.highest, self._highest_t_ns, self._gaps_opened],
            "anchors": [list(anchor) for anchor in self._anchors],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of another one's snapshot."""
        bounds = np.cumsum(np.array(state["ranges"], dtype=np.int64)).tolist()
        self.ranges = RangeSet(zip(bounds[::2], bounds[1::2], strict=True))
        self.unique, self.duplicate, self.late, self.highest, self._highest_t_ns, self._gaps_opened = state["counts"]
        self._anchors = [(u, t) for u, t in state["anchors"]]
