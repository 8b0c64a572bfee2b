"""The estimate of a vehicle's motion after each cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isnan, nan
from typing import Any, Final

from processors.motion.cell import Cell
from processors.motion.climbed import Climbed
from processors.motion.heights import Heights
from processors.motion.kind import FAMILIES, LAUNCHER, SOUNDING, Kind
from processors.motion.noise import LEARNING
from processors.motion.pad import Pad
from processors.motion.speeds import Speeds
from processors.plain import from_plain, to_plain
from telemetry.cuc import NS_PER_S

# higher than this over the pad, and than what noise does, nothing stands on it any more; nor does what falls so far
# below the first heights of a record that begins in the air
LEFT_M: Final = 20.0
LEFT_M_S: Final = 20.0
LEFT_M_S2: Final = 20.0
LEFT_SIGMAS: Final = 8.0
LEFT_CELLS: Final = 3


@dataclass(slots=True)
class Known:
    """What it remembers."""

    heights: Heights = field(default_factory=Heights)
    speeds: Speeds = field(default_factory=Speeds)
    pad: Pad = field(default_factory=Pad)
    climbed: Climbed = field(default_factory=Climbed)
    kind: Kind = field(default_factory=Kind)
    high: int = 0
    stale_since_ns: int = 0
    last: list[float] = field(default_factory=lambda: [inf] * 5)


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
        self._known = Known(kind=Kind(given, FAMILIES.get(given, "")))

    def take(self, cell: Cell) -> None:
        """Take the next cell."""
        known = self._known
        pad, t_s = known.pad, cell.t_ns / NS_PER_S
        self._stale(cell)
        if not pad.left:
            pad.take(cell)
        climbed_m = nan if known.climbed.heights else known.climbed.take(cell, left=pad.left)
        cell.height_m = pad.height_m(cell) if isnan(climbed_m) else climbed_m
        cell.pull_m_s2 = pad.pull_m_s2(cell)
        kind = known.kind.kind
        known.heights.take(cell, t_s, left=pad.left, launcher=kind == LAUNCHER, small=kind == SOUNDING)
        known.speeds.take(cell, t_s, left=pad.left)
        if cell.speed_trusted:
            known.heights.bound(cell)
        if not pad.left:
            noise = known.heights.noise
            # before the noise is known it may be taken for a flight
            high = noise.taken > LEARNING and abs(cell.height_m) > max(
                LEFT_M, LEFT_SIGMAS * max(noise.base, pad.noise_m)
            )
            fast = cell.speed_m_s > LEFT_M_S + LEFT_SIGMAS * known.speeds.noise.base
            known.high = known.high + 1 if high or fast or cell.pull_m_s2 > LEFT_M_S2 else 0
            pad.left = known.high >= LEFT_CELLS
        cell.kind = known.kind.take(cell, pad.noise_m)

    def _stale(self, cell: Cell) -> None:
        """Reckon for how long nothing has changed."""
        known = self._known
        last, equal = known.last, known.stale_since_ns != 0
        # a value that is no number, unlike itself, was not measured and says nothing
        if (value := cell.altitude_m) == value != last[0]:
            last[0], equal = value, False
        if (value := cell.speed_m_s) == value != last[1]:
            last[1], equal = value, False
        if (value := cell.acceleration_m_s2) == value != last[2]:
            last[2], equal = value, False
        if (value := cell.pressure_pa) == value != last[3]:
            last[3], equal = value, False
        if (value := cell.vertical_speed_m_s) == value != last[4]:
            last[4], equal = value, False
        # many rows that count in coarse steps have equal medians, though they differ
        if equal and not cell.jolt_m_s2 > 0.0:
            cell.stale_s = (cell.t_ns - known.stale_since_ns) / NS_PER_S
        else:
            known.stale_since_ns = cell.t_ns

    def snapshot(self) -> Any:
        """Return the state as plain values."""
        return [self.segment, to_plain(self._known)]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self.segment, known = snapshot
        self._known = from_plain(Known, known)
