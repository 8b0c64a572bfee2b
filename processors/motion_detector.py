"""A detector that reads a vehicle's motion, whatever channels it rests on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from processors.airframe import Airframe
from processors.detector import Detector, Finding, Value
from processors.motion.cell import Cell
from processors.motion.kind import FAMILIES
from processors.motion.roles import HEIGHT, SPEED, Roles
from processors.motion.track import Track
from processors.stretch import Stretch
from telemetry.events import Status


class MotionDetector(Detector):
    """One rule that finds one kind of event in the motion of some classes of vehicles.

    `classes` are `launcher`, `sounding` and `hop`; what belongs to each says `processors.motion.kind.FAMILIES`.

    `on_cell` is called for every cell in order. Cells of the track after the one in hand are not known yet: whoever
    asks `Track.between` names the cell. When the log's clock begins again, so does the state.
    """

    requires: ClassVar[frozenset[str]] = frozenset()
    classes: ClassVar[frozenset[str]]

    def __init__(self, airframe: Airframe, parameters: Any = None) -> None:
        super().__init__(airframe, parameters)
        self._segment = 0
        self._packet = _packet_of(airframe)
        self._words = {word for word, family in FAMILIES.items() if family in self.classes}

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether it is a log, or a vehicle that measures its height or speed."""
        return airframe.is_log or not airframe.channels.keys().isdisjoint((HEIGHT, SPEED))

    @property
    def packets(self) -> frozenset[str]:
        """The packet type that measures motion."""
        return frozenset({self._packet})

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Take the cells that the stretch completed."""
        motion = stretch.motion
        if motion is None or not motion.cells:
            return ()
        findings: list[Finding] = []
        for cell in motion.cells:
            if cell.segment != self._segment:
                self._segment, self.state = cell.segment, self.state_type()
            if cell.kind in self._words:
                findings += self.on_cell(cell, motion.track)
        return tuple(findings)

    @abstractmethod
    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Take the next cell and return what it completed."""

    def finding(
        self,
        event_type: str,
        t_ns: int,
        t_sigma_s: float,
        cell: Cell,
        count_first: int,
        values: Mapping[str, Value],
        status: Status = "confirmed",
        occurrence: int | None = None,
    ) -> Finding:
        """Make a finding that a cell completed."""
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
        return Finding(
            event_type,
            t_ns,
            round(t_sigma_s, 4),
            rounded,
            self._packet,
            count_first,
            cell.known_count,
            None,
            status,
            occurrence,
        )

    def snapshot(self) -> Any:
        """Return what it remembers, as plain values."""
        return [self._segment, super().snapshot()]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self._segment, state = snapshot
        super().restore(state)


def _packet_of(airframe: Airframe) -> str:
    roles = Roles.of(airframe)
    return "" if roles is None else roles.packet
