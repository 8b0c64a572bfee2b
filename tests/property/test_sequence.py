"""Counts unwrap to the nearest turn, and a RangeSet is a set."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from telemetry.sequence import COUNT_MODULO, RangeSet, runs_of, unwrap_near

RANGES = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.integers(0, 10**9), st.lists(st.integers(-8191, 8191), min_size=1, max_size=20))
def test_a_count_near_the_expected_one_unwraps_to_itself(expected: int, offsets: list[int]) -> None:
    true = np.maximum(np.array(offsets) + expected, 0)
    assert unwrap_near(true % COUNT_MODULO, expected).tolist() == true.tolist()


@given(st.integers(0, 10**9), st.integers(0, COUNT_MODULO - 1))
def test_an_unwrapped_count_is_congruent_and_nearest(expected: int, count: int) -> None:
    (unwrapped,) = unwrap_near(np.array([count]), expected).tolist()
    assert unwrapped % COUNT_MODULO == count
    assert unwrapped >= 0
    nearer = [u for u in (unwrapped - COUNT_MODULO, unwrapped + COUNT_MODULO) if u >= 0]
    assert all(abs(unwrapped - expected) <= abs(u - expected) for u in nearer)


@given(st.lists(st.integers(0, 30), max_size=30))
def test_runs_give_the_counts_back_in_order(counts: list[int]) -> None:
    runs = runs_of(np.array(counts, dtype=np.int64))
    assert [n for first, last in runs for n in range(first, last + 1)] == counts
    assert all(last + 1 != first for (_, last), (first, _) in itertools.pairwise(runs))


class RangeSetMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ranges = RangeSet()
        self.model: set[int] = set()

    @rule(bounds=RANGES)
    def add(self, bounds: tuple[int, int]) -> None:
        new = set(range(bounds[0], bounds[1] + 1)) - self.model
        assert self.ranges.add(*bounds) == len(new)
        self.model |= new

    @rule()
    def copy(self) -> None:
        copied = RangeSet(self.ranges)
        assert copied == self.ranges
        self.ranges = copied

    @invariant()
    def it_holds_what_was_added(self) -> None:
        assert {n for first, last in self.ranges for n in range(first, last + 1)} == self.model
        assert len(self.ranges) == len(self.model)
        assert [n in self.ranges for n in range(-2, 80)] == [n in self.model for n in range(-2, 80)]
        assert self.ranges.highest == max(self.model, default=-1)

    @invariant()
    def its_ranges_are_sorted_and_apart(self) -> None:
        bounds = list(self.ranges)
        assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(bounds))

    @invariant()
    def its_gaps_are_what_is_missing_between(self) -> None:
        gaps = {n for first, last in self.ranges.gaps() for n in range(first, last + 1)}
        inside = set(range(min(self.model), max(self.model))) if self.model else set()
        assert gaps == inside - self.model


TestRangeSet = RangeSetMachine.TestCase
