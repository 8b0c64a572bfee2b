"""Ranges of unwrapped counts with the generation times of their ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np


class TimedRanges:
    """Sorted, disjoint, non-adjacent closed ranges of counts, each with the times of its first and last packet.

    Examples
    --------
    >>> ranges = TimedRanges()
    >>> ranges.add(0, 9, 0, 90), ranges.add(30, 39, 300, 390), ranges.add(10, 12, 100, 120), ranges.add(5, 12, 50, 120)
    (10, 10, 3, 0)
    >>> list(ranges.gaps())
    [(13, 29, 120, 300)]
    >>> ranges.add(13, 29, 130, 290), len(ranges), ranges.end_of_run(3)
    (17, 1, 39)
    """

    def __init__(self) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        self._first_t_ns: list[int] = []
        self._last_t_ns: list[int] = []

    def add(self, first: int, last: int, first_t_ns: int, last_t_ns: int) -> int:
        """Join a range to those it touches, and return how many of its members are new."""
        lasts = self._last
        if lasts and first == lasts[-1] + 1:
            lasts[-1], self._last_t_ns[-1] = last, last_t_ns
            return last - first + 1
        firsts = self._first
        low, high = bisect_right(lasts, first - 2), bisect_right(firsts, last + 1)
        before = 0
        if low < high:
            before = sum(lasts[i] - firsts[i] + 1 for i in range(low, high))
            if firsts[low] <= first:
                first, first_t_ns = firsts[low], self._first_t_ns[low]
            if lasts[high - 1] >= last:
                last, last_t_ns = lasts[high - 1], self._last_t_ns[high - 1]
        firsts[low:high], lasts[low:high] = [first], [last]
        self._first_t_ns[low:high], self._last_t_ns[low:high] = [first_t_ns], [last_t_ns]
        return last - first + 1 - before

    def extend(self, last: int, last_t_ns: int) -> None:
        """Let the highest range reach further."""
        self._last[-1], self._last_t_ns[-1] = last, last_t_ns

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._first, self._last, strict=True))

    def __contains__(self, member: int) -> bool:
        return self.end_of_run(member) >= member

    def end_of_run(self, member: int) -> int:
        """Return the last member of the range that holds `member`, or `member - 1` if none does."""
        at = bisect_right(self._first, member) - 1
        return self._last[at] if at >= 0 and member <= self._last[at] else member - 1

    @property
    def highest(self) -> int:
        """The largest member, or -1 when empty."""
        return self._last[-1] if self._last else -1

    @property
    def first_t_ns(self) -> int:
        """Generation time of the lowest member."""
        return self._first_t_ns[0]

    def gaps(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield first and last count of what is between two ranges, and the generation times of its neighbours."""
        for i in range(len(self._first) - 1):
            yield self._last[i] + 1, self._first[i + 1] - 1, self._last_t_ns[i], self._first_t_ns[i + 1]

    def drop_below(self, count: int) -> None:
        """Forget all ranges that end before a count, which is in none of them."""
        at = bisect_left(self._last, count)
        del self._first[:at], self._last[:at], self._first_t_ns[:at], self._last_t_ns[:at]

    def first_of(self, at: int) -> int:
        """Return the first count of the range with an index, as of a list."""
        return self._first[at]

    def snapshot(self) -> list[list[int]]:
        """Return the state as plain values: small differences, which msgpack packs into an octet or two."""
        bounds = np.array([self._first, self._last], dtype=np.int64).T.ravel()
        t_ns = np.array([self._first_t_ns, self._last_t_ns], dtype=np.int64).T.ravel()
        return [np.diff(bounds, prepend=0).tolist(), np.diff(t_ns, prepend=0).tolist()]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        bounds, t_ns = (np.cumsum(np.array(part, dtype=np.int64)).tolist() for part in state)
        self._first, self._last = bounds[::2], bounds[1::2]
        self._first_t_ns, self._last_t_ns = t_ns[::2], t_ns[1::2]
