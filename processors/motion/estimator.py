"""The estimate of a vehicle's motion after each cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from processors.motion.cell import Cell
from processors.motion.kind import Kind
from processors.motion.noise import Noise
from processors.motion.pad import Pad
from processors.motion.restart import Refused
from processors.motion.speed import Speed
from processors.motion.vertical import Vertical
from processors.plain import from_plain, to_plain
from telemetry.cuc import NS_PER_S

# the air itself moves a barometer by that much
LEAST_M: Final = 0.3
LEAST_M_S: Final = 0.02
# a record whose noise is larger than its step never repeats itself to the last digit, unless it has stopped
NOISY_STEPS: Final = 1.0
STALE_SIGMAS: Final = 4.0
STALE_MOST_S: Final = 12.0
# higher than this over the pad, and than what noise does, nothing stands on it any more
LEFT_M: Final = 20.0
LEFT_SIGMAS: Final = 8.0
LEFT_CELLS: Final = 3
# below this rate of climb a vehicle falls: its axis may point anywhere
# a barometer is off for a second or two at the speed of sound and when a charge ejects the parachute; where
# acceleration is measured, dead reckoning is good for longer
AGAIN_S: Final = 2.0
AGAIN_SEEN_S: Final = 3.0
FALLING_M_S: Final = -10.0
CLIMB_SIGMA_M_S: Final = 2.0
# what a first height says of the climb: little, unless the accelerometer shows rest
STILL_M_S2: Final = 3.0
STILL_M_S: Final = 10.0
WIDE_M_S: Final = 100.0


@dataclass(slots=True)
class Known:
    """What it remembers."""

    vertical: Vertical = field(default_factory=Vertical)
    speed: Speed = field(default_factory=Speed)
    noise: Noise = field(default_factory=lambda: Noise(LEAST_M))
    speed_noise: Noise = field(default_factory=lambda: Noise(LEAST_M_S))
    refused: Refused = field(default_factory=Refused)
    speed_refused: Refused = field(default_factory=Refused)
    pad: Pad = field(default_factory=Pad)
    kind: Kind = field(default_factory=Kind)
    high: int = 0
    stale_since_ns: int = 0
    last: list[float] = field(default_factory=list)
    saw_height: bool = False


class Estimator:
    """Fills cells with what is known after them.

    Parameters
    ----------
    given
        The vehicle's class, `auto` if it is to be told from its motion.
    segment
        Of the log's clock.
    """

    def __init__(self, given: str, segment: int = 0) -> None:
        self.segment = segment
        self._known = Known(kind=Kind(given))

    def take(self, cell: Cell) -> None:
        """Take the next cell."""
        known = self._known
        t_s = (cell.t_ns) / NS_PER_S
        self._stale(cell)
        if not known.pad.left:
            known.pad.take(cell)
        cell.height_m = known.pad.height_m(cell)
        cell.pull_m_s2 = cell.acceleration_m_s2 - known.pad.rest_m_s2
        self._vertical(cell, t_s)
        if abs(cell.speed_m_s) < inf or known.speed.known:
            self._speed(cell, t_s)
        self._leave(cell)
        cell.kind = known.kind.take(cell)

    def _stale(self, cell: Cell) -> None:
        """Reckon for how long nothing has changed."""
        known = self._known
        now = [cell.altitude_m, cell.pressure_pa, cell.vertical_speed_m_s, cell.speed_m_s, cell.acceleration_m_s2]
        last = known.last
        if last:
            equal = True
            for at, value in enumerate(now):
                if value != value:  # noqa: PLR0124 -- not measured: says nothing
                    now[at] = last[at]
                elif value != last[at]:
                    equal = False
            if equal:
                cell.stale_s = (cell.t_ns - known.stale_since_ns) / NS_PER_S
                return
        known.last, known.stale_since_ns = now, cell.t_ns

    def _vertical(self, cell: Cell, t_s: float) -> None:
        known = self._known
        vertical, noise = known.vertical, known.noise
        z = cell.height_m
        measured = abs(z) < inf
        if measured:
            known.saw_height = True
            if not cell.stale_s or noise.scale <= NOISY_STEPS * noise.step:
                noise.take(z)
        else:
            noise.skip()
        sigma = noise.sigma
        if not vertical.known:
            if measured:
                vertical.begin(t_s, z, 0.0, sigma, STILL_M_S if abs(cell.pull_m_s2) < STILL_M_S2 else WIDE_M_S)
                cell.trusted = True
            elif abs(cell.vertical_speed_m_s) < inf and not known.saw_height:
                vertical.begin(t_s, 0.0, cell.vertical_speed_m_s, 1.0, CLIMB_SIGMA_M_S)
        else:
            vertical.predict(t_s, sigma)
            if measured:
                cell.trusted = self._height(cell, z, sigma)
            elif abs(cell.vertical_speed_m_s) < inf and not known.saw_height:
                vertical.climb(cell.vertical_speed_m_s, CLIMB_SIGMA_M_S)
            if abs(cell.pull_m_s2) < inf and not cell.stale_s and vertical.v > FALLING_M_S:
                vertical.pull(cell.pull_m_s2)
        if vertical.known:
            cell.h_m, cell.v_m_s, cell.a_m_s2 = vertical.h, vertical.v, vertical.a
            cell.h_sigma_m, cell.v_sigma_m_s = abs(vertical.hh) ** 0.5, abs(vertical.vv) ** 0.5
            cell.a_sigma_m_s2 = abs(vertical.aa) ** 0.5
        cell.noise_m = sigma

    def _height(self, cell: Cell, z: float, sigma: float) -> bool:
        """Take a height, unless it is frozen or far off; begin again when all is far off for a second."""
        known = self._known
        vertical = known.vertical
        if 0.0 < cell.stale_s < STALE_MOST_S and known.pad.left:
            noisy = known.noise.scale > NOISY_STEPS * known.noise.step
            if noisy or vertical.surprise(z, sigma) > STALE_SIGMAS:
                return False
        known.noise.surprise(vertical.surprise(z, sigma))
        t_s = vertical.t_s
        if vertical.height(z, sigma):
            known.refused.clear()
            return True
        again = known.refused.take(t_s, z, sigma, AGAIN_SEEN_S if t_s - vertical.pulled_s < 1.0 else AGAIN_S)
        if again is None:
            return False
        vertical.begin(t_s, again[0], again[1], sigma, again[2])
        known.refused.clear()
        return True

    def _speed(self, cell: Cell, t_s: float) -> None:
        known = self._known
        speed, noise = known.speed, known.speed_noise
        z = cell.speed_m_s
        measured = abs(z) < inf
        if measured and (not cell.stale_s or noise.scale <= NOISY_STEPS * noise.step):
            noise.take(z)
        elif not measured:
            noise.skip()
        sigma = noise.sigma
        if not speed.known:
            speed.begin(t_s, z, 0.0, sigma)
            cell.speed_trusted = True
        else:
            speed.predict(t_s)
            if measured:
                cell.speed_trusted = self._take_speed(cell, z, sigma)
        cell.s_m_s, cell.s_rate_m_s2 = speed.s, speed.r
        cell.s_sigma_m_s, cell.s_rate_sigma_m_s2 = abs(speed.ss) ** 0.5, abs(speed.rr) ** 0.5
        cell.speed_noise_m_s = sigma

    def _take_speed(self, cell: Cell, z: float, sigma: float) -> bool:
        known = self._known
        speed = known.speed
        if 0.0 < cell.stale_s < STALE_MOST_S and known.pad.left:
            error = z - speed.s
            noisy = known.speed_noise.scale > NOISY_STEPS * known.speed_noise.step
            if noisy or error * error > STALE_SIGMAS**2 * (speed.ss + sigma * sigma):
                return False
        t_s = speed.t_s
        if speed.take(z, sigma):
            known.speed_refused.clear()
            return True
        again = known.speed_refused.take(t_s, z, sigma, AGAIN_S)
        if again is None:
            return False
        speed.begin(t_s, again[0], again[1], sigma)
        known.speed_refused.clear()
        return True

    def _leave(self, cell: Cell) -> None:
        known = self._known
        if known.pad.left:
            return
        high = (
            cell.h_m > LEFT_M + LEFT_SIGMAS * cell.noise_m or cell.s_m_s > LEFT_M + LEFT_SIGMAS * cell.speed_noise_m_s
        )
        known.high = known.high + 1 if high else 0
        known.pad.left = known.high >= LEFT_CELLS

    def snapshot(self) -> Any:
        """Return the state as plain values."""
        return [self.segment, to_plain(self._known)]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self.segment, known = snapshot
        self._known = from_plain(Known, known)
