"""A launcher whose speed nobody measures leaves its pad."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import ClassVar, Final

from processors.detector import Finding
from processors.detectors.hop_liftoff import HopLiftoff
from processors.motion.cell import Cell
from processors.motion.track import Track

# what repeats itself on the pad, and steps by so much more than it errs by there, said nothing since liftoff
STEPS: Final = 4.0


class LauncherRise(HopLiftoff):
    """A launcher at rest begins to move, at 1 to 9 m/s^2, by its heights, climb or acceleration.

    As of a hop, which leaves its pad as slowly. Where speed is measured, its own rule tells it.

    Failure modes: as of a hop's liftoff; none from heights that count in steps larger than their noise.

    References
    ----------
    As of `processors.detectors.hop_liftoff`.

    Examples
    --------
    >>> LauncherRise.classes
    frozenset({'launcher'})
    """

    classes: ClassVar[frozenset[str]] = frozenset({"launcher"})

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for a rise, unless there are speeds, or heights in large steps."""
        height = self.state.height
        steps = height.runs > height.seen / 2 and cell.noise_m > STEPS * height.noise
        if abs(cell.speed_m_s) < inf or (steps and not self.state.told_ns):
            self.state.done = True
        return super().on_cell(cell, track)
