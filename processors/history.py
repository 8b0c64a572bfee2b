"""Where a vehicle was and how fast, for as long as detectors may ask."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import isnan, nan
from operator import itemgetter
from typing import Any, Final

import numpy as np

from processors.airframe import Airframe
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

EVERY_COUNTS: Final = 20
KEEP_NS: Final = 60 * NS_PER_S
CARRY_NS: Final = 2 * NS_PER_S
CHANNELS: Final = (
    "altitude_m",
    "speed_m_s",
    "vertical_speed_m_s",
    "latitude_deg",
    "longitude_deg",
    "downrange_m",
)


class History:
    """Every 20th navigation row of the last minute: enough to interpolate what a vehicle did at the time of an event.

    Parameters
    ----------
    airframe
        The vehicle; one without altitude has no history.
    """

    def __init__(self, airframe: Airframe) -> None:
        self._packet = airframe.packet_of.get("altitude_m")
        self._names = [name for name in CHANNELS if airframe.packet_of.get(name, "") == self._packet]
        self._ranges = [airframe.channels[name].range or (-np.inf, np.inf) for name in self._names]
        self._t_ns: list[int] = []
        self._rows: list[list[float]] = []

    def extend(self, frames: Iterable[Frame]) -> None:
        """Take the rows of the next stretch, counts unwrapped."""
        for frame in frames:
            if frame.packet == self._packet:
                # reckoned from where the stretch begins, so that a long one forgets nothing that is asked of it
                self._forget_before(int(frame.t_ns[0]) - KEEP_NS)
                self._keep(frame)

    def _keep(self, frame: Frame) -> None:
        kept = np.flatnonzero(frame.counts % EVERY_COUNTS == 0)
        columns = [frame.columns[name][kept].astype(np.float64).tolist() for name in self._names]
        for t_ns, *row in zip(frame.t_ns[kept].tolist(), *columns, strict=True):
            # no comparison holds for what is no number
            measured = [low <= value <= high for value, (low, high) in zip(row, self._ranges, strict=True)]
            if any(measured):
                self._t_ns.append(t_ns)
                self._rows.append([value if good else nan for value, good in zip(row, measured, strict=True)])

    def _forget_before(self, t_ns: int) -> None:
        old = bisect_left(self._t_ns, t_ns)
        del self._t_ns[:old], self._rows[:old]

    def at(self, t_ns: int, known_ns: int) -> dict[str, float]:
        """Return the channels at a time, by what was measured until `known_ns`.

        Each is interpolated over up to four seconds, or carried on for two. One of which nothing is known at that time,
        as of a dead sensor, is left out.
        """
        first, last = bisect_left(self._t_ns, known_ns - KEEP_NS), bisect_right(self._t_ns, known_ns)
        times, rows = self._t_ns[first:last], self._rows[first:last]
        found: dict[str, float] = {}
        for place, name in enumerate(self._names):
            known = [(time, row[place]) for time, row in zip(times, rows, strict=True) if not isnan(row[place])]
            value = _at(t_ns, known)
            if value is not None:
                found[name] = value
        return found

    def snapshot(self) -> Any:
        """Return the state as plain values."""
        return [self._t_ns.copy(), [row.copy() for row in self._rows]]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self._t_ns, self._rows = [list(part) for part in snapshot]


def _at(t_ns: int, rows: Sequence[tuple[int, float]]) -> float | None:
    """Return one channel at a time, by when it was measured and what; None if that is not known."""
    if not rows or not rows[0][0] <= t_ns <= rows[-1][0] + CARRY_NS:
        return None
    after = min(max(bisect_left(rows, t_ns, key=itemgetter(0)), 1), len(rows) - 1)
    (t0, low), (t1, high) = rows[max(after - 1, 0)], rows[after]
    if t1 - t0 > 2 * CARRY_NS:
        return None
    share = (t_ns - t0) / (t1 - t0) if t1 > t0 else 0.0
    return low + share * (high - low)
