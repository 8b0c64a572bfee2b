"""What a speed shows of a launcher that stands: its noise, and what noise makes of zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# second differences of independent noise have six times its variance; what is off by more sigmas is a spike
SECOND: Final = 6.0
WILD: Final = 4.0
FEW: Final = 5
# a standard deviation learnt from n second differences, which overlap, may well be more by this over n
UNSURE: Final = 2.0
# a display that counts km/h
LEAST_NOISE_M_S: Final = 0.1
# three seconds of rest say what it shows; what was more than half a minute ago counts less and less
FEWEST: Final = 30
MOST: Final = 300
# the mean of so many errs by its noise over their root, and hardly ever by four times as much
SURE_SIGMAS: Final = 4.0
# a climb's first and its last two seconds
END_S: Final = 2.0
SIGMAS: Final = 2.0


@dataclass(slots=True)
class Rest:
    """Noise of the speeds (m/s) at rest, and their mean if it is surely not zero.

    The noise is that of second differences, so that a ramp has none. The size of a velocity that is noisy is never less
    than zero: at rest it shows 0.8 of the noise's standard deviation on the mean, as a slow climb would, and that is
    gone once the vehicle is faster than the noise.

    References
    ----------
    Gudbjartsson and Patz, The Rician distribution of noisy MRI data, Magnetic Resonance in Medicine 34, 1995.

    Examples
    --------
    >>> rest = Rest()
    >>> for at in range(200):
    ...     rest.take(1.0 + at % 2)
    ...     rest.learn([1.0 + at % 2, 2.0 - at % 2], 1.0 + at % 2)
    >>> round(rest.noise_m_s, 1), round(rest.level_m_s, 2), rest.without(np.array([40.0])).round(1).tolist()
    (0.8, 1.5, [40.0])
    """

    errors: int = 0
    squares: float = 0.0
    mean_m_s: float = 0.0
    count: int = 0

    def learn(self, before_m_s: Sequence[float], speed_m_s: float) -> None:
        """Take note of the noise in a speed that comes after others."""
        if len(before_m_s) > 1:
            error = speed_m_s - 2.0 * before_m_s[-1] + before_m_s[-2]
            usual = self.squares / self.errors if self.errors > FEW else inf
            self.errors += 1
            self.squares += min(error * error, WILD**2 * max(usual, SECOND * LEAST_NOISE_M_S**2))

    @property
    def noise_m_s(self) -> float:
        """The standard deviation of a speed, more than is likely while few have been seen."""
        seen = max(self.errors, 1)
        return max(sqrt(self.squares / SECOND / seen) * (1.0 + UNSURE / seen), LEAST_NOISE_M_S)

    def take(self, speed_m_s: float) -> None:
        """Take a speed of a vehicle that stood."""
        off = speed_m_s - self.mean_m_s
        if self.count >= FEWEST:
            most = WILD * self.noise_m_s
            off = min(max(off, -most), most)
        self.count = min(self.count + 1, MOST)
        self.mean_m_s += off / self.count

    @property
    def level_m_s(self) -> float:
        """The mean; zero as long as it is not surely more."""
        sure = self.count >= FEWEST and self.mean_m_s > SURE_SIGMAS * self.noise_m_s / sqrt(self.count)
        return self.mean_m_s if sure else 0.0

    def without(self, speeds_m_s: Floats) -> Floats:
        """Return speeds, shape (n,), without what noise adds to them: squares add up, and rest is zero."""
        level = self.level_m_s
        if not level:
            return speeds_m_s
        return np.asarray(np.sign(speeds_m_s - level) * np.sqrt(np.abs(speeds_m_s**2 - level**2)))


def grows(t_s: Floats, speeds_m_s: Floats, least_m_s2: float, noise_m_s: float) -> bool:
    """Return whether speeds may have grown at a rate from their first two seconds to their last; if few, they may.

    Parameters
    ----------
    t_s, speeds_m_s
        Shape (n,), from the start of a climb, at 0 s; what was before does not count.
    least_m_s2
        The rate.
    noise_m_s
        Of a speed.

    Examples
    --------
    >>> t_s = np.arange(-2.0, 8.0, 0.1)
    >>> grows(t_s, 2.0 * t_s, 0.8, 1.0), grows(t_s, 5.0 + 0.0 * t_s, 0.8, 1.0)
    (True, False)
    """
    t_s, speeds_m_s = t_s[t_s >= 0.0], speeds_m_s[t_s >= 0.0]
    first, last = (speeds_m_s[t_s < t_s[0] + END_S], speeds_m_s[t_s > t_s[-1] - END_S]) if t_s.size else (t_s, t_s)
    if min(first.size, last.size) < FEW:
        return True
    least = least_m_s2 * max(float(t_s[-1] - t_s[0]) - END_S, 0.0)
    sigma = noise_m_s * sqrt(1.0 / first.size + 1.0 / last.size)
    return bool(last.mean() - first.mean() + SIGMAS * sigma > least)
