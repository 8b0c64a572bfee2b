"""Whether the heights of a rocket at rest begin to rise."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Final

import numpy as np

from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from processors.small.heights import measured_m, resting, spread_m
from processors.small.rise import rise
from processors.small.squeeze import squeeze
from telemetry.cuc import NS_PER_S

NEEDED: Final = 3
# of what is worth a fit; then it need not be steep
HIGH: Final = 2.5
# so many cells tell how noisy heights are
LEARNT: Final = 15
# after four seconds at rest heights are known, and gusts change over ten; a normal deviate is 0.8 in the mean
SETTLED: Final = 40
KEPT: Final = 100
ABSOLUTE: Final = 1.25
# a height worth a fit: wind of 3 m/s moves a barometer by less; and over its noise
RISE_M: Final = 0.5
RISE_SIGMAS: Final = 3.0
# all three together are so many standard deviations over the pad, as the fit must be better by
ALL_SIGMAS: Final = 5.5
# gusts move it for a second or two, so they are known after so long, and a rise is so many times as high
GUSTS_S: Final = 12.0
GUSTS_SIGMAS: Final = 4.0
# three heights in succession rise at least as fast, as nothing on a pad does for a third of a second
STEEP_M_S: Final = 10.0
# how much of the rest on the pad is fitted
BEFORE_S: Final = 6.0
# the least noise, and the least acceleration of a rocket that is safe to launch, less what a fit may be off by
LEAST_M: Final = 0.3
LEAST_M_S2: Final = 8.0
# twice what the hardest motors do to the lightest rockets; an altimeter that leaps shows more
MOST_M_S2: Final = 1_000.0
# how much better a rise must fit than rest, in squared standard deviations
BETTER: Final = 30.0
# it is told when it has risen for so long at least
AFTER_S: Final = 0.2
# how far from the pad's level it may begin, and by how much heights may differ from the curve
OFF_M: Final = 3.0
OFF_SIGMAS: Final = 3.0
# A parabola through heights that do not bend evenly begins below the lowest by a hundredth of jerk times time cubed: by
# 40 m if thrust grows from nothing to 10 g in the window, and nothing burns so.
BELOW_M: Final = 100.0
# two seconds later the slowest rocket is so high, and over the noise
FLOWN_M: Final = 10.0
FLOWN_SIGMAS: Final = 4.0
# a median is less sure than a mean
MEDIAN: Final = 1.25
BENDS_SIGMAS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Left:
    """That it has left the pad.

    Parameters
    ----------
    t_ns, sigma_s
        When, and how sure.
    acceleration_m_s2
        With which.
    """

    t_ns: int
    sigma_s: float
    acceleration_m_s2: float


@dataclass(slots=True)
class Departure:
    """The last three heights, what was known of their noise, the oldest first, and how many rose in succession.

    `seen` heights were `usual_m` from the pad's level on average: what they do at rest, gusts and all.
    """

    heights: list[float] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    noises: list[float] = field(default_factory=list)
    rising: int = 0
    seen: int = 0
    usual_m: float = 0.0

    @property
    def noise_m(self) -> float:
        """The noise of a height: as the filter has it, or as it was at rest, if that is less."""
        if self.seen < SETTLED:
            return self.noises[0]
        return min(self.noises[0], max(LEAST_M, ABSOLUTE * self.usual_m))

    def rises(self, cell: Cell) -> bool:
        """Take a cell; return whether the last heights rise steeply over the noise, or it is high up already."""
        if not abs(cell.height_m) < inf:
            return False
        self.heights, self.times_ns = [*self.heights[-2:], cell.height_m], [*self.times_ns[-2:], cell.t_ns]
        self.rising = self.rising + 1 if self.heights[-1] > self.heights[-2:][0] else 0
        # a filter that lags takes a rise for noise, so what it was half a second ago counts
        recent = [*self.noises[-5:], cell.noise_m]
        self.noises = recent if cell.index > LEARNT else [max(recent)]
        self.seen += 1
        self.usual_m += (abs(cell.height_m) - self.usual_m) / min(self.seen, KEPT)
        first, second, third = self.heights if len(self.heights) == NEEDED else (0.0, 0.0, 0.0)
        noise_m = self.noise_m
        least_m = RISE_M + RISE_SIGMAS * noise_m
        if cell.index <= LEARNT and self.rising < LEARNT // 3:
            # how noisy heights are is not known yet
            return False
        if cell.h_m > HIGH * least_m:
            return True
        since_s = (self.times_ns[-1] - self.times_ns[0]) / NS_PER_S
        steep = first <= second < third and third > least_m and third - first > STEEP_M_S * since_s
        return steep and sqrt(sum(max(each, 0.0) ** 2 for each in self.heights)) > ALL_SIGMAS * noise_m

    def fit(self, cell: Cell, track: Track) -> Left | None:
        """Return the rise from rest that fits; None if none does."""
        cells = track.between(cell, cell.t_ns - round(BEFORE_S * NS_PER_S), cell.t_ns)
        # who has been high up for so long has not left the pad just now: no fit's level lies so far below all heights
        floor_m = OFF_M + OFF_SIGMAS * self.noise_m + BELOW_M
        if not any(one.height_m < floor_m for one in cells):
            return None
        t_s, heights = resting(cells, cell.t_ns)
        if not t_s.size:
            return None
        pressed = squeeze(t_s, heights, self.noise_m)
        if pressed is not None:
            until_ns = cell.t_ns + round(pressed.t_s * NS_PER_S)
            return Left(until_ns, pressed.sigma_s, pressed.acceleration_m_s2)
        # a record may begin a little after liftoff
        earliest = max(float(t_s[0]) - 1.0, -BEFORE_S)
        found = rise(t_s, heights, (earliest, -AFTER_S), max(LEAST_M, self.noise_m))
        if found is None or found.better < BETTER:
            return None
        until_ns = cell.t_ns + round(found.t_s * NS_PER_S)
        gusts_m = spread_m(cell, track, until_ns - round(GUSTS_S * NS_PER_S), until_ns)
        high = float(heights[-1]) - found.level_m > RISE_M + GUSTS_SIGMAS * gusts_m
        # it leaves the pad, not some other height, and as smoothly as thrust makes it
        near = max(abs(found.level_m), found.spread_m) < OFF_M + OFF_SIGMAS * self.noise_m
        hard = found.acceleration_m_s2 - found.sigma_m_s2 > LEAST_M_S2 and found.acceleration_m_s2 < MOST_M_S2
        seen = found.t_s > t_s[0] + AFTER_S or _hastens(t_s, heights)
        if not (high and near and hard and seen):
            return None
        sigma_s = found.sigma_s if found.t_s > t_s[0] else found.sigma_s + 0.5 * float(t_s[0] - found.t_s)
        return Left(until_ns, sigma_s, found.acceleration_m_s2)


def flies(cell: Cell, track: Track) -> bool | None:
    """Return whether the last second's heights are so high that it must be in the air; None if there are none."""
    _, heights = points(track.between(cell, cell.t_ns - NS_PER_S, cell.t_ns), measured_m, cell.t_ns)
    if not heights.size:
        return None
    return float(np.median(heights)) > FLOWN_M + FLOWN_SIGMAS * MEDIAN * cell.noise_m / sqrt(heights.size)


def _hastens(t_s: Floats, heights_m: Floats) -> bool:
    """Return whether a record that begins in the air climbs ever faster: what coasts has left the pad long before."""
    found = polynomial(t_s, heights_m, 2)
    if found is None:
        return False
    value, sigma = found.value(0.0, order=2)
    return value > BENDS_SIGMAS * sigma
