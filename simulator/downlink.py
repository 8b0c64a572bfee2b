"""What the stations send into the line: messages in order of earth receive time, made as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.packets import PacketStream, Transmitter
from simulator.stations import Station, passes, received
from telemetry.cuc import NS_PER_S
from telemetry.link import LinkReport
from telemetry.message import JSON, Message
from telemetry.topics import Address, Kind

FINEST_BUNDLE_S: Final = 0.2
COARSEST_BUNDLE_S: Final = 1.0
BUNDLE_WALL_S: Final = 0.04
HEARTBEAT_NS: Final = NS_PER_S

State = Literal["aos", "los"]


def bundle_s(speed: float) -> float:
    """Return the flight time whose packets go out together: longer in an accelerated flight, so that messages stay few.

    Never longer than a second: a bundle must not outlast the time for which detection waits for the other stations.
    """
    return min(max(FINEST_BUNDLE_S, BUNDLE_WALL_S * speed), COARSEST_BUNDLE_S)


@dataclass(frozen=True, slots=True)
class Tick:
    """What goes out at one moment of the flight clock, all stations and vehicles together."""

    t_ns: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """The packets of one type that one station hears: rows of the stream, and when they are received."""

    stream: PacketStream
    rows: NDArray[np.int64]
    ert_ns: NDArray[np.int64]


class Link:
    """One station listening to one vehicle.

    Parameters
    ----------
    station
        Who listens.
    transmitter
        What is sent.
    vehicle
        Whose.
    streams
        The vehicle's packets, shared between links.
    address
        Where the messages belong.
    """

    def __init__(
        self,
        station: Station,
        transmitter: Transmitter,
        vehicle: str,
        streams: tuple[PacketStream, ...],
        address: Address,
    ) -> None:
        self.address = address
        self._dictionary = transmitter.dictionary.name
        self._station = station
        self._track = transmitter.flight.tracks[vehicle]
        self._t0_ns = transmitter.t0_ns
        self._passes = passes(station, self._track)
        self._heard = tuple(self._hear(transmitter, stream) for stream in streams)
        self._reports = self._report(transmitter)
        self._report_ns = np.array([report.ert_ns for report in self._reports])

    def between(self, first_ns: int, last_ns: int) -> list[Message]:
        """Return what came after `first_ns` and up to `last_ns`: reports, and one message of packets by type."""
        payload = bytearray()
        begin_ns, end_ns = last_ns, first_ns
        for heard in self._heard:
            start, stop = np.searchsorted(heard.ert_ns, (first_ns, last_ns), side="right")
            if stop > start:
                payload += heard.stream.octets[heard.rows[start:stop]].tobytes()
                begin_ns, end_ns = min(begin_ns, int(heard.ert_ns[start])), max(end_ns, int(heard.ert_ns[stop - 1]))
        start, stop = np.searchsorted(self._report_ns, (first_ns, last_ns), side="right")
        reports = self._reports[start:stop]
        before = [self._link_message(report) for report in reports if (report.ert_ns or 0) <= begin_ns]
        after = [self._link_message(report) for report in reports if (report.ert_ns or 0) > begin_ns]
        if not payload:
            return [*before, *after]
        packets = Message(self.address, Kind.TELEMETRY, bytes(payload), end_ns, dictionary=self._dictionary)
        return [*before, packets, *after]

    def _hear(self, transmitter: Transmitter, stream: PacketStream) -> _Heard:
        t_s = transmitter.mission_s(stream.made_ns)
        in_view = np.zeros(t_s.shape, dtype=np.bool_)
        for each in self._passes:
            in_view |= (t_s >= each.rise_s) & (t_s < each.set_s)
        kept = in_view & received(self._station, self._track.vehicle, stream.packet, transmitter.seed, len(t_s))
        rows = np.flatnonzero(kept)
        looks = np.arange(self._track.start_s, self._track.end_s + 1.0)
        delay_s = self._station.delay_s(self._track.position_m(np.minimum(looks, self._track.end_s)))
        late_ns = np.rint(np.interp(t_s[rows], looks, delay_s) * NS_PER_S).astype(np.int64)
        return _Heard(stream, rows, stream.made_ns[rows] + late_ns)

    def _report(self, transmitter: Transmitter) -> tuple[LinkReport, ...]:
        beats_ns = np.arange(transmitter.start_ns, transmitter.start_ns + transmitter.duration_ns + 1, HEARTBEAT_NS)
        t_s = transmitter.mission_s(beats_ns)
        position = self._track.position_m(t_s)
        signal = self._station.signal_strength_dbm(position)
        locked = np.zeros(t_s.shape, dtype=np.bool_)
        reports: list[LinkReport] = []
        for each in self._passes:
            locked |= (t_s >= each.rise_s) & (t_s < each.set_s)
            reports += [self._crossing("aos", each.rise_s)] if np.isfinite(each.rise_s) else []
            reports += [self._crossing("los", each.set_s)] if np.isfinite(each.set_s) else []
        for at_ns, is_locked, dbm in zip(beats_ns.tolist(), locked.tolist(), signal.tolist(), strict=True):
            state: State = "aos" if is_locked else "los"
            heard_dbm = round(dbm, 1) if is_locked else None
            reports.append(LinkReport(state=state, reason="heartbeat", ert_ns=at_ns, signal_dbm=heard_dbm))
        return tuple(sorted(reports, key=lambda report: report.ert_ns or 0))

    def _crossing(self, state: State, t_s: float) -> LinkReport:
        signal = float(self._station.signal_strength_dbm(self._track.position_m(np.array([t_s])))[0])
        return LinkReport(
            state=state, reason="mask", ert_ns=self._t0_ns + round(t_s * NS_PER_S), signal_dbm=round(signal, 1)
        )

    def _link_message(self, report: LinkReport) -> Message:
        payload = report.model_dump_json(exclude_none=True).encode()
        return Message(self.address, Kind.LINK, payload, report.ert_ns or 0, content_type=JSON)


def make_links(transmitter: Transmitter, stations: tuple[Station, ...], run: str, flight: str) -> tuple[Link, ...]:
    """Return one link for every station and vehicle; each vehicle's packets are made once."""
    links: list[Link] = []
    for vehicle in transmitter.flight.tracks:
        streams = tuple(transmitter.stream(vehicle, packet) for packet in transmitter.packet_types(vehicle))
        links += [
            Link(station, transmitter, vehicle, streams, Address(run, flight, vehicle, station.name))
            for station in stations
        ]
    return tuple(links)


def ticks(transmitter: Transmitter, links: tuple[Link, ...], every_s: float) -> Iterator[Tick]:
    """Yield what goes out, tick by tick, until the last packet of the flight has come down."""
    step_ns = round(every_s * NS_PER_S)
    first_ns = transmitter.start_ns - 1
    end_ns = transmitter.start_ns + transmitter.duration_ns + NS_PER_S
    while first_ns < end_ns:
        last_ns = first_ns + step_ns
        yield Tick(last_ns, tuple(message for link in links for message in link.between(first_ns, last_ns)))
        first_ns = last_ns
