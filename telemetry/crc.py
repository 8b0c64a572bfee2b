"""CRC-16/CCITT-FALSE (CCSDS 132.0-B, 4.1.4.2): of one packet, and of many equally long ones at once."""

from __future__ import annotations

import binascii
import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

CRC_OCTETS: Final = 2
CRC_SEED: Final = 0xFFFF
# the table takes 512 octets of memory an octet of packet
LONGEST_TABLE: Final = 1024


def crc16(octets: bytes | memoryview) -> int:
    """CRC-16/CCITT-FALSE; 0 over a whole packet whose last two octets are its CRC.

    Examples
    --------
    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    return binascii.crc_hqx(octets, CRC_SEED)


class CrcTable:
    """The CRC of many packets of `size` octets at once.

    A CRC is linear over exclusive or: that of a packet is the exclusive or of what each octet would give alone, and of
    what the seed gives. So it is looked up octet by octet.

    Parameters
    ----------
    size
        Octets that are covered; beyond `LONGEST_TABLE` the packets are taken one by one.
    """

    def __init__(self, size: int) -> None:
        self._table: NDArray[np.uint16] | None = None
        if size <= LONGEST_TABLE:
            # what an octet gives depends on how many follow: every length takes its part of one table
            self._table = _table()[LONGEST_TABLE - size :].ravel()
            self._places = np.arange(size, dtype=np.intp) * 256
            self._seed = np.uint16(crc16(bytes(size)))

    def of(self, packets: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return the CRCs of packets of shape (n, size), shape (n,)."""
        if self._table is None:
            return np.array([crc16(packet.tobytes()) for packet in packets], dtype=np.uint16)
        alone = self._table.take(packets + self._places)
        return np.asarray(np.bitwise_xor.reduce(alone, axis=1) ^ self._seed)


@functools.cache
def _table() -> NDArray[np.uint16]:
    """Return the CRC, from seed 0, of one octet and the zeros that follow it: shape (LONGEST_TABLE, 256)."""
    of_one = np.array([binascii.crc_hqx(bytes([octet]), 0) for octet in range(256)], dtype=np.uint16)
    table = np.empty((LONGEST_TABLE, 256), dtype=np.uint16)
    table[-1] = of_one
    for place in range(LONGEST_TABLE - 2, -1, -1):
        behind = table[place + 1]
        table[place] = behind << 8 ^ of_one[behind >> 8]
    return table
