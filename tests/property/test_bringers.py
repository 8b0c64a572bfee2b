"""Who brought what, against sets of counts: twice, first, and by one station only."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from processors.books.bringers import Bringers, Brought

bundles = st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(0, 12))
arrivals = st.lists(bundles, max_size=40)


@given(arrivals=arrivals, cut=st.integers(0, 40))
def test_every_packet_is_counted_where_it_belongs(arrivals: list[tuple[str, int, int]], cut: int) -> None:
    bringers = Bringers()
    had: dict[str, set[int]] = {}
    packets, firsts = Counter[str](), Counter[str]()
    for number, (station, first, more) in enumerate(arrivals):
        counts = set(range(first, first + more + 1))
        mine = had.setdefault(station, set())
        anybody = set().union(*had.values())
        packets[station] += len(counts)
        firsts[station] += len(counts - anybody)
        assert bringers.add(station, first, first + more) == len(counts - mine)
        mine |= counts
        if number == cut:
            snapshot = bringers.snapshot()
            bringers = Bringers()
            bringers.restore(snapshot)
    for station, mine in had.items():
        others = set().union(*(theirs for name, theirs in had.items() if name != station))
        assert bringers.brought[station] == Brought(packets[station], firsts[station], len(mine - others))


@given(arrivals=st.lists(bundles, min_size=1, max_size=40))
def test_what_came_first_adds_up_to_what_is_unique(arrivals: list[tuple[str, int, int]]) -> None:
    bringers, unique = Bringers(), set[int]()
    for station, first, more in arrivals:
        bringers.add(station, first, first + more)
        unique |= set(range(first, first + more + 1))
    assert sum(each.first for each in bringers.brought.values()) == len(unique)
