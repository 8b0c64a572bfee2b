"""Times that are written as people read a clock: 1:02:03.4, T+00:14, 2021-10-15 12:00:01. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_CLOCK: Final = re.compile(r"^(?:T\s*)?([+-]?)\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)$", re.IGNORECASE)
SIXTY: Final = 60
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """Return the seconds of a reading of a clock, h:min:s or min:s, with decimals and a sign; None if it is none.

    Examples
    --------
    >>> seconds_of("0:01:14.5"), seconds_of("T-00:10"), seconds_of("14.5"), seconds_of("0:75:00")
    (74.5, -10.0, None, None)
    """
    found = _CLOCK.match(text.strip())
    if found is None:
        return None
    minutes, seconds = int(found[3]), float(found[4].replace(",", "."))
    if seconds >= SIXTY or (found[2] is not None and minutes >= SIXTY):
        return None
    total = (int(found[2] or 0) * SIXTY + minutes) * SIXTY + seconds
    return -total if found[1] == "-" else total


def moment_us_of(text: str) -> int | None:
    """Return the microseconds since 1970 of a date and time (ISO 8601; UTC if it does not say); None if it is none.

    Examples
    --------
    >>> moment_us_of("1970-01-02 00:00:01.5"), moment_us_of("1970-01-01T01:00:00+01:00"), moment_us_of("20211015")
    (86401500000, 0, None)
    """
    plain = text.strip()
    if ":" not in plain or not plain[:4].isdigit():
        return None
    try:
        moment = datetime.fromisoformat(plain)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
