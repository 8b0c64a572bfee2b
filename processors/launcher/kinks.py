"""A change of the rate of a quantity: two straight lines that meet."""

from __future__ import annotations

from math import sqrt
from operator import mul
from typing import Final, NamedTuple

# what bends more than a straight line within a window: four g more in a second
BEND_M_S: Final = 1.5
RESIDUAL_SIGMAS: Final = 4.0
# noise is learnt roughly
ROUGH: Final = 1.5
# thrust takes so long to come and go, and a display's filter to follow
SLACK_S: Final = 0.8


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
    def slack_s(self) -> float:
        """By how much the change may lie outside of the time between the lines."""
        return SLACK_S + RESIDUAL_SIGMAS * ROUGH * self.noise / abs(self.change)

    @property
    def joined(self) -> bool:
        """Whether they meet between the windows: a leap has lines that meet elsewhere."""
        old, new, slack_s = self.before, self.after, self.slack_s
        if not old.last_s - slack_s <= self.at_s <= new.first_s + slack_s:
            return False
        limit = RESIDUAL_SIGMAS * ROUGH * self.noise + BEND_M_S
        return new.spread <= limit and old.spread <= limit

    def shows(self, change: float, sigmas: float) -> bool:
        """Return whether the two lines meet, and a change of rate is so many sigmas of theirs."""
        return self.joined and abs(change) >= sigmas * self.sigma

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
