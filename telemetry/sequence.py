"""Sequence counts: unwrapping 14 bits, and sets of counts kept as ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

COUNT_MODULO: Final = 1 << 14
ENDLESS: Final = 1 << 62


def unwrap_near(counts: NDArray[np.int64], expected: int) -> NDArray[np.int64]:
    """Give 14-bit counts the unwrapped value nearest to what is expected.

    Parameters
    ----------
    counts
        Shape (n,), 0 to 16383.
    expected
        The unwrapped count that would come next.

    Returns
    -------
    NDArray[np.int64]
        Shape (n,), each congruent to its count modulo 16384 and within 8192 of `expected`, never below 0.

    Examples
    --------
    >>> unwrap_near(np.array([16383, 0, 1]), 16384).tolist()
    [16383, 16384, 16385]
    """
    half = COUNT_MODULO // 2
    unwrapped = expected + (counts - expected + half) % COUNT_MODULO - half
    return np.asarray(np.where(unwrapped < 0, unwrapped + COUNT_MODULO, unwrapped), dtype=np.int64)


class RangeSet:
    """A set of integers kept as sorted, disjoint, non-adjacent closed ranges.

    Examples
    --------
    >>> seen = RangeSet()
    >>> seen.add(0, 9), seen.add(10, 19), seen.add(30, 39), seen.add(5, 12)
    (10, 10, 10, 0)
    >>> list(seen), len(seen), list(seen.gaps())
    ([(0, 19), (30, 39)], 30, [(20, 29)])
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        self._count = 0
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> int:
        """Add a closed range and return how many of its members are new."""
        if last < first:
            msg = f"a range ends before it begins: {first} to {last}"
            raise ValueError(msg)
        if self._last and first == self._last[-1] + 1:
            self._last[-1] = last
            self._count += last - first + 1
            return last - first + 1
        low = bisect_right(self._last, first - 2)
        high = bisect_right(self._first, last + 1)
        before = sum(self._last[i] - self._first[i] + 1 for i in range(low, high))
        if low < high:
            first = min(first, self._first[low])
            last = max(last, self._last[high - 1])
        self._first[low:high] = [first]
        self._last[low:high] = [last]
        new = last - first + 1 - before
        self._count += new
        return new

    def __contains__(self, member: int) -> bool:
        at = bisect_right(self._first, member) - 1
        return at >= 0 and member <= self._last[at]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._first, self._last, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # mutable, so unhashable, which typeshed cannot express

    @property
    def range_count(self) -> int:
        """How many ranges there are."""
        return len(self._first)

    def keep_highest(self, count: int) -> None:
        """Forget all but the highest ranges."""
        gone = max(len(self._first) - count, 0)
        self._count -= sum(last + 1 - first for first, last in zip(self._first[:gone], self._last[:gone], strict=True))
        del self._first[:gone], self._last[:gone]

    def pack(self) -> list[int]:
        """Return the set as plain values: small differences, which msgpack packs into an octet or two."""
        bounds = [bound for pair in self for bound in pair]
        packed: list[int] = np.diff(np.array(bounds, dtype=np.int64), prepend=0).tolist()
        return packed

    @classmethod
    def unpack(cls, packed: list[int]) -> RangeSet:
        """Return the set that `pack` packed."""
        bounds = np.cumsum(np.array(packed, dtype=np.int64)).tolist()
        return cls(zip(bounds[::2], bounds[1::2], strict=True))

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Yield the closed ranges between the first and the last member that are not in the set."""
        for last, first in zip(self._last, self._first[1:], strict=False):
            yield last + 1, first - 1

    def end_of_run(self, member: int) -> int:
        """Return the last member of the range that holds `member`, or `member - 1` if none does."""
        at = bisect_right(self._first, member) - 1
        return self._last[at] if at >= 0 and member <= self._last[at] else member - 1

    def span_at(self, member: int) -> tuple[bool, int]:
        """Return whether a number is in the set, and the last number up to which the same is true of all.

        Examples
        --------
        >>> RangeSet([(0, 9), (20, 29)]).span_at(4), RangeSet([(0, 9), (20, 29)]).span_at(12)
        ((True, 9), (False, 19))
        """
        at = bisect_right(self._first, member) - 1
        if at >= 0 and member <= self._last[at]:
            return True, self._last[at]
        return False, self._first[at + 1] - 1 if at + 1 < len(self._first) else ENDLESS

    @property
    def highest(self) -> int:
        """The largest member, or -1 when empty."""
        return self._last[-1] if self._last else -1


def runs_of(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the closed ranges of consecutive values in `counts`, in order of appearance.

    Examples
    --------
    >>> runs_of(np.array([4, 5, 6, 9, 10, 3]))
    [(4, 6), (9, 10), (3, 3)]
    """
    if counts.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(counts) != 1)
    firsts = counts[np.concatenate(([0], breaks + 1))]
    lasts = counts[np.concatenate((breaks, [counts.size - 1]))]
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
