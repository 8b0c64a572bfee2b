"""Fields of any number of bits at any place of a packet, most significant bit first; vectorised over packets."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.raw import OCTET

WORD_OCTETS: Final = 8
WORD_BITS: Final = 64

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]


def read_bits(octets: Octets, offset: int, bits: int) -> Words:
    """Return the unsigned integers of `bits` bits, at most 64, that begin at bit `offset` of each packet.

    Parameters
    ----------
    octets
        Shape (n, size): n packets.
    offset, bits
        Where and how long, in bits.

    Returns
    -------
    NDArray[np.uint64]
        Shape (n,).

    Examples
    --------
    >>> read_bits(np.array([[0x12, 0x34]], dtype=np.uint8), 4, 8).tolist()
    [35]
    """
    first, last, after = _window(offset, bits)
    head = octets[:, first : min(last, first + WORD_OCTETS)]
    padded = np.zeros((len(octets), WORD_OCTETS), dtype=np.uint8)
    padded[:, WORD_OCTETS - head.shape[1] :] = head
    words = padded.view(">u8").ravel().astype(np.uint64)
    if last - first > WORD_OCTETS:
        words = words << np.uint64(OCTET - after) | octets[:, last - 1].astype(np.uint64) >> np.uint64(after)
    else:
        words >>= np.uint64(after)
    return words & _mask(bits)


def write_bits(octets: Octets, offset: int, bits: int, words: Words) -> None:
    """Put the low `bits` bits of unsigned integers into packets whose bits there are 0; see `read_bits`."""
    first, last, after = _window(offset, bits)
    words = words & _mask(bits)
    if last - first > WORD_OCTETS:
        octets[:, last - 1] |= (words << np.uint64(after) & np.uint64(0xFF)).astype(np.uint8)
        words >>= np.uint64(OCTET - after)
        last -= 1
    else:
        words <<= np.uint64(after)
    octets[:, first:last] |= (
        words.astype(">u8").view(np.uint8).reshape(-1, WORD_OCTETS)[:, WORD_OCTETS - last + first :]
    )


def read_octets(octets: Octets, offset: int, size: int) -> Octets:
    """Return `size` octets of each packet from bit `offset` on, shape (n, size), in memory of their own."""
    first, shift = divmod(offset, OCTET)
    if shift == 0:
        return octets[:, first : first + size].copy()
    head, tail = octets[:, first : first + size], octets[:, first + 1 : first + size + 1]
    return np.asarray(head << np.uint8(shift) | tail >> np.uint8(OCTET - shift))


def write_octets(octets: Octets, offset: int, values: Octets) -> None:
    """Put octets of shape (n, size) into packets whose bits there are 0."""
    first, shift = divmod(offset, OCTET)
    size = values.shape[1]
    octets[:, first : first + size] |= values >> np.uint8(shift)
    if shift:
        octets[:, first + 1 : first + size + 1] |= values << np.uint8(OCTET - shift)


def signed(words: Words, bits: int) -> NDArray[np.int64]:
    """Return the two's complement integers of `bits` bits that unsigned ones stand for."""
    up = np.uint64(WORD_BITS - bits)
    return np.asarray((words << up).view(np.int64) >> np.int64(up))


def _window(offset: int, bits: int) -> tuple[int, int, int]:
    """Return the octets that hold a field, as a slice, and how many bits of the last lie behind it."""
    last = -(-(offset + bits) // OCTET)
    return offset // OCTET, last, last * OCTET - offset - bits


def _mask(bits: int) -> np.uint64:
    return np.uint64((1 << bits) - 1)
