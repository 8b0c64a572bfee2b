"""Which packets of a vehicle each station hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.faults.link import BackhaulDown, StationDown
from simulator.packets import Transmitter
from simulator.physics.elementary import interpolate
from simulator.radio.damage import Copies, Damage, Whose, copies_of, damaged
from simulator.radio.plasma import plasma_spans
from simulator.radio.recorder import Sending, sendings
from simulator.radio.spans import Span, Spans, inside, union, without
from simulator.radio.station import Station
from simulator.radio.stations import Pass, chance_of, passes
from simulator.track import Track
from telemetry.cuc import NS_PER_S
from telemetry.packets import PacketLayout

ANGLES_EVERY_S: Final = 1.0
SAME_END_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Heard:
    """The packets of one type that one station hears.

    Parameters
    ----------
    copies
        As it passes them on.
    sent
        How many were sent while it listened.
    lost_by_chance
        How many of them the noise took.
    damage
        What faults did to the others.
    """

    copies: Copies
    sent: int
    lost_by_chance: int
    damage: Damage


@dataclass(frozen=True, slots=True)
class Listener:
    """One station that listens to one vehicle.

    Parameters
    ----------
    station
        Who.
    passes
        When the vehicle is in view.
    audible
        When it is heard: in view, not in the plasma, and the station is in order.
    down
        When the station says nothing, since it is out of order.
    cut_off
        When the station's line is cut.
    heard
        By packet type.
    """

    station: Station
    passes: tuple[Pass, ...]
    audible: Spans
    down: Spans
    cut_off: Spans
    heard: Mapping[str, Heard]


@dataclass(frozen=True, slots=True)
class Reception:
    """What becomes of all packets of one vehicle.

    Parameters
    ----------
    vehicle
        Whose.
    plasma
        When it is in the plasma of its entry.
    sendings
        When its packets are sent, by type.
    listeners
        Who hears them.
    """

    vehicle: str
    plasma: Spans
    sendings: Mapping[str, Sending]
    listeners: tuple[Listener, ...]

    def heard_by(self, packet: str) -> NDArray[np.int64]:
        """Return how many stations hear each packet of a type as it was sent, shape (n,)."""
        count = np.zeros(len(self.sendings[packet].sent_s), dtype=np.int64)
        for listener in self.listeners:
            copies = listener.heard[packet].copies
            by_this = np.zeros(count.shape, dtype=np.bool_)
            by_this[copies.rows[copies.intact]] = True
            count += by_this
        return count

    @property
    def silent(self) -> Spans:
        """When nobody hears it."""
        return without([Span(-np.inf, np.inf)], [span for one in self.listeners for span in one.audible])


def reception(transmitter: Transmitter, vehicle: str, stations: tuple[Station, ...]) -> Reception:
    """Return what stations hear of a vehicle."""
    track = transmitter.flight.tracks[vehicle]
    plasma = plasma_spans(track)
    ears = [_ear(transmitter, track, station, plasma) for station in stations]
    types = transmitter.packet_types(vehicle)
    layout = PacketLayout(transmitter.dictionary)
    octets = {name: layout.octets(transmitter.dictionary.packets[name].apid) for name in types}
    made_s = {name: transmitter.times_s(name, vehicle) for name in types}
    anybody = union(span for ear in ears for span in ear.audible)
    recorder = transmitter.flight.preset.recorder
    sent = sendings(made_s, octets, anybody, track.end_s, recorder)
    listeners = tuple(ear.listen(transmitter, vehicle, sent, octets) for ear in ears)
    return Reception(vehicle, plasma, sent, listeners)


@dataclass(frozen=True, slots=True)
class _Ear:
    """A station with its view of a vehicle: light time and loss at looks of shape (m,)."""

    station: Station
    passes: tuple[Pass, ...]
    audible: Spans
    down: Spans
    cut_off: Spans
    looks_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    loss: NDArray[np.float64]

    def listen(
        self, transmitter: Transmitter, vehicle: str, sendings: Mapping[str, Sending], octets: Mapping[str, int]
    ) -> Listener:
        heard = {
            packet: self._hear(transmitter, Whose(vehicle, self.station.name, packet, octets[packet]), sending.sent_s)
            for packet, sending in sendings.items()
        }
        return Listener(self.station, self.passes, self.audible, self.down, self.cut_off, heard)

    def _hear(self, transmitter: Transmitter, whose: Whose, sent_s: NDArray[np.float64]) -> Heard:
        on_air = inside(self.audible, sent_s)
        chance = chance_of(transmitter.seed, whose.station, whose.vehicle, whose.packet)
        loss = interpolate(np.nan_to_num(sent_s, nan=0.0), self.looks_s, self.loss)
        rows = np.flatnonzero(on_air & (chance.random(len(sent_s)) >= loss))
        rows = rows[np.argsort(sent_s[rows], kind="stable")]
        delay_s = interpolate(sent_s[rows], self.looks_s, self.delay_s)
        sent_ns, delay_ns = np.rint(sent_s[rows] * NS_PER_S), np.rint(delay_s * NS_PER_S)
        ert_ns = transmitter.t0_ns + sent_ns.astype(np.int64) + delay_ns.astype(np.int64)
        whole = copies_of(rows, ert_ns)
        copies, damage = damaged(whole, sent_s, transmitter.flight.faults, transmitter.seed, whose)
        sent = int(np.count_nonzero(on_air))
        return Heard(copies, sent, sent - len(rows), damage)


def _ear(transmitter: Transmitter, track: Track, station: Station, plasma: Spans) -> _Ear:
    in_view = passes(station, track)
    looks_s = np.append(np.arange(track.start_s, track.end_s, ANGLES_EVERY_S), track.end_s)
    position_m = track.position_m(looks_s)
    faults = [fault for fault in transmitter.flight.faults if fault.concerns(track.vehicle)]
    here = [fault for fault in faults if isinstance(fault, StationDown | BackhaulDown)]
    here = [fault for fault in here if fault.station in (None, station.name)]
    down = union(Span(fault.start_s, fault.end_s) for fault in here if isinstance(fault, StationDown))
    cut_off = union(Span(fault.start_s, fault.end_s) for fault in here if isinstance(fault, BackhaulDown))
    deaf = [span for span in plasma if not _spared(station, track, span)]
    # of a vehicle that is lost before the others nothing is heard any more
    gone = [Span(track.end_s, np.inf)] if track.end_s < transmitter.flight.end_s - SAME_END_S else []
    audible = without((Span(each.rise_s, each.set_s) for each in in_view), [*down, *deaf, *gone])
    return _Ear(
        station,
        in_view,
        audible,
        down,
        cut_off,
        looks_s,
        station.delay_s(position_m),
        station.loss_of(position_m),
    )


def _spared(station: Station, track: Track, plasma: Span) -> bool:
    """Whether a station hears a vehicle out of the plasma: over a relay that stands above its wake all the time."""
    # a vehicle that is lost in the plasma never leaves it
    first_s, last_s = max(plasma.start_s, track.start_s), min(plasma.end_s, track.end_s)
    looks_s = np.append(np.arange(first_s, last_s, ANGLES_EVERY_S), last_s)
    return station.hears_through_wake(track.position_m(looks_s))
