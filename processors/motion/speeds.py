"""The estimate of speed: which measurements to take, and which not."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Final

from processors.motion.cell import Cell
from processors.motion.noise import Noise, is_frozen, is_measured
from processors.motion.restart import Refused
from processors.motion.speed import Speed

LEAST_M_S: Final = 0.02
AGAIN_S: Final = 2.0
# after this nothing is left to predict from
FORGET_S: Final = 60.0


@dataclass(slots=True)
class Speeds:
    """The filter of speed, and what decides over its measurements."""

    filter: Speed = field(default_factory=Speed)
    noise: Noise = field(default_factory=lambda: Noise(LEAST_M_S))
    refused: Refused = field(default_factory=Refused)

    def take(self, cell: Cell, t_s: float, *, left: bool) -> None:
        """Take a cell; `left`: whether the vehicle has left the pad."""
        z, noise = cell.speed_m_s, self.noise
        measured = abs(z) < inf
        if not measured:
            if not self.filter.known:
                return
            noise.skip()
        elif not cell.stale_s or is_measured(cell.stale_s, noise):
            noise.take(z)
        sigma = noise.sigma
        if t_s - self.filter.t_s > FORGET_S:
            self.filter = Speed()
        speed = self.filter
        if speed.known:
            speed.predict(t_s)
            cell.speed_trusted = measured and self._speed(cell, sigma, left=left)
        elif measured:
            speed.begin(t_s, z, 0.0, sigma)
            cell.speed_trusted = True
        cell.s_m_s, cell.s_rate_m_s2 = speed.s, speed.r
        cell.s_sigma_m_s, cell.s_rate_sigma_m_s2 = sqrt(abs(speed.ss)), sqrt(abs(speed.rr))
        cell.speed_noise_m_s = sigma

    def _speed(self, cell: Cell, sigma: float, *, left: bool) -> bool:
        """Take a speed, unless it is frozen or far off; begin again when all has been far off for long."""
        speed, z = self.filter, cell.speed_m_s
        if left and cell.stale_s:
            sigmas = (z - speed.s) / sqrt(speed.ss + sigma * sigma)
            if is_frozen(cell.stale_s, self.noise, sigmas):
                return False
        t_s = speed.t_s
        if speed.take(z, sigma):
            self.refused.clear()
            return True
        again = self.refused.take(t_s, z, sigma, AGAIN_S)
        if again is None:
            return False
        speed.begin(t_s, again[0], again[1], sigma)
        self.refused.clear()
        return True
