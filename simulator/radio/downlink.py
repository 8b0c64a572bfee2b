"""What the stations send into the line: messages in order of earth receive time, made as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from simulator.packets import PacketStream, Transmitter
from simulator.radio.damage import WHOLE, Copies
from simulator.radio.reception import Listener, reception
from simulator.radio.spans import inside
from simulator.radio.station import Station
from telemetry.cuc import NS_PER_S
from telemetry.link import LinkReport
from telemetry.message import JSON, Message
from telemetry.topics import Address, Kind

FINEST_BUNDLE_S: Final = 0.2
COARSEST_BUNDLE_S: Final = 1.0
BUNDLE_WALL_S: Final = 0.04
HEARTBEAT_NS: Final = NS_PER_S
OCTET_BITS: Final = 8

State = Literal["aos", "los"]


def bundle_s(speed: float) -> float:
    """Return the flight time whose packets go out together: longer in an accelerated flight, so that messages stay few.

    Never longer than a second: a bundle must not outlast the time for which detection waits for the other stations.
    """
    return min(max(FINEST_BUNDLE_S, BUNDLE_WALL_S * speed), COARSEST_BUNDLE_S)


@dataclass(frozen=True, slots=True)
class Tick:
    """What the stations make at one moment of the flight clock, all stations and vehicles together.

    Parameters
    ----------
    t_ns
        The moment.
    messages
        By order of address.
    cut_off
        Whose line is cut: what they make stays with them until it is mended.
    """

    t_ns: int
    messages: tuple[Message, ...]
    cut_off: frozenset[Address] = frozenset()


class Link:
    """One station listening to one vehicle.

    Parameters
    ----------
    listener
        What it hears.
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
        listener: Listener,
        transmitter: Transmitter,
        vehicle: str,
        streams: tuple[PacketStream, ...],
        address: Address,
    ) -> None:
        self.address = address
        self.listener = listener
        self._dictionary = transmitter.dictionary.name
        self._track = transmitter.flight.tracks[vehicle]
        self._t0_ns = transmitter.t0_ns
        self._heard = tuple((stream, listener.heard[stream.packet].copies) for stream in streams)
        self._reports = self._report(transmitter)
        self._report_ns = np.array([report.ert_ns for report in self._reports])

    @property
    def last_ns(self) -> int:
        """When the last packet is received."""
        return max((int(copies.ert_ns[-1]) for _, copies in self._heard if len(copies.ert_ns)), default=0)

    def is_cut_off(self, t_ns: int) -> bool:
        """Whether its line is cut."""
        return bool(inside(self.listener.cut_off, np.array([(t_ns - self._t0_ns) / NS_PER_S]))[0])

    def between(self, first_ns: int, last_ns: int) -> list[Message]:
        """Return what came after `first_ns` and up to `last_ns`: reports, and packets by type.

        The packets are one message; one that arrives cut ends it, and what follows is another.
        """
        payloads = [bytearray()]
        begin_ns, end_ns = last_ns, first_ns
        for stream, copies in self._heard:
            start, stop = np.searchsorted(copies.ert_ns, (first_ns, last_ns), side="right")
            if stop > start:
                begin_ns, end_ns = min(begin_ns, int(copies.ert_ns[start])), max(end_ns, int(copies.ert_ns[stop - 1]))
                _append(payloads, stream, copies.take(np.arange(start, stop)))
        start, stop = np.searchsorted(self._report_ns, (first_ns, last_ns), side="right")
        reports = self._reports[start:stop]
        before = [self._link_message(report) for report in reports if (report.ert_ns or 0) <= begin_ns]
        after = [self._link_message(report) for report in reports if (report.ert_ns or 0) > begin_ns]
        packets = [
            Message(self.address, Kind.TELEMETRY, bytes(payload), end_ns, dictionary=self._dictionary)
            for payload in payloads
            if payload
        ]
        return [*before, *packets, *after]

    def _report(self, transmitter: Transmitter) -> tuple[LinkReport, ...]:
        station, listener = self.listener.station, self.listener
        beats_ns = np.arange(transmitter.start_ns, transmitter.start_ns + transmitter.duration_ns + 1, HEARTBEAT_NS)
        t_s = transmitter.mission_s(beats_ns)
        signal = station.signal_dbm(self._track.position_m(np.minimum(t_s, self._track.end_s)))
        locked = inside(listener.audible, t_s)
        up = ~inside(listener.down, t_s)
        rises = {each.rise_s for each in listener.passes} & {span.start_s for span in listener.audible}
        sets = {each.set_s for each in listener.passes} & {span.end_s for span in listener.audible}
        reports = [self._crossing("aos", t_s) for t_s in rises if np.isfinite(t_s)]
        reports += [self._crossing("los", t_s) for t_s in sets if np.isfinite(t_s)]
        for at_ns, is_locked, dbm in zip(beats_ns[up].tolist(), locked[up].tolist(), signal[up].tolist(), strict=True):
            state: State = "aos" if is_locked else "los"
            heard_dbm = round(dbm, 1) if is_locked else None
            reports.append(LinkReport(state=state, reason="heartbeat", ert_ns=at_ns, signal_dbm=heard_dbm))
        return tuple(sorted(reports, key=lambda report: report.ert_ns or 0))

    def _crossing(self, state: State, t_s: float) -> LinkReport:
        signal = float(self.listener.station.signal_dbm(self._track.position_m(np.array([t_s])))[0])
        return LinkReport(
            state=state, reason="mask", ert_ns=self._t0_ns + round(t_s * NS_PER_S), signal_dbm=round(signal, 1)
        )

    def _link_message(self, report: LinkReport) -> Message:
        payload = report.model_dump_json(exclude_none=True).encode()
        return Message(self.address, Kind.LINK, payload, report.ert_ns or 0, content_type=JSON)


