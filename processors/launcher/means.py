"""Means of a fifth of a second, in which it is looked for where the rate of a quantity changes at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, sqrt
from operator import mul
from typing import Final

from processors.launcher.kinks import Kink, Line
from processors.motion.cells import SHIFT_NS
from telemetry.cuc import NS_PER_S

BLOCK_NS: Final = NS_PER_S // 5
KEPT: Final = 64
# a straight line and what is off it; where rows are seldom the third has to do
FEWEST: Final = 4
FEWEST_SELDOM: Final = 3
BLOCK_S: Final = BLOCK_NS / NS_PER_S
# means further apart are rows of their own
SELDOM_S: Final = 0.35
STEPS: Final = 5
# a change in a longer hole is not timed
LONGEST_S: Final = 12.0
# of a rough look at a change
ROUGH_SIGMAS: Final = 1.0


# how many means: after the change, before it, and left out between the two, in which it happens; fifths of a second
Scale = tuple[int, int, int]


@dataclass(slots=True)
class Means:
    """The last 64 means, each of the values of a fifth of a second on a grid of time."""

    t_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    place: int = 0
    count: int = 0
    sum_s: float = 0.0
    sum: float = 0.0
    steps_s: list[float] = field(default_factory=list)
    step_s: float = BLOCK_S

    @property
    def seldom(self) -> bool:
        """Whether each of them is of one cell."""
        return self.step_s > SELDOM_S

    @property
    def fewest(self) -> int:
        """How many make a line."""
        return FEWEST_SELDOM if self.seldom else FEWEST

    def noise(self, noise: float) -> float:
        """Return the standard deviation of a mean, by that of a cell."""
        return noise if self.seldom else noise / 2.0**0.5

    def many(self, means: int) -> int:
        """Return how many means are as long as so many fifths of a second."""
        return ceil(means * BLOCK_S / self.step_s - 0.01) if self.seldom else means

    def counts(self, scale: Scale) -> Scale:
        """Return how many means a scale has where they are seldom."""
        if not self.seldom:
            return scale
        after, before, guard = scale
        return max(self.many(after), FEWEST_SELDOM), max(self.many(before), FEWEST), self.many(guard)

    def add(self, t_ns: int, t_s: float, value: float) -> bool:
        """Add a value; return whether it is the first of a new mean, and the one before is complete."""
        place = (t_ns + SHIFT_NS) // BLOCK_NS
        if place == self.place:
            if self.count:
                self.count += 1
                self.sum_s += t_s
                self.sum += value
            return False
        closed = self.count > 0
        last_s = self.sum_s / self.count if closed else self.t_s[-1] if self.t_s else t_s
        if t_s - last_s > LONGEST_S:
            # nothing can be said of what happened in between
            self.t_s, self.values = [], []
            closed = False
        if closed:
            self._close(last_s, self.sum / self.count)
        self.place, self.count, self.sum_s, self.sum = place, 1, t_s, value
        if self.seldom and t_s - last_s > SELDOM_S:
            # no other will come into it
            self._close(t_s, value)
            self.count, closed = 0, True
        return closed

    def _close(self, t_s: float, value: float) -> None:
        if self.t_s:
            self.steps_s.append(t_s - self.t_s[-1])
            del self.steps_s[:-STEPS]
            if self.seldom or self.steps_s[-1] > SELDOM_S:
                self.step_s = sorted(self.steps_s)[len(self.steps_s) // 2]
        self.t_s.append(t_s)
        self.values.append(value)
        if len(self.t_s) > KEPT:
            del self.t_s[0], self.values[0]

    def between(self, first_s: float, last_s: float) -> tuple[float, float] | None:
        """Return the mean time and value of those between two times; None if there are none."""
        found = [(t_s, value) for t_s, value in zip(self.t_s, self.values, strict=True) if first_s <= t_s <= last_s]
        if not found:
            return None
        times, values = zip(*found, strict=True)
        return sum(times) / len(found), sum(values) / len(found)

    def line(self, first: int, last: int) -> Line | None:
        """Return the line through the means from one index to before another; None if too few.

        Indices are counted from the end: negative, 0 is the end.
        """
        times = self.t_s[first : last or None]
        values = self.values[first : last or None]
        n = len(times)
        if n < self.fewest:
            return None
        middle_s, middle = sum(times) / n, sum(values) / n
        since = [t_s - middle_s for t_s in times]
        above = [value - middle for value in values]
        squares = sum(map(mul, since, since))
        if squares <= 0.0:
            return None
        rate = sum(map(mul, since, above)) / squares
        return Line(n, middle_s, middle, rate, sqrt(squares), times[0], times[-1], since, above)

    def worth(self, scales: Iterable[Scale], least: float, noise: float, always: int = 0) -> list[Scale]:
        """Return the scales at which the ends of the windows show roughly that a change may be worth a look.

        Most of the time nothing happens, and this is cheap. Scales are in order of length; none is returned from the
        first on for which there are too few means.

        Parameters
        ----------
        scales
            As of `kink`.
        least
            The least change of rate that means anything.
        noise
            Standard deviation of a mean.
        always
            The scale with so many means after the change is looked at whatever the ends show.
        """
        t_s, values = self.t_s, self.values
        found: list[Scale] = []
        n, slack = len(t_s), 2.0 * ROUGH_SIGMAS * noise
        for scale in scales:
            after, before, guard = self.counts(scale)
            new = n - after
            last = new - guard - 1
            first = last + 1 - before if last + 1 > before else 0
            if last - first < FEWEST - 1 or new < 0:
                break
            after_s = t_s[-1] - t_s[new]
            change = (values[-1] - values[new]) / after_s - (values[last] - values[first]) / (t_s[last] - t_s[first])
            if abs(change) + slack / after_s >= least or scale[0] == always:
                found.append(scale)
        return found

    def kink(self, after: int, before: int, guard: int, noise: float) -> Kink | None:
        """Return the change of rate between the last means and those before them.

        Parameters
        ----------
        after, before, guard
            How many fifths of a second: after the change, before it, and left out between the two, in which it happens.
        noise
            Standard deviation of a mean.
        """
        after, before, guard = self.counts((after, before, guard))
        if len(self.t_s) < after + guard + FEWEST:
            return None
        new = self.line(-after, 0)
        old = self.line(-after - guard - before, -after - guard)
        if new is None or old is None:
            return None
        change = new.rate - old.rate
        if not change:
            return None
        return Kink(old, new, new.t_s + (old.at(new.t_s) - new.value) / change, noise)
