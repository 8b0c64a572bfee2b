"""What kind of vehicle this is, told from what it sends and how it leaves the pad."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Final

from processors.motion.cell import Cell
from telemetry.vocabulary import VehicleClass

AUTO: Final = "auto"
LAUNCHER: Final = "launcher"
SOUNDING: Final = "sounding"
HOP: Final = "hop"
# what stages and ships do to their motion is what launchers do
FAMILIES: Final = {
    VehicleClass.LAUNCHER.value: LAUNCHER,
    VehicleClass.BOOSTER.value: LAUNCHER,
    VehicleClass.UPPER_STAGE.value: LAUNCHER,
    VehicleClass.SHIP.value: LAUNCHER,
    "express": LAUNCHER,
    VehicleClass.SOUNDING.value: SOUNDING,
    VehicleClass.HOP.value: HOP,
}
# an orbital launcher leaves the pad at 1.2 to 2 times its weight, a small rocket at 4 times or more, so that its fins
# hold it at the end of the rail
HARD_M_S2: Final = 25.0
SURELY_M_S2: Final = 15.0
SIGMAS: Final = 3.0
HARD_CELLS: Final = 5
GAIN_M_S: Final = 15.0
MOVING_M_S: Final = 3.0
MOVING_SIGMAS: Final = 4.0
# by then a small rocket has shown how hard it pulls
TOLD_M_S: Final = 60.0
TOLD_M: Final = 100.0
TOLD_SIGMAS: Final = 8.0
TOLD_S: Final = 6.0
# mean acceleration up to there, v^2 / (2 h)
GENTLE_M_S2: Final = 12.0
REST_CELLS: Final = 5
# altimeters and satellite receivers resolve metres; a display counts kilometres to one decimal, and half-way between
# two of them lies their mean
COARSE_M: Final = 50.0
# of kilometres that were cut to whole metres
ROUNDING_M: Final = 1.5
# higher than this, and than what noise does, nothing stands on its pad
RISEN_M: Final = 20.0
# What pushes with a and then coasts to its top h has been as fast as v^2 / (2 h) = a g / (a + g), and is there after t
# with 2 h / t^2 no less, drag or not: 5.4 m/s^2 for a small rocket at 12 m/s^2. What has done with less than half of
# this is still driven.
DRIVEN_M_S2: Final = 2.7
# the engines of a launcher run for minutes: what slows down below 100 m has burnt out, and gravity alone takes 1 g
COAST_M_S2: Final = -5.0
COAST_SIGMAS: Final = 2.0
# from 7 m to 108 m at that acceleration
GENTLE_S: Final = 3.1
# a launcher is at 80 m/s after 20 s, and gains ever faster; what has not gained half of that on average is not leaving.
# After a minute it may coast.
HOP_AFTER_S: Final = 20.0
HOP_UNTIL_S: Final = 60.0
HOP_M_S2: Final = 1.5
# a launcher gains speed for two minutes; what has lost so much of it, over its pad, is not leaving
SLOWED: Final = 0.67


def given_class(word: str) -> str:
    """Return the class that a dictionary's or a user's word says; `auto` if motion has to tell it.

    Examples
    --------
    >>> given_class("booster"), given_class("kite")
    ('booster', 'auto')
    """
    return word if word in FAMILIES else AUTO


@dataclass(slots=True)
class Kind:
    """The class of a vehicle, first by its channels, then by its motion.

    Speed without an accelerometer, a barometer or a climb is what a webcast shows: a launcher; so are heights alone
    that count in hundreds of metres. Anything else is what a small rocket's computer writes. What pulls 25 m/s^2 off
    the pad is a small rocket all the same, and what has climbed 100 m with less than 12 m/s^2, its engines still
    running, is none; nor is what has risen 20 m, more slowly than anything that has come so high by coasting.
    A launcher that has gained less than 1.5 m/s^2 on average 20 to 60 s later hops, and so does one that loses speed
    over its pad.
    """

    given: str = AUTO
    kind: str = ""
    told: bool = False
    speed: bool = False
    others: bool = False
    cells: int = 0
    hard: int = 0
    hard_from_m_s: float = 0.0
    fastest_m_s: float = 0.0
    moving_ns: int = 0
    low_ns: int = 0
    climb_m_s: float = 0.0
    driven: int = 0
    peak_m_s: float = 0.0
    slows: int = 0
    high: int = 0
    coarse: bool = True
    steps: int = 0
    level_m: float = nan

    def take(self, cell: Cell, pad_noise_m: float = 0.0) -> str:
        """Take the next cell, with its estimate, and the noise of the pad's level; return the kind as known with it."""
        if self.given != AUTO:
            return self.given
        if not self.told:
            self._look(cell, pad_noise_m)
        elif self.kind == LAUNCHER and self.moving_ns:
            self._hops(cell)
        return self.kind

    def _look(self, cell: Cell, pad_noise_m: float) -> None:
        self.cells += 1
        self.speed = self.speed or abs(cell.speed_m_s) < inf
        others = (cell.acceleration_m_s2, cell.pressure_pa, cell.vertical_speed_m_s)
        self.others = self.others or any(abs(value) < inf for value in others)
        if not self.speed and not self.others and not abs(cell.altitude_m) < inf:
            return
        if not self.speed and not self.others and self._is_display(cell):
            # how it moves is not told by such steps
            self.kind = LAUNCHER
            return
        self.kind = LAUNCHER if self.speed and not self.others else SOUNDING
        if not self.moving_ns and self._moves(cell):
            self.moving_ns = cell.t_ns
        if _is_known(cell):
            self.fastest_m_s = max(self.fastest_m_s, cell.v_m_s - SIGMAS * cell.v_sigma_m_s)
        if self.kind == LAUNCHER:
            self._by_speed(cell)
        elif self._pulls(cell):
            self.told = True
        elif self._is_driven(cell, noise_m := max(cell.noise_m, pad_noise_m)):
            self.kind, self.told = LAUNCHER, True
        elif not self.driven and cell.h_m > TOLD_M + TOLD_SIGMAS * noise_m and _is_known(cell):
            fastest = max(self.fastest_m_s, cell.v_m_s)
            gentle = fastest > MOVING_M_S and fastest * fastest < 2.0 * GENTLE_M_S2 * cell.h_m
            gentle = gentle and cell.t_ns - self.moving_ns > GENTLE_S * 1e9
            gentle = gentle and self.cells > REST_CELLS and not self._coasts(cell)
            self.kind = LAUNCHER if gentle else SOUNDING
            self.told = True

    def _is_display(self, cell: Cell) -> bool:
        """Return whether all altitudes so far count in such steps, and there was one."""
        if abs(cell.altitude_m) < inf:
            level_m = round(cell.altitude_m / COARSE_M) * COARSE_M
            self.coarse = self.coarse and abs(cell.altitude_m - level_m) < ROUNDING_M
            self.steps += abs(level_m - self.level_m) > 0.0
            self.level_m = level_m
        return self.coarse and self.steps > 0

    def _is_driven(self, cell: Cell, noise_m: float) -> bool:
        """Return whether it has risen so slowly that it cannot have come there by coasting."""
        if isnan(cell.h_m) or not _is_known(cell) or (cell.stale_s and self.low_ns):
            # what has stuck may have left long ago
            return False
        if not cell.h_m > MOVING_M_S + MOVING_SIGMAS * noise_m:
            # what comes down again unjudged flew like a small rocket
            self.told = self.high >= HARD_CELLS
            self.low_ns, self.climb_m_s, self.moving_ns, self.high, self.driven = cell.t_ns, 0.0, 0, 0, 0
            return False
        # the greatest of many climbs is noise's
        self.climb_m_s = max(self.climb_m_s, cell.v_m_s - COAST_SIGMAS * cell.v_sigma_m_s)
        if not cell.h_m > max(RISEN_M, TOLD_SIGMAS * noise_m):
            self.driven = 0
            return False
        self.high += 1
        since_s = (cell.t_ns - self.low_ns) / 1e9
        least = 2.0 * DRIVEN_M_S2 * cell.h_m
        slow = self.climb_m_s * self.climb_m_s < least and 2.0 * cell.h_m < DRIVEN_M_S2 * since_s * since_s
        falls = cell.v_m_s + COAST_SIGMAS * cell.v_sigma_m_s < 0.0 or cell.pull_m_s2 < COAST_M_S2
        self.driven = self.driven + 1 if slow and self.moving_ns and not falls else 0
        return self.driven >= HARD_CELLS

    def _coasts(self, cell: Cell) -> bool:
        slower = cell.v_m_s + COAST_SIGMAS * cell.v_sigma_m_s < self.fastest_m_s
        return slower or cell.pull_m_s2 < COAST_M_S2 or cell.a_m_s2 + COAST_SIGMAS * cell.a_sigma_m_s2 < 0.0

    def _moves(self, cell: Cell) -> bool:
        climbs = cell.h_m > MOVING_M_S + MOVING_SIGMAS * cell.noise_m and cell.v_m_s > MOVING_M_S
        return climbs or cell.s_m_s > MOVING_M_S + MOVING_SIGMAS * cell.speed_noise_m_s

    def _pulls(self, cell: Cell) -> bool:
        self.hard = self.hard + 1 if cell.pull_m_s2 > HARD_M_S2 else 0
        return self.hard >= HARD_CELLS

    def _by_speed(self, cell: Cell) -> None:
        surely = cell.s_rate_m_s2 - SIGMAS * cell.s_rate_sigma_m_s2 > SURELY_M_S2
        hard = cell.s_rate_m_s2 > HARD_M_S2 and surely and cell.speed_trusted
        if hard and not self.hard:
            self.hard_from_m_s = cell.s_m_s
        self.hard = self.hard + 1 if hard else 0
        gain = cell.s_m_s - self.hard_from_m_s
        if self.hard >= HARD_CELLS and gain > GAIN_M_S + MOVING_SIGMAS * cell.speed_noise_m_s:
            self.kind, self.told = SOUNDING, True
        elif cell.s_m_s > TOLD_M_S:
            self.told = True
        elif self.moving_ns and cell.t_ns - self.moving_ns > TOLD_S * 1e9:
            # a display's noise moves nothing for so long, and who has left a pad is faster by then
            self.told = cell.s_m_s > MOVING_M_S or cell.h_m > max(RISEN_M, TOLD_SIGMAS * cell.noise_m)
            self.moving_ns = self.moving_ns if self.told else 0

    def _hops(self, cell: Cell) -> None:
        flown_s = (cell.t_ns - self.moving_ns) / 1e9
        speeds = [abs(value) for value in (cell.s_m_s, cell.v_m_s) if not isnan(value)]
        gains_little = flown_s >= HOP_AFTER_S and speeds and max(speeds) < HOP_M_S2 * flown_s
        if (gains_little and cell.h_m > MOVING_SIGMAS * cell.noise_m) or self._slows(cell):
            self.kind = HOP
        if self.kind == HOP or flown_s > HOP_UNTIL_S:
            self.moving_ns = 0

    def _slows(self, cell: Cell) -> bool:
        """Return whether it surely loses speed over its pad."""
        speed, sigma = (cell.s_m_s, cell.s_sigma_m_s) if self.speed else (cell.v_m_s, cell.v_sigma_m_s)
        self.peak_m_s = max(self.peak_m_s, speed - SIGMAS * sigma)
        slow = speed + SIGMAS * sigma < SLOWED * self.peak_m_s and self.peak_m_s < TOLD_M_S
        slow = slow and cell.h_m > max(RISEN_M, TOLD_SIGMAS * cell.noise_m)
        self.slows = self.slows + 1 if slow else 0
        return self.slows >= HARD_CELLS


def _is_known(cell: Cell) -> bool:
    """Return whether the estimate of a height rests on what is measured: who refuses its heights has run away."""
    return cell.trusted or isnan(cell.height_m)
