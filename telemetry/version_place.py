"""Where packets say which version of their dictionary is on board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from telemetry.dictionary import Dictionary
from telemetry.raw import OCTET


@dataclass(frozen=True, slots=True)
class VersionPlace:
    """The version channel on the wire.

    Parameters
    ----------
    dictionary
        Whose.
    apid, packet
        The packet type that carries it.
    offset, bits
        Where it lies in the whole packet, in bits.
    """

    dictionary: Dictionary
    apid: int
    packet: str
    offset: int
    bits: int

    @classmethod
    def of(cls, dictionary: Dictionary, head_octets: int) -> Self | None:
        """Return the place, or None if the dictionary has no version channel."""
        for name, packet in dictionary.packets.items():
            at = packet.bit_offsets.get(dictionary.version_channel or "")
            if at is not None:
                bits = packet.channel(dictionary.version_channel or "").raw.bits
                return cls(dictionary, packet.apid, name, head_octets * OCTET + at, bits)
        return None

    def read(self, payload: bytes, start: int, stop: int) -> int | None:
        """Return the version that the packet `payload[start:stop]` says; None if it is too short to say it."""
        end = self.offset + self.bits
        last = start - (-end // OCTET)
        if last > stop:
            return None
        word = int.from_bytes(payload[start + self.offset // OCTET : last], "big")
        return word >> (-end % OCTET) & ((1 << self.bits) - 1)
