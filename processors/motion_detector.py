"""A detector that reads a vehicle's motion, whatever channels it rests on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite, nan
from typing import Any, ClassVar, Final

from processors.airframe import Airframe
from processors.detector import Detector, Finding, Value
from processors.motion.cell import Cell
from processors.motion.kind import AUTO, FAMILIES, HOP, LAUNCHER, SOUNDING, given_class
from processors.motion.roles import HEIGHT, SPEED, Roles
from processors.motion.track import Track
from processors.plain import from_plain, to_plain
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.events import Status
from telemetry.vocabulary import FlightEvent

# an estimate further from an event says nothing of it
NEAR_NS: Final = NS_PER_S
RETRACTED: Final = "retracted"
CLASSES: Final = (LAUNCHER, SOUNDING, HOP)
# no detector counts so far, and no rules of all classes together
ALONE: Final = 10_000
FLIGHT: Final = 10 * ALONE


class MotionDetector(Detector):
    """One rule that finds one kind of event in the motion of some classes of vehicles.

    `classes` are `launcher`, `sounding` and `hop`; what belongs to each says `processors.motion.kind.FAMILIES`.

    `on_cell` is called for every cell in order. Cells of the track after the one in hand are not known yet: whoever
    asks `Track.between` names the cell. When the log's clock begins again, so does the state. What `looks_back` is
    asked, once the vehicle is known to be of its class, about the cells before that are remembered. What was told of a
    vehicle that turns out to be of another class is taken back, but for its liftoff, which the other's rule revises.
    """

    requires: ClassVar[frozenset[str]] = frozenset()
    classes: ClassVar[frozenset[str]]
    looks_back: ClassVar[bool] = False

    def __init__(self, airframe: Airframe, parameters: Any = None) -> None:
        super().__init__(airframe, parameters)
        self._segment = 0
        self._begun = False
        # what may have to be taken back, while the class is told from the motion
        self._is_sure = given_class(airframe.vehicle_class) != AUTO
        self._revocable: dict[tuple[str, int], Finding] = {}
        self._packet = _packet_of(airframe)
        self._track = Track()
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
        self._track = motion.track
        if motion.kinds.isdisjoint(self._words) and motion.cells[-1].segment == self._segment and not self._revocable:
            return ()
        findings: list[Finding] = []
        words, track, on_cell = self._words, motion.track, self.on_cell
        for cell in motion.cells:
            if cell.segment != self._segment:
                self._segment, self._begun, self.state = cell.segment, False, self.state_type()
                self._revocable.clear()
            if cell.kind in words:
                if not self._begun:
                    if self.looks_back:
                        findings += self._before(cell, track)
                    self._begun = True
                found = on_cell(cell, track)
                # most cells complete nothing
                if found:
                    findings += [self._numbered(each) for each in found]
            elif self._revocable and cell.kind:
                findings += [
                    replace(each, status=RETRACTED, count_last=cell.known_count) for each in self._revocable.values()
                ]
                self._revocable.clear()
        return tuple(findings)

    def _numbered(self, finding: Finding) -> Finding:
        """Return a finding with a number of its own flight, by which it can be taken back while that may have to be."""
        flight = self._segment * FLIGHT
        if finding.occurrence is not None and flight:
            finding = replace(finding, occurrence=flight + finding.occurrence)
        if self._is_sure or finding.type == FlightEvent.LIFTOFF.value:
            return finding
        if finding.occurrence is None:
            # beside all numbers that detectors give, and those of other classes
            first = flight + ALONE * (1 + min(CLASSES.index(each) for each in self.classes))
            finding = replace(finding, occurrence=first + len(self._revocable))
        told = (finding.type, finding.occurrence or 0)
        self._revocable.pop(told, None)
        if finding.status != RETRACTED:
            self._revocable[told] = finding
        return finding

    def _before(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Return the last word of each event that it finds before a cell: known with that cell."""
        last: dict[tuple[str, int], Finding] = {}
        for one in track.between(cell, 0, cell.t_ns)[:-1]:
            for each in self.on_cell(one, track):
                last[each.type, len(last) if each.occurrence is None else -1 - each.occurrence] = each
        return [
            self._numbered(replace(each, count_last=cell.known_count))
            for each in last.values()
            if each.status != RETRACTED
        ]

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
        """Make a finding that a cell completed.

        Besides `values` it tells the estimates nearest to the event, as far as they are known: `speed_m_s`,
        `height_above_pad_m`, and `altitude_m`, which counts from where the vehicle's own channel of that name does and
        is left out where height is known by pressure alone; or the acceleration, where nothing else was measured.
        """
        told = self._estimates(cell, t_ns) | dict(values)
        height_m, level_m = told.get("height_above_pad_m"), self._level_m(cell)
        if isinstance(height_m, float) and isfinite(level_m):
            told["altitude_m"] = height_m + level_m
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}
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

    def _estimates(self, cell: Cell, t_ns: int) -> dict[str, Value]:
        cells = self._track.between(cell, t_ns - NEAR_NS, t_ns + NEAR_NS)
        if not cells:
            return {}
        near = min(cells, key=lambda one: abs(one.t_ns - t_ns))
        known = {"speed_m_s": near.s_m_s, "height_above_pad_m": near.h_m}
        if not any(map(isfinite, known.values())):
            # an accelerometer alone tells neither
            known = {"acceleration_m_s2": near.pull_m_s2}
        return {name: value for name, value in known.items() if isfinite(value)}

    def _level_m(self, cell: Cell) -> float:
        """Return the altitude of the pad by the latest cell that measured one; NaN if none did."""
        levels = (each.altitude_m - each.height_m for each in reversed(self._track.between(cell, 0, cell.t_ns)))
        return next((level for level in levels if isfinite(level)), nan)

    def snapshot(self) -> Any:
        """Return what it remembers, as plain values."""
        return [self._segment, self._begun, [to_plain(each) for each in self._revocable.values()], super().snapshot()]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self._segment, self._begun, told, state = snapshot
        findings = [from_plain(Finding, each) for each in told]
        self._revocable = {(each.type, each.occurrence): each for each in findings}
        super().restore(state)


def _packet_of(airframe: Airframe) -> str:
    roles = Roles.of(airframe)
    return "" if roles is None else roles.packet
