"""Which packets of one type of one vehicle have come: unwrapped counts, duplicates, gaps, resets."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.books.bringers import Bringers
from processors.books.timed_ranges import TimedRanges
from processors.books.timeline import Timeline

MAX_GAPS: Final = 2048
MAX_EPOCHS: Final = 32


@dataclass(slots=True)
class Epoch:
    """The counts between two resets: that of packet 0, the highest that came; when the first and that were made."""

    base: int
    highest: int
    first_t_ns: int
    last_t_ns: int


class Gap(NamedTuple):
    """Counts that have not come, and when their neighbours were made; there is none before the first packet."""

    first: int
    last: int
    after_ns: int | None
    before_ns: int

    @property
    def packets(self) -> int:
        """How many are missing."""
        return self.last + 1 - self.first


class Completeness:
    """The books of one packet type of one vehicle; docs/design.md, section 9.

    It needs no engine: `accept` packets, read the figures.

    Parameters
    ----------
    rate_hz
        Nominal rate, from the dictionary.

    Examples
    --------
    >>> books = Completeness(50.0)
    >>> books.accept(16380, np.arange(4) * 20_000_000, "haiyang")[0]
    16380
    >>> books.accept(0, 80_000_000 + np.arange(4) * 20_000_000, "haiyang")[0]  # the count wraps
    16384
    >>> books.accept(5, np.array([400_000_000_000]), "haiyang")[0]  # 400 s later, 20,000 packets: more than a turn
    32773
    >>> books.unique, books.duplicate, books.missing
    (9, 0, 32765)
    >>> books.accept(0, np.array([401_000_000_000]), "haiyang")[0], books.resets  # a turn takes 328 s: a reset
    (49152, 1)
    >>> _ = books.accept(5, np.array([400_000_000_000]), "sydney")
    >>> books.unique, books.resent, books.overlapping, books.missing
    (10, 0, 1, 32765)
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.ranges = TimedRanges()
        self.unique = 0
        self.resent = 0
        self.overlapping = 0
        self.resets = 0
        self.version = 0
        self.forgotten_below = 0
        self.epochs: list[Epoch] = []
        self._timeline = Timeline(rate_hz)
        self.bringers = Bringers()
        self._forgotten_missing = 0
        self._forgotten_sent = 0
        self._gaps: tuple[int, list[Gap]] = (-1, [])

    @property
    def duplicate(self) -> int:
        """Packets that had come before."""
        return self.resent + self.overlapping

    @property
    def highest(self) -> int:
        """The highest unwrapped count; -1 before the first packet."""
        return self._timeline.highest

    @property
    def sent(self) -> int:
        """Packets that must have been made, by their counts."""
        return self._forgotten_sent + sum(epoch.highest + 1 - epoch.base for epoch in self.epochs)

    @property
    def missing(self) -> int:
        """Of these, those that never came."""
        return self.sent - self.unique

    def accept(self, count: int, t_ns: NDArray[np.int64], station: str = "") -> tuple[int, NDArray[np.bool_] | None]:
        """Enter n packets with consecutive counts.

        Parameters
        ----------
        count
            14-bit count of the first.
        t_ns
            Shape (n,), n > 0, generation times.
        station
            Who brought them.

        Returns
        -------
        tuple
            The first's unwrapped count, and a mask of shape (n,) of those that are no duplicates; None when none is.
        """
        n, line = t_ns.size, self._timeline
        first_t_ns, last_t_ns = int(t_ns[0]), int(t_ns[-1])
        first = line.go_on(count, n, first_t_ns, last_t_ns)
        if first >= 0:
            self.bringers.add(station, first, first + n - 1)
            self.ranges.extend(first + n - 1, last_t_ns)
            epoch = self.epochs[-1]
            epoch.highest, epoch.last_t_ns = first + n - 1, last_t_ns
            self.unique += n
            return first, None
        base = line.base
        first = line.place(count, first_t_ns)
        last = first + n - 1
        if line.base != base or not self.epochs:
            self._open_epoch(line.base, first_t_ns)
        again = n - self.bringers.add(station, first, last)
        fresh = self._fresh(first, last, again) if first <= self.ranges.highest else None
        new = n if fresh is None else int(np.count_nonzero(fresh))
        self.resent += again
        self.overlapping += n - new - again
        if new:
            self._enter(first, t_ns, following=fresh is None and first == self.ranges.highest + 1)
            self.unique += new
            if len(self.ranges) > MAX_GAPS:
                self._forget_below(self.ranges.first_of(-MAX_GAPS // 2))
        return first, None if new == n else fresh

    def _enter(self, first: int, t_ns: NDArray[np.int64], *, following: bool) -> None:
        """Enter packets of which some are new, in all that knows counts."""
        last = first + t_ns.size - 1
        self.version += not following
        known = max(first, self.forgotten_below)
        if known <= last:
            self.ranges.add(known, last, int(t_ns[known - first]), int(t_ns[-1]))
        self._raise(first, last, int(t_ns[-1]))
        if last > self._timeline.highest:
            self._timeline.learn(first, t_ns)

    def gaps(self) -> list[Gap]:
        """Return what is missing between the packets that came, in order; not what the index has forgotten."""
        if self._gaps[0] != self.version:
            self._gaps = (self.version, self._find_gaps())
        return self._gaps[1]

    @property
    def has_forgotten_gaps(self) -> bool:
        """Whether more is missing than `gaps` can say."""
        return self._forgotten_missing > 0

    def _fresh(self, first: int, last: int, again: int) -> NDArray[np.bool_]:
        """Return which packets up to the highest have not come before, shape (n,)."""
        n = last + 1 - first
        if self.ranges.end_of_run(first) >= last:
            return np.zeros(n, dtype=np.bool_)
        fresh = np.array([u >= self.forgotten_below and u not in self.ranges for u in range(first, last + 1)])
        if first < self.forgotten_below:
            # which of these came before is forgotten: they are taken for what is missing, and never for a loss
            old = min(self.forgotten_below - first, n)
            found = min(max(old - again, 0), self._forgotten_missing)
            fresh[:found] = True
            self._forgotten_missing -= found
        return fresh

    def _open_epoch(self, base: int, first_t_ns: int) -> None:
        self.resets += bool(self.epochs)
        self.epochs.append(Epoch(base, base - 1, first_t_ns, first_t_ns))
        self.version += 1
        if len(self.epochs) > MAX_EPOCHS:
            self._forget_below(self.epochs[MAX_EPOCHS // 2].base)

    def _raise(self, first: int, last: int, last_t_ns: int) -> None:
        """Move the highest count of the epochs that packets belong to."""
        for i in range(len(self.epochs) - 1, -1, -1):
            epoch = self.epochs[i]
            if last >= epoch.base and last > epoch.highest:
                following = self.epochs[i + 1].base - 1 if i + 1 < len(self.epochs) else last
                epoch.highest, epoch.last_t_ns = min(last, following), last_t_ns
            if first >= epoch.base:
                return

    def _find_gaps(self) -> list[Gap]:
        found: list[Gap] = []
        if not len(self.ranges):
            return found
        bases = [epoch.base for epoch in self.epochs]
        lowest = self.ranges.first_of(0)
        start = max(self.forgotten_below, max((base for base in bases if base <= lowest), default=0))
        if lowest > start:
            found.append(Gap(start, lowest - 1, None, self.ranges.first_t_ns))
        for first, last, after_ns, before_ns in self.ranges.gaps():
            # the rest of a turn that a reset left unused is nobody's loss
            at = bisect_right(bases, last + 1) - 1
            began = max(first, bases[at])
            if began <= last:
                found.append(Gap(began, last, after_ns, before_ns))
        return found

    def _forget_below(self, count: int) -> None:
        """Forget which counts below one are missing; how many there are stays in the books."""
        self.ranges.drop_below(count)
        self.forgotten_below = self.ranges.first_of(0) if len(self.ranges) else count
        while len(self.epochs) > 1 and self.epochs[1].base <= self.forgotten_below:
            gone = self.epochs.pop(0)
            self._forgotten_sent += gone.highest + 1 - gone.base
        self.version += 1
        self._forgotten_missing = self.missing - sum(gap.packets for gap in self.gaps())

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        counts = [self.unique, self.resent, self.overlapping, self.resets, self.version]
        return {
            "ranges": self.ranges.snapshot(),
            "counts": [*counts, self.forgotten_below, self._forgotten_missing, self._forgotten_sent],
            "epochs": [[epoch.base, epoch.highest, epoch.first_t_ns, epoch.last_t_ns] for epoch in self.epochs],
            "timeline": self._timeline.snapshot(),
            "stations": self.bringers.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of another one's snapshot."""
        self.ranges.restore(state["ranges"])
        self.unique, self.resent, self.overlapping, self.resets, self.version = state["counts"][:5]
        self.forgotten_below, self._forgotten_missing, self._forgotten_sent = state["counts"][5:]
        self.epochs = [Epoch(*epoch) for epoch in state["epochs"]]
        self._timeline.restore(state["timeline"])
        self.bringers.restore(state["stations"])
