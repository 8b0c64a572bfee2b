"""What a vehicle's motion is, from whatever it sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from processors.airframe import Airframe
from processors.motion.cell import Cell
from processors.motion.cells import Gatherer
from processors.motion.estimator import Estimator
from processors.motion.kind import given_class
from processors.motion.roles import MEASURES, Roles
from processors.motion.track import Track
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

# beyond this no channel of motion says anything: metres, metres a second, pascal
MOST: Final = 1e9
# a log may count Unix seconds; no time of 150 years is one
MOST_TIME_S: Final = 5e9


class Motion:
    """Gathers a vehicle's rows into cells, estimates its motion after each, and remembers the last 150 s.

    Parameters
    ----------
    airframe
        The vehicle; it must have roles.
    roles
        Which channels measure what.
    """

    def __init__(self, airframe: Airframe, roles: Roles) -> None:
        self.track = Track()
        self.cells: list[Cell] = []
        # what the vehicle was taken for in these cells
        self.kinds: frozenset[str] = frozenset()
        self._roles = roles
        self._given = given_class(airframe.vehicle_class)
        self._zero_ns: int | None = None
        self._gatherer = Gatherer(len(MEASURES))
        self._estimator = Estimator(self._given)

    @classmethod
    def of(cls, airframe: Airframe) -> Motion | None:
        """Return the motion of an airframe; None if it measures none."""
        roles = Roles.of(airframe)
        return None if roles is None else cls(airframe, roles)

    def extend(self, frames: Iterable[Frame]) -> None:
        """Take the rows of the next stretch; `cells` are then those that it completed."""
        self.cells = []
        for frame in frames:
            if frame.packet == self._roles.packet and len(frame):
                self.cells += self._take(frame)
        self.kinds = frozenset([cell.kind for cell in self.cells])

    def _take(self, frame: Frame) -> list[Cell]:
        roles, n = self._roles, len(frame)
        values = np.full((len(MEASURES), n), np.nan)
        for at, name in enumerate(MEASURES):
            if name in roles.channels:
                values[at] = frame.columns[name]
        # no comparison holds for what is no number
        values[~(np.abs(values) < MOST)] = np.nan
        t_ns, counts = frame.t_ns, frame.counts
        if roles.time is not None:
            t_s = frame.columns[roles.time]
            timed = np.abs(t_s) < MOST_TIME_S
            if not timed.all():
                t_s, t_ns, counts, values = t_s[timed], t_ns[timed], counts[timed], values[:, timed]
            if not t_s.size:
                return []
            log_ns = np.rint(t_s * NS_PER_S).astype(np.int64)
            if self._zero_ns is None:
                # only the first row's packet time is sure to be its own
                self._zero_ns = int(t_ns[0]) - int(log_ns[0])
            t_ns = log_ns + self._zero_ns
        cells = self._gatherer.take(t_ns, counts, values)
        for cell in cells:
            if cell.segment != self._estimator.segment:
                self._estimator = Estimator(self._given, cell.segment)
            self._estimator.take(cell)
        self.track.add(cells)
        return cells

    @property
    def late(self) -> int:
        """How many rows came too late for their cell, or had a wrong time."""
        return self._gatherer.clock.late

    def snapshot(self) -> Any:
        """Return the state as plain values and octets."""
        return [self._zero_ns, self._gatherer.snapshot(), self._estimator.snapshot(), self.track.snapshot()]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self._zero_ns, gatherer, estimator, track = snapshot
        self._gatherer.restore(gatherer)
        self._estimator.restore(estimator)
        self.track.restore(track)
