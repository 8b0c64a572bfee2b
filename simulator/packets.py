"""What a vehicle sends: every packet of a flight, encoded by the dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.cargo import cargo_columns
from simulator.earth import FloatArray
from simulator.faults.cargo import Shock
from simulator.flight import Flight
from simulator.health import health_columns
from simulator.nav import nav_columns
from simulator.noise import Noise
from simulator.propulsion import propulsion_columns
from simulator.track import Track
from simulator.truth import Truth
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Packet
from telemetry.errors import FlightError

SPLASH_STOP_S: Final = 0.025
SEPARATION_M_S2: Final = 55.0
LIGHT_M_S2: Final = 18.0
TINY: Final = 1e-9
BLOCK_SAMPLES: Final = 15_000
MEMORYLESS: Final = frozenset({"nav", "propulsion"})


@dataclass(frozen=True, slots=True)
class PacketStream:
    """All packets of one type from one vehicle.

    Parameters
    ----------
    packet
        Name of the packet type.
    t_ns
        Shape (n,), generation times, Unix ns; the sequence count of each is its index modulo 16384.
    octets
        Shape (n, length), one packet a row.
    """

    packet: str
    t_ns: NDArray[np.int64]
    octets: NDArray[np.uint8]


class Transmitter:
    """Everything that the vehicles of a flight send.

    Parameters
    ----------
    flight
        What flew.
    dictionary
        The vehicle type's.
    seed
        Of the sensors' errors.
    t0_ns
        Unix time of liftoff by the plan, mission time 0.
    """

    def __init__(self, flight: Flight, dictionary: Dictionary, seed: int, t0_ns: int) -> None:
        self.flight = flight
        self.dictionary = dictionary
        self.seed = seed
        self.t0_ns = t0_ns
        self._codec = PacketCodec(dictionary)

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
        return {name: self._made(name) for name in self.packet_types(vehicle)}

    def stream(self, vehicle: str, packet: str) -> PacketStream:
        """Make all packets of one type of one vehicle.

        Raises
        ------
        FlightError
            If the dictionary has a channel that the simulator cannot fill.
        """
        since_ns = self._since_ns(packet)
        octets = bytearray()
        for first, columns in self._blocks(vehicle, packet):
            block = slice(first, first + len(next(iter(columns.values()))))
            counts = np.arange(block.start, block.stop)
            octets += self._codec.encode(packet, counts, self.start_ns + since_ns[block], columns)
        rows = np.frombuffer(octets, dtype=np.uint8).reshape(len(since_ns), -1)
        return PacketStream(packet, self.start_ns + since_ns, rows)

    def columns(self, vehicle: str, packet: str) -> dict[str, NDArray[np.generic]]:
        """Return what is in all packets of one type, in the channels' units; see `stream`."""
        blocks = [columns for _, columns in self._blocks(vehicle, packet)]
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def times_s(self, packet: str) -> FloatArray:
        """Return the mission times of all packets of one type."""
        return self.mission_s(self.start_ns + self._since_ns(packet))

    def _blocks(self, vehicle: str, packet: str) -> Iterator[tuple[int, dict[str, NDArray[np.generic]]]]:
        """Make the channels block by block, which bounds memory; packets whose channels remember are made at once."""
        layout = self.dictionary.packets[packet]
        since_ns = self._since_ns(packet)
        track = self.flight.tracks[vehicle]
        noise = Noise(self.seed, vehicle, packet, layout.rate_hz)
        size = BLOCK_SAMPLES if packet in MEMORYLESS else len(since_ns)
        for first in range(0, len(since_ns), size):
            block_ns = since_ns[first : first + size]
            noise.begin(len(block_ns))
            truth = track.at(self.mission_s(self.start_ns + block_ns))
            yield first, _held(layout, self._columns(packet, track, truth, noise, block_ns))

    def mission_s(self, t_ns: NDArray[np.int64]) -> FloatArray:
        """Return the mission times of Unix times, held inside the flight."""
        times = (t_ns - self.t0_ns) / NS_PER_S
        return np.clip(times, self.flight.preset.countdown.start_s, self.flight.end_s)

    def _since_ns(self, packet: str) -> NDArray[np.int64]:
        counts = np.arange(self._made(packet), dtype=np.int64)
        return np.asarray(np.rint(counts * (NS_PER_S / self.dictionary.packets[packet].rate_hz)), dtype=np.int64)

    def _made(self, packet: str) -> int:
        return int(self._made_after(packet, np.array([self.duration_ns]))[0])

    def _made_after(self, packet: str, since_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        rate = self.dictionary.packets[packet].rate_hz
        return np.asarray(np.floor(since_ns * (rate / NS_PER_S) + TINY) + 1, dtype=np.int64)

    def _columns(
        self, packet: str, track: Track, truth: Truth, noise: Noise, since_ns: NDArray[np.int64]
    ) -> Mapping[str, NDArray[np.generic]]:
        stage = self.flight.stage(track.vehicle)
        match packet:
            case "nav":
                return nav_columns(truth, noise, self.flight.course_deg, track.start_s)
            case "propulsion":
                return propulsion_columns(truth, noise, stage.propellant_kg, track.start_s)
            case "cargo":
                faults = tuple(fault for fault in self.flight.faults if fault.concerns(track.vehicle))
                return cargo_columns(truth, noise, self.flight.preset, track.afloat, self._jolts(track), faults)
            case "health":
                types = self.packet_types(track.vehicle)
                counters = {
                    self.dictionary.packets[name].sent_counter: self._made_after(name, since_ns) for name in types
                }
                made = {name: counters.get(name, np.zeros_like(since_ns)) for name in self._counters()}
                landing_lit_s = next(burn.lit_s for burn in track.burns if burn.purpose == "landing")
                labels = self.dictionary.packets[packet].channel("flight_phase").labels or {}
                return health_columns(
                    truth,
                    noise,
                    labels,
                    self.dictionary.version,
                    stage.nose_radius_m,
                    made,
                    track.afloat,
                    landing_lit_s,
                )
            case _:
                raise FlightError(
                    f"the simulator knows no packet type {packet!r}; it fills nav, propulsion, cargo and health"
                )

    def _counters(self) -> list[str]:
        return [packet.sent_counter for packet in self.dictionary.packets.values() if packet.sent_counter is not None]

    def _jolts(self, track: Track) -> dict[float, float]:
        ring = {burn.begins_s: LIGHT_M_S2 for burn in track.burns}
        if track.separation_s is not None:
            ring[track.separation_s] = SEPARATION_M_S2
        ring[track.afloat.splash_s] = track.afloat.speed_m_s / SPLASH_STOP_S
        blows = [fault for fault in self.flight.faults if isinstance(fault, Shock) and fault.concerns(track.vehicle)]
        ring |= {blow.start_s: blow.peak_m_s2 for blow in blows}
        return ring


def _held(packet: Packet, columns: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Return the packet's own columns, held inside their ranges as a sensor saturates."""
    unknown = [channel.name for channel in packet.channels if channel.name not in columns]
    if unknown:
        raise FlightError(f"the simulator has no value for the channel {unknown[0]!r}")
    held: dict[str, NDArray[np.generic]] = {}
    for channel in packet.channels:
        values = np.asarray(columns[channel.name])
        if channel.range is not None and values.dtype == np.float64:
            np.clip(values, *channel.range, out=values)
        held[channel.name] = values
    return held
