"""CCSDS space packets (CCSDS 133.0-B-2): primary header, CRC, and where packets lie in a payload."""

from __future__ import annotations

import binascii
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
        self._known: dict[int, tuple[str, int]] = {}
        overhead = PRIMARY_HEADER_OCTETS + dictionary.time.octets + CRC_OCTETS
        for name, packet in dictionary.packets.items():
            fields = sum(channel.raw.dtype.itemsize for channel in packet.channels)
            self._known[packet.apid] = (name, overhead + fields)

    def octets(self, apid: int) -> int:
        """Return the whole length of a packet of that APID."""
        return self._known[apid][1]

    def split(self, payload: bytes) -> tuple[list[PacketRun], list[Refusal]]:
        """Find the packets of a payload.

        A packet with a bad CRC, an unknown APID or a wrong length is refused alone while its header still leads to
        the next one; where it does not, the rest of the payload is refused in one piece.

        Returns
        -------
        tuple
            Runs of good packets, and refusals; together they cover every octet once.
        """
        runs: list[PacketRun] = []
        refusals: list[Refusal] = []
        view = memoryview(payload)
        at, end = 0, len(payload)
        while at < end:
            if end - at < PRIMARY_HEADER_OCTETS + CRC_OCTETS:
                refusals.append(
                    Refusal(at, end, Reason.BAD_LENGTH, f"{end - at} octets left over, too few for a packet")
                )
                break
            first, second, length = HEADER.unpack_from(payload, at)
            stop = at + PRIMARY_HEADER_OCTETS + length + 1
            if first & ~APID_MASK != TELEMETRY_WITH_SECONDARY_HEADER or second & UNSEGMENTED != UNSEGMENTED:
                detail = "not the header of an unsegmented telemetry packet with secondary header"
                refusals.append(Refusal(at, end, Reason.BAD_HEADER, detail))
                break
            if stop > end:
                detail = f"the header says {stop - at} octets, {end - at} are there"
                refusals.append(Refusal(at, end, Reason.BAD_LENGTH, detail))
                break
            refusal = self._refusal(view, at, stop, first & APID_MASK)
            if refusal is not None:
                refusals.append(refusal)
            elif runs and runs[-1].stop == at and runs[-1].apid == first & APID_MASK:
                runs[-1] = PacketRun(runs[-1].packet, runs[-1].apid, runs[-1].start, stop)
            else:
                runs.append(PacketRun(self._known[first & APID_MASK][0], first & APID_MASK, at, stop))
            at = stop
        return runs, refusals

    def _refusal(self, view: memoryview, start: int, stop: int, apid: int) -> Refusal | None:
        if crc16(view[start:stop]):
            return Refusal(start, stop, Reason.BAD_CRC, f"CRC-16 of the packet with APID {apid} does not match")
        known = self._known.get(apid)
        if known is None:
            return Refusal(start, stop, Reason.UNKNOWN_APID, f"APID {apid} is not in the dictionary")
        if known[1] != stop - start:
            detail = f"packet {known[0]!r} has {stop - start} octets, the dictionary says {known[1]}"
            return Refusal(start, stop, Reason.BAD_LENGTH, detail)
        return None
