"""TAI - UTC: the table is the IERS's, what happens in a leap second, and what is said when the table is out of date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from telemetry.leap_seconds import NS_PER_S, leap_seconds

NTP_TO_UNIX_S = 2_208_988_800
# the last of 2016, 23:59:60 UTC; TAI - UTC went from 36 s to 37 s
LEAP_UNIX_S = int(datetime(2017, 1, 1, tzinfo=UTC).timestamp())


def test_the_table_is_the_list_of_the_iers() -> None:
    listed = (Path(hypothesis.__file__).parent / "vendor" / "leap-seconds.txt").read_text(encoding="utf-8")
    rows = [line.split()[:2] for line in listed.splitlines() if line and not line.startswith("#")]
    table = leap_seconds()
    assert (table.from_unix_ns // NS_PER_S + NTP_TO_UNIX_S).tolist() == [int(start) for start, _ in rows]
    assert (table.offset_ns // NS_PER_S).tolist() == [int(offset) for _, offset in rows]


@pytest.mark.parametrize(
    ("when", "offset_s"),
    [
        ("1972-01-01T00:00:00+00:00", 10),
        ("1972-06-30T23:59:59+00:00", 10),
        ("1972-07-01T00:00:00+00:00", 11),
        ("1980-01-06T00:00:00+00:00", 19),
        ("2016-12-31T23:59:59+00:00", 36),
        ("2017-01-01T00:00:00+00:00", 37),
        ("2026-11-23T00:00:00+00:00", 37),
        # before there were leap seconds the first offset counts
        ("1960-01-01T00:00:00+00:00", 10),
    ],
)
def test_offsets_are_those_of_the_day(when: str, offset_s: int) -> None:
    unix_ns = int(datetime.fromisoformat(when).timestamp()) * NS_PER_S
    assert leap_seconds().offset_at(unix_ns) == offset_s * NS_PER_S
    assert leap_seconds().to_tai(np.array([unix_ns])).tolist() == [unix_ns + offset_s * NS_PER_S]
    assert leap_seconds().to_unix(np.array([unix_ns + offset_s * NS_PER_S])).tolist() == [unix_ns]


def test_unix_time_repeats_the_second_after_a_leap_second() -> None:
    tai_ns = (LEAP_UNIX_S + 35) * NS_PER_S + np.arange(0, 3 * NS_PER_S, NS_PER_S // 2)
    # 23:59:59.0, .5, the leap second 23:59:60.0, .5, and 00:00:00.0, .5
    unix_s = [LEAP_UNIX_S - 1, LEAP_UNIX_S - 0.5, LEAP_UNIX_S, LEAP_UNIX_S + 0.5, LEAP_UNIX_S, LEAP_UNIX_S + 0.5]
    assert (leap_seconds().to_unix(tai_ns) / NS_PER_S).tolist() == unix_s
    # and is converted back to the later of the two
    back_ns = leap_seconds().to_tai(np.array([LEAP_UNIX_S * NS_PER_S]))
    assert back_ns.tolist() == [(LEAP_UNIX_S + 37) * NS_PER_S]


def test_a_table_out_of_date_says_so_and_still_counts() -> None:
    table = leap_seconds()
    assert table.valid_until >= date(2027, 6, 28)
    end_ns = int(datetime.combine(table.valid_until, datetime.min.time(), UTC).timestamp()) * NS_PER_S
    assert table.warning(end_ns - 1) is None
    warning = table.warning(end_ns)
    assert warning is not None
    assert str(table.valid_until) in warning
    later_ns = np.array([end_ns + 10 * 365 * 86_400 * NS_PER_S])
    assert (table.to_tai(later_ns) - later_ns).tolist() == [37 * NS_PER_S]
