"""The engine of one flight: messages in, in order of arrival; events, ledger rows and link states out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgpack

from processors.books.flight import FlightBooks
from processors.changes import Changes
from processors.detector import Found
from processors.frames import received_at
from processors.limits.alarms import OPERATOR, SHELF, Alarms
from processors.links.watches import Watches
from processors.output import Moment, Output
from processors.receive_clock import ReceiveClock
from processors.snapshot_check import check_version
from processors.teller import Completed, Teller
from processors.tracks import Tracks
from processors.vehicle import Known, VehicleTrack
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Registry
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.limit_command import LimitCommand
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import LedgerRow, QualityRecord

SNAPSHOT_VERSION: Final = 10
DEFAULT_HOLD_NS: Final = 2 * NS_PER_S


class Engine:
    """One flight of one run.

    The result depends on the order in which packets and reports arrive and on the times they carry; not on the
    clock on the wall, and not on how they are cut into messages (but for `detected_ns`, the receive time of the
    message that completed an event).

    Parameters
    ----------
    run, flight
        Which.
    registry
        The dictionaries.
    hold_ns
        Of the reorder hold.
    """

    def __init__(self, run: str, flight: str, registry: Registry, hold_ns: int = DEFAULT_HOLD_NS) -> None:
        self.run, self.flight, self._hold_ns = run, flight, hold_ns
        self._books = FlightBooks(run, flight)
        self._watches = Watches(self._books)
        self._tracks = Tracks(registry, hold_ns, self._books)
        self._teller = Teller(run, flight)
        self._alarms = Alarms(run, flight)
        self._clock_ns = 0
        self._receipt = ReceiveClock()
        self._changes = Changes()

    def take_frames(
        self,
        message: Message,
        frames: Sequence[Frame],
        dictionary: Dictionary,
        offsets: dict[str, int],
        *,
        look: bool = True,
    ) -> Output:
        """Take a decoded telemetry message.

        Parameters
        ----------
        message
            Whose it is and when it was received.
        frames
            What it held, in its order.
        dictionary
            By which it was decoded.
        offsets
            Where it stands, by topic-partition; evidence of what it completes.
        look
            Whether detectors look at once. If not, then at the turn of a second or when `look` is called: looking at
            what several messages brought costs hardly more than looking at one, and tells the same.
        """
        vehicle, station = message.address.vehicle, message.address.station
        if self._books.is_done(message):
            return Output()
        ert_ns = self._receipt.of_packets(message.ert_ns, frames, self._clock_ns)
        self._clock_ns = self._receipt.anchor(self._clock_ns, ert_ns)
        moment = Moment(ert_ns, offsets, Output())
        self._let_time_pass(moment)
        self._tell(moment, vehicle, self._watches.of(vehicle).packets(station, ert_ns, self._clock_ns))
        track, received = self._tracks.of(vehicle, dictionary), received_at(ert_ns, frames)
        self._tell_of(moment.output, track, track.take(station, received, moment.by, self._clock_ns, look=look))
        return self._with_quality(moment.output)

    def look(self) -> Output:
        """Let detectors look at what they have not seen yet of what was taken."""
        output = Output()
        for track in self._tracks:
            self._tell_of(output, track, track.look(Completed(self._clock_ns, {})))
        return output

    def take_report(self, message: Message, report: LinkReport, offsets: dict[str, int]) -> Output:
        """Take a station's link report.

        Raises
        ------
        PacketError
            If its time is not believed (`bad-time`), see `processors.receive_clock`.
        """
        vehicle, station = message.address.vehicle, message.address.station
        ert_ns = self._clock_ns if report.ert_ns is None else self._receipt.of_report(report.ert_ns, self._clock_ns)
        moment = Moment(ert_ns, offsets, Output())
        self._let_time_pass(moment)
        self._tell(moment, vehicle, self._watches.of(vehicle).report(station, report, self._clock_ns))
        return self._with_quality(moment.output)

    def has_room(self, vehicle: str, station: str) -> bool:
        """Return whether a vehicle and station are known, or may still be: each costs memory for the whole flight."""
        return self._watches.has_room(vehicle, station)

    def take_command(self, command: LimitCommand, offsets: dict[str, int]) -> Output:
        """Take what somebody wants done about a limit.

        Raises
        ------
        InputError
            If it can do nothing; nothing has changed then.
        """
        findings = self._alarms.decide(command, self._tracks.airframes(), self._clock_ns)
        moment = Moment(self._clock_ns, offsets, Output())
        self._tell(moment, command.vehicle, [(OPERATOR, finding) for finding in findings])
        return moment.output

    def redo(self, event: Event) -> Output:
        """Take an act of somebody that was told before, but is not in this engine's snapshot."""
        self._teller.told(event)
        self._add(output := Output(), [event])
        return output

    def settle(self) -> Output:
        """Run again what waits for more that comes late: nothing more does, as at the end of a recording."""
        self._add(output := self.look(), self._tracks.settle(self._teller, Completed(self._clock_ns, {})))
        return output

    @property
    def is_waiting(self) -> bool:
        """Whether rows that came late wait for more of them before they are seen."""
        return self._tracks.are_waiting

    def take_refusal(self, vehicle: str, packet: str, reason: str) -> None:
        """Take note that a packet was refused, and why; `?` if its type cannot be told."""
        self._books.refusals.add(vehicle, packet, reason)

    def quality(self) -> list[QualityRecord]:
        """Return the gaps, ledger rows and link states that have changed since they were last told."""
        return [*self._books.gap_changes(self._clock_ns, self._tracks.holds), *self._changed()]

    def _changed(self) -> list[QualityRecord]:
        return self._changes.among([*self.ledger(), *self._watches.states(self.run, self.flight, self._clock_ns)])

    def _let_time_pass(self, moment: Moment) -> None:
        """Move all vehicles to the time of a message before its own content."""
        clock_ns = moment.ert_ns
        if clock_ns <= self._clock_ns:
            return
        new_second = clock_ns // NS_PER_S > self._clock_ns // NS_PER_S
        if new_second:
            moment.output.add(self.look())
        self._clock_ns = clock_ns
        for vehicle, findings in self._watches.on_clock(clock_ns):
            self._tell(moment, vehicle, findings)
        for track in self._tracks:
            self._tell_of(moment.output, track, track.on_clock(clock_ns, moment.by))
            if track.way_back.is_due(clock_ns):
                moment.output.add(self.look())
                self._add(moment.output, self._tracks.run_again(track, self._teller, moment.by))
            if new_second:
                heard_ns = self._watches.of(track.airframe.vehicle).heard_ns
                found = track.on_watermark(clock_ns - self._hold_ns, heard_ns)
                self._tell_of(moment.output, track, ((moment.by, one) for one in found))
        for vehicle, finding in self._alarms.on_clock(clock_ns):
            self._tell(moment, vehicle, [(SHELF, finding)])
        if new_second:
            # before the message's own content, so that it makes no difference how that is cut
            moment.output.quality += self._books.gap_changes(clock_ns, self._tracks.holds)
            self._watches.on_second(clock_ns)

    def _tell_of(self, output: Output, track: VehicleTrack, found: Iterable[Known]) -> None:
        self._add(output, (track.tell(self._teller, source, finding, by) for by, (source, finding) in found))

    def _tell(self, moment: Moment, vehicle: str, found: Iterable[Found]) -> None:
        self._add(moment.output, (self._teller.event(vehicle, source, one, *moment.by) for source, one in found))

    def _add(self, output: Output, told: Iterable[Event | None]) -> None:
        for event in told:
            if event is not None:
                output.events.append(event)
                if (state := self._alarms.take(event)) is not None:
                    output.limits.append(state)

    def _with_quality(self, output: Output) -> Output:
        if self._changes.are_due(self._clock_ns, output.events):
            output.quality += self._changed()
        return output

    def ledger(self) -> list[LedgerRow]:
        """Return the books of every vehicle and packet type."""
        return self._books.rows(self._clock_ns, self._tracks.holds)

    def snapshot(self) -> bytes:
        """Return the whole state, versioned, as msgpack."""
        state = {
            "version": SNAPSHOT_VERSION,
            "clock": [self._clock_ns, self._changes.told_ns, self._receipt.snapshot()],
            "ordinals": self._teller.snapshot(),
            "alarms": self._alarms.snapshot(),
            "books": self._books.snapshot(),
            "links": self._watches.snapshot(),
            "tracks": self._tracks.snapshot(),
        }
        return cast("bytes", msgpack.packb(state))

    def restore(self, snapshot: bytes) -> None:
        """Take over the state of another engine of the same flight.

        Raises
        ------
        PacketError
            If the snapshot is of another version, or names a dictionary that is not known here.
        """
        state: Any = msgpack.unpackb(snapshot)
        check_version(state["version"], SNAPSHOT_VERSION, f"{self.run}/{self.flight}")
        self._clock_ns, self._changes.told_ns, receipt = state["clock"]
        self._receipt.restore(receipt)
        self._teller.restore(state["ordinals"])
        self._alarms.restore(state.get("alarms", []))
        self._watches.restore(state["links"])
        self._tracks.restore(state["tracks"], f"{self.run}/{self.flight}")
        self._books.restore(state["books"])
