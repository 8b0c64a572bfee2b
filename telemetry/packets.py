"""CCSDS space packets (CCSDS 133.0-B-2): primary header, CRC, and where packets lie in a payload."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from telemetry.crc import CRC_OCTETS, CRC_SEED, CrcTable, crc16
from telemetry.dictionary import Dictionary
from telemetry.errors import Reason
from telemetry.frames import Refusal
from telemetry.version_place import VersionPlace

__all__ = ["CRC_OCTETS", "CRC_SEED", "HEADER", "PacketLayout", "PacketRun", "crc16"]

PRIMARY_HEADER_OCTETS: Final = 6
TELEMETRY_WITH_SECONDARY_HEADER: Final = 0x0800
APID_MASK: Final = 0x07FF
UNSEGMENTED: Final = 0xC000
COUNT_MASK: Final = 0x3FFF
HEADER: Final = struct.Struct(">HHH")
# from so many packets on it pays to look at many at once, after the first few
MANY: Final = 24
FEW: Final = 4
BLOCK_GROWTH: Final = 16
BLOCK_OCTETS: Final = 1 << 16
_UNSEGMENTED_OCTETS: Final = bytes(range(UNSEGMENTED >> 8, 256))


class PacketRun(NamedTuple):
    """Equal-typed good packets, one behind the other: `payload[start:stop]`."""

    packet: str
    apid: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    apid: int
    octets: int
    crc: CrcTable
    first_word: int
    first_octets: bytes
    length: int
    length_octets: bytes


class PacketLayout:
    """Where packets of a dictionary begin and end; knows lengths and APIDs, not channels.

    Parameters
    ----------
    dictionary
        The dictionary whose packets are expected.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self._kinds: dict[int, _Kind] = {}
        overhead = PRIMARY_HEADER_OCTETS + dictionary.time.octets + CRC_OCTETS
        for name, packet in dictionary.packets.items():
            octets = overhead + packet.field_octets
            word, length = TELEMETRY_WITH_SECONDARY_HEADER | packet.apid, octets - PRIMARY_HEADER_OCTETS - 1
            as_octets = (word.to_bytes(2, "big"), length.to_bytes(2, "big"))
            crc = CrcTable(octets)
            self._kinds[packet.apid] = _Kind(name, packet.apid, octets, crc, word, as_octets[0], length, as_octets[1])
        self._header = re.compile(b"|".join(_header_pattern(kind) for kind in self._kinds.values()), re.DOTALL)

        self.version = VersionPlace.of(dictionary, PRIMARY_HEADER_OCTETS + dictionary.time.octets)

    def octets(self, apid: int) -> int:
        """Return the whole length of a packet of that APID."""
        return self._kinds[apid].octets

    def split(self, payload: bytes) -> tuple[list[PacketRun], list[Refusal]]:
        """Find the packets of a payload.

        A bad packet is refused alone. Where its own header may be the fault, so that it does not tell where the next
        packet begins, the octets up to the next good packet are refused.

        Returns
        -------
        tuple
            Runs of good packets, and refusals; together they cover every octet once.
        """
        runs: list[PacketRun] = []
        refusals: list[Refusal] = []
        at = 0
        while at < len(payload):
            run = self._run(payload, at)
            if run is not None:
                runs.append(run)
                at = run.stop
            else:
                refusals.append(self._refusal(payload, at))
                at = refusals[-1].stop
        return runs, refusals

    def _run(self, payload: bytes, start: int) -> PacketRun | None:
        """Return the longest run of good packets of one type that begins at `start`, or None."""
        if len(payload) - start < PRIMARY_HEADER_OCTETS:
            return None
        kind = self._kinds.get(HEADER.unpack_from(payload, start)[0] & APID_MASK)
        if kind is None:
            return None
        # this loop runs once a packet and costs little more than the CRC itself: names are local, nothing is made
        stop, size, first_word, length = start, kind.octets, kind.first_word, kind.length
        alone = (FEW if payload.startswith(kind.first_octets, start + MANY * size) else MANY) * size
        last = min(len(payload), start + alone) - size
        while stop <= last:
            word, count, octets = HEADER.unpack_from(payload, stop)
            if word != first_word or count < UNSEGMENTED or octets != length or crc16(payload[stop : stop + size]):
                break
            stop += size
        if stop == start + alone:
            stop = _end_of_run(payload, start, stop, kind)
        return PacketRun(kind.name, kind.apid, start, stop) if stop > start else None

    def _refusal(self, payload: bytes, at: int) -> Refusal:
        """Say why no good packet begins at `at`, and how far the fault reaches."""
        left = len(payload) - at
        if left < PRIMARY_HEADER_OCTETS + CRC_OCTETS:
            return Refusal(at, len(payload), Reason.BAD_LENGTH, f"{left} octets left over, too few for a packet")
        word, count, length = HEADER.unpack_from(payload, at)
        octets = PRIMARY_HEADER_OCTETS + length + 1
        apid = word & APID_MASK
        kind = self._kinds.get(apid)
        if word & ~APID_MASK != TELEMETRY_WITH_SECONDARY_HEADER or count < UNSEGMENTED:
            detail = "not the header of an unsegmented telemetry packet with secondary header"
            return Refusal(at, self._next_good(payload, at + 1), Reason.BAD_HEADER, detail)
        if octets > left:
            detail = f"the header says {octets} octets, {left} are there"
            return Refusal(at, self._next_good(payload, at + 1), Reason.BAD_LENGTH, detail)
        stop = at + octets
        if crc16(payload[at:stop]):
            # a header that fits a packet type is believed; any other may be the very octets that were hit
            believed = kind is not None and kind.octets == octets
            detail = f"CRC-16 of the packet with APID {apid} does not match"
            return Refusal(at, stop if believed else self._next_good(payload, at + 1), Reason.BAD_CRC, detail)
        return Refusal(at, stop, *self._stranger(kind, payload[at:stop], apid))

    def _stranger(self, kind: _Kind | None, packet: bytes, apid: int) -> tuple[Reason, str]:
        """Say why a whole packet is none of the dictionary."""
        if kind is None:
            return Reason.UNKNOWN_APID, f"APID {apid} is not in the dictionary"
        wrong = self.wrong_version(apid, packet)
        if wrong is not None:
            return Reason.UNKNOWN_VERSION, wrong
        return Reason.BAD_LENGTH, f"packet {kind.name!r} has {len(packet)} octets, the dictionary says {kind.octets}"

    def wrong_version(self, apid: int, packet: bytes) -> str | None:
        """Return the complaint about a packet that says another version of the dictionary; None about any other."""
        place = self.version
        said = place.read(packet, 0, len(packet)) if place is not None and place.apid == apid else None
        if place is None or said is None or said == place.dictionary.version:
            return None
        return place.dictionary.version_complaint(place.packet, said)

    def _next_good(self, payload: bytes, start: int) -> int:
        """Return where the next good packet begins, or the end of the payload."""
        while (found := self._header.search(payload, start)) is not None:
            if self._run(payload, found.start()) is not None:
                return found.start()
            start = found.start() + 1
        return len(payload)


