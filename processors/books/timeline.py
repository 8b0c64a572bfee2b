"""When a vehicle made which packet of one type: places 14-bit counts by the times at which they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.cuc import NS_PER_S
from telemetry.sequence import COUNT_MODULO

HALF: Final = COUNT_MODULO // 2
MAX_STRETCHES: Final = 64
# a step between two packets that is off by more than this many counts is a pause, an outage with a wrong clock, a jump
IRREGULAR_COUNTS: Final = 256
DRIFT_COUNTS: Final = 512
AT_ONCE: Final = 512
# an old packet stands on its stretch within this, and a twentieth of the way beyond its end
NEAR_COUNTS: Final = 1024
SURE_COUNTS: Final = 32
BEYOND_SHARE: Final = 0.05
# how many more packets than nominal may have been made in a time
RATE_SLACK: Final = 1.25
COUNT_SLACK: Final = 8


@dataclass(slots=True)
class Stretch:
    """A time in which counts went on evenly: its first and last packet; `base` is the turn of its epoch's count 0."""

    first: int
    first_t_ns: int
    last: int
    last_t_ns: int
    base: int


class Timeline:
    """Gives the packets of one type their unwrapped counts.

    A count stands at one place in every turn of 16384. The place is the one that fits the packet's time best: on a
    stretch that is known already, for what comes late or again; or after the latest packet, as many counts as the time
    holds. What follows the highest count without a step is the next packet however much time has passed, since an
    outage that ends on exactly the next count is 16384 times less likely than a pause on board. When a count falls
    back although the time does not hold the rest of the turn, the vehicle has begun to count again: its packets go on
    in the next turn. A packet that fits nowhere, with a time of before, is one of a vehicle that has begun again with
    a wrong clock.

    Parameters
    ----------
    rate_hz
        Nominal rate, from the dictionary; the real one is learnt.

    Examples
    --------
    >>> line = Timeline(50.0)
    >>> line.place(16380, 0), line.place(0, 80_000_000)
    (16380, 0)
    >>> line.learn(16380, np.arange(4) * 20_000_000)
    >>> line.place(0, 80_000_000), line.place(16381, 20_000_000), line.place(5, 400_000_000_000)
    (16384, 16381, 32773)
    >>> line.place(7, 10_000_000_000), line.base  # the turn ends at 16384 anyway
    (16391, 0)
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.highest = -1
        self.base = 0
        self.highest_t_ns = 0
        self._stretches: list[Stretch] = []

    def go_on(self, count: int, n: int, first_t_ns: int, last_t_ns: int) -> int:
        """Take n packets that follow the latest without a step and in their time: `place` and `learn` in one.

        Returns
        -------
        int
            The unwrapped count of the first; -1 if they do not follow so, and nothing has changed.
        """
        first = self.highest + 1
        if not first or first % COUNT_MODULO != count:
            return -1
        now, before_ns = self._stretches[-1], self.highest_t_ns
        if first_t_ns <= before_ns or last_t_ns - before_ns > IRREGULAR_COUNTS * NS_PER_S / self.rate_hz:
            return -1
        last = self.highest + n
        if abs((last_t_ns - now.first_t_ns) * self.rate_hz / NS_PER_S - (last - now.first)) > DRIFT_COUNTS:
            return -1
        self.highest, self.highest_t_ns = last, last_t_ns
        now.last, now.last_t_ns = last, last_t_ns
        return first

    def place(self, count: int, t_ns: int) -> int:
        """Return the unwrapped count of a packet; when the vehicle has begun again, `base` has moved to its turn."""
        highest = self.highest
        if highest < 0:
            return count
        passed = (t_ns - self.highest_t_ns) * self.rate_hz / NS_PER_S
        if passed <= 0.0:
            now = self._stretches[-1]
            if now.first_t_ns <= t_ns and now.first_t_ns < now.last_t_ns:
                share = (t_ns - now.first_t_ns) / (now.last_t_ns - now.first_t_ns)
                nearest = now.first + round(share * (now.last - now.first))
                off = (count - nearest + HALF) % COUNT_MODULO - HALF
                if abs(off) <= SURE_COUNTS and now.first <= nearest + off <= highest:
                    return nearest + off
        steps = (count - highest - 1) % COUNT_MODULO + 1
        if passed > 0.0 and (len(self._stretches) == 1 or (steps == 1 and passed <= IRREGULAR_COUNTS)):
            return self._after(count, steps, passed)
        old, error = self._among_old(count, t_ns)
        if old is not None and (passed <= 0.0 or error < abs(steps - passed)):
            return old
        if passed > 0.0:
            return self._after(count, steps, passed)
        return self._before(count, steps, t_ns)

    def _before(self, count: int, steps: int, t_ns: int) -> int:
        """Place a packet with a time of before that is none of those that were made then."""
        if steps <= IRREGULAR_COUNTS:
            return self.highest + steps
        earliest = self._stretches[0]
        if earliest.base == 0 and t_ns < earliest.first_t_ns:
            return count
        return self._begin_again(count)

    def _after(self, count: int, steps: int, passed: float) -> int:
        """Place a packet that was made after the latest one, when so many should have been made meanwhile."""
        highest = self.highest
        if steps == 1:
            return highest + 1
        holds = passed * RATE_SLACK + COUNT_SLACK
        if steps > holds:
            fell = (highest + steps) // COUNT_MODULO > highest // COUNT_MODULO
            return self._begin_again(count) if fell else highest + steps
        turns = round((passed - steps) / COUNT_MODULO)
        while turns > 0 and steps + turns * COUNT_MODULO > holds:
            turns -= 1
        return highest + steps + max(turns, 0) * COUNT_MODULO

    def _begin_again(self, count: int) -> int:
        self.base = (self.highest // COUNT_MODULO + 1) * COUNT_MODULO
        return self.base + count

    def _among_old(self, count: int, t_ns: int) -> tuple[int | None, float]:
        """Return where among the packets before the latest one a packet fits best, and how many counts it is off."""
        best, best_error = None, float("inf")
        ceiling = self.highest
        for i in range(len(self._stretches) - 1, -1, -1):
            one = self._stretches[i]
            follows = i > 0 and self._stretches[i - 1].base == one.base
            low, high, beyond = one.first, one.last, 0.0
            if t_ns < one.first_t_ns:
                low, high = self._stretches[i - 1].last if follows else one.base, one.first - 1
                beyond = (one.first_t_ns - t_ns) * self.rate_hz / NS_PER_S
                expected = one.first - beyond
            elif t_ns > one.last_t_ns:
                low, high = one.last + 1, ceiling
                beyond = (t_ns - one.last_t_ns) * self.rate_hz / NS_PER_S
                expected = one.last + beyond
            elif one.last == one.first or one.last_t_ns == one.first_t_ns:
                expected = float(one.first)
            else:
                share = (t_ns - one.first_t_ns) / (one.last_t_ns - one.first_t_ns)
                expected = one.first + share * (one.last - one.first)
            nearest = round(expected)
            placed = nearest + (count - nearest + HALF) % COUNT_MODULO - HALF
            error = abs(placed - expected)
            if low <= placed <= high and error <= NEAR_COUNTS + BEYOND_SHARE * beyond and error < best_error:
                best, best_error = placed, error
            ceiling = one.first if follows else one.base - 1
        return best, best_error

    def learn(self, first: int, t_ns: NDArray[np.int64]) -> None:
        """Take note of n packets with consecutive counts, of which the last is beyond the highest.

        Parameters
        ----------
        first
            Unwrapped count of the first.
        t_ns
            Shape (n,), generation times.
        """
        for begin in range(0, t_ns.size, AT_ONCE):
            some = t_ns[begin : begin + AT_ONCE]
            if first + begin + some.size - 1 > self.highest:
                self._learn(first + begin, some)

    def _learn(self, first: int, t_ns: NDArray[np.int64]) -> None:
        """Take note of so few packets that a rate which is roughly right holds for all of them."""
        first_t_ns, last_t_ns = int(t_ns[0]), int(t_ns[-1])
        n = t_ns.size
        if n > 1 and abs((last_t_ns - first_t_ns) * self.rate_hz / NS_PER_S - (n - 1)) > IRREGULAR_COUNTS:
            for i, one_ns in enumerate(t_ns.tolist()):
                if first + i > self.highest:
                    self._go_on(first + i, one_ns, first + i, one_ns)
            return
        self._go_on(first, first_t_ns, first + n - 1, last_t_ns)

    def _go_on(self, first: int, first_t_ns: int, last: int, last_t_ns: int) -> None:
        stretches = self._stretches
        if not stretches:
            stretches.append(Stretch(first, first_t_ns, last, last_t_ns, self.base))
        else:
            now = stretches[-1]
            passed = (first_t_ns - self.highest_t_ns) * self.rate_hz / NS_PER_S
            broken = first > self.highest and (
                first_t_ns < self.highest_t_ns or abs(passed - (first - self.highest)) > IRREGULAR_COUNTS
            )
            if broken or now.base != self.base:
                stretches.append(Stretch(first, first_t_ns, last, last_t_ns, self.base))
            else:
                now.last, now.last_t_ns = last, last_t_ns
                since = (last_t_ns - now.first_t_ns) / NS_PER_S
                if abs(since * self.rate_hz - (last - now.first)) > DRIFT_COUNTS and since > 1.0:
                    self.rate_hz = (last - now.first) / since
                    stretches.append(Stretch(last, last_t_ns, last, last_t_ns, self.base))
            del stretches[:-MAX_STRETCHES]
        self.highest, self.highest_t_ns = last, last_t_ns

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        now = [self.rate_hz, self.highest, self.base, self.highest_t_ns]
        return [now, [[one.first, one.first_t_ns, one.last, one.last_t_ns, one.base] for one in self._stretches]]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        (self.rate_hz, self.highest, self.base, self.highest_t_ns), stretches = state
        self._stretches = [Stretch(*one) for one in stretches]
