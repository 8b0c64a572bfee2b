"""What one channel of motion shows at rest, and when it shows more."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Final

import numpy as np

from processors.hop.onset import Floats, pulls
from telemetry.cuc import NS_PER_S

PULL: Final = 0
CLIMB: Final = 1
HEIGHT: Final = 2
# how long ago it may have begun: a hop's 1 to 5 m/s^2 show in accelerations at once, in heights after a second or two
SCALES_S: Final = {
    PULL: (0.25, 0.55, 1.15),
    CLIMB: (0.4, 0.75, 1.3, 2.3),
    HEIGHT: (0.7, 0.95, 1.3, 1.8, 2.6, 3.8),
}
# a vehicle stands still for so long before, or what it did before is not known
REST_S: Final = 2.5
KEPT_S: Final = 10.0
# what was seen so long ago is of the pad, or the rise would have been told: more than twice the time that it takes
LEARNT_S: Final = {PULL: 1.5, CLIMB: 2.5, HEIGHT: 5.0}
# winds change over minutes
MEMORY_S: Final = 60.0
PEAKS_S: Final = 120.0
# what air and engines do to a channel at rest, whatever it shows: m/s^2, m/s, m
LEAST: Final = {PULL: 0.1, CLIMB: 0.1, HEIGHT: 0.3}
# second differences of independent noise have six times its variance; what is off by more sigmas is a spike
SECOND: Final = 6.0
WILD: Final = 4.0
# gusts that hang together do two and a half times what a barometer's noise from row to row says, until they are known;
# accelerations and speeds know no gusts, but what rocks in the wind, or what filters on board leave
GUSTS: Final = {PULL: 1.5, CLIMB: 1.5, HEIGHT: 2.5}
DOUBTS: Final = 2.0
# a false alarm in ten minutes of normal noise, at six scales, has a chance of one in ten thousand
SURE_SIGMAS: Final = 5.5
# gusts come in bursts: a rise is half as much again as anything of the last minutes
OVER_PEAK: Final = 1.5
FEWEST: Final = 12
THREE: Final = 3
FEW: Final = 5
# what leaves harder is no hop; and by this speed it was told; in a million normal values none is so far off
MOST_M_S2: Final = 10.0
MOST_M_S: Final = 8.0
FAR_SIGMAS: Final = 8.0
# a channel that repeats itself in one row of twenty does so at rest, too
OFTEN: Final = 0.05


@dataclass(slots=True)
class Gauge:
    """The last seconds of a channel at rest, and how large accelerations its noise feigns.

    For each scale the acceleration is fitted that would have begun so long ago; its mean square over the time at rest
    is what noise of any colour makes of it. A rise is much more than that.

    Parameters
    ----------
    order
        How often the acceleration is integrated.
    """

    order: int
    t_ns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    weight: float = 0.0
    errors: int = 0
    error_squares: float = 0.0
    seen: int = 0
    runs: int = 0
    wild: int = 0

    def is_frozen(self, stale_s: float) -> bool:
        """Return whether a value that has been equal for a time is none of this channel's."""
        return stale_s > 0.0 and self.seen > FEWEST and self.runs < OFTEN * self.seen

    def take(self, t_ns: int, value: float, stale_s: float) -> bool:
        """Take the next value and return whether it shows a rise."""
        if stale_s > 0.0 and self.values and not self.is_frozen(stale_s):
            self.runs += 1
        elif self.is_frozen(stale_s):
            self.runs += stale_s < 2.0 * (t_ns - self.t_ns[-1]) / NS_PER_S
            return False
        self.wild = self.wild + 1 if self._is_wild(t_ns, value) else 0
        if 0 < self.wild < THREE:
            return False
        self.seen += 1
        self._learn(value)
        self.t_ns.append(t_ns)
        self.values.append(value)
        while self.t_ns[0] < t_ns - KEPT_S * NS_PER_S and len(self.values) > 2 * FEWEST:
            del self.t_ns[0], self.values[0]
        if len(self.values) < FEWEST or t_ns - self.t_ns[0] < REST_S * NS_PER_S:
            return False
        return self._shows()

    def _is_wild(self, t_ns: int, value: float) -> bool:
        """Return whether no hop moves so far from the last values."""
        if len(self.values) < FEW:
            return False
        since_s = (t_ns - self.t_ns[-THREE]) / NS_PER_S
        moves = MOST_M_S2 * since_s**self.order + MOST_M_S * since_s * (self.order == HEIGHT)
        middle = sorted(self.values[-FEW:])[FEW // 2]
        return abs(value - middle) > moves + FAR_SIGMAS * self.noise

    def _learn(self, value: float) -> None:
        if len(self.values) < 2:  # noqa: PLR2004 -- a second difference has three values
            return
        error = value - 2.0 * self.values[-1] + self.values[-2]
        least = LEAST[self.order] ** 2
        usual = max(self.error_squares / max(self.errors, 1), SECOND * least)
        self.errors += 1
        self.error_squares += min(error * error, WILD**2 * usual) if self.errors > FEWEST else error * error

    @property
    def noise(self) -> float:
        """The standard deviation of a value from row to row."""
        return max(sqrt(self.error_squares / SECOND / max(self.errors, 1)), LEAST[self.order])

    @property
    def step_s(self) -> float:
        """How far two values lie apart."""
        return (self.t_ns[-1] - self.t_ns[0]) / NS_PER_S / max(len(self.t_ns) - 1, 1)

    @property
    def scales_s(self) -> Floats:
        """How long ago it may have begun, shape (m,): three rows make a rise, however seldom they are."""
        return np.maximum(SCALES_S[self.order], (THREE - 0.5) * self.step_s)

    def points(self) -> tuple[Floats, Floats]:
        """Return times before the last value, s, and values, shape (n,)."""
        return np.array([(each - self.t_ns[-1]) / NS_PER_S for each in self.t_ns]), np.array(self.values)

    def coloured(self) -> float:
        """Return the standard deviation of a value, more if what is noise hangs together."""
        _, errs = pulls(*self.points(), self.order, -self.scales_s)
        shares = [self._feigned(at, err) / (self.noise * err) for at, err in enumerate(errs.tolist()) if err < inf]
        return float(self.noise * max([1.0, *shares]))

    def _feigned(self, at: int, err: float) -> float:
        """Return the standard deviation of what noise feigns at a scale: as learnt, or as it may be before that."""
        prior = GUSTS[self.order] * self.noise * err
        if not self.squares:
            return prior * (1.0 + 1.0 / DOUBTS)
        # what overlaps says the same
        seen = self.weight * self.step_s / float(self.scales_s[at])
        variance = (seen * self.squares[at] / self.weight + DOUBTS * prior**2) / (seen + DOUBTS)
        return sqrt(variance) * (1.0 + 1.0 / (seen + DOUBTS))

    def _shows(self) -> bool:
        scales = self.scales_s
        found, errs = pulls(*self.points(), self.order, -scales)
        shows = False
        for at, err in enumerate(errs.tolist()):
            # after a hole there are none yet
            if self.t_ns[-THREE] < self.t_ns[-1] - scales[at] * NS_PER_S or not err < inf:
                continue
            peak = self.peaks[at] if self.peaks else 0.0
            shows = shows or found[at] > max(SURE_SIGMAS * self._feigned(at, err), OVER_PEAK * peak)
        self._remember([float(each) for each in found])
        return shows

    def _remember(self, found: list[float]) -> None:
        """Take note of what was found, once it is sure to be of the pad."""
        count = len(found)
        self.waiting += found
        if len(self.waiting) <= count * round(LEARNT_S[self.order] / max(self.step_s, 0.05)):
            return
        old, self.waiting = self.waiting[:count], self.waiting[count:]
        if not self.squares:
            self.squares, self.peaks = [0.0] * count, [0.0] * count
        forget, lower = self.step_s / MEMORY_S, self.step_s / PEAKS_S
        self.weight += 1.0 - forget * self.weight
        self.squares = [s + o * o - forget * s for s, o in zip(self.squares, old, strict=True)]
        self.peaks = [max(abs(o), p - lower * p) for p, o in zip(self.peaks, old, strict=True)]
