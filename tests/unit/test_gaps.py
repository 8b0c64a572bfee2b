"""Gaps are suspected, confirmed when the hold gives them up, and healed; told when they change, and not in a flood."""

from __future__ import annotations

import msgpack
import numpy as np

from processors.books.completeness import Completeness
from processors.books.gaps import MOST_TOLD, GapWatch

PERIOD_NS = 20_000_000
WHOSE = ("live", "F", "ship", "nav")
Told = list[tuple[int, int, str]]


class Line:
    """Books and what is told of their gaps; packet n is made at n periods."""

    def __init__(self) -> None:
        self.books = Completeness(50.0)
        self.watch = GapWatch(self.books)

    def bring(self, *spans: tuple[int, int], settled: int = -1) -> Told:
        for first, last in spans:
            self.books.accept(first % 16384, np.arange(first, last + 1) * PERIOD_NS, "a")
        return [(r.first, r.last, r.state) for r in self.watch.changes(WHOSE, 7, settled)]


def test_a_gap_is_told_when_its_state_changes_and_not_again() -> None:
    line = Line()
    assert line.bring((0, 9)) == []
    assert line.bring((15, 20)) == [(10, 14, "suspected")]
    assert line.bring((21, 30)) == []
    assert line.bring((31, 40), settled=40) == [(10, 14, "confirmed")]
    assert line.bring((41, 50), settled=50) == []
    assert line.bring((10, 14), settled=50) == [(10, 14, "healed")]
    assert line.bring((51, 60), settled=60) == []


def test_a_gap_that_heals_between_two_tellings_is_not_told() -> None:
    assert Line().bring((0, 9), (15, 20), (10, 14)) == []


def test_a_gap_that_shrinks_from_the_left_leaves_no_record_behind() -> None:
    line = Line()
    line.bring((0, 9), (20, 29), settled=29)
    assert line.bring((10, 12), settled=29) == [(10, 12, "healed"), (13, 19, "confirmed")]


def test_a_gap_that_shrinks_from_the_right_or_splits_is_told_anew() -> None:
    line = Line()
    line.bring((0, 9), (20, 29), settled=29)
    assert line.bring((18, 19), settled=29) == [(10, 17, "confirmed")]
    assert line.bring((14, 14), settled=29) == [(10, 13, "confirmed"), (15, 17, "confirmed")]


def test_a_gap_names_when_its_neighbours_were_made() -> None:
    line = Line()
    line.bring((0, 9), (15, 20))
    line.books.accept(30, np.array([30 * PERIOD_NS]), "a")
    (record,) = line.watch.changes(WHOSE, 9, 15)[1:]
    assert (record.first, record.last, record.state, record.as_of_ns) == (21, 29, "suspected", 9)
    assert (record.after_ns, record.before_ns) == (20 * PERIOD_NS, 30 * PERIOD_NS)
    assert record.identity == ("live", "F", "ship", "nav", "21")


def test_before_the_first_packet_there_is_a_gap_without_a_left_neighbour() -> None:
    line = Line()
    line.books.accept(5, np.array([5 * PERIOD_NS]), "a")
    (record,) = line.watch.changes(WHOSE, 9, 5)
    assert (record.first, record.last, record.after_ns, record.before_ns) == (0, 4, None, 5 * PERIOD_NS)


def test_what_a_reset_leaves_of_a_turn_is_no_gap() -> None:
    line = Line()
    line.bring((0, 100))
    line.books.accept(3, np.arange(200, 210) * PERIOD_NS, "a")
    assert line.bring() == [(16384, 16386, "suspected")]


def test_a_storm_is_told_so_many_a_time_and_all_in_the_end() -> None:
    line, told = Line(), list[tuple[int, int, str]]()
    storm = [(2 * i, 2 * i) for i in range(3 * MOST_TOLD)]
    told += line.bring(*storm)
    assert len(told) == MOST_TOLD
    assert line.watch.untold == 2 * MOST_TOLD - 1
    for _ in range(3):
        told += line.bring()
    assert line.watch.untold == 0
    assert told == [(2 * i + 1, 2 * i + 1, "suspected") for i in range(3 * MOST_TOLD - 1)]


def test_a_snapshot_changes_nothing() -> None:
    line, other = Line(), Line()
    line.bring((0, 9), (15, 20), (30, 40))
    line.bring(settled=20)
    other.books.restore(msgpack.unpackb(msgpack.packb(line.books.snapshot())))
    other.watch.restore(msgpack.unpackb(msgpack.packb(line.watch.snapshot())))
    assert other.bring((10, 14), settled=40) == [(10, 14, "healed"), (21, 29, "confirmed")]
