"""A Kalman filter of speed and its rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Final

# an engine that starts or stops changes the rate of speed by so much at once
MOST_CHANGE_M_S2: Final = 120.0
GATE: Final = 25.0
WALK: Final = 4.0
LONGEST_S: Final = 1.5


@dataclass(slots=True)
class Speed:
    """State (speed m/s, its rate m/s^2) with covariance, a random walk of the rate between measurements.

    What is far from the prediction is refused, unless a sudden change of the rate of up to 120 m/s^2 explains it.

    References
    ----------
    As of `processors.motion.vertical`.
    """

    t_s: float = nan
    s: float = nan
    r: float = 0.0
    ss: float = 0.0
    sr: float = 0.0
    rr: float = 0.0
    taken_s: float = nan

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return self.s == self.s

    def begin(self, t_s: float, s: float, r: float, noise: float) -> None:
        """Begin with a speed and its rate."""
        self.t_s = self.taken_s = t_s
        self.s, self.r = s, r
        self.ss, self.sr, self.rr = noise * noise, 0.0, 100.0

    def predict(self, t_s: float) -> None:
        """Carry the state on to a time."""
        dt = t_s - self.t_s
        if dt <= 0.0:
            return
        self.t_s = t_s
        q, sr, rr = WALK * WALK, self.sr, self.rr
        self.s += self.r * dt
        self.ss += dt * (2.0 * sr + dt * rr) + q * dt**3 / 3.0
        self.sr = sr + dt * rr + 0.5 * q * dt * dt
        self.rr = rr + q * dt

    def take(self, z: float, noise: float) -> bool:
        """Take a speed; false if it is refused."""
        r2 = noise * noise
        error = z - self.s
        total = self.ss + r2
        if error * error > GATE * total:
            since = min(max(self.t_s - self.taken_s, 0.05), LONGEST_S)
            if abs(error) > MOST_CHANGE_M_S2 * since + 4.0 * noise:
                return False
            rate = 0.5 * abs(error) / since
            self.ss += (rate * since) ** 2
            self.sr += rate * rate * since
            self.rr += rate * rate
            total = self.ss + r2
        ks, kr = self.ss / total, self.sr / total
        self.s += ks * error
        self.r += kr * error
        self.rr -= kr * self.sr
        self.sr *= 1.0 - ks
        self.ss *= 1.0 - ks
        self.taken_s = self.t_s
        return True