def _end_of_run(payload: bytes, start: int, stop: int, kind: _Kind) -> int:
    """Return where a run of good packets ends that began at `start` and reaches `stop` at least.

    Taken in blocks that grow, so that a bad packet costs only a share of what was good before it.
    """
    size = kind.octets
    while True:
        most = min(BLOCK_GROWTH * (stop - start), BLOCK_OCTETS, len(payload) - stop) // size
        alike = _alike(payload[stop : stop + most * size], kind) if most else 0
        if not alike:
            return stop
        octets = np.frombuffer(payload, dtype=np.uint8, count=alike * size, offset=stop).reshape(alike, size)
        bad = np.flatnonzero(kind.crc.of(octets))
        stop += (int(bad[0]) if bad.size else alike) * size
        if bad.size:
            return stop


def _alike(packets: bytes, kind: _Kind) -> int:
    """Return how many packets, one behind the other, have the primary header that their type has."""
    size = kind.octets
    first, length = kind.first_octets, kind.length_octets
    wanted = ((0, first[:1]), (1, first[1:]), (2, _UNSEGMENTED_OCTETS), (4, length[:1]), (5, length[1:]))
    heads = (packets[at::size] for at, _ in wanted)
    return min(len(head) - len(head.lstrip(good)) for head, (_, good) in zip(heads, wanted, strict=True))


def _header_pattern(kind: _Kind) -> bytes:
    return re.escape(kind.first_octets) + rb"[\xc0-\xff]." + re.escape(kind.length_octets)
