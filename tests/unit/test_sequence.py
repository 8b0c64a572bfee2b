"""Sequence counts at their edges; the rest is in the property tests."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.sequence import COUNT_MODULO, RangeSet, runs_of, unwrap_near


@pytest.mark.parametrize(
    ("count", "expected", "unwrapped"),
    [
        (0, 0, 0),
        (16383, 16384, 16383),
        (0, 16384, 16384),
        (16383, 32768, 32767),
        # exactly half a turn away: the earlier one
        (8192, 16384, 8192),
        # before the first packet there is none: a late start is ahead, not behind
        (16383, 0, 16383),
        (8193, 0, 8193),
    ],
)
def test_a_count_is_unwrapped_to_the_nearest_turn(count: int, expected: int, unwrapped: int) -> None:
    assert unwrap_near(np.array([count]), expected).tolist() == [unwrapped]


def test_a_message_over_the_wrap_goes_on_counting() -> None:
    counts = np.arange(16380, 16390) % COUNT_MODULO
    assert unwrap_near(counts, 16380).tolist() == list(range(16380, 16390))
    assert unwrap_near(np.array([], dtype=np.int64), 7).tolist() == []


def test_a_range_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(ValueError, match="5 to 4"):
        RangeSet().add(5, 4)


def test_ranges_that_touch_become_one() -> None:
    assert list(RangeSet([(0, 1), (4, 5), (2, 3)])) == [(0, 5)]


def test_the_end_of_a_run_is_where_it_breaks_off() -> None:
    ranges = RangeSet([(0, 4), (8, 9)])
    assert [ranges.end_of_run(member) for member in (0, 4, 5, 8, 10)] == [4, 4, 4, 9, 9]


def test_sets_compare_by_members() -> None:
    assert RangeSet([(0, 3)]) == RangeSet([(2, 3), (0, 1)])
    assert RangeSet() != RangeSet([(0, 0)])
    assert RangeSet() != "nothing"


def test_runs_of_nothing_is_nothing() -> None:
    assert runs_of(np.array([], dtype=np.int64)) == []
