"""What the pad's level is: altitude, pressure, and whether accelerations hold gravity."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from statistics import median
from typing import Final

from processors.motion.cell import Cell
from processors.motion.pressure import height_of

GRAVITY_M_S2: Final = 9.80665
# an accelerometer at rest shows 0 or 1 g, within a tenth of its range of 3 g; more is thrust
BIAS_M_S2: Final = 3.0
EVERY: Final = 5
KEPT: Final = 24
LATEST: Final = 4
LOWEST_PA: Final = 100.0


@dataclass(slots=True)
class Pad:
    """The level of the pad, learnt while the vehicle stands on it.

    Every half second's cell is remembered for 12 s, and the level is the median of those but the last 2 s: what
    happens at liftoff does not move it. A record that begins in the air has its first value for a level.
    """

    left: bool = False
    seen: int = 0
    altitude_m: float = nan
    pressure_height_m: float = nan
    rest_m_s2: float = 0.0
    altitudes: list[float] = field(default_factory=list)
    pressures: list[float] = field(default_factory=list)
    pulls: list[float] = field(default_factory=list)

    def take(self, cell: Cell) -> None:
        """Take a cell at rest."""
        self.seen += 1
        if self.seen % EVERY and self.seen > EVERY:
            return
        if abs(cell.altitude_m) < inf:
            self.altitude_m = _level(self.altitudes, cell.altitude_m)
        if cell.pressure_pa > LOWEST_PA:
            self.pressure_height_m = _level(self.pressures, height_of(cell.pressure_pa))
        if abs(cell.acceleration_m_s2) < inf:
            rest = _level(self.pulls, cell.acceleration_m_s2)
            at_rest = abs(abs(rest) - GRAVITY_M_S2) <= BIAS_M_S2 or abs(rest) <= BIAS_M_S2
            self.rest_m_s2 = rest if at_rest else 0.0

    def height_m(self, cell: Cell) -> float:
        """Return the height over the pad that a cell measured; NaN if none."""
        if abs(cell.altitude_m) < inf:
            if self.altitude_m != self.altitude_m:
                self.altitude_m = cell.altitude_m
            return cell.altitude_m - self.altitude_m
        if cell.pressure_pa > LOWEST_PA:
            height = height_of(cell.pressure_pa)
            if self.pressure_height_m != self.pressure_height_m:
                self.pressure_height_m = height
            return height - self.pressure_height_m
        return nan


def _level(values: list[float], value: float) -> float:
    values.append(value)
    if len(values) > KEPT:
        del values[0]
    return median(values[:-LATEST] if len(values) > LATEST else values)
