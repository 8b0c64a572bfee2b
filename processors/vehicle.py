"""One vehicle on its way through the engine: books, hold, detectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from processors.airframe import Airframe
from processors.books import VehicleBooks
from processors.detector import Detector, Found
from processors.history import History
from processors.hold import Hold
from processors.motion.motion import Motion
from processors.motion_detector import MotionDetector
from processors.registry import detectors_for
from processors.staleness import Staleness
from processors.stretch import Stretch
from telemetry.frames import Frame


class VehicleTrack:
    """Takes one vehicle's frames in order of arrival and lets its detectors see them in order of time.

    Parameters
    ----------
    airframe
        The vehicle.
    hold_ns
        Of the reorder hold.
    books
        The vehicle's, which those who decode it by other dictionaries share.
    """

    def __init__(self, airframe: Airframe, hold_ns: int, books: VehicleBooks) -> None:
        self.airframe = airframe
        self.books = books
        self.hold = Hold(books.admit(airframe), hold_ns)
        self.history = History(airframe)
        self.staleness = Staleness(airframe)
        self._detectors = detectors_for(airframe)
        reads_motion = any(isinstance(one, MotionDetector) for one in self._detectors)
        self.motion = Motion.of(airframe) if reads_motion else None
        self._chosen: dict[tuple[str, ...], list[Detector]] = {}
        self._waiting = [one for one in self._detectors if type(one).on_watermark is not Detector.on_watermark]

    def take(self, station: str, frames: Iterable[Frame], ert_ns: int, clock_ns: int) -> Iterator[Found]:
        """Take the frames of one message and yield what they complete."""
        self.hold.begin(station, ert_ns, clock_ns)
        for frame in frames:
            self._open_books(frame.packet)
            self.books.read_counters(frame)
            self.hold.accept(station, frame)
        yield from self._release()

    def on_clock(self, clock_ns: int) -> Iterator[Found]:
        """Take note of the flight's latest receive time and yield what the silence completes."""
        self.hold.on_clock(clock_ns)
        yield from self._release()

    def on_watermark(self, t_ns: int, heard_ns: int | None) -> Iterator[Found]:
        """Let the detectors know that time has come to `t_ns`, and when a station with lock last said that it has."""
        yield from self.staleness.on_watermark(t_ns, heard_ns)
        for detector in self._waiting:
            for finding in detector.on_watermark(t_ns):
                yield detector, finding

    def _release(self) -> Iterator[Found]:
        frames = self.hold.release()
        if frames:
            stretch = Stretch(self.airframe, frames, self.history, self.motion)
            for detector in self._concerned(stretch):
                for finding in detector.update(stretch):
                    yield detector, finding
            yield from self.staleness.update(stretch)

    def _concerned(self, stretch: Stretch) -> list[Detector]:
        """Return the detectors of the packet types of a stretch."""
        packets = tuple(stretch.frames)
        if packets not in self._chosen:
            self._chosen[packets] = [one for one in self._detectors if not one.packets.isdisjoint(packets)]
        return self._chosen[packets]

    def _open_books(self, packet: str) -> None:
        """Let packets through of a type that the dictionary leaves to other vehicles, when one comes all the same."""
        if not self.hold.has(packet):
            rate_hz = self.airframe.dictionary.packets[packet].rate_hz
            self.hold.add(packet, self.books.open(packet, rate_hz))

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values and octets."""
        return {
            "hold": self.hold.snapshot(),
            "history": self.history.snapshot(),
            "staleness": self.staleness.snapshot(),
            "motion": None if self.motion is None else self.motion.snapshot(),
            "detectors": {one.name: [one.version, one.snapshot()] for one in self._detectors},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over another one's snapshot; a detector of another version begins anew."""
        for packet in state["hold"]["lanes"]:
            self._open_books(packet)
        self.hold.restore(state["hold"])
        self.history.restore(state["history"])
        if "staleness" in state:
            self.staleness.restore(state["staleness"])
        if self.motion is not None and state.get("motion") is not None:
            self.motion.restore(state["motion"])
        for one in self._detectors:
            version, snapshot = state["detectors"].get(one.name, (None, None))
            if version == one.version:
                one.restore(snapshot)