def _append(payloads: list[bytearray], stream: PacketStream, copies: Copies) -> None:
    """Put packets behind the last payload; a cut one ends it."""
    octets = stream.octets[copies.rows]
    for packet, flips in zip(octets, copies.flips, strict=True) if (copies.flips != WHOLE).any() else ():
        for bit in flips[flips != WHOLE].tolist():
            packet[bit // OCTET_BITS] ^= 1 << (OCTET_BITS - 1 - bit % OCTET_BITS)
    done = 0
    for at in np.flatnonzero(copies.cut).tolist():
        payloads[-1] += octets[done:at].tobytes() + octets[at, : -copies.cut[at]].tobytes()
        payloads.append(bytearray())
        done = at + 1
    payloads[-1] += octets[done:].tobytes()


def make_links(transmitter: Transmitter, stations: tuple[Station, ...], run: str, flight: str) -> tuple[Link, ...]:
    """Return one link for every station and vehicle; each vehicle's packets are made once."""
    links: list[Link] = []
    for vehicle in transmitter.flight.tracks:
        streams = tuple(transmitter.stream(vehicle, packet) for packet in transmitter.packet_types(vehicle))
        links += [
            Link(each, transmitter, vehicle, streams, Address(run, flight, vehicle, each.station.name))
            for each in reception(transmitter, vehicle, stations).listeners
        ]
    return tuple(links)


def ticks(transmitter: Transmitter, links: tuple[Link, ...], every_s: float) -> Iterator[Tick]:
    """Yield what the stations make, tick by tick, until the last packet of the flight has come down.

    At the last tick every line is mended.
    """
    step_ns = round(every_s * NS_PER_S)
    first_ns = transmitter.start_ns - 1
    end_ns = max(transmitter.start_ns + transmitter.duration_ns + NS_PER_S, *(link.last_ns for link in links))
    while first_ns < end_ns:
        last_ns = first_ns + step_ns
        cut_off = frozenset(link.address for link in links if last_ns < end_ns and link.is_cut_off(last_ns))
        messages = tuple(message for link in links for message in link.between(first_ns, last_ns))
        yield Tick(last_ns, messages, cut_off)
        first_ns = last_ns


def in_line(flown: Iterable[Tick]) -> Iterator[Message]:
    """Yield the messages in the order in which they reach the line: who is cut off from it brings its own later."""
    kept: dict[Address, list[Message]] = {}
    for tick in flown:
        for address in [address for address in kept if address not in tick.cut_off]:
            yield from kept.pop(address)
        for message in tick.messages:
            if message.address in tick.cut_off:
                kept.setdefault(message.address, []).append(message)
            else:
                yield message
