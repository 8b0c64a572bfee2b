"""Where packets say which version of their dictionary is on board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from telemetry.bits import read_bits
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

    def read(self, packets: NDArray[np.uint8]) -> NDArray[np.uint64]:
        """Return the versions that packets of shape (n, size) say, shape (n,)."""
        return read_bits(packets, self.offset, self.bits)

    def read_one(self, packet: bytes) -> int | None:
        """Return the version that a packet of any length says; None if it is too short to say it."""
        if len(packet) * OCTET < self.offset + self.bits:
            return None
        return int(self.read(np.frombuffer(packet, dtype=np.uint8).reshape(1, -1))[0])
