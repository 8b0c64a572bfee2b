"""One vehicle on its way through the engine: books, hold, detectors, and the way back for what comes late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from processors.airframe import Airframe
from processors.books.vehicle import VehicleBooks
from processors.detector import Finding, Found, Source
from processors.hold import Hold
from processors.late.again import see_again
from processors.late.rerun import revise
from processors.late.segment import Telling
from processors.late.way_back import WayBack
from processors.limits.staleness import Staleness
from processors.lookout import Lookout
from processors.stretch import Stretch
from processors.teller import Completed, Teller
from telemetry.events import Event
from telemetry.frames import Frame

NEVER: Final = -(1 << 62)
Known = tuple[Completed, Found]


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
        self.staleness = Staleness(airframe)
        self.way_back = WayBack(books.packets, self.hold.clock)
        self._lookout = Lookout(airframe)
        self._alarms = self._lookout.alarms
        self._watermark_ns = NEVER
        # up to where rows may leave since detectors looked, and the message that let them
        self._unseen: list[tuple[int, Completed]] = []

    def take(
        self, station: str, frames: Iterable[Frame], by: Completed, clock_ns: int, *, look: bool = True
    ) -> Iterator[Known]:
        """Take the frames of one message and yield what they complete; without `look`, only what cannot wait."""
        before_ns = self.hold.released_ns
        brought = [frame for frame in frames if len(frame)]
        if brought:
            # of a message of which all was refused nobody is waited for: its station may never bring anything else
            self.hold.begin(station, by.detected_ns, clock_ns)
        for frame in brought:
            self._open_books(frame.packet)
            self.books.read_counters(frame)
            self.hold.accept(station, frame)
        if self.hold.released_ns > before_ns or not self._unseen:
            self._unseen.append((self.hold.released_ns, by))
        late = self.hold.take_late()
        comes_late = bool(late) or self.way_back.has_unplaced
        if look or comes_late:
            yield from self.look(by)
        if comes_late:
            for packet, taken in self.way_back.offer(late, clock_ns).items():
                self.hold.passage(packet).wait(taken)

    def on_clock(self, clock_ns: int, by: Completed) -> Iterator[Known]:
        """Take note of the flight's latest receive time, by a message, and yield what the silence completes."""
        if self.hold.on_clock(clock_ns):
            self._unseen.append((self.hold.released_ns, by))
            yield from self.look(by)

    def on_watermark(self, t_ns: int, heard_ns: int | None) -> Iterator[Found]:
        """Let the detectors know that time has come to `t_ns`, and when a station with lock last said that it has."""
        self._watermark_ns = t_ns
        yield from self.staleness.on_watermark(t_ns, heard_ns)
        yield from self._lookout.on_watermark(t_ns)
        for detector in self._alarms:
            for finding in detector.on_watermark(t_ns):
                yield detector, finding

    def tell(self, teller: Teller, source: Source, finding: Finding, by: Completed) -> Event | None:
        """Return the event of a finding, and remember it while there is a way back; None if it says nothing new."""
        vehicle = self.airframe.vehicle
        keep = self.way_back.is_open and self._lookout.named(source.name) is source
        was = teller.said(vehicle, finding.type, teller.ordinal_of(vehicle, finding)) if keep else None
        event = teller.event(vehicle, source, finding, *by, keep=keep)
        if keep and event is not None:
            self.way_back.note(Telling(source.name, finding, event.ordinal, was))
        return None if event is None else self.hold.clock.told(event)

    def run_again(self, teller: Teller, by: Completed) -> list[Event]:
        """Run the flight again from before the first of the rows that came late; returns what that changes.

        If a detector breaks on them, they are late and nothing else: every later message would break on them again.
        """
        segments, pending = self.way_back.begin()
        try:
            seen = see_again(segments, self.airframe, self.hold.hold_ns, self._watermark_ns)
        except Exception:  # noqa: BLE001 -- whatever it is, the present goes on without them
            self.way_back.drop()
            self._give_up(pending)
            return []
        for packet, packets in pending.items():
            self.hold.passage(packet).see_again(packets)
        self._lookout = seen.lookout
        for segment, state in zip(segments, seen.states, strict=True):
            segment.state = state
        events = revise(segments, seen.found, teller, self.airframe.vehicle, by, seen.lookout.named)
        self._give_up(self.way_back.end())
        return [self.hold.clock.told(event) for event in events]

    def look(self, by: Completed) -> Iterator[Known]:
        """Let the detectors see what is held for nothing any more, and yield what it completes.

        Each with the message that let the last row go which it took; `by` if that is not known.
        """
        unseen, self._unseen = self._unseen, []
        frames = self.hold.release()
        if not frames:
            return
        self._give_up(self.way_back.pass_on(frames, self._lookout.packed))
        stretch = self._lookout.stretch(frames)
        for known_ns, found in self._found(stretch):
            yield next((message for released_ns, message in unseen if released_ns >= known_ns), by), found

    def _found(self, stretch: Stretch) -> Iterator[tuple[int, Found]]:
        yield from self._lookout.look(stretch)
        found: list[Found] = [(detector, one) for detector in self._alarms for one in detector.update(stretch)]
        for source, finding in (*found, *self.staleness.update(stretch)):
            yield stretch.row_ns(finding.packet, finding.count_last), (source, finding)

    def _give_up(self, late: Counter[str]) -> None:
        for packet, packets in late.items():
            self.hold.passage(packet).wait(-packets)

    def _open_books(self, packet: str) -> None:
        """Let packets through of a type that the dictionary leaves to other vehicles, when one comes all the same."""
        if not self.hold.has(packet):
            rate_hz = self.airframe.dictionary.packets[packet].rate_hz
            self.hold.add(packet, self.books.open(packet, rate_hz))

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values and octets."""
        return {
            "hold": self.hold.snapshot(),
            "lookout": self._lookout.snapshot(),
            "alarms": {one.name: [one.version, one.snapshot()] for one in self._alarms},
            "staleness": self.staleness.snapshot(),
            "way_back": self.way_back.snapshot(),
            "watermark_ns": self._watermark_ns,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over another one's snapshot; a detector of another version begins anew."""
        for packet in state["hold"]["lanes"]:
            self._open_books(packet)
        self.hold.restore(state["hold"])
        self._lookout.restore(state["lookout"])
        for one in self._alarms:
            version, snapshot = state["alarms"].get(one.name, (None, None))
            if version == one.version:
                one.restore(snapshot)
        self.staleness.restore(state["staleness"])
        self.way_back.restore(state["way_back"])
        self._watermark_ns = state["watermark_ns"]
