"""Height by what was climbed, where nothing else tells it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, nan
from typing import Final

from processors.motion.cell import Cell
from telemetry.cuc import NS_PER_S

# two seconds of climbs without any height: a slow barometer would have said something by then
ALONE: Final = 20
# over a longer hole nothing is known of how far it climbed
LONGEST_S: Final = 10.0
# a motor that lights, or a parachute that opens, changes a climb by no more; what does is believed when it comes twice
MOST_M_S2: Final = 300.0
SLACK_M_S: Final = 10.0
# a climb at rest is off by some tenths of a metre a second: on the pad height is forgotten so fast that this does not
# add up, and so slowly that a gentle start, of five seconds to 20 m, loses a tenth of it
FORGET_S: Final = 20.0


@dataclass(slots=True)
class Climbed:
    """The integral of the rate of climb (m/s) by the trapezoidal rule: m over where the vehicle stood.

    Climbs are worked out on board, and often garbage: they count only for what has told no height in the first two
    seconds. Failure modes: holes, and what the climb is off, stay in the height for good, so that of a landing only the
    stop is sure, not the level.

    Examples
    --------
    >>> climbed = Climbed()
    >>> cells = [Cell(i, 0, i * NS_PER_S // 10, 0, 0, 0, 1, vertical_speed_m_s=3.0) for i in range(31)]
    >>> round([climbed.take(cell, left=True) for cell in cells][-1], 1)
    9.0
    """

    cells: int = 0
    heights: bool = False
    t_ns: int = 0
    climb_m_s: float = 0.0
    leapt_m_s: float = nan
    height_m: float = 0.0

    def take(self, cell: Cell, *, left: bool) -> float:
        """Take the next cell; return how high it is over the pad, which it has left or not; NaN if nothing says so."""
        if self.heights:
            return nan
        measured = abs(cell.altitude_m) < inf or cell.pressure_pa > 0.0
        self.heights = measured and self.cells <= ALONE
        climb_m_s = cell.vertical_speed_m_s
        if self.heights or measured or not abs(climb_m_s) < inf:
            return nan
        if self.cells:
            since_s = (cell.t_ns - self.t_ns) / NS_PER_S
            if self._leaps(climb_m_s, since_s):
                return nan
            if since_s < LONGEST_S:
                self.height_m += 0.5 * (climb_m_s + self.climb_m_s) * since_s
            if not left:
                self.height_m *= exp(-since_s / FORGET_S)
        self.cells, self.t_ns, self.climb_m_s = self.cells + 1, cell.t_ns, climb_m_s
        return self.height_m if self.cells > ALONE else nan

    def _leaps(self, climb_m_s: float, since_s: float) -> bool:
        """Return whether a climb is further from the last one than any motor brings it, and is the first that is."""
        most = SLACK_M_S + MOST_M_S2 * since_s
        again = abs(climb_m_s - self.leapt_m_s) < most
        leaps = abs(climb_m_s - self.climb_m_s) > most and not again
        self.leapt_m_s = climb_m_s if leaps else nan
        return leaps
