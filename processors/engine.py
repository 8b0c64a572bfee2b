"""The engine of one flight: messages in, in order of arrival; events, ledger rows and link states out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import msgpack

from processors.airframe import Airframe
from processors.detector import Found
from processors.ledger import ledger_rows
from processors.links import LinkWatch
from processors.output import Output
from processors.vehicle import VehicleTrack
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Registry
from telemetry.errors import PacketError, Reason
from telemetry.events import Event, Evidence
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import LedgerRow, LinkState, QualityRecord
from telemetry.vocabulary import LinkEvent

SNAPSHOT_VERSION: Final = 1
QUALITY_PERIOD_NS: Final = NS_PER_S
LINK_EVENTS: Final = frozenset(event.value for event in LinkEvent)
DEFAULT_HOLD_NS: Final = 2 * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Moment:
    """The message in hand: when it was received, where it stands, and what it brings."""

    ert_ns: int
    offsets: dict[str, int]
    output: Output


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
        self.run = run
        self.flight = flight
        self._registry = registry
        self._hold_ns = hold_ns
        self._tracks: dict[tuple[str, str], VehicleTrack] = {}
        self._watches: dict[str, LinkWatch] = {}
        self._rejected: dict[str, Counter[str]] = {}
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self._clock_ns = 0
        self._told: dict[tuple[str, ...], dict[str, Any]] = {}
        self._told_ns = 0

    def take_frames(
        self, message: Message, frames: Iterable[Frame], dictionary: Dictionary, offsets: dict[str, int]
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
            Where it stands, by topic-partition; put into the evidence of what it completes.
        """
        vehicle, station = message.address.vehicle, message.address.station
        moment = _Moment(message.ert_ns, offsets, Output())
        self._let_time_pass(moment)
        self._tell(moment, vehicle, self._watch(vehicle).packets(station, message.ert_ns, self._clock_ns))
        track = self._track(vehicle, dictionary)
        self._tell(moment, vehicle, track.take(station, frames, message.ert_ns, self._clock_ns))
        return self._with_quality(moment.output)

    def take_report(self, message: Message, report: LinkReport, offsets: dict[str, int]) -> Output:
        """Take a station's link report."""
        vehicle, station = message.address.vehicle, message.address.station
        moment = _Moment(self._clock_ns if report.ert_ns is None else report.ert_ns, offsets, Output())
        self._let_time_pass(moment)
        self._tell(moment, vehicle, self._watch(vehicle).report(station, report, self._clock_ns))
        return self._with_quality(moment.output)

    def take_refusal(self, vehicle: str, packet: str) -> None:
        """Take note that a packet was refused; `?` if its type cannot be told."""
        self._rejected.setdefault(vehicle, Counter())[packet] += 1

    def quality(self) -> list[QualityRecord]:
        """Return the ledger rows and link states that have changed since they were last told."""
        changed: list[QualityRecord] = []
        for record in (*self.ledger(), *self._link_states()):
            content = record.model_dump(exclude={"as_of_ns"})
            if self._told.get(record.identity) != content:
                self._told[record.identity] = content
                changed.append(record)
        return changed

    def _let_time_pass(self, moment: _Moment) -> None:
        """Move all vehicles to the time of a message before its own content."""
        clock_ns = moment.ert_ns
        if clock_ns <= self._clock_ns:
            return
        new_second = clock_ns // NS_PER_S > self._clock_ns // NS_PER_S
        self._clock_ns = clock_ns
        for vehicle, watch in self._watches.items():
            self._tell(moment, vehicle, watch.on_clock(clock_ns))
        for (vehicle, _), track in self._tracks.items():
            self._tell(moment, vehicle, track.on_clock(clock_ns))
            if new_second:
                self._tell(moment, vehicle, track.on_watermark(clock_ns - self._hold_ns))

    def _tell(self, moment: _Moment, vehicle: str, found: Iterable[Found]) -> None:
        for source, finding in found:
            ordinal = self._ordinals[vehicle, finding.type]
            self._ordinals[vehicle, finding.type] += 1
            evidence = Evidence(
                detector=source.name,
                detector_version=source.version,
                parameters=source.parameter_values,
                packet=finding.packet,
                count_first=finding.count_first,
                count_last=finding.count_last,
                station=finding.station,
                topic_offsets=moment.offsets,
            )
            event = Event(
                type=finding.type,
                run=self.run,
                flight=self.flight,
                vehicle=vehicle,
                ordinal=ordinal,
                t_ns=finding.t_ns,
                t_sigma_s=finding.t_sigma_s,
                detected_ns=moment.ert_ns,
                values=dict(finding.values),
                evidence=evidence,
            )
            moment.output.events.append(event)

    def _with_quality(self, output: Output) -> Output:
        new_period = self._clock_ns // QUALITY_PERIOD_NS > self._told_ns // QUALITY_PERIOD_NS
        if new_period or any(event.type in LINK_EVENTS for event in output.events):
            self._told_ns = self._clock_ns
            output.quality += self.quality()
        return output

    def _track(self, vehicle: str, dictionary: Dictionary) -> VehicleTrack:
        track = self._tracks.get((vehicle, dictionary.name))
        if track is None:
            track = VehicleTrack(Airframe(vehicle, dictionary), self._hold_ns)
            self._tracks[vehicle, dictionary.name] = track
        return track

    def _watch(self, vehicle: str) -> LinkWatch:
        if vehicle not in self._watches:
            self._watches[vehicle] = LinkWatch()
        return self._watches[vehicle]

    def ledger(self) -> list[LedgerRow]:
        """Return the books of every vehicle and packet type."""
        rows: list[LedgerRow] = []
        for (vehicle, _), track in self._tracks.items():
            whose = (self.run, self.flight, vehicle)
            rows += ledger_rows(whose, self._clock_ns, track.books, track.sent, self._rejected.get(vehicle, {}))
        tracked = {vehicle for vehicle, _ in self._tracks}
        for vehicle in self._rejected.keys() - tracked:
            rows += ledger_rows((self.run, self.flight, vehicle), self._clock_ns, {}, {}, self._rejected[vehicle])
        return rows

    def _link_states(self) -> list[LinkState]:
        states: list[LinkState] = []
        for vehicle, watch in self._watches.items():
            states += [
                LinkState(
                    run=self.run,
                    flight=self.flight,
                    vehicle=vehicle,
                    as_of_ns=self._clock_ns,
                    station=station,
                    state=link.state,
                    reason=link.reason,
                    since_ns=link.since_ns,
                    signal_dbm=link.signal_dbm,
                )
                for station, link in watch.links.items()
            ]
        return states

    def snapshot(self) -> bytes:
        """Return the whole state, versioned, as msgpack."""
        state = {
            "version": SNAPSHOT_VERSION,
            "clock": [self._clock_ns, self._told_ns],
            "ordinals": [[vehicle, kind, count] for (vehicle, kind), count in self._ordinals.items()],
            "rejected": {vehicle: dict(counts) for vehicle, counts in self._rejected.items()},
            "links": {vehicle: watch.snapshot() for vehicle, watch in self._watches.items()},
            "tracks": [[vehicle, name, track.snapshot()] for (vehicle, name), track in self._tracks.items()],
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
        if state["version"] != SNAPSHOT_VERSION:
            detail = (
                f"the snapshot of {self.run}/{self.flight} is of version {state['version']}, not {SNAPSHOT_VERSION}"
            )
            raise PacketError(Reason.UNKNOWN_VERSION, detail)
        self._clock_ns, self._told_ns = state["clock"]
        self._ordinals = Counter({(vehicle, kind): count for vehicle, kind, count in state["ordinals"]})
        self._rejected = {vehicle: Counter(counts) for vehicle, counts in state["rejected"].items()}
        for vehicle, links in state["links"].items():
            self._watch(vehicle).restore(links)
        for vehicle, name, track in state["tracks"]:
            dictionary = self._registry.get(name)
            if dictionary is None:
                detail = f"the snapshot of {self.run}/{self.flight} names dictionary {name!r}, which is not known here"
                raise PacketError(Reason.UNKNOWN_DICTIONARY, detail)
            self._track(vehicle, dictionary).restore(track)
