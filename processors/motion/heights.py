"""The estimate of height and climb: which measurements to take, and which not."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Final

from processors.motion.cell import Cell
from processors.motion.noise import Noise, is_frozen, is_measured
from processors.motion.restart import Refused
from processors.motion.vertical import Vertical
from processors.motion.walk import Walk

# the air itself moves a barometer by that much
LEAST_M: Final = 0.3
# a barometer is off for a second or two at the speed of sound and when a charge ejects the parachute; where
# acceleration is measured, dead reckoning is good for longer; a filter that has just begun may have begun wrong
AGAIN_S: Final = 2.0
AGAIN_SEEN_S: Final = 3.0
AGAIN_FIRST_S: Final = 0.3
# a barometer comes back from a leap over some tenths of a second, as its bay vents
SETTLING_S: Final = 1.0
SETTLING: Final = 4.0
PULLED_S: Final = 1.0
# after this nothing is left to predict from
FORGET_S: Final = 60.0
# below this rate of climb a vehicle falls: its axis may point anywhere
FALLING_M_S: Final = -10.0
# a small rocket that has fallen so far, and over the noise, hangs under a parachute or tumbles until it lies somewhere:
# its axis is never upright again
FALLEN_M: Final = 15.0
FALLEN_SIGMAS: Final = 8.0
# heights that all lie on one side for more than a second say that the axis is not upright
TILTED_LEAN: Final = 0.9
TILTED: Final = 5.0
# what a first height says of the climb: little, unless the accelerometer shows rest
STILL_M_S2: Final = 3.0
STILL_M_S: Final = 10.0
WIDE_M_S: Final = 200.0
WIDE_M_S2: Final = 60.0
# how far within the speed a climb is likely to be
BOUND_SIGMA_M_S: Final = 1.0
BOUND_SHARE: Final = 0.1


@dataclass(slots=True)
class Heights:
    """The vertical filter, and what decides over its measurements."""

    vertical: Vertical = field(default_factory=Vertical)
    walk: Walk = field(default_factory=Walk)
    noise: Noise = field(default_factory=lambda: Noise(LEAST_M))
    refused: Refused = field(default_factory=Refused)
    began_s: float = -inf
    leapt_s: float = -inf
    highest_m: float = -inf
    fallen: bool = False

    def take(self, cell: Cell, t_s: float, *, left: bool, launcher: bool, small: bool) -> None:
        """Take a cell whose height over the pad is known; `left`: whether the vehicle has left it."""
        z, noise = cell.height_m, self.noise
        measured = abs(z) < inf
        if measured:
            if not cell.stale_s or is_measured(cell.stale_s, noise):
                noise.take(z)
        else:
            noise.skip()
        sigma = noise.sigma
        if t_s - self.vertical.t_s > FORGET_S:
            self.vertical = Vertical()
        vertical = self.vertical
        if not vertical.known:
            self._begin(cell, t_s, sigma)
        else:
            vertical.predict(t_s, self.walk.of(sigma, launcher=launcher))
            if measured:
                cell.trusted = self._height(cell, sigma, left=left, launcher=launcher)
            if small and left and not self.fallen:
                self._fall(sigma)
            if abs(cell.pull_m_s2) < inf and not cell.stale_s and not self.fallen and vertical.v > FALLING_M_S:
                vertical.pull(cell.pull_m_s2, TILTED if abs(self.walk.lean) > TILTED_LEAN else 1.0)
        cell.noise_m = sigma
        self._fill(cell)

    def _fall(self, sigma: float) -> None:
        """Look whether it has fallen from its highest point."""
        vertical = self.vertical
        self.highest_m = max(self.highest_m, vertical.h)
        low_m = self.highest_m - FALLEN_M - FALLEN_SIGMAS * sigma
        self.fallen = vertical.h < low_m and vertical.v < FALLING_M_S and not vertical.leapt

    def _begin(self, cell: Cell, t_s: float, sigma: float) -> None:
        """Begin with a first height."""
        vertical, z = self.vertical, cell.height_m
        if abs(z) < inf:
            still = abs(cell.pull_m_s2) < STILL_M_S2
            vertical.begin(t_s, z, 0.0, sigma, STILL_M_S if still else WIDE_M_S, STILL_M_S2 if still else WIDE_M_S2)
            cell.trusted = True
            self.began_s = t_s

    def _height(self, cell: Cell, sigma: float, *, left: bool, launcher: bool) -> bool:
        """Take a height, unless it is frozen or far off; begin again when all has been far off for long."""
        vertical, z = self.vertical, cell.height_m
        t_s, sigmas = vertical.t_s, vertical.surprise(z, sigma)
        if left and cell.stale_s and is_frozen(cell.stale_s, self.noise, sigmas):
            return False
        seen = t_s - vertical.pulled_s < PULLED_S
        # what comes back from a leap is still on its way
        settling = vertical.leapt or t_s - self.leapt_s < SETTLING_S
        taken = vertical.height(z, SETTLING * sigma if settling else sigma)
        if launcher:
            # a display that counts in kilometres leaps all the time
            vertical.leapt = False
        if vertical.leapt:
            self.leapt_s = t_s
        elif not self.walk.hurries(sigmas, dead_reckoned=seen or launcher or settling):
            self.noise.surprise(abs(sigmas))
        if taken:
            self.refused.clear()
            return True
        least_s = AGAIN_FIRST_S if t_s - self.began_s < AGAIN_S else AGAIN_SEEN_S if seen else AGAIN_S
        again = self.refused.take(t_s, z, sigma, least_s)
        if again is None:
            return False
        vertical.begin(t_s, again[0], again[1], sigma, again[2], STILL_M_S)
        self.refused.clear()
        return True

    def bound(self, cell: Cell) -> None:
        """Hold the climb within the speed, of which it is one component."""
        vertical = self.vertical
        if cell.speed_trusted and vertical.known and abs(vertical.v) > cell.s_m_s + cell.s_sigma_m_s:
            most = max(cell.s_m_s, 0.0)
            vertical.climb(most if vertical.v > 0.0 else -most, BOUND_SIGMA_M_S + BOUND_SHARE * most)
            self._fill(cell)

    def _fill(self, cell: Cell) -> None:
        vertical = self.vertical
        if vertical.known:
            cell.h_m, cell.v_m_s, cell.a_m_s2 = vertical.h, vertical.v, vertical.a
            cell.h_sigma_m, cell.v_sigma_m_s = sqrt(abs(vertical.hh)), sqrt(abs(vertical.vv))
            cell.a_sigma_m_s2 = sqrt(abs(vertical.aa))
