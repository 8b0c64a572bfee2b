"""What a vehicle sends: every packet of a flight, encoded by the dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.flight import Flight
from simulator.onboard_clock import clock_error_s
from simulator.physics.earth import FloatArray
from simulator.quantities import Setting
from simulator.quantities.board import made_after
from simulator.sensing.sensor_faults import faults_of
from simulator.sensing.sensors import Columns, Sensors
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary

BLOCK_S: Final = 300
SAME_END_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class PacketStream:
    """Packets of one type from one vehicle, in the order in which they were made.

    Parameters
    ----------
    packet
        Name of the packet type.
    t_ns
        Shape (n,), generation times as the clock on board stamps them, Unix ns.
    octets
        Shape (n, length), one packet a row.
    made_ns
        Shape (n,), when they were really made, Unix ns; the same but for a wrong clock.
    first
        Number of the first packet; the sequence count of each is its number modulo 16384.
    """

    packet: str
    t_ns: NDArray[np.int64]
    octets: NDArray[np.uint8]
    made_ns: NDArray[np.int64]
    first: int = 0


class Transmitter:
    """Everything that the vehicles of a flight send.

    Parameters
    ----------
    flight
        What flew, and what went wrong.
    dictionary
        The vehicle type's.
    seed
        Of the sensors' errors.
    t0_ns
        Unix time of liftoff, mission time 0.

    Raises
    ------
    FlightError
        If a channel measures what the simulator does not know, or a fault is of a channel that is not sent.
    """

    def __init__(self, flight: Flight, dictionary: Dictionary, seed: int, t0_ns: int) -> None:
        self.flight = flight
        self.dictionary = dictionary
        self.seed = seed
        self.t0_ns = t0_ns
        self._codec = PacketCodec(dictionary)
        self._settings = {vehicle: self._setting(vehicle) for vehicle in flight.tracks}
        self._sensors = {vehicle: self._sensors_of(vehicle) for vehicle in flight.tracks}

    @property
    def start_ns(self) -> int:
        """Generation time of the first packets."""
        return self.t0_ns + self.flight.preset.countdown.start_s * NS_PER_S

    @property
    def duration_ns(self) -> int:
        """From the first packets to the last."""
        return (self.flight.end_s - self.flight.preset.countdown.start_s) * NS_PER_S

    def packet_types(self, vehicle: str) -> tuple[str, ...]:
        """Return the names of the packet types that a vehicle sends."""
        packets = self.dictionary.packets.items()
        return tuple(name for name, packet in packets if packet.vehicles is None or vehicle in packet.vehicles)

    def sent(self, vehicle: str) -> dict[str, int]:
        """Return how many packets of each type a vehicle makes."""
        return {name: self._made(vehicle, name) for name in self.packet_types(vehicle)}

    def stream(self, vehicle: str, packet: str) -> PacketStream:
        """Make all packets of one type of one vehicle."""
        parts = list(self.parts(vehicle, packet))
        return PacketStream(
            packet,
            np.concatenate([part.t_ns for part in parts]),
            np.concatenate([part.octets for part in parts]),
            np.concatenate([part.made_ns for part in parts]),
        )

    def parts(self, vehicle: str, packet: str) -> Iterator[PacketStream]:
        """Make the packets of one type of one vehicle, `BLOCK_S` of flight at a time, which bounds memory."""
        for first, stop in self._blocks(vehicle, packet):
            columns = self._sensors[vehicle][packet].columns(first, stop)
            made_ns = self.start_ns + self._since_ns(packet, first, stop)
            t_ns = self._stamped_ns(vehicle, made_ns)
            octets = self._codec.encode(packet, np.arange(first, stop), t_ns, columns)
            rows = np.frombuffer(octets, dtype=np.uint8).reshape(stop - first, -1)
            yield PacketStream(packet, t_ns, rows, made_ns, first)

    def columns(self, vehicle: str, packet: str) -> Columns:
        """Return what is in all packets of one type, in the channels' units; see `stream`."""
        sensors = self._sensors[vehicle][packet]
        blocks = [sensors.columns(first, stop) for first, stop in self._blocks(vehicle, packet)]
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def times_s(self, packet: str, vehicle: str | None = None) -> FloatArray:
        """Return the true mission times of all packets of one type, by default of the vehicle that sends longest."""
        vehicles = [vehicle] if vehicle is not None else list(self.flight.tracks)
        made = max(self._made(each, packet) for each in vehicles)
        return self.mission_s(self.start_ns + self._since_ns(packet, 0, made))

    def mission_s(self, t_ns: NDArray[np.int64]) -> FloatArray:
        """Return the mission times of Unix times, held inside the flight."""
        times = (t_ns - self.t0_ns) / NS_PER_S
        return np.clip(times, self.flight.preset.countdown.start_s, self.flight.end_s)

    def _setting(self, vehicle: str) -> Setting:
        rates_hz = {name: self.dictionary.packets[name].rate_hz for name in self.packet_types(vehicle)}
        return Setting(self.flight, vehicle, self.seed, rates_hz, self.dictionary.version)

    def _sensors_of(self, vehicle: str) -> dict[str, Sensors]:
        types = self.packet_types(vehicle)
        channels = [channel for name in types for channel in self.dictionary.packets[name].channels]
        faults = faults_of(self.flight.faults, vehicle, channels)
        return {name: Sensors(self._settings[vehicle], self.dictionary, name, faults) for name in types}

    def _blocks(self, vehicle: str, packet: str) -> Iterator[tuple[int, int]]:
        made = self._made(vehicle, packet)
        size = max(1, round(BLOCK_S * self.dictionary.packets[packet].rate_hz))
        for first in range(0, made, size):
            yield first, min(first + size, made)

    def _stamped_ns(self, vehicle: str, made_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        faults = self._settings[vehicle].clock_faults
        if not faults:
            return made_ns
        error_s = clock_error_s(faults, (made_ns - self.t0_ns) / NS_PER_S)
        return np.asarray(made_ns + np.rint(error_s * NS_PER_S).astype(np.int64))

    def _since_ns(self, packet: str, first: int, stop: int) -> NDArray[np.int64]:
        numbers = np.arange(first, stop, dtype=np.int64)
        return np.asarray(np.rint(numbers * (NS_PER_S / self.dictionary.packets[packet].rate_hz)), dtype=np.int64)

    def _made(self, vehicle: str, packet: str) -> int:
        """Return how many packets of a type are made until telemetry ends, which a lost vehicle's does early."""
        end_s = self.flight.tracks[vehicle].end_s
        whole = end_s > self.flight.end_s - SAME_END_S
        lasts_s = end_s - self.flight.preset.countdown.start_s
        until_ns = self.duration_ns if whole else int(lasts_s * NS_PER_S)
        return int(made_after(self.dictionary.packets[packet].rate_hz, np.array([until_ns]))[0])
