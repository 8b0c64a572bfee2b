"""Those who look at a vehicle's rows and may look again: its history, its motion, its detectors, its phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgpack

from processors.airframe import Airframe
from processors.detector import Detector, Found
from processors.evidence.climb import Climb
from processors.history import History
from processors.motion.motion import Motion
from processors.motion.navigation import Navigation
from processors.motion_detector import MotionDetector
from processors.phases.gate import Gate
from processors.registry import detectors_for
from processors.stretch import Stretch
from telemetry.frames import Frame


class Lookout:
    """All that is found in one vehicle's rows, and that rows which come late may change.

    What is of its time is not among it: a limit is raised when somebody can still do something about it, or not at all,
    and that nobody heard the vehicle stays true whatever comes afterwards.

    Parameters
    ----------
    airframe
        The vehicle.
    """

    def __init__(self, airframe: Airframe) -> None:
        self._airframe = airframe
        self._history = History(airframe)
        self._navigation = Navigation(airframe)
        self._climb = Climb(airframe)
        every = detectors_for(airframe)
        self.alarms = tuple(one for one in every if not one.looks_again)
        self._detectors = tuple(one for one in every if one.looks_again)
        reads_motion = any(isinstance(one, MotionDetector) for one in self._detectors)
        self._motion = Motion.of(airframe) if reads_motion else None
        self._gate = Gate(airframe, self.named)
        self._chosen: dict[tuple[str, ...], list[Detector]] = {}
        self._waiting = [one for one in self._detectors if type(one).on_watermark is not Detector.on_watermark]

    def stretch(self, frames: Iterable[Frame]) -> Stretch:
        """Return the next rows as a stretch."""
        mended = [self._climb.mended(self._navigation.estimated(frame)) for frame in frames]
        return Stretch(self._airframe, mended, self._history, self._motion, self._navigation.doubt)

    def look(self, stretch: Stretch) -> Iterator[tuple[int, Found]]:
        """Yield what the next stretch completes, each with the time of the row that completed it."""
        concerned = self._concerned(stretch)
        found = [(detector, finding) for detector in concerned for finding in detector.update(stretch)]
        yield from self._gate.judge(stretch, found)

    def on_watermark(self, t_ns: int) -> Iterator[Found]:
        """Take note that time has come to `t_ns`, and yield what the silence completes."""
        found = [(detector, finding) for detector in self._waiting for finding in detector.on_watermark(t_ns)]
        yield from self._gate.judge_silence(t_ns, found)

    def named(self, name: str) -> Detector | None:
        """Return the detector of a name."""
        return next((one for one in self._detectors if one.name == name), None)

    def _concerned(self, stretch: Stretch) -> list[Detector]:
        """Return the detectors of the packet types of a stretch."""
        packets = tuple(stretch.frames)
        if packets not in self._chosen:
            self._chosen[packets] = [one for one in self._detectors if not one.packets.isdisjoint(packets)]
        return self._chosen[packets]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values and octets."""
        return {
            "history": self._history.snapshot(),
            "navigation": self._navigation.snapshot(),
            "climb": self._climb.snapshot(),
            "motion": None if self._motion is None else self._motion.snapshot(),
            "gate": self._gate.snapshot(),
            "detectors": {one.name: [one.version, one.snapshot()] for one in self._detectors},
        }

    def packed(self) -> bytes:
        """Return the state as octets, which no later row changes."""
        return cast("bytes", msgpack.packb(self.snapshot()))

    def restore(self, state: dict[str, Any]) -> None:
        """Take over another one's snapshot; a detector of another version begins anew."""
        self._history.restore(state["history"])
        self._navigation.restore(state["navigation"])
        if "climb" in state:
            self._climb.restore(state["climb"])
        if self._motion is not None and state["motion"] is not None:
            self._motion.restore(state["motion"])
        self._gate.restore(state["gate"])
        for one in self._detectors:
            version, snapshot = state["detectors"].get(one.name, (None, None))
            if version == one.version:
                one.restore(snapshot)
