"""Laws of the histogram: its quantiles are near the true ones, and what is added up is what would have been counted."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import PacketError
from telemetry.histogram import MOST_US, RELATIVE_ERROR, US_PER_S, Histogram, bucket_of

# from a microsecond to weeks, as many short ones as long ones
times = st.integers(0, 41).flatmap(lambda bits: st.integers((1 << bits) >> 1, 1 << bits))
samples = st.lists(times, min_size=1, max_size=200)
shares = st.floats(0.0, 1.0)


def filled(times_us: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.add(times_us)
    return histogram


@given(times_us=samples, share=shares)
def test_a_quantile_is_wrong_by_no_more_than_the_bound(times_us: list[int], share: float) -> None:
    true_us = sorted(times_us)[max(ceil(share * len(times_us)), 1) - 1]
    found_us = filled(times_us).quantile_s(share) * US_PER_S
    assert abs(found_us - true_us) <= true_us * RELATIVE_ERROR + 1e-6


@given(times_us=samples, more=st.lists(shares, min_size=1, max_size=6))
def test_many_quantiles_at_once_are_those_asked_for_one_by_one(times_us: list[int], more: list[float]) -> None:
    histogram = filled(times_us)
    assert histogram.quantiles_s(sorted(more)) == [histogram.quantile_s(share) for share in sorted(more)]


@given(one=samples, other=samples)
def test_added_up_they_are_as_if_counted_together(one: list[int], other: list[int]) -> None:
    histogram = filled(one)
    histogram.merge(filled(other))
    assert histogram == filled([*one, *other]) == filled([*other, *one])
    assert (histogram.total, histogram.total_us) == (len(one) + len(other), sum(one) + sum(other))


@given(times_us=samples, cuts=st.lists(st.integers(0, 200), max_size=5))
def test_however_it_is_cut_into_batches(times_us: list[int], cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(times_us)]
    histogram = Histogram()
    for first, last in pairwise(bounds):
        histogram.add(times_us[first:last])
    assert histogram == filled(times_us)


@given(times_us=samples)
def test_it_comes_back_from_its_text(times_us: list[int]) -> None:
    histogram = filled(times_us)
    assert Histogram.from_text(histogram.text()) == histogram


@given(times_us=samples, bound_s=st.floats(0.0, 1e7))
def test_what_does_not_exceed_a_bound_is_counted_but_for_the_bucket_that_the_bound_cuts(
    times_us: list[int], bound_s: float
) -> None:
    (found,) = filled(times_us).counts_up_to([bound_s])
    surely = sum(time_us * (1 + 2 * RELATIVE_ERROR) < bound_s * US_PER_S for time_us in times_us)
    perhaps = sum(time_us * (1 - 2 * RELATIVE_ERROR) <= bound_s * US_PER_S for time_us in times_us)
    assert surely <= found <= perhaps


@given(a=times, b=times)
def test_buckets_are_in_order_of_time(a: int, b: int) -> None:
    assert (bucket_of(a) <= bucket_of(b)) or a > b


def test_memory_is_bounded_whatever_comes() -> None:
    assert bucket_of(MOST_US) == bucket_of(1 << 62) == 2367
    assert filled([-(1 << 62), 0, 1 << 62]) == filled([0, 0, MOST_US])


def test_nothing_counted_is_no_time() -> None:
    assert Histogram().quantiles_s([0.5, 0.99]) == [0.0, 0.0]
    assert Histogram.from_text(Histogram().text()) == Histogram()


@pytest.mark.parametrize("text", ["", "!", "gA==", "kAE=", "kwEB/w==", "k////w==", "oWE="])
def test_what_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(PacketError, match="not a histogram"):
        Histogram.from_text(text)
