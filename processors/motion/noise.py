"""How noisy a measured quantity is, learnt as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Final

# of a normal distribution, half lies within this many standard deviations
HALF: Final = 0.6745
GROW: Final = 1.12
FOLLOW: Final = 1.08
MOST_FACTOR: Final = 8.0
LEARNING: Final = 10
LEARN: Final = 2.0
LEAST_SHARE: Final = 0.1
# a display is what repeats three values in ten
OFTEN: Final = 0.3
RECENT: Final = 0.1
STEPS: Final = 8
# a record whose noise is larger than its step never repeats itself to the last digit, unless it is frozen
NOISY_STEPS: Final = 3.0
STALE_SIGMAS: Final = 4.0
STALE_MOST_S: Final = 12.0
LEAST_STEP: Final = 1e-9
# what comes back so near to where it was, has been wild for one value
BACK: Final = 0.1
# second differences of independent noise have six times its variance
SECOND: Final = sqrt(6.0)
# a display that counts in steps errs evenly within one: its spread is 1 / sqrt(12) of it
STEP_SHARE: Final = 0.2887


@dataclass(slots=True)
class Noise:
    """The standard deviation of one cell's value, from second differences, so that steady motion does not count.

    The scale grows by 12 % when a difference is above its median and shrinks by as much when it is below, so one wild
    value moves it by 12 % only. It is never below what the smallest step between two values makes; of a display, which
    repeats values, the smallest of the last few, as it may count in other steps higher up. A first change that
    is taken back at once, or that follows on the very first value, was a wild value's and is no step.

    Parameters
    ----------
    least
        Never less than this.
    base
        The standard deviation of one value about the next.

    Examples
    --------
    >>> noise = Noise(0.05)
    >>> for value in [0.0, 2.0, 0.0, 2.0, 0.0, 2.0] * 5:
    ...     noise.take(value)
    >>> round(noise.sigma, 1)
    2.3
    """

    least: float
    base: float = 0.0
    scale: float = 0.0
    step: float = inf
    least_step: float = inf
    repeats: float = 0.0
    pending: float = 0.0
    taken: int = 0
    steps: list[float] = field(default_factory=list)
    factor: float = 1.0
    last: float = inf
    before: float = inf

    def take(self, value: float) -> None:
        """Take the next value."""
        last, before = self.last, self.before
        if last != inf:
            self._step(abs(value - last), abs(value - before))
            if before != inf:
                error = abs(value - 2.0 * last + before) / SECOND
                grow = GROW if self.taken > LEARNING else LEARN
                self.taken += 1
                if error > HALF * self.scale:
                    self.scale = max(self.scale, LEAST_SHARE * self.least) * grow
                else:
                    self.scale /= grow
            self.base = max(self.least, self.scale, STEP_SHARE * self.step if self.step != inf else 0.0)
        self.last, self.before = value, last

    def _step(self, change: float, over_two: float) -> None:
        pending, self.pending = self.pending, 0.0
        if change <= LEAST_STEP:
            seldom = self.repeats <= OFTEN
            self.repeats += RECENT * (1.0 - self.repeats)
            if seldom and self.repeats > OFTEN and self.scale > NOISY_STEPS * self.step:
                # what changed all the time before was noise, and no steps of the display that it has become
                self.steps.clear()
                self.least_step = inf
            if pending and not self.taken:
                self._forget()
            return
        self.repeats -= RECENT * self.repeats
        if self.least_step == inf:
            self.pending = change
        elif pending and over_two < BACK * change:
            self._forget()
            return
        self.least_step = min(self.least_step, change)
        steps = self.steps
        steps.append(change)
        if len(steps) > STEPS:
            del steps[0]
        if not self.repeats > OFTEN:
            self.step = self.least_step
        elif len(steps) > 1 or self.step == inf:
            # one alone may be a wild value's
            self.step = min(steps)

    def _forget(self) -> None:
        """Forget the first change, which was a wild value's."""
        self.step = self.least_step = inf
        self.steps.clear()

    def skip(self) -> None:
        """Take note that values are missing: the next one is no neighbour of the last."""
        self.last = self.before = inf
        self.pending = 0.0

    def surprise(self, sigmas: float) -> None:
        """Take note by how many standard deviations a value was off what was expected.

        Errors that hang together, as of a barometer in gusts, do not show in second differences, but here.
        """
        if sigmas > HALF:
            self.factor = min(self.factor * FOLLOW, MOST_FACTOR)
        elif self.factor > 1.0:
            self.factor = max(self.factor / FOLLOW, 1.0)

    @property
    def sigma(self) -> float:
        """The standard deviation, with what hangs together."""
        return self.factor * (self.base or self.least)


def is_measured(stale_s: float, noise: Noise) -> bool:
    """Return whether a value is a measurement of its own, and not what a noisy channel froze at."""
    return not stale_s or noise.scale <= NOISY_STEPS * noise.step


def is_frozen(stale_s: float, noise: Noise, sigmas: float) -> bool:
    """Return whether a value that has been equal to the last digit for a time contradicts the motion.

    Parameters
    ----------
    stale_s
        For how long; nothing stays frozen for ever: what stands still for 12 s does stand still.
    noise
        Of the channel.
    sigmas
        By how many standard deviations it is off what was expected.
    """
    if not 0.0 < stale_s < STALE_MOST_S:
        return False
    return noise.scale > NOISY_STEPS * noise.step or abs(sigmas) > STALE_SIGMAS
