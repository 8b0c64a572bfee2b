"""Completeness against a slow, obvious model: whatever is lost, doubled, late or out of order, the books are right."""

from __future__ import annotations

import msgpack
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.books.completeness import MAX_GAPS, Completeness
from telemetry.sequence import COUNT_MODULO

RATE_HZ = 50.0
PERIOD_NS = 20_000_000
T0_NS = 1_800_000_000 * 10**9


def enter(books: Completeness, counts: list[int], t_ns: list[int]) -> list[int]:
    """Enter packets one by one; returns the unwrapped count of each."""
    return [books.accept(c % COUNT_MODULO, np.array([t]))[0] for c, t in zip(counts, t_ns, strict=True)]


def times(counts: list[int], rate_error: float = 0.0) -> list[int]:
    return [T0_NS + round(count * PERIOD_NS * (1.0 + rate_error)) for count in counts]


@st.composite
def arrivals(draw: st.DrawFn) -> list[int]:
    """Draw the true counts of packets in order of arrival: lost, doubled, and late by up to some hundreds."""
    order: list[int] = []
    count = 0
    for _ in range(draw(st.integers(1, 60))):
        count += draw(st.sampled_from([1, 1, 1, 1, 2, 3, 50, 5_000, 20_000, 40_000]))
        order.append(count)
        if draw(st.booleans()):
            order.append(max(0, count - draw(st.sampled_from([0, 1, 2, 7, 300, 17_000]))))
    return order


@given(order=arrivals(), rate_error=st.floats(-2e-3, 2e-3))
def test_counts_unwrap_to_what_they_were_through_outages_longer_than_a_turn(
    order: list[int], rate_error: float
) -> None:
    first_turn = [count - order[0] for count in order]
    order = [max(count, 0) for count in first_turn]
    books = Completeness(RATE_HZ)
    assert enter(books, order, times(order, rate_error)) == order
    assert (books.unique, books.duplicate) == (len(set(order)), len(order) - len(set(order)))
    assert books.missing == max(order) + 1 - len(set(order))


@given(order=arrivals(), shares=st.lists(st.integers(1, 9), max_size=20))
def test_entering_runs_at_once_is_entering_them_one_by_one(order: list[int], shares: list[int]) -> None:
    order = sorted({count - min(order) for count in order})
    runs = np.split(np.array(order), np.flatnonzero(np.diff(order) != 1) + 1)
    at_once, one_by_one = Completeness(RATE_HZ), Completeness(RATE_HZ)
    for run in runs:
        for part in np.array_split(run, min(len(shares) + 1, len(run))):
            at_once.accept(int(part[0]) % COUNT_MODULO, np.array(times(part.tolist())))
    enter(one_by_one, order, times(order))
    assert at_once.snapshot() == one_by_one.snapshot()


@given(order=arrivals(), cut=st.integers(0, 60))
def test_a_snapshot_changes_nothing(order: list[int], cut: int) -> None:
    order = [max(count - order[0], 0) for count in order]
    whole, before, after = Completeness(RATE_HZ), Completeness(RATE_HZ), Completeness(RATE_HZ)
    enter(whole, order, times(order))
    enter(before, order[:cut], times(order[:cut]))
    after.restore(msgpack.unpackb(msgpack.packb(before.snapshot())))
    enter(after, order[cut:], times(order[cut:]))
    assert after.snapshot() == whole.snapshot()


def test_a_count_that_starts_again_loses_and_doubles_nothing() -> None:
    books = Completeness(RATE_HZ)
    enter(books, list(range(100)), times(list(range(100))))
    enter(books, list(range(50)), times(list(range(200, 250))))
    assert (books.unique, books.duplicate) == (150, 0)


def test_a_pause_on_board_is_no_outage() -> None:
    books = Completeness(RATE_HZ)
    enter(books, [0, 1, 2], times([0, 1, 2]))
    enter(books, [3, 4], times([100_003, 100_004]))
    assert (books.unique, books.missing) == (5, 0)
    enter(books, [1, 2], times([1, 2]))
    assert books.duplicate == 2


def test_many_gaps_are_forgotten_from_the_oldest_and_stay_missing() -> None:
    books = Completeness(RATE_HZ)
    counts = list(range(0, 4 * MAX_GAPS, 2))
    enter(books, counts, times(counts))
    assert len(list(books.ranges)) <= MAX_GAPS + 1
    assert books.missing == len(counts) - 1
    enter(books, [1], times([1]))
    assert (books.unique, books.duplicate, books.missing) == (len(counts) + 1, 0, len(counts) - 2)
    enter(books, [counts[-1] - 1], times([counts[-1] - 1]))
    assert books.unique == len(counts) + 2
