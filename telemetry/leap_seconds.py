"""Leap seconds: Unix time, which repeats a second at each, to the steady count of TAI and back, from a dated table."""

from __future__ import annotations

import functools
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

NS_PER_S: Final = 10**9
TABLE: Final = Path(__file__).parent / "leap_seconds.yaml"
# what a conversion may add or take away, with room for the leap seconds of some centuries
MARGIN_NS: Final = 1000 * NS_PER_S
LAST_NS: Final = (1 << 63) - 1 - MARGIN_NS


@dataclass(frozen=True, slots=True, eq=False)
class LeapSeconds:
    """A table of TAI - UTC.

    The TAI count of an instant is here what Unix time would show, had it no leap seconds: nanoseconds from
    1970-01-01T00:00:00 as a TAI clock shows it. Before 1972, when UTC did not yet differ by whole seconds, the first
    offset of the table counts. In a leap second POSIX.1 counts Unix time on into the next day and then repeats that
    second; so do we: the TAI counts of 23:59:60.x and of 00:00:00.x after it are one Unix time, which is converted back
    to the later of the two.

    Parameters
    ----------
    from_unix_ns
        Shape (n,), Unix time from which on each offset counts, ascending.
    offset_ns
        Shape (n,), TAI - UTC.
    valid_until
        The day from which on a leap second may be missing.
    source
        Where the figures come from.

    References
    ----------
    ITU-R TF.460-6, annex 1 (leap seconds); POSIX.1-2017, 4.16 (seconds since the Epoch).
    """

    from_unix_ns: NDArray[np.int64]
    offset_ns: NDArray[np.int64]
    valid_until: date
    source: str

    def to_tai(self, unix_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the TAI counts of Unix times, both of shape (n,).

        Examples
        --------
        >>> int(leap_seconds().to_tai(np.array([0]))[0])
        10000000000
        """
        return unix_ns + self._offsets(self.from_unix_ns, unix_ns)

    def to_unix(self, tai_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the Unix times of TAI counts, both of shape (n,)."""
        return tai_ns - self._offsets(self.from_unix_ns + self.offset_ns, tai_ns)

    def offset_at(self, unix_ns: int) -> int:
        """Return TAI - UTC in ns at one Unix time."""
        row = bisect_right(self.from_unix_ns.tolist(), unix_ns) - 1
        return int(self.offset_ns[max(row, 0)])

    def warning(self, now_ns: int) -> str | None:
        """Return what to tell who uses the table at that Unix time: None before it expires.

        Examples
        --------
        >>> leap_seconds().warning(1_750_000_000 * 10**9) is None
        True
        """
        end = datetime(self.valid_until.year, self.valid_until.month, self.valid_until.day, tzinfo=UTC)
        if now_ns < int(end.timestamp()) * NS_PER_S:
            return None
        return (
            f"leap seconds are known until {self.valid_until}: times of TAI and GPS clocks are a second off if there "
            f"was one since; install a newer Downrange, or bring {TABLE.name} up to date"
        )

    def _offsets(self, starts_ns: NDArray[np.int64], ns: NDArray[np.int64]) -> NDArray[np.int64]:
        rows = np.maximum(starts_ns.searchsorted(ns, side="right") - 1, 0)
        return np.asarray(self.offset_ns[rows], dtype=np.int64)


@functools.cache
def leap_seconds() -> LeapSeconds:
    """Return the table that comes with Downrange."""
    content = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    days, offsets_s = zip(*sorted(content["tai_minus_utc_s"].items()), strict=True)
    unix_s = [(day - date(1970, 1, 1)).days * 86400 for day in days]
    return LeapSeconds(
        np.array(unix_s, dtype=np.int64) * NS_PER_S,
        np.array(offsets_s, dtype=np.int64) * NS_PER_S,
        content["valid_until"],
        content["source"],
    )
