"""CCSDS day segmented time code (CDS, CCSDS 301.0-B-4, 3.3), vectorised: days, milliseconds of the day, and finer."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.epochs import NO_TIME_NS
from telemetry.leap_seconds import LAST_NS

DAY_NS: Final = 86_400 * 10**9
MS_NS: Final = 10**6
# the last millisecond of a day that ends with a leap second
LAST_MS: Final = 86_400_999
MS_OCTETS: Final = 4
CDS: Final = 0b100


class SubMillisecond(StrEnum):
    """What follows the milliseconds: nothing, microseconds (2 octets) or picoseconds (4 octets) of the millisecond."""

    NONE = "none"
    US = "us"
    PS = "ps"

    @property
    def octets(self) -> int:
        """Length of the segment."""
        return {SubMillisecond.NONE: 0, SubMillisecond.US: 2, SubMillisecond.PS: 4}[self]


def cds_octets(day_octets: int, sub: SubMillisecond) -> int:
    """Return the length of the code."""
    return day_octets + MS_OCTETS + sub.octets


def cds_preamble(day_octets: int, sub: SubMillisecond, *, agency: bool) -> bytes:
    """Return the P-field (3.3.2).

    Examples
    --------
    >>> cds_preamble(2, SubMillisecond.NONE, agency=False).hex(), cds_preamble(3, SubMillisecond.PS, agency=True).hex()
    ('40', '4e')
    """
    return bytes([CDS << 4 | agency << 3 | (day_octets - 2) << 2 | sub.octets // 2])


def encode_cds(t_ns: NDArray[np.int64], epoch_ns: int, day_octets: int, sub: SubMillisecond) -> NDArray[np.uint8]:
    """Encode times.

    Parameters
    ----------
    t_ns
        Shape (n,), Unix time in ns.
    epoch_ns
        Unix time of the midnight that begins day 0.
    day_octets
        Octets of the days, 2 or 3.
    sub
        What follows the milliseconds.

    Returns
    -------
    NDArray[np.uint8]
        Shape (n, octets), big-endian, rounded to the nearest unit; what rounds up to midnight is the next day's.

    Raises
    ------
    ValueError
        If a time lies before the epoch or past the last day.

    Examples
    --------
    >>> encode_cds(np.array([1_000_500_000]), 0, 2, SubMillisecond.US).tobytes().hex()
    '0000000003e801f4'
    """
    unit_ns = {SubMillisecond.NONE: MS_NS, SubMillisecond.US: 1000, SubMillisecond.PS: 1}[sub]
    days, rest = np.divmod(np.asarray(t_ns, dtype=np.int64), DAY_NS)
    units = (rest + unit_ns // 2) // unit_ns
    over, units = np.divmod(units, DAY_NS // unit_ns)
    days += over - epoch_ns // DAY_NS
    if days.size and (days.min() < 0 or days.max() >= 1 << (8 * day_octets)):
        msg = f"a time lies outside what {day_octets} octets of days can say from the epoch"
        raise ValueError(msg)
    ms, fine = np.divmod(units, MS_NS // unit_ns)
    octets = np.empty((len(days), cds_octets(day_octets, sub)), dtype=np.uint8)
    octets[:, :day_octets] = _big_endian(days, day_octets)
    octets[:, day_octets : day_octets + MS_OCTETS] = _big_endian(ms, MS_OCTETS)
    if sub is not SubMillisecond.NONE:
        octets[:, day_octets + MS_OCTETS :] = _big_endian(fine * 1000 if sub is SubMillisecond.PS else fine, sub.octets)
    return octets


def decode_cds(octets: NDArray[np.uint8], epoch_ns: int, day_octets: int, sub: SubMillisecond) -> NDArray[np.int64]:
    """Decode times of shape (n, octets) into Unix time in ns of shape (n,), rounded to the nearest ns.

    The milliseconds 86,400,000 to 86,400,999 of a day are its leap second: Unix time counts them as the first second of
    the next day (`telemetry.leap_seconds`). What is no code, such as 1000 microseconds of a millisecond, and what lies
    past the int64 nanoseconds (the year 2262), becomes `NO_TIME_NS`.

    Examples
    --------
    >>> decode_cds(np.array([[0, 1, 0, 0, 3, 232]], dtype=np.uint8), 0, 2, SubMillisecond.NONE).tolist()
    [86401000000000]
    """
    days = _number(octets[:, :day_octets])
    ms = _number(octets[:, day_octets : day_octets + MS_OCTETS])
    wrong = (ms > LAST_MS) | (days >= (LAST_NS - epoch_ns) // DAY_NS)
    t_ns = days * DAY_NS + ms * MS_NS + epoch_ns
    if sub is SubMillisecond.US:
        fine = _number(octets[:, day_octets + MS_OCTETS :])
        wrong |= fine >= 1000  # noqa: PLR2004 -- microseconds in a millisecond
        t_ns += fine * 1000
    elif sub is SubMillisecond.PS:
        fine = _number(octets[:, day_octets + MS_OCTETS :])
        wrong |= fine >= 1000 * MS_NS
        t_ns += (fine + 500) // 1000
    t_ns[wrong] = NO_TIME_NS
    return t_ns


def _big_endian(numbers: NDArray[np.int64], octets: int) -> NDArray[np.uint8]:
    return numbers.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 8 - octets :]


def _number(octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    n, width = octets.shape
    padded = np.zeros((n, 8), dtype=np.uint8)
    padded[:, 8 - width :] = octets
    return padded.view(">i8").ravel().astype(np.int64)
