"""Whether a record shows a flight, or only a barometer that was carried about."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, sqrt
from statistics import median
from typing import Final

from processors.motion.cell import Cell
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S

# every rocket leaves its rail faster, so that its fins hold it; lifts, kites, cars on a hill and weather climb slower
CLIMBS_M_S: Final = 10.0
CLIMBED_M: Final = 8.0
SURE_SIGMAS: Final = 3.0
# who leaves the pad just now has a quarter of the way behind at half the time
STEADY: Final = 0.15
# a median is less sure than a mean
MEDIAN: Final = 1.25
# no parachute lets anything down more slowly than by 8 m from the first third of five seconds to the last; and what
# coasts over its top moves by more
RESTS_M: Final = 8.0
RESTS_NS: Final = 5 * NS_PER_S
LEAST_NS: Final = 9 * NS_PER_S // 2
FEWEST: Final = 6
THREE: Final = 3
# a flight may lie in a hole as long
HOLE_NS: Final = 2 * NS_PER_S


@dataclass(slots=True)
class Flown:
    """What heights have shown.

    Parameters
    ----------
    heights_m, times_ns
        Those of the last five seconds.
    before_m, before_ns
        The height before the last hole, and when that was.
    seen, rested, climbed
        Whether five seconds were seen at all; whether it has stood still since it was last unseen; and whether it has
        moved as only a rocket does.
    """

    heights_m: list[float] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    before_m: float = 0.0
    before_ns: int = 0
    seen: bool = False
    rested: bool = False
    climbed: bool = False

    def take(self, cell: Cell) -> bool:
        """Take a cell and return whether it may have flown: what stood must have climbed; five seconds say whether."""
        height_m = measured_m(cell)
        if self.climbed or not isfinite(height_m):
            return self.climbed
        if self.times_ns and cell.t_ns - self.times_ns[-1] > HOLE_NS:
            self.before_m, self.before_ns = median(self.heights_m[-THREE:]), self.times_ns[-1]
            self.rested, self.heights_m, self.times_ns = False, [], []
        self.heights_m.append(height_m)
        self.times_ns.append(cell.t_ns)
        while self.times_ns[0] < cell.t_ns - RESTS_NS:
            del self.heights_m[0], self.times_ns[0]
        self.climbed = self._moved(cell) or (height_m > CLIMBED_M and self._climbs(cell))
        long = cell.t_ns - self.times_ns[0] > LEAST_NS
        self.seen = self.seen or long
        self.rested = self.rested or (long and self._rests(cell))
        return self.climbed or (self.seen and not self.rested)

    def _moved(self, cell: Cell) -> bool:
        """Return whether it has moved as fast as a rocket through the hole that has just ended."""
        if not self.before_ns or len(self.heights_m) != THREE:
            return False
        moved_m = abs(median(self.heights_m) - self.before_m)
        since_s = (self.times_ns[0] - self.before_ns) / NS_PER_S
        return moved_m > CLIMBS_M_S * since_s + SURE_SIGMAS * MEDIAN * cell.noise_m

    def _climbs(self, cell: Cell) -> bool:
        then = sum(t_ns <= cell.t_ns - NS_PER_S for t_ns in self.times_ns)
        if then < THREE:
            return False
        middle = (then + len(self.heights_m)) // 2
        ends = (then, middle, len(self.heights_m))
        before_m, between_m, now_m = (median(self.heights_m[end - THREE : end]) for end in ends)
        since_s = (self.times_ns[-2] - self.times_ns[then - 2]) / NS_PER_S
        least_m = CLIMBS_M_S * since_s + SURE_SIGMAS * MEDIAN * cell.noise_m
        # what leaps is no climb
        steady_m = STEADY * (now_m - before_m)
        return now_m - before_m > least_m and min(now_m - between_m, between_m - before_m) > steady_m

    def _rests(self, cell: Cell) -> bool:
        third = len(self.heights_m) // THREE
        if THREE * third < FEWEST:
            return False
        parts = [median(self.heights_m[at * third : (at + 1) * third]) for at in range(THREE)]
        unsure_m = SURE_SIGMAS * MEDIAN * cell.noise_m * sqrt(2.0 / third)
        return max(parts) - min(parts) + unsure_m < RESTS_M
