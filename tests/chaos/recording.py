"""What the stations' receivers have recorded: a fleet of hops, spoiled in ways that do not depend on who is killed.

Every station hears every packet of its vehicle, so that what is detected does not depend on which of them is alive.
What makes the books interesting is the same at all stations: packets that nobody hears, packets that nobody hears
whole, and one vehicle whose computer restarts. Besides, each station passes on damaged copies of packets that it has
whole too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np

from simulator.radio.downlink import make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary, Registry
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.topics import LIVE_RUN, Address, Kind

T0_NS: Final = 1_800_000_000 * NS_PER_S
VEHICLE: Final = "ship"
BUNDLE_S: Final = 1.0
HEADER_OCTETS: Final = 6
COUNT_MODULO: Final = 1 << 14
ONE_IN: Final = 400
# the first and the last seconds are left alone: what was sent can be told to the packet then
WHOLE_S: Final = 10.0
COUNTDOWN_S: Final = 45
RESTART_AT_S: Final = 60
RESTART_TAKES_S: Final = 4


class Due(NamedTuple):
    """A message, and how many seconds of flight after the first it is there."""

    due_s: float
    message: Message


class Recording(NamedTuple):
    """What one station has recorded of one flight, and how many packets of each type were made on board."""

    address: Address
    made: dict[str, int]
    messages: list[Due]


def record_fleet(flights: int, seed: int) -> Iterator[tuple[Recording, ...]]:
    """Fly hops and yield what the stations have recorded of each; the computer of the first restarts in flight."""
    for number in range(flights):
        yield _record(f"CHAOS-{number + 1:02d}", seed * 1000 + number, restarts=number == 0)


def file_of(folder: Path, address: Address) -> Path:
    """Return where a recording is kept."""
    return folder / f"{address.flight}~{address.station}.recording"


def write_recording(folder: Path, recording: Recording) -> Path:
    """Write a recording to disk."""
    path = file_of(folder, recording.address)
    rows = [(due_s, m.kind.value, m.payload, m.ert_ns, m.content_type, m.dictionary) for due_s, m in recording.messages]
    address = recording.address
    path.write_bytes(msgpack.packb([[address.run, address.flight, address.vehicle, address.station], rows]))
    return path


def read_recording(path: Path) -> tuple[Address, list[Due]]:
    """Read a recording from disk."""
    content: Any = msgpack.unpackb(path.read_bytes())
    address = Address(*content[0])
    return address, [
        Due(due_s, Message(address, Kind(kind), payload, ert_ns, content_type=content_type, dictionary=dictionary))
        for due_s, kind, payload, ert_ns, content_type, dictionary in content[1]
    ]


def packets_in(payload: bytes) -> Iterator[bytes]:
    """Yield the space packets of a payload, by the length in their headers (CCSDS 133.0-B, 4.1.3)."""
    start = 0
    while start < len(payload):
        stop = start + HEADER_OCTETS + 1 + int.from_bytes(payload[start + 4 : start + 6])
        yield payload[start:stop]
        start = stop


def _record(flight: str, seed: int, *, restarts: bool) -> tuple[Recording, ...]:
    transmitter = simulate("hop", seed, T0_NS)
    stations = load_stations(transmitter.flight.preset.stations)
    deaf_to_nothing = tuple(station.model_copy(update={"loss": 0.0}) for station in stations)
    links = make_links(transmitter, deaf_to_nothing, LIVE_RUN, flight)
    heard: dict[Address, list[Due]] = {link.address: [] for link in links}
    for tick in ticks(transmitter, links, BUNDLE_S):
        due_s = (tick.t_ns - transmitter.start_ns) / NS_PER_S
        for message in tick.messages:
            heard[message.address].append(Due(due_s, message))
    made = transmitter.sent(VEHICLE)
    if restarts:
        restart = _Restart(transmitter.dictionary)
        heard = {address: list(restart.through(messages)) for address, messages in heard.items()}
        made = {packet: number - restart.unmade(packet) for packet, number in made.items()}
    spared = _spared(heard.values())
    return tuple(
        Recording(address, made, [Due(due_s, _spoil(m, seed, spared)) for due_s, m in messages])
        for address, messages in heard.items()
    )


def _spared(heard: Iterable[Sequence[Due]]) -> set[bytes]:
    """Return the packets that are left alone, at all stations when at one: each puts a packet into its own bundle."""
    messages = [due for each in heard for due in each if due.message.kind is Kind.TELEMETRY]
    end_s = max(due_s for due_s, _ in messages)
    edges_s = (0.0, RESTART_AT_S + COUNTDOWN_S, end_s)
    near = (m for due_s, m in messages if any(abs(due_s - edge_s) < WHOLE_S for edge_s in edges_s))
    return {packet for message in near for packet in packets_in(message.payload)}


def _spoil(message: Message, seed: int, spared: set[bytes]) -> Message:
    """Return what is left of a message: chance depends on the packet alone, but for the damaged copies."""
    if message.kind is not Kind.TELEMETRY:
        return message
    payload = bytearray()
    for packet in packets_in(message.payload):
        if packet in spared:
            payload += packet
            continue
        chance = _chance(seed, packet)
        if chance == 0:
            continue
        payload += _damaged(packet) if chance == 1 else packet
        if chance > 1 and _chance(seed, packet, message.address.station.encode()) == 0:
            payload += _damaged(packet)
    return replace(message, payload=bytes(payload))


def _chance(seed: int, packet: bytes, who: bytes = b"") -> int:
    return zlib.crc32(packet + who + seed.to_bytes(8)) % ONE_IN


def _damaged(packet: bytes) -> bytes:
    """Flip a bit behind the header: the packet is told by its type, and refused for its checksum."""
    at = HEADER_OCTETS + packet[-1] % (len(packet) - HEADER_OCTETS)
    return packet[:at] + bytes((packet[at] ^ 0x10,)) + packet[at + 1 :]


class _Restart:
    """A computer that makes nothing for some seconds, and then counts from 0 again, sequence and sent packets alike."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._decoder = Decoder(Registry())
        self._codec = PacketCodec(dictionary)
        self._counters = {packet.sent_counter: name for name, packet in dictionary.packets.items()}
        self._off_ns = T0_NS + RESTART_AT_S * NS_PER_S
        self._on_ns = self._off_ns + RESTART_TAKES_S * NS_PER_S
        self._rates_hz = {name: packet.rate_hz for name, packet in dictionary.packets.items()}
        self._unmade: dict[str, set[int]] = {name: set() for name in dictionary.packets}
        self._first: dict[str, int] = {}

    def unmade(self, packet: str) -> int:
        """How many packets of a type the silence took."""
        return len(self._unmade[packet])

    def through(self, messages: Iterable[Due]) -> Iterator[Due]:
        """Yield messages as they are when the computer restarts."""
        for due_s, message in messages:
            if message.kind is not Kind.TELEMETRY or message.ert_ns < self._off_ns:
                yield Due(due_s, message)
                continue
            frames = [self._after(frame) for frame in self._decoder.decode(message).frames]
            payload = b"".join(self._encoded(frame) for frame in frames if len(frame))
            if payload:
                yield Due(due_s, replace(message, payload=payload))

    def _after(self, frame: Frame) -> Frame:
        silent = (frame.t_ns >= self._off_ns) & (frame.t_ns < self._on_ns)
        self._unmade[frame.packet].update(frame.counts[silent].tolist())
        return frame.select(~silent) if silent.any() else frame

    def _encoded(self, frame: Frame) -> bytes:
        later = frame.t_ns >= self._on_ns
        columns = dict(frame.columns.items())
        counts = frame.counts.copy()
        if later.any():
            self._first.setdefault(frame.packet, int(counts[later][0]))
            counts[later] = (counts[later] - self._first[frame.packet]) % COUNT_MODULO
        for name, packet in self._counters.items():
            if name in columns:
                made = np.array(columns[name], dtype=np.int64)
                made[later] -= self._made_until_on(packet)
                columns[name] = made
        return self._codec.encode(frame.packet, counts, frame.t_ns, columns)

    def _made_until_on(self, packet: str) -> int:
        return round((self._on_ns - T0_NS + COUNTDOWN_S * NS_PER_S) / NS_PER_S * self._rates_hz[packet])


def in_order(recordings: Sequence[Recording]) -> list[Message]:
    """Return what several stations bring when nothing is in their way."""
    everything = [(due, n) for recording in recordings for n, due in enumerate(recording.messages)]
    everything.sort(key=lambda pair: (pair[0].due_s, pair[0].message.address.station, pair[1]))
    return [due.message for due, _ in everything]
