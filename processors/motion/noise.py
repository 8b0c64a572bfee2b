"""How noisy a measured quantity is, learnt as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

# of a normal distribution, half lies within this many standard deviations
HALF: Final = 0.6745
GROW: Final = 1.12
FOLLOW: Final = 1.08
MOST_FACTOR: Final = 30.0
LEAST_STEP: Final = 1e-9
# second differences of independent noise have six times its variance
SECOND: Final = sqrt(6.0)
# a display that counts in steps errs evenly within one: its spread is 1 / sqrt(12) of it
STEP_SHARE: Final = 0.2887


@dataclass(slots=True)
class Noise:
    """The standard deviation of one cell's value, from second differences, so that steady motion does not count.

    The scale grows by 12 % when a difference is above its median and shrinks by as much when it is below, so one wild
    value moves it by 12 % only. It is never below what the smallest step ever seen between two values makes.

    Parameters
    ----------
    least
        Never less than this.

    Examples
    --------
    >>> noise = Noise(0.05)
    >>> for value in [0.0, 2.0, 0.0, 2.0, 0.0, 2.0] * 5:
    ...     noise.take(value)
    >>> round(noise.sigma, 1)
    2.2
    """

    least: float
    scale: float = 0.0
    step: float = inf
    factor: float = 1.0
    last: float = inf
    before: float = inf

    def take(self, value: float) -> None:
        """Take the next value."""
        last, before = self.last, self.before
        if last != inf:
            change = abs(value - last)
            if LEAST_STEP < change < self.step:
                self.step = change
            if before != inf:
                error = abs(value - 2.0 * last + before) / SECOND
                if not self.scale:
                    self.scale = error / HALF
                elif error > HALF * self.scale:
                    self.scale *= GROW
                else:
                    self.scale /= GROW
        self.last, self.before = value, last

    def skip(self) -> None:
        """Take note that values are missing: the next one is no neighbour of the last."""
        self.last = self.before = inf

    def surprise(self, sigmas: float) -> None:
        """Take note by how many standard deviations a value was off what was expected.

        Errors that hang together, as of a barometer in gusts, do not show in second differences, but here.
        """
        self.factor = min(self.factor * FOLLOW, MOST_FACTOR) if sigmas > HALF else max(self.factor / FOLLOW, 1.0)

    @property
    def sigma(self) -> float:
        """The standard deviation."""
        of_step = STEP_SHARE * self.step if self.step != inf else 0.0
        return self.factor * max(self.scale, of_step, self.least)
