"""CCSDS unsegmented time code (CUC, CCSDS 301.0-B-4, 3.2), vectorised: seconds and binary fractions of any width."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.epochs import NO_TIME_NS
from telemetry.leap_seconds import LAST_NS, NS_PER_S

__all__ = ["MAX_COARSE_OCTETS", "MAX_FINE_OCTETS", "NS_PER_S", "cuc_bounds", "cuc_preamble", "decode_cuc", "encode_cuc"]

# four and three octets in the first octet of the P-field, three and seven more in the second
MAX_COARSE_OCTETS: Final = 7
MAX_FINE_OCTETS: Final = 10
CCSDS_EPOCH: Final = 0b001
AGENCY_EPOCH: Final = 0b010
FIRST_COARSE: Final = 4
FIRST_FINE: Final = 3
NARROW_OCTETS: Final = 7
WORD_OCTETS: Final = 4
WORD_BITS: Final = 32
_NS_PER_S: Final = np.array(NS_PER_S, dtype=np.int64)


def cuc_preamble(coarse_octets: int, fine_octets: int, *, agency: bool) -> bytes:
    """Return the P-field (3.2.2), with its second octet where the widths need one.

    Examples
    --------
    >>> [cuc_preamble(coarse, 2, agency=agency).hex() for coarse, agency in ((4, False), (4, True), (5, True))]
    ['1e', '2e', 'ae20']
    """
    coarse, fine = min(coarse_octets, FIRST_COARSE), min(fine_octets, FIRST_FINE)
    first = (AGENCY_EPOCH if agency else CCSDS_EPOCH) << 4 | (coarse - 1) << 2 | fine
    if (coarse, fine) == (coarse_octets, fine_octets):
        return bytes([first])
    return bytes([0x80 | first, (coarse_octets - coarse) << 5 | (fine_octets - fine) << 2])


def encode_cuc(t_ns: NDArray[np.int64], epoch_ns: int, coarse_octets: int, fine_octets: int) -> NDArray[np.uint8]:
    """Encode times.

    Parameters
    ----------
    t_ns
        Shape (n,), time in ns on the code's scale.
    epoch_ns
        The epoch on that scale.
    coarse_octets, fine_octets
        Octets of whole seconds, 1 to 7, and of binary fractions, 0 to 10.

    Returns
    -------
    NDArray[np.uint8]
        Shape (n, coarse_octets + fine_octets), big-endian, rounded to the nearest unit.

    Raises
    ------
    ValueError
        If a time lies before the epoch or past the last code.

    Examples
    --------
    >>> encode_cuc(np.array([1_500_000_000]), 0, 4, 1).tolist()
    [[0, 0, 0, 1, 128]]
    """
    seconds, rest = np.divmod(np.asarray(t_ns, dtype=np.int64), NS_PER_S)
    # the epoch is taken off in two parts: the difference of two times may be more than int64 nanoseconds
    epoch_s, epoch_rest = divmod(epoch_ns, NS_PER_S)
    seconds -= epoch_s
    if epoch_rest:
        rest -= epoch_rest
        seconds -= rest < 0
        rest[rest < 0] += NS_PER_S
    if coarse_octets + fine_octets <= NARROW_OCTETS and fine_octets < WORD_OCTETS:
        units = (((rest << 8 * fine_octets) + NS_PER_S // 2) // NS_PER_S) + (seconds << 8 * fine_octets)
        _check(units, 8 * (coarse_octets + fine_octets), coarse_octets, fine_octets)
        return units.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 8 - coarse_octets - fine_octets :]
    return _encode_wide(seconds, rest, coarse_octets, fine_octets)


def _encode_wide(
    seconds: NDArray[np.int64], rest: NDArray[np.int64], coarse_octets: int, fine_octets: int
) -> NDArray[np.uint8]:
    """Encode octets of any width: the fraction word by word, by long division."""
    words: list[NDArray[np.int64]] = []
    widths = _word_bits(fine_octets)
    for bits in widths:
        word, rest = np.divmod(rest << bits, NS_PER_S)
        words.append(word)
    carry = (2 * rest >= NS_PER_S).astype(np.int64)
    for i in reversed(range(len(words))):
        words[i] += carry
        carry = words[i] >> widths[i]
        words[i] &= (1 << widths[i]) - 1
    seconds += carry
    _check(seconds, 8 * coarse_octets, coarse_octets, fine_octets)
    octets = np.empty((len(seconds), 8 + WORD_OCTETS * len(words)), dtype=np.uint8)
    octets[:, :8] = seconds.astype(">i8").view(np.uint8).reshape(-1, 8)
    for i, word in enumerate(words):
        at = 8 + WORD_OCTETS * i
        octets[:, at : at + WORD_OCTETS] = (word << (WORD_BITS - widths[i])).astype(">u4").view(np.uint8).reshape(-1, 4)
    return octets[:, 8 - coarse_octets : 8 + fine_octets]


def decode_cuc(octets: NDArray[np.uint8], epoch_ns: int, fine_octets: int) -> NDArray[np.int64]:
    """Decode times of shape (n, octets) into ns on the code's scale of shape (n,), rounded to the nearest ns.

    What lies past the int64 nanoseconds (the year 2262) becomes `NO_TIME_NS`.

    Examples
    --------
    >>> decode_cuc(np.array([[0, 0, 0, 1, 128]], dtype=np.uint8), 0, 1).tolist()
    [1500000000]
    """
    n, width = octets.shape
    last_s = (LAST_NS - epoch_ns) // NS_PER_S
    if width > NARROW_OCTETS or fine_octets > WORD_OCTETS or last_s >> (8 * (width - fine_octets)) == 0:
        return _decode_wide(octets, epoch_ns, fine_octets, last_s)
    # this is the way of every decoded message: few numpy calls, in place, with constants that need no conversion
    mask, half, shift, epoch = _constants(fine_octets, epoch_ns)
    padded = np.zeros((n, 8), dtype=np.uint8)
    padded[:, width - 1 :: -1] = octets
    seconds = padded.view("<i8").reshape(n).astype(np.int64, copy=False)
    fine = np.bitwise_and(seconds, mask)
    np.multiply(fine, _NS_PER_S, out=fine)
    np.add(fine, half, out=fine)
    np.right_shift(fine, shift, out=fine)
    np.right_shift(seconds, shift, out=seconds)
    np.multiply(seconds, _NS_PER_S, out=seconds)
    np.add(seconds, fine, out=seconds)
    return np.add(seconds, epoch, out=seconds)


def cuc_bounds(
    first_ns: int, last_ns: int, epoch_ns: int, coarse_octets: int, fine_octets: int
) -> tuple[int, int] | None:
    """Return the first and the last code of a time from `first_ns` to `last_ns`, as numbers; None if there is none.

    A code of u units stands for floor((u * 10**9 + scale / 2) / scale) ns since the epoch, where scale is the units in
    a second; solved for u.
    """
    scale = 1 << (8 * fine_octets)
    first = -((scale // 2 - (first_ns - epoch_ns) * scale) // NS_PER_S)
    last = ((last_ns - epoch_ns + 1) * scale - scale // 2 - 1) // NS_PER_S
    end = scale << (8 * coarse_octets)
    return None if last < 0 or first >= end or last < first else (max(first, 0), min(last, end - 1))


def _decode_wide(octets: NDArray[np.uint8], epoch_ns: int, fine_octets: int, last_s: int) -> NDArray[np.int64]:
    """Decode octets of any width: the fraction word by word, from the last, since each fits int64 with its carry."""
    n, width = octets.shape
    words = len(_word_bits(fine_octets))
    padded = np.zeros((n, 8 + WORD_OCTETS * words), dtype=np.uint8)
    padded[:, 8 - (width - fine_octets) : 8 + fine_octets] = octets
    seconds = np.ascontiguousarray(padded[:, :8]).view(">i8").ravel().astype(np.int64)
    fine = np.ascontiguousarray(padded[:, 8:]).view(">u4").reshape(n, words).astype(np.int64)
    fraction_ns = np.zeros(n, dtype=np.int64)
    for i in reversed(range(words)):
        half = 1 << (WORD_BITS - 1) if i == 0 else 0
        fraction_ns = (fine[:, i] * NS_PER_S + fraction_ns + half) >> WORD_BITS
    # int64 wraps in between and comes back: only where the sum itself does not fit there is no time
    return np.asarray(
        np.where(seconds > last_s, NO_TIME_NS, seconds * NS_PER_S + fraction_ns + epoch_ns), dtype=np.int64
    )


@functools.lru_cache(256)
def _constants(fine_octets: int, epoch_ns: int) -> tuple[NDArray[np.int64], ...]:
    """Return what fraction and epoch need, as numpy has it: a Python number would be converted in each call."""
    shift = 8 * fine_octets
    return tuple(np.array(number, dtype=np.int64) for number in ((1 << shift) - 1, (1 << shift) >> 1, shift, epoch_ns))


def _check(numbers: NDArray[np.int64], bits: int, coarse_octets: int, fine_octets: int) -> None:
    if numbers.size and (numbers.min() < 0 or numbers.max() >> bits):
        msg = f"a time lies outside what {coarse_octets}+{fine_octets} octets can say from the epoch"
        raise ValueError(msg)


def _word_bits(fine_octets: int) -> list[int]:
    return [8 * min(WORD_OCTETS, fine_octets - at) for at in range(0, fine_octets, WORD_OCTETS)]
