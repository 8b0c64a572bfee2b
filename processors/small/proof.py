"""Whether heights bear out what an accelerometer takes for a liftoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, sqrt
from statistics import median
from typing import Final, Literal

from processors.motion.cell import Cell
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S

# who throws, knocks or sets up a rocket lifts it less, and no rocket that is safe to launch stays so low
LIFTED_M: Final = 10.0
FLOWN_M: Final = 20.0
# in two seconds, as a parachute at 2.5 m/s; gusts move a barometer by less
SUNK_M: Final = 2.0
SIGMAS: Final = 4.0
# so many heights before the push are its level, and so many after it a rise: wild ones are fewer than half
LEVEL: Final = 20
RISEN: Final = 5
# the weakest rocket is past both heights by then; what a barometer errs by in a shock wave is over
DECIDED_S: Final = 4.0
# longer, nobody waits for heights that say nothing
LONGEST_S: Final = 12.0
# a median is less sure than a mean
MEDIAN: Final = 1.25

Verdict = Literal["", "proven", "refuted"]


@dataclass(slots=True)
class Proof:
    """What the heights have said of a push so far.

    Parameters
    ----------
    before_m
        The last heights before it.
    after_m, after_ns
        Those since, and their times.
    """

    before_m: list[float] = field(default_factory=list)
    after_m: list[float] = field(default_factory=list)
    after_ns: list[int] = field(default_factory=list)

    @property
    def level_m(self) -> float:
        """The height before the push; of a record that begins in it, the first one, which is the pad's."""
        return median(self.before_m) if self.before_m else 0.0

    def rests(self, cell: Cell) -> None:
        """Take a cell before the push."""
        height_m = measured_m(cell)
        if isfinite(height_m):
            self.before_m.append(height_m)
            if len(self.before_m) > LEVEL:
                del self.before_m[0]

    def sinks(self, noise_m: float) -> bool:
        """Return whether the heights before the push fall, as nothing on a pad does for two seconds."""
        third = LEVEL // 3
        if len(self.before_m) < LEVEL:
            return False
        unsure = SIGMAS * MEDIAN * noise_m * sqrt(2.0 / third)
        return median(self.before_m[:third]) - median(self.before_m[-third:]) > SUNK_M + unsure

    def lifted(self, height_m: float, noise_m: float) -> bool:
        """Return whether a height is surely over those before the push."""
        return height_m - self.level_m > LIFTED_M + SIGMAS * noise_m

    def verdict(self, cell: Cell, push_ns: int) -> Verdict:
        """Take a cell since the push, and return what heights say of it by now.

        Parameters
        ----------
        cell
            The cell.
        push_ns
            When the push began.

        Returns
        -------
        Verdict
            `proven` when the last heights lie 10 m and their noise above its level; `refuted` if half of those since
            the middle of the time lie, with their noise, less than 20 m above it after 4 s, when any flight is higher;
            `proven` after 12 s, as nothing speaks against it; else nothing.
        """
        since_s, height_m = (cell.t_ns - push_ns) / NS_PER_S, measured_m(cell)
        if isfinite(height_m):
            self.after_m.append(height_m)
            self.after_ns.append(cell.t_ns)
        level_m = self.level_m
        known = MEDIAN * cell.noise_m / sqrt(max(len(self.before_m), 1))
        last = self.after_m[-RISEN:]
        if len(last) == RISEN:
            unsure = SIGMAS * (known + MEDIAN * cell.noise_m / sqrt(RISEN))
            if median(last) - level_m > LIFTED_M + unsure:
                return "proven"
        late = [z for z, t_ns in zip(self.after_m, self.after_ns, strict=True) if t_ns - push_ns > 0.5e9 * since_s]
        if since_s > DECIDED_S and len(late) >= RISEN:
            unsure = SIGMAS * (known + MEDIAN * cell.noise_m / sqrt(len(late)))
            if median(late) - level_m + unsure < FLOWN_M:
                return "refuted"
        return "proven" if since_s > LONGEST_S else ""
