"""CCSDS space packets (CCSDS 133.0-B-2): primary header, CRC, and where packets lie in a payload."""

from __future__ import annotations

import binascii
import re
import struct
from dataclasses import dataclass
from typing import Final

from telemetry.dictionary import Dictionary
from telemetry.errors import Reason
from telemetry.frames import Refusal

PRIMARY_HEADER_OCTETS: Final = 6
CRC_OCTETS: Final = 2
CRC_SEED: Final = 0xFFFF
TELEMETRY_WITH_SECONDARY_HEADER: Final = 0x0800
APID_MASK: Final = 0x07FF
UNSEGMENTED: Final = 0xC000
COUNT_MASK: Final = 0x3FFF
HEADER: Final = struct.Struct(">HHH")


@dataclass(frozen=True, slots=True)
class PacketRun:
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

    @property
    def first_word(self) -> int:
        return TELEMETRY_WITH_SECONDARY_HEADER | self.apid

    @property
    def length(self) -> int:
        return self.octets - PRIMARY_HEADER_OCTETS - 1


def crc16(octets: bytes | memoryview) -> int:
    """CRC-16/CCITT-FALSE; 0 over a whole packet whose last two octets are its CRC.

    Examples
    --------
    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    return binascii.crc_hqx(octets, CRC_SEED)


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
            self._kinds[packet.apid] = _Kind(name, packet.apid, overhead + packet.field_octets)
        self._header = re.compile(b"|".join(_header_pattern(kind) for kind in self._kinds.values()), re.DOTALL)

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
        last = len(payload) - size
        while stop <= last:
            word, count, octets = HEADER.unpack_from(payload, stop)
            if word != first_word or count < UNSEGMENTED or octets != length or crc16(payload[stop : stop + size]):
                break
            stop += size
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
        if kind is None:
            return Refusal(at, stop, Reason.UNKNOWN_APID, f"APID {apid} is not in the dictionary")
        detail = f"packet {kind.name!r} has {octets} octets, the dictionary says {kind.octets}"
        return Refusal(at, stop, Reason.BAD_LENGTH, detail)

    def _next_good(self, payload: bytes, start: int) -> int:
        """Return where the next good packet begins, or the end of the payload."""
        while (found := self._header.search(payload, start)) is not None:
            if self._run(payload, found.start()) is not None:
                return found.start()
            start = found.start() + 1
        return len(payload)


def _header_pattern(kind: _Kind) -> bytes:
    first_word, length = kind.first_word.to_bytes(2, "big"), kind.length.to_bytes(2, "big")
    return re.escape(first_word) + rb"[\xc0-\xff]." + re.escape(length)
