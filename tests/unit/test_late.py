"""The way back of late data: which holes are waited for, what is kept for them, and what a re-run tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from processors.books.completeness import Completeness
from processors.detector import Finding, Found, Source
from processors.late.rerun import revise
from processors.late.segment import Segment, Telling
from processors.late.way_back import LONGEST_WAIT_NS, MOST_OCTETS, QUIET_NS, WayBack
from processors.limits.alarms import Author
from processors.onboard_clock import OnboardClock
from processors.teller import Completed, Teller
from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.vocabulary import CargoEvent, FlightEvent

RATE_HZ = 10.0
AUTHOR = Author("meco")
STATE = b"what was known"
BY = Completed(900 * NS_PER_S, {})
MECO = Finding(FlightEvent.MECO.value, 100 * NS_PER_S, 0.5, {"speed_m_s": 2000.0})
SHOCK = Finding(CargoEvent.SHOCK.value, 100 * NS_PER_S, 0.1)


def rows(first: int, stop: int, octets: int = 8) -> Frame:
    """Return packets of ten a second, by count."""
    counts = np.arange(first, stop, dtype=np.int64)
    columns: dict[str, NDArray[Any]] = {"filling": np.zeros(len(counts), dtype=f"V{octets}")}
    return Frame("ship", "a", "nav", 1, counts, counts * NS_PER_S // 10, 0, columns)


class Vehicle:
    """A way back and what it is told."""

    def __init__(self) -> None:
        self.books = {"nav": Completeness(RATE_HZ)}
        self.way_back = WayBack(self.books, OnboardClock())
        self.asked = 0

    def sees(self, first: int, stop: int, octets: int = 8) -> Counter[str]:
        frame = rows(first, stop, octets)
        self.books["nav"].accept(first % 16384, frame.t_ns, "a")
        return self.way_back.pass_on([frame], self._state)

    def hears_late(self, first: int, stop: int, clock_s: float = 0.0, octets: int = 8) -> Counter[str]:
        frame = rows(first, stop, octets)
        self.books["nav"].accept(first % 16384, frame.t_ns, "a")
        return self.way_back.offer([frame], round(clock_s * NS_PER_S))

    def _state(self) -> bytes:
        self.asked += 1
        return STATE


def test_with_nothing_missing_nothing_is_kept() -> None:
    vehicle = Vehicle()
    for first in range(0, 1000, 10):
        vehicle.sees(first, first + 10)
    assert (vehicle.asked, vehicle.way_back.is_open) == (0, False)
    assert not vehicle.hears_late(20, 25)


def test_a_hole_is_filled_by_its_own_packets_only() -> None:
    vehicle = Vehicle()
    vehicle.sees(0, 10)
    vehicle.sees(60, 70)
    assert vehicle.asked == 1
    mad = replace(rows(20, 25), t_ns=rows(820, 825).t_ns)
    assert not vehicle.way_back.offer([mad], 0)
    assert vehicle.hears_late(5, 12) == {"nav": 2}
    assert vehicle.hears_late(12, 60) == {"nav": 48}
    segments, pending = vehicle.way_back.begin()
    assert (len(segments), pending) == (1, {"nav": 50})
    assert not vehicle.way_back.end()
    assert segments[0] not in vehicle.way_back.segments


def test_what_comes_before_the_hole_is_seen_to_be_one_is_kept_for_it() -> None:
    """A message may bring packets in the wrong order, and detectors wait for other packet types."""
    vehicle = Vehicle()
    vehicle.sees(0, 10)
    assert not vehicle.hears_late(10, 15)
    vehicle.sees(20, 30)
    assert vehicle.way_back.offer([], 0) == {"nav": 5}


def test_the_very_first_packets_may_be_overtaken_too() -> None:
    vehicle = Vehicle()
    vehicle.sees(300, 310)
    assert vehicle.hears_late(290, 300) == {"nav": 10}
    vehicle = Vehicle()
    for first in range(300, 500, 10):
        vehicle.sees(first, first + 10)
    assert not vehicle.hears_late(290, 300)


def test_a_re_run_waits_for_the_end_of_the_dump_but_not_for_ever() -> None:
    vehicle = Vehicle()
    vehicle.sees(0, 10)
    vehicle.sees(600, 610)
    vehicle.hears_late(10, 20, 70.0)
    start_ns = 70 * NS_PER_S
    assert not vehicle.way_back.is_due(start_ns + QUIET_NS - 1)
    assert vehicle.way_back.is_due(start_ns + QUIET_NS)
    for at in range(1, 10):
        vehicle.hears_late(10 + at * 10, 20 + at * 10, 70.0 + at)
        assert not vehicle.way_back.is_due(start_ns + at * NS_PER_S)
    assert vehicle.way_back.is_due(start_ns + LONGEST_WAIT_NS)


def test_a_hole_of_a_second_is_kept_for_seconds_and_a_long_one_for_minutes() -> None:
    for stop, kept_s in ((18, 15), (60, 20 * 60)):
        vehicle = Vehicle()
        vehicle.sees(0, 10)
        vehicle.sees(stop, stop + 10)
        at = stop + 10
        while at < stop + kept_s * 10 - 20:
            vehicle.sees(at, at + 10)
            at += 10
        assert vehicle.hears_late(12, 15) == {"nav": 3}
        vehicle.way_back.begin()
        vehicle.way_back.end()
        for first in range(at, at + 200, 10):
            vehicle.sees(first, first + 10)
        assert not vehicle.hears_late(15, 17)


def test_memory_is_bounded_and_what_is_given_up_is_late_again() -> None:
    vehicle, given_up = Vehicle(), Counter[str]()
    vehicle.sees(0, 10, 10_000)
    vehicle.sees(60, 70, 10_000)
    vehicle.hears_late(20, 30, octets=10_000)
    for first in range(70, 1200, 10):
        given_up += vehicle.sees(first, first + 10, 10_000)
        assert sum(segment.octets for segment in vehicle.way_back.segments) < MOST_OCTETS * 1.1
    assert given_up == {"nav": 10}
    assert not vehicle.way_back.is_pending
    assert not vehicle.way_back.is_open


def test_the_unused_rest_of_a_turn_is_no_hole() -> None:
    vehicle = Vehicle()
    vehicle.sees(0, 10)
    again = replace(rows(16384, 16394), t_ns=rows(10, 20).t_ns + NS_PER_S)
    vehicle.books["nav"].accept(0, again.t_ns, "a")
    assert vehicle.books["nav"].resets == 1
    vehicle.way_back.pass_on([again], lambda: STATE)
    assert not vehicle.way_back.is_open


class Story:
    """What was told of one stretch, run again as often as one likes."""

    def __init__(self, *told: Finding, before: tuple[Finding, ...] = ()) -> None:
        self.teller = Teller("live", "F")
        self.segment = Segment(1, 0, STATE)
        for finding in before:
            self.teller.event("ship", AUTHOR, finding, 0, {})
        for finding in told:
            was = self.teller.said("ship", finding.type, self.teller.ordinal_of("ship", finding))
            event = self.teller.event("ship", AUTHOR, finding, 0, {}, keep=True)
            if event is not None:
                self.segment.tellings.append(Telling(AUTHOR.name, finding, event.ordinal, was))

    def again(self, *found: Finding) -> list[tuple[str, int, int, str, float]]:
        """Run it again; returns type, ordinal, revision, status and time of what is told."""
        some: list[Found] = [(AUTHOR, finding) for finding in found]
        events = revise([self.segment], [some], self.teller, "ship", BY, _named)
        return [_short(event) for event in events]


def _named(name: str) -> Source | None:
    return AUTHOR if name == AUTHOR.name else None


def _short(event: Event) -> tuple[str, int, int, str, float]:
    return event.name, event.ordinal, event.revision, event.status, event.t_ns / NS_PER_S


def at(finding: Finding, t_s: float, **changes: Any) -> Finding:
    return replace(finding, t_ns=round(t_s * NS_PER_S), **changes)


def test_what_is_found_again_is_silent() -> None:
    story = Story(MECO)
    assert story.again(at(MECO, 100.04)) == []
    assert story.again(MECO) == []


def test_what_is_found_elsewhere_is_revised_and_what_is_not_found_is_retracted() -> None:
    story = Story(MECO, SHOCK)
    assert story.again(at(MECO, 101.0)) == [("shock", 0, 1, "retracted", 100.0), ("meco", 0, 1, "confirmed", 101.0)]
    assert story.again(at(MECO, 101.0)) == []
    assert story.again(at(MECO, 101.0), SHOCK) == [("shock", 0, 2, "confirmed", 100.0)]


def test_what_is_new_gets_the_next_ordinal_and_the_nearest_are_the_same() -> None:
    story = Story(at(SHOCK, 100.0), at(SHOCK, 200.0))
    assert story.again(at(SHOCK, 50.0), at(SHOCK, 100.5), at(SHOCK, 200.0)) == [
        ("shock", 2, 0, "confirmed", 50.0),
        ("shock", 0, 1, "confirmed", 100.5),
    ]
    assert story.again(at(SHOCK, 50.0), at(SHOCK, 200.0)) == [("shock", 0, 2, "retracted", 100.5)]


def test_only_the_last_word_of_a_re_run_is_told() -> None:
    first = at(MECO, 100.0, status="provisional", occurrence=1)
    story = Story(first)
    assert story.again(first, at(first, 103.0), at(first, 104.0, status="confirmed")) == [
        ("meco", 0, 1, "confirmed", 104.0)
    ]
    assert story.again(first, at(first, 104.0, status="retracted")) == [("meco", 0, 2, "retracted", 104.0)]


def test_the_number_of_a_happening_may_mean_another_one_after_a_re_run() -> None:
    wrong, right = at(MECO, 50.0, occurrence=1), at(MECO, 100.0, occurrence=2)
    story = Story(wrong, right)
    assert story.again(replace(right, occurrence=1)) == [("meco", 0, 1, "retracted", 50.0)]
    later = story.teller.event("ship", AUTHOR, at(MECO, 100.9, occurrence=1), 0, {}, keep=True)
    assert later is not None
    assert _short(later) == ("meco", 1, 1, "confirmed", 100.9)


def test_what_was_told_before_the_stretch_is_as_it_was_then_unless_it_is_found_otherwise() -> None:
    first = at(MECO, 100.0, status="provisional", occurrence=1)
    story = Story(at(first, 105.0, status="confirmed"), before=(first,))
    assert story.again() == [("meco", 0, 2, "provisional", 100.0)]
    assert story.again(at(first, 101.0, status="confirmed")) == [("meco", 0, 3, "confirmed", 101.0)]
    assert story.again(at(first, 101.0, status="confirmed")) == []
