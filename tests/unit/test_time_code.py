"""Time codes as a dictionary names them: codes and P-fields that others publish, and every mistake with its remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from telemetry.epochs import NO_TIME_NS
from telemetry.leap_seconds import NS_PER_S, leap_seconds
from telemetry.time_code import TimeCode

MS_NS = 10**6


def unix_ns(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()) * NS_PER_S + int(fraction.ljust(9, "0"))


AGENCY = "2020-01-01T00:00:00Z"
# J2000.0, 2000-01-01T12:00:00 TT, as an instant of UTC
J2000 = "2000-01-01T11:58:55.816Z"
UNSEGMENTED = {"coarse_octets": 4, "fine_octets": 3}
DAYS = {"code": "cds", "day_octets": 2}

# P-field and time as in CCSDS 301.0-B-4; instants and octets as in Orekit's AbsoluteDateTest (testCCSDSUnsegmented...,
# testCCSDSDaySegmented), whose last vector was counted with the same 37 leap seconds
VECTORS: list[tuple[dict[str, Any], str, str]] = [
    ({"epoch": "tai", **UNSEGMENTED}, "2002-05-23T12:34:56.789", "1f 537f4090 c9fbe7"),
    ({"epoch": J2000, "scale": "tai", **UNSEGMENTED}, "2002-05-23T12:34:56.789", "2f 047ef5f0 f91687"),
    (
        {"epoch": "tai", "coarse_octets": 5, "fine_octets": 6},
        "2095-03-03T22:02:45.789012346",
        "9f2c 010203042a c9fcb68cd4c4",
    ),
    ({"epoch": "tai", "submillisecond": "ps", **DAYS}, "2002-05-23T12:34:56.789012346", "42 3f55 02b32c95 00bc614e"),
    (
        {"epoch": "2000-01-01T00:00:00Z", "submillisecond": "ps", **DAYS},
        "2002-05-23T12:34:56.789012346",
        "4a 0369 02b32c95 00bc614e",
    ),
    (
        {"epoch": "2000-01-01T00:00:00Z", "submillisecond": "us", **DAYS},
        "2002-05-23T12:34:56.789012",
        "49 0369 02b32c95 000c",
    ),
    # the epochs themselves: 1958-01-01T00:00:00 TAI is 10 s before the UTC that counts back from 1972
    ({"epoch": "tai", "coarse_octets": 4, "fine_octets": 2}, "1957-12-31T23:59:50.0", "1e 00000000 0000"),
    ({"epoch": "gps", "coarse_octets": 4, "fine_octets": 2}, "1980-01-06T00:00:00.0", "2e 00000000 0000"),
    ({"epoch": AGENCY, "coarse_octets": 4, "fine_octets": 2}, "2020-01-01T00:00:00.0", "2e 00000000 0000"),
    ({"epoch": "tai", **DAYS}, "1958-01-01T00:00:00.0", "40 0000 00000000"),
    ({"epoch": "gps", **DAYS}, "1980-01-06T00:00:00.0", "48 0000 00000000"),
    # GPS time was 18 s ahead of UTC from 2017 on: GPS week 2000 began at 1,209,600,000 s, 18 s before midnight of UTC
    ({"epoch": "gps", "coarse_octets": 4, "fine_octets": 0}, "2018-05-05T23:59:42.0", "2c 48190800"),
    # an agency's epoch counts 86,400 s a day, unless its scale is TAI's
    ({"epoch": "2016-12-31T00:00:00Z", "coarse_octets": 4, "fine_octets": 0}, "2017-01-01T00:00:00.0", "2c 00015180"),
    (
        {"epoch": "2016-12-31T00:00:00Z", "scale": "tai", "coarse_octets": 4, "fine_octets": 0},
        "2017-01-01T00:00:00.0",
        "2c 00015181",
    ),
    # the widest of all, and the narrowest
    (
        {"epoch": "tai", "coarse_octets": 7, "fine_octets": 10},
        "1957-12-31T23:59:50.5",
        "9f7c" + 7 * "00" + "80" + 9 * "00",
    ),
    ({"epoch": AGENCY, "coarse_octets": 1, "fine_octets": 0}, "2020-01-01T00:04:15.0", "20 ff"),
    ({"epoch": "tai", "day_octets": 3, "code": "cds"}, "1958-01-02T00:00:00.001", "44 000001 00000001"),
]


@pytest.mark.parametrize(("code", "when", "octets"), VECTORS)
def test_codes_and_preambles_are_the_standards(code: dict[str, Any], when: str, octets: str) -> None:
    known, t_ns = bytes.fromhex(octets), unix_ns(when)
    with_preamble, without = TimeCode(preamble=True, **code), TimeCode(**code)
    preamble = with_preamble.p_field
    assert known.startswith(preamble)
    assert (with_preamble.octets, without.octets) == (len(known), len(known) - len(preamble))
    for time, field in ((with_preamble, known), (without, known[len(preamble) :])):
        rows = np.frombuffer(field, dtype=np.uint8).reshape(1, -1)
        # what was published as a decimal fraction lies within half a unit of the code
        assert abs(int(time.decode(rows)[0]) - t_ns) <= (30 if code.get("fine_octets") == 3 else 0)
        assert time.fault(field) is None
        # codes finer than a nanosecond say more than a time here can: the first nine digits come back
        exact = not {"ps", 6} & {code.get("submillisecond"), code.get("fine_octets")}
        assert not exact or time.encode(np.array([t_ns])).tobytes() == field
        assert time.decode(time.encode(np.array([t_ns]))).tolist() == time.decode(rows).tolist()


def test_a_vehicle_with_another_preamble_is_not_believed() -> None:
    time = TimeCode(epoch="tai", coarse_octets=4, fine_octets=2, preamble=True)
    good = time.encode(np.array([unix_ns("2026-11-23T00:00:00.5")] * 3))
    rows = good.copy()
    rows[1, 0] = 0x2E
    t_ns = time.decode(rows)
    assert t_ns[1] == NO_TIME_NS
    assert t_ns[[0, 2]].tolist() == time.decode(good)[[0, 2]].tolist()
    assert time.fault(rows[1].tobytes()) == "the P-field is 0x2e, the dictionary says 0x1e"


@pytest.mark.parametrize(
    ("submillisecond", "octets", "good"),
    [
        ("none", "0001 05265bff", True),
        ("none", "0001 05265fe7", True),
        ("none", "0001 05265fe8", False),
        ("none", "ffff 05265bff", True),
        ("us", "0001 00000000 03e7", True),
        ("us", "0001 00000000 03e8", False),
        ("ps", "0001 00000000 3b9ac9ff", True),
        ("ps", "0001 00000000 3b9aca00", False),
    ],
)
def test_milliseconds_past_the_day_are_no_time(submillisecond: str, octets: str, good: bool) -> None:
    time = TimeCode.model_validate({"epoch": "tai", "submillisecond": submillisecond, **DAYS})
    field = bytes.fromhex(octets)
    t_ns = time.decode(np.frombuffer(field, dtype=np.uint8).reshape(1, -1))
    assert (t_ns[0] != NO_TIME_NS) == good
    assert (time.fault(field) is None) == good


def test_the_leap_second_of_a_day_segmented_code_is_the_next_days_first() -> None:
    time = TimeCode.model_validate({"epoch": "2016-12-31T00:00:00Z", "submillisecond": "us", **DAYS})
    leap = bytes.fromhex("0000 05265dF4 0001")
    after = bytes.fromhex("0001 000001F4 0001")
    rows = np.frombuffer(leap + after, dtype=np.uint8).reshape(2, -1)
    assert time.decode(rows).tolist() == [unix_ns("2017-01-01T00:00:00.500001")] * 2
    assert time.encode(time.decode(rows)).tobytes() == after * 2


def test_a_time_that_int64_nanoseconds_cannot_say_is_none() -> None:
    wide = TimeCode(epoch="tai", coarse_octets=7, fine_octets=1)
    far = bytes.fromhex("00000400000000 00")
    assert wide.decode(np.frombuffer(far, dtype=np.uint8).reshape(1, -1)).tolist() == [NO_TIME_NS]
    assert wide.fault(far) == "0x0000040000000000 is no cuc code of a time before the year 2262"
    days = TimeCode(code="cds", epoch="tai", day_octets=3)
    assert days.decode(np.array([[255, 255, 255, 0, 0, 0, 0]], dtype=np.uint8)).tolist() == [NO_TIME_NS]


@pytest.mark.parametrize(
    "code",
    [
        {"epoch": AGENCY, **UNSEGMENTED},
        {"epoch": "tai", **UNSEGMENTED},
        {"epoch": "tai", "coarse_octets": 7, "fine_octets": 10},
        {"epoch": "tai", **DAYS},
        {"epoch": "tai", "code": "cds", "day_octets": 3, "submillisecond": "ps"},
    ],
)
def test_a_time_outside_the_code_is_an_error(code: dict[str, Any]) -> None:
    time = TimeCode.model_validate(code)
    first, last = time.epoch_ns, time.last_ns
    assert time.decode(time.encode(np.array([first, last]))).tolist() == [first, last]
    with pytest.raises(ValueError, match="a time lies"):
        time.encode(np.array([first, first - NS_PER_S]))
    if last < unix_ns("2261-01-01T00:00:00.0"):
        with pytest.raises(ValueError, match="a time lies outside what"):
            time.encode(np.array([last + 2 * NS_PER_S]))


@pytest.mark.parametrize("over_ns", [0, 1])
def test_nothing_is_rounded_up_by_a_unit(over_ns: int) -> None:
    t_ns = np.array([unix_ns("2026-12-31T23:59:59.9995") - 1 + over_ns])
    time = TimeCode(code="cds", epoch="tai", day_octets=2)
    came = time.decode(time.encode(t_ns))
    # half a millisecond before midnight: the nearest millisecond is this day's last or the next day's first
    assert came.tolist() == [unix_ns("2026-12-31T23:59:59.999") + over_ns * MS_NS]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"epoch": "tomorrow", **UNSEGMENTED}, "write tai, gps or a date-time with its zone"),
        ({"epoch": "2020-01-01T00:00:00", **UNSEGMENTED}, "timezone"),
        ({"epoch": "1066-10-14T00:00:00Z", **UNSEGMENTED}, "the year is none of 1678 to 2261"),
        ({"epoch": None, **UNSEGMENTED}, "write tai, gps or a date-time"),
        ({"epoch": "tai", "coarse_octets": 4}, "a cuc code needs fine_octets; add it"),
        ({"epoch": "tai", "coarse_octets": 8, "fine_octets": 0}, "less than or equal to 7"),
        ({"epoch": "tai", "coarse_octets": 1, "fine_octets": 11}, "less than or equal to 10"),
        ({"epoch": "tai", "day_octets": 2, **UNSEGMENTED}, "a cuc code has no day_octets"),
        ({"epoch": "tai", "code": "cds"}, "a cds code needs day_octets; add it"),
        ({"epoch": "tai", "code": "cds", "day_octets": 4}, "less than or equal to 3"),
        ({"epoch": "tai", "fine_octets": 0, **DAYS}, "a cds code has no fine_octets"),
        ({"epoch": "tai", "scale": "tai", **DAYS}, "a cds code is UTC-based; remove scale"),
        ({"epoch": J2000, **DAYS}, "begin at midnight UTC"),
        ({"epoch": "gps", "scale": "utc", **UNSEGMENTED}, "epoch gps counts as TAI does; remove scale"),
        ({"epoch": "1970-01-01T00:00:00Z", "scale": "tai", **UNSEGMENTED}, "choose a later epoch, or epoch tai"),
        ({"epoch": "tai", "code": "ccs"}, "'cuc' or 'cds'"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TimeCode.model_validate(given)
    assert words in str(caught.value)


def test_who_checks_times_by_their_octets_decodes_them_where_a_leap_second_lies_between() -> None:
    time = TimeCode(epoch="tai", **UNSEGMENTED)
    before, after = unix_ns("2016-12-31T23:00:00.0"), unix_ns("2017-01-01T00:00:00.0")
    assert time.bounds(before, after) is None
    assert time.bounds(after, after + NS_PER_S) is not None
    assert TimeCode.model_validate({"epoch": AGENCY, **UNSEGMENTED}).bounds(before, before + NS_PER_S) is None
    assert TimeCode.model_validate({"epoch": "tai", **DAYS}).bounds(after, after + NS_PER_S) is None


def test_only_who_counts_leap_seconds_is_warned_of_an_old_table() -> None:
    late_ns = unix_ns("2100-01-01T00:00:00.0")
    assert TimeCode(epoch="gps", **UNSEGMENTED).warning(late_ns) == leap_seconds().warning(late_ns)
    assert TimeCode.model_validate({"epoch": AGENCY, **UNSEGMENTED}).warning(late_ns) is None
    assert TimeCode.model_validate({"epoch": "tai", **DAYS}).warning(late_ns) is None


def test_what_a_time_code_is_made_of_makes_it_again() -> None:
    for code, _, _ in VECTORS:
        time = TimeCode(**code)
        assert TimeCode.model_validate(time.model_dump(mode="json", exclude_unset=True)) == time
