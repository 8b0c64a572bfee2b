"""Where a time code begins to count, and on which scale: UTC without its leap seconds, or TAI's steady seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.leap_seconds import LAST_NS, LeapSeconds, leap_seconds

# a code that stands for no time: octets that no encoder makes, or an instant that int64 nanoseconds cannot say
NO_TIME_NS: Final = -(1 << 63)
UTC_FROM: Final = datetime(1972, 1, 1, tzinfo=UTC)
CCSDS: Final = datetime(1958, 1, 1, tzinfo=UTC)
GPS: Final = datetime(1980, 1, 6, tzinfo=UTC)


class Scale(StrEnum):
    """How a clock counts: as UTC, each day of 86,400 s, or as TAI, each second that passes."""

    UTC = "utc"
    TAI = "tai"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The zero of a time code.

    Parameters
    ----------
    scale
        How it counts on from there.
    at_ns
        The zero on that scale: Unix ns for `utc`; for `tai` the count of `telemetry.leap_seconds.LeapSeconds`.
    """

    scale: Scale
    at_ns: int

    @property
    def leap(self) -> LeapSeconds | None:
        """The table that its times depend on; None if they depend on none."""
        return leap_seconds() if self.scale is Scale.TAI else None

    @property
    def unix_ns(self) -> int:
        """The zero as Unix time."""
        return int(self.to_unix(np.array([self.at_ns]))[0])

    def from_unix(self, t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Put Unix times of shape (n,) on the scale.

        Raises
        ------
        ValueError
            If one lies at the very end of what int64 can say (in the year 2262).
        """
        table = self.leap
        if table is None:
            return t_ns
        if t_ns.size and t_ns.max() > LAST_NS:
            msg = "a time lies past the year 2262, which int64 nanoseconds cannot say"
            raise ValueError(msg)
        return table.to_tai(t_ns)

    def to_unix(self, scale_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return Unix times of shape (n,) of times on the scale; `NO_TIME_NS` stays what it is."""
        table = self.leap
        if table is None:
            return scale_ns
        return np.where(scale_ns == NO_TIME_NS, NO_TIME_NS, table.to_unix(scale_ns))


def nanoseconds(when: datetime) -> int:
    """Return the Unix time of a date-time in ns."""
    return (when - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000


def epoch_of(when: datetime, scale: Scale) -> Epoch:
    """Return the epoch at an instant of UTC."""
    at_ns = nanoseconds(when)
    return Epoch(scale, at_ns if scale is Scale.UTC else at_ns + leap_seconds().offset_at(at_ns))


def tai_epoch() -> Epoch:
    """Return the epoch that CCSDS recommends: 1958-01-01T00:00:00 TAI, counted in TAI."""
    return Epoch(Scale.TAI, nanoseconds(CCSDS))


def gps_epoch() -> Epoch:
    """Return the epoch of GPS time: 1980-01-06T00:00:00 UTC, counted on without leap seconds as TAI does."""
    return epoch_of(GPS, Scale.TAI)
