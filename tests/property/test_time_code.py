"""Any time code: what it says is right to half a unit, what it reads is right to half a nanosecond; nothing raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from spacepackets.ccsds.time import CdsShortTimestamp  # type: ignore[import-untyped]  # it publishes no types

from telemetry.epochs import NO_TIME_NS
from telemetry.leap_seconds import LAST_NS, NS_PER_S, leap_seconds
from telemetry.time_code import CodeName, TimeCode

DAY_MS = 86_400_000
EPOCHS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"epoch": "tai"}),
    st.just({"epoch": "gps"}),
    st.datetimes(datetime(1972, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).flatmap(  # noqa: DTZ001 -- the strategy adds the zone
        lambda when: st.sampled_from([{"epoch": when}, {"epoch": when, "scale": "tai"}])
    ),
)
MIDNIGHTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from([{"epoch": "tai"}, {"epoch": "gps"}]),
    st.integers(-10_000, 50_000).map(lambda days: {"epoch": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days)}),
)


@st.composite
def time_codes(draw: st.DrawFn) -> TimeCode:
    given: dict[str, Any] = {"preamble": draw(st.booleans())}
    if draw(st.booleans()):
        widths = {"coarse_octets": draw(st.integers(1, 7)), "fine_octets": draw(st.integers(0, 10))}
        return TimeCode(**given, **widths, **draw(EPOCHS))
    given |= {"day_octets": draw(st.integers(2, 3)), "submillisecond": draw(st.sampled_from(["none", "us", "ps"]))}
    return TimeCode(code=CodeName.CDS, **given, **draw(MIDNIGHTS))


def unit_ns(time: TimeCode) -> Fraction:
    if time.code is CodeName.CDS:
        return {0: Fraction(10**6), 2: Fraction(1000), 4: Fraction(1, 1000)}[time.submillisecond.octets]
    return Fraction(NS_PER_S, 256**time.fine_octets)


def near_leaps() -> st.SearchStrategy[int]:
    """Return times of a few seconds around a leap second, where a conversion is most likely to be wrong."""
    starts = leap_seconds().from_unix_ns.tolist()
    return st.builds(
        lambda start, ns: int(start + ns), st.sampled_from(starts), st.integers(-3 * NS_PER_S, 3 * NS_PER_S)
    )


@given(time_codes(), st.data())
def test_a_time_comes_back_within_half_a_unit(time: TimeCode, data: st.DataObject) -> None:
    t_ns = data.draw(st.one_of(st.integers(time.epoch_ns, time.last_ns), near_leaps()))
    assume(time.epoch_ns <= t_ns <= time.last_ns)
    octets = time.encode(np.array([t_ns]))
    assert octets.shape == (1, time.octets)
    came = int(time.decode(octets)[0])
    error_ns = abs(came - t_ns)
    # a time just before a leap second may be nearest to a unit in it, which Unix time counts as the second after it
    nearest = min(error_ns, abs(error_ns - NS_PER_S)) if time.zero.leap else error_ns
    assert nearest <= unit_ns(time) / 2 + Fraction(1, 2)


@given(time_codes(), st.data())
def test_what_was_read_is_written_as_it_was(time: TimeCode, data: st.DataObject) -> None:
    code = data.draw(st.binary(min_size=time.octets, max_size=time.octets))
    if data.draw(st.booleans()) and time.preamble:
        code = time.p_field + code[len(time.p_field) :]
    octets = np.frombuffer(code, dtype=np.uint8).reshape(1, -1)
    t_ns = time.decode(octets)
    assert (t_ns[0] == NO_TIME_NS) == (time.fault(code) is not None)
    assume(t_ns[0] != NO_TIME_NS)
    assert abs(int(t_ns[0])) <= LAST_NS
    # the very last nanosecond and the last day's leap second are read as what the code itself cannot say
    assume(time.epoch_ns <= t_ns[0] <= time.last_ns)
    again = time.encode(t_ns)
    assert time.decode(again).tolist() == t_ns.tolist()
    # exact, but for codes that say more than nanoseconds, and for a leap second, whose Unix time is the next one's too
    leap = int.from_bytes(code[-4 - time.submillisecond.octets :][:4], "big") >= DAY_MS
    if unit_ns(time) >= 1 and not (leap if time.code is CodeName.CDS else time.zero.leap):
        assert again.tobytes() == code


@given(time_codes(), st.data())
def test_an_unsegmented_code_is_read_as_exact_arithmetic_reads_it(time: TimeCode, data: st.DataObject) -> None:
    assume(time.code is CodeName.CUC)
    units = data.draw(st.integers(0, 256 ** (time.coarse_octets + time.fine_octets) - 1))
    head = time.p_field if time.preamble else b""
    code = head + units.to_bytes(time.coarse_octets + time.fine_octets, "big")
    scale_ns = time.zero.at_ns + (units * unit_ns(time) + Fraction(1, 2)).__floor__()
    came = int(time.decode(np.frombuffer(code, dtype=np.uint8).reshape(1, -1))[0])
    if scale_ns > LAST_NS + NS_PER_S:
        assert came == NO_TIME_NS
    elif scale_ns <= LAST_NS - NS_PER_S:
        assert came == int(time.zero.to_unix(np.array([scale_ns]))[0])


@given(time_codes(), st.data())
def test_an_unsegmented_code_is_written_as_exact_arithmetic_writes_it(time: TimeCode, data: st.DataObject) -> None:
    assume(time.code is CodeName.CUC)
    t_ns = data.draw(st.integers(time.epoch_ns, time.last_ns))
    since_ns = int(time.zero.from_unix(np.array([t_ns]))[0]) - time.zero.at_ns
    units = (since_ns / unit_ns(time) + Fraction(1, 2)).__floor__()
    head = time.p_field if time.preamble else b""
    expected = head + units.to_bytes(time.coarse_octets + time.fine_octets, "big")
    assert time.encode(np.array([t_ns])).tobytes() == expected


@given(time_codes(), st.data())
def test_bounds_hold_only_codes_of_times_between_them(time: TimeCode, data: st.DataObject) -> None:
    first = data.draw(st.one_of(st.integers(time.epoch_ns, time.last_ns), near_leaps()))
    last = first + data.draw(st.integers(0, 10 * 86_400 * NS_PER_S))
    found = time.bounds(first, last)
    assume(found is not None)
    assert found is not None
    low, high = (int.from_bytes(code, "big") for code in found)
    within = data.draw(st.integers(low, high)).to_bytes(time.octets, "big")
    for code in (*found, within):
        t_ns = int(time.decode(np.frombuffer(code, dtype=np.uint8).reshape(1, -1))[0])
        assert first <= t_ns <= last
    # and a UTC-based one misses none
    if time.zero.leap is None and low > int.from_bytes(time.p_field if time.preamble else b"", "big") << 8 * (
        time.coarse_octets + time.fine_octets
    ):
        before = np.frombuffer((low - 1).to_bytes(time.octets, "big"), dtype=np.uint8).reshape(1, -1)
        assert time.decode(before)[0] < first


@given(st.integers(0, 65_535), st.integers(0, DAY_MS - 1))
def test_days_and_milliseconds_are_those_of_spacepackets(days: int, ms: int) -> None:
    time = TimeCode(code=CodeName.CDS, epoch="tai", day_octets=2, preamble=True)
    theirs = CdsShortTimestamp(days, ms, init_dt_unix_stamp=False).pack()
    t_ns = time.decode(np.frombuffer(theirs, dtype=np.uint8).reshape(1, -1))
    assert t_ns.tolist() == [((days - 4383) * DAY_MS + ms) * 10**6]
    assert time.encode(t_ns).tobytes() == theirs
    again = CdsShortTimestamp.unpack(time.encode(t_ns).tobytes())
    assert (again.ccsds_days, again.ms_of_day) == (days, ms)


@given(st.datetimes(datetime(1958, 1, 1), datetime(2137, 6, 6)))  # noqa: DTZ001 -- UTC is added below
def test_a_date_is_that_of_spacepackets(when: datetime) -> None:
    when = when.replace(microsecond=when.microsecond // 1000 * 1000, tzinfo=UTC)
    days, rest = divmod(when - datetime(1958, 1, 1, tzinfo=UTC), timedelta(days=1))
    theirs = CdsShortTimestamp(days, rest // timedelta(milliseconds=1), init_dt_unix_stamp=False)
    time = TimeCode(code=CodeName.CDS, epoch="tai", day_octets=2, preamble=True)
    t_ns = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert time.encode(np.array([t_ns])).tobytes() == theirs.pack()
