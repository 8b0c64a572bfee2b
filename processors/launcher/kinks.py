"""Where the rate of a quantity changes at once, looked for in means of a fifth of a second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt
from operator import mul
from typing import Final, NamedTuple

from processors.motion.cells import SHIFT_NS
from telemetry.cuc import NS_PER_S

BLOCK_NS: Final = NS_PER_S // 5
KEPT: Final = 64
# a mean of so few cells is as good as one of them
FEWEST: Final = 4
# a change in a longer hole is not timed
LONGEST_S: Final = 12.0
# what bends more than a straight line within a window: four g more in a second
BEND_M_S: Final = 1.5
RESIDUAL_SIGMAS: Final = 4.0
# noise is learnt roughly
ROUGH: Final = 1.5
# of a rough look at a change
ROUGH_SIGMAS: Final = 1.0
# thrust takes so long to come and go, and a display's filter to follow
SLACK_S: Final = 0.8


# how many means: after the change, before it, and left out between the two, in which it happens
Scale = tuple[int, int, int]


class Line(NamedTuple):
    """A straight line through n means: at `t_s` it has `value`, and it changes by `rate` a second.

    `lever` is the root of the sum of squares of the times about `t_s`; `since` and `above` are the means themselves,
    about `t_s` and `value`.
    """

    n: int
    t_s: float
    value: float
    rate: float
    lever: float
    first_s: float
    last_s: float
    since: list[float]
    above: list[float]

    def at(self, t_s: float) -> float:
        """Return its value at a time."""
        return self.value + self.rate * (t_s - self.t_s)

    @property
    def errors(self) -> list[float]:
        """By how much each mean is above it."""
        return [value - self.rate * t_s for t_s, value in zip(self.since, self.above, strict=True)]

    @property
    def squares(self) -> float:
        """The sum of squares of the errors."""
        errors = self.errors
        total: float = sum(map(mul, errors, errors))
        return total

    @property
    def spread(self) -> float:
        """The largest error, above or below."""
        errors = self.errors
        return max(*errors, -min(errors))


class Kink(NamedTuple):
    """Two lines, one before the other, that meet at `at_s`; a mean has been expected to err by `noise`.

    Most changes are small, and some show at once that they are none: what it takes to look at the means again is a
    property.
    """

    before: Line
    after: Line
    at_s: float
    noise: float

    @property
    def change(self) -> float:
        """By how much the rate changes."""
        return self.after.rate - self.before.rate

    @property
    def apart_s(self) -> float:
        """How far apart the middles of the lines are."""
        return self.after.t_s - self.before.t_s

    @property
    def joined(self) -> bool:
        """Whether they meet between the windows: a leap has lines that meet elsewhere."""
        old, new, rough = self.before, self.after, ROUGH * self.noise
        slack_s = SLACK_S + RESIDUAL_SIGMAS * rough / abs(self.change)
        if not old.last_s - slack_s <= self.at_s <= new.first_s + slack_s:
            return False
        limit = RESIDUAL_SIGMAS * rough + BEND_M_S
        return new.spread <= limit and old.spread <= limit

    @property
    def least_sigma(self) -> float:
        """Uncertainty of the change of rate, if the means err as expected; it is never less."""
        return self._of_change(self.noise)

    @property
    def sigma(self) -> float:
        """Standard uncertainty of the change of rate."""
        return self._of_change(self._seen_noise)

    @property
    def after_sigma(self) -> float:
        """Standard uncertainty of the rate after it."""
        return self._seen_noise / self.after.lever

    def _of_change(self, noise: float) -> float:
        return noise * sqrt(self.after.lever**-2 + self.before.lever**-2)

    @property
    def _seen_noise(self) -> float:
        # what the means are off their lines says it too
        old, new = self.before, self.after
        return max(self.noise, sqrt((new.squares + old.squares) / (new.n + old.n - 4)))


@dataclass(slots=True)
class Means:
    """The last 64 means, each of the values of a fifth of a second on a grid of time."""

    t_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    place: int = 0
    count: int = 0
    sum_s: float = 0.0
    sum: float = 0.0

    def add(self, t_ns: int, t_s: float, value: float) -> bool:
        """Add a value; return whether it is the first of a new mean, and the one before is complete."""
        place = (t_ns + SHIFT_NS) // BLOCK_NS
        if place == self.place:
            self.count += 1
            self.sum_s += t_s
            self.sum += value
            return False
        closed = self.count > 0
        if closed and t_s - self.sum_s / self.count > LONGEST_S:
            # nothing can be said of what happened in between
            self.t_s, self.values = [], []
            closed = False
        if closed:
            self.t_s.append(self.sum_s / self.count)
            self.values.append(self.sum / self.count)
            if len(self.t_s) > KEPT:
                del self.t_s[0], self.values[0]
        self.place, self.count, self.sum_s, self.sum = place, 1, t_s, value
        return closed

    def line(self, first: int, last: int) -> Line | None:
        """Return the line through the means from one index to before another; None if too few.

        Indices are counted from the end: negative, 0 is the end.
        """
        times = self.t_s[first : last or None]
        values = self.values[first : last or None]
        n = len(times)
        if n < FEWEST:
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
            after, before, guard = scale
            new = n - after
            last = new - guard - 1
            first = last + 1 - before if last + 1 > before else 0
            if last - first < FEWEST - 1:
                break
            after_s = t_s[-1] - t_s[new]
            change = (values[-1] - values[new]) / after_s - (values[last] - values[first]) / (t_s[last] - t_s[first])
            if abs(change) + slack / after_s >= least or after == always:
                found.append(scale)
        return found

    def kink(self, after: int, before: int, guard: int, noise: float) -> Kink | None:
        """Return the change of rate between the last means and those before them.

        Parameters
        ----------
        after, before, guard
            How many means: after the change, before it, and left out between the two, in which it happens.
        noise
            Standard deviation of a mean.
        """
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
