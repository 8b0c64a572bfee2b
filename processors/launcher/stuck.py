"""What a display shows that sticks for a moment, and goes on where it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from processors.launcher.kinks import Kink
from processors.launcher.means import BLOCK_NS, KEPT, Means, Scale
from processors.motion.cell import Cell
from processors.motion.track import Track
from telemetry.cuc import NS_PER_S

# who counts on by one step has not stuck: that is three and a half times the noise of a display that counts in steps
STUCK_SIGMAS: Final = 5.0


def unstuck(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells without those that repeat the one before them, if speed leaps afterwards, and without that one.

    Where a display sticks within a cell, the cell's median is somewhere on the way.
    """
    found: list[Cell] = []
    stood: list[Cell] = []
    for cell in cells:
        if cell.stale_s:
            stood.append(cell)
            continue
        if stood:
            if abs(cell.speed_m_s - stood[-1].speed_m_s) <= STUCK_SIGMAS * cell.speed_noise_m_s:
                found += stood
            else:
                del found[-1:]
            stood = []
        found.append(cell)
    return found + stood


def shown_kink(
    kink: Kink, change: float, scale: Scale, cell: Cell, track: Track, least: float, sigmas: float
) -> Kink | None:
    """Return a kink that shows by so many sigmas, or that there is without what was stuck; None if neither does.

    Parameters
    ----------
    kink, change, scale
        What the means show, its change of rate without what comes by itself, and at which scale.
    cell, track
        The cell in hand, and those before it.
    least, sigmas
        The least change of rate that means anything, and how sure it has to be.
    """
    if kink.shows(change, sigmas):
        return kink
    cells = track.between(cell, cell.t_ns - KEPT * BLOCK_NS, cell.t_ns)
    left, means = unstuck(cells), Means()
    if len(left) == len(cells):
        return None
    for one in left:
        if one.speed_trusted:
            means.add(one.t_ns, one.t_ns / NS_PER_S, one.speed_m_s)
    found = means.kink(*scale, kink.noise)
    if found is None or abs(found.change) < least or not found.shows(found.change, sigmas):
        return None
    return found
