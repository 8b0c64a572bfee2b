"""The level at which a vehicle stands, as a noisy barometer or receiver tells it while weather moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, nan, sqrt
from statistics import median
from typing import Final

from processors.motion.polynomials import HALF
from telemetry.cuc import NS_PER_S

EVERY: Final = 5
KEPT: Final = 24
LATEST: Final = 4
# Weather moves a barometer by metres an hour, and the front of a thunderstorm by 3 hPa, which is 25 m, in three
# minutes; gusts of 10 m pass within seconds, of which the median knows nothing. What moves faster for longer is the
# vehicle.
WEATHER_M_S: Final = 0.15
# the air itself moves a barometer by that much
LEAST_M: Final = 0.3
SIGMAS: Final = 4.0
# second differences of independent noise have six times its variance; a median errs by a quarter more than a mean
SECOND: Final = sqrt(6.0)
MEDIAN: Final = 1.25


@dataclass(slots=True)
class Level:
    """The median of 12 s but the last 2 s: what happens at liftoff does not move it.

    From one 12 s to the next it moves no further than weather does, and noise: so a slow climb is no drift. It gives
    way at once where it was learnt from noise that has ended since.

    Parameters
    ----------
    level_m, noise_m
        The level, NaN before there is one, and the noise of the heights that say so.
    then_m, then_sigma_m, then_ns
        Those of up to 12 s ago.
    turns
        How many have been taken since there are 12 s.
    values
        The last ones.

    Examples
    --------
    >>> level = Level()
    >>> for at in range(200):
    ...     level.take(at * 500_000_000, 100.0 + max(at - 100, 0) * 1.0)
    >>> level.level_m < 110.0
    True
    """

    level_m: float = nan
    noise_m: float = LEAST_M
    then_m: float = nan
    then_sigma_m: float = 0.0
    then_ns: int = 0
    turns: int = 0
    values: list[float] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether there is a level."""
        return self.level_m == self.level_m

    def or_else(self, height_m: float) -> float:
        """Return the level; a height if there is none yet, which is the level from then on."""
        if not self.known:
            self.level_m = height_m
        return self.level_m

    @property
    def sigma_m(self) -> float:
        """How sure it is."""
        return MEDIAN * self.noise_m / sqrt(max(len(self.values), 1))

    def take(self, t_ns: int, height_m: float) -> None:
        """Take a height at rest."""
        values = self.values
        values.append(height_m)
        del values[:-KEPT]
        seen = settled(values)
        wanted_m, self.noise_m = median(seen), _noise_m(values)
        if len(values) < KEPT:
            self.level_m = wanted_m
            return
        if self.then_ns:
            since_s = max(t_ns - self.then_ns, 0) / NS_PER_S
            most_m = WEATHER_M_S * since_s + SIGMAS * hypot(self.then_sigma_m, self.sigma_m)
            wanted_m = min(max(wanted_m, self.then_m - most_m), self.then_m + most_m)
        self.level_m = wanted_m
        self.turns += 1
        if self.turns % KEPT == 1:
            self.then_m, self.then_sigma_m, self.then_ns = wanted_m, self.sigma_m, t_ns


def settled(values: list[float]) -> list[float]:
    """Return the values but the last 2 s, if there are others."""
    return values[:-LATEST] if len(values) > LATEST else values


def _noise_m(values: list[float]) -> float:
    """Return the noise of heights from one to the next, whatever one of them is."""
    steps = [abs(c - 2.0 * b + a) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return max(median(steps) / HALF / SECOND, LEAST_M) if steps else LEAST_M
