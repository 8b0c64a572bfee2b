"""What the pad's level is: altitude, pressure, and whether accelerations hold gravity."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from statistics import median
from typing import Final

from processors.motion.cell import Cell
from processors.motion.level import EVERY, KEPT, Level, settled
from processors.motion.pressure import height_of

GRAVITY_M_S2: Final = 9.80665
# an accelerometer at rest shows 0 or 1 g, within a tenth of its range of 3 g; more is thrust
BIAS_M_S2: Final = 3.0
LOWEST_PA: Final = 100.0


@dataclass(slots=True)
class Pad:
    """The level of the pad, learnt while the vehicle stands on it.

    Every half second's cell is remembered for 12 s (`processors.motion.level`). A record that begins in the air has its
    first value for a level.
    """

    left: bool = False
    seen: int = 0
    altitude: Level = field(default_factory=Level)
    pressure: Level = field(default_factory=Level)
    rest_m_s2: float = 0.0
    pulls: list[float] = field(default_factory=list)

    def take(self, cell: Cell) -> None:
        """Take a cell at rest."""
        self.seen += 1
        if self.seen % EVERY and self.seen > EVERY:
            return
        if abs(cell.altitude_m) < inf:
            self.altitude.take(cell.t_ns, cell.altitude_m)
        if cell.pressure_pa > LOWEST_PA:
            self.pressure.take(cell.t_ns, height_of(cell.pressure_pa))
        if abs(cell.acceleration_m_s2) < inf:
            self.pulls.append(cell.acceleration_m_s2)
            del self.pulls[:-KEPT]
            rest = median(settled(self.pulls))
            at_rest = abs(abs(rest) - GRAVITY_M_S2) <= BIAS_M_S2 or abs(rest) <= BIAS_M_S2
            self.rest_m_s2 = rest if at_rest else 0.0

    def height_m(self, cell: Cell) -> float:
        """Return the height over the pad that a cell measured; NaN if none."""
        if abs(cell.altitude_m) < inf:
            return cell.altitude_m - self.altitude.or_else(cell.altitude_m)
        if cell.pressure_pa > LOWEST_PA:
            height = height_of(cell.pressure_pa)
            return height - self.pressure.or_else(height)
        return nan

    def pull_m_s2(self, cell: Cell) -> float:
        """Return what a cell's acceleration is over that at rest, upwards; NaN if none.

        What carries its weight is pushed up by 1 g: an axis along which that shows as -1 g points down.
        """
        over = cell.acceleration_m_s2 - self.rest_m_s2
        return -over if self.rest_m_s2 < -BIAS_M_S2 else over

    @property
    def noise_m(self) -> float:
        """The noise of the heights that say where it is."""
        return self.altitude.noise_m if self.altitude.known else self.pressure.noise_m
