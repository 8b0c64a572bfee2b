"""The hold: nothing waits for what cannot come any more, everything waits for what still may."""

from __future__ import annotations

import numpy as np
import pytest

from processors.books.completeness import Completeness
from processors.hold import MAX_HELD_ROWS, Hold
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

RATES_HZ = {"nav": 50.0, "health": 1.0}
T0_NS = 1_000 * NS_PER_S
HOLD_S = 2.0


class Line:
    """A hold, and messages brought into it; times count from T0_NS."""

    def __init__(self, rates_hz: dict[str, float] | None = None) -> None:
        self.books = {packet: Completeness(rate) for packet, rate in (rates_hz or RATES_HZ).items()}
        self.hold = Hold(self.books, round(HOLD_S * NS_PER_S))
        self.clock_ns = 0
        self.released: dict[str, list[int]] = {packet: [] for packet in self.books}

    def bring(self, station: str, ert_s: float, **counts: list[int]) -> dict[str, list[int]]:
        """Bring packets by type and count; returns the counts that are released."""
        ert_ns = T0_NS + round(ert_s * NS_PER_S)
        self.clock_ns = max(self.clock_ns, ert_ns)
        self.hold.on_clock(self.clock_ns)
        self.hold.begin(station, ert_ns, self.clock_ns)
        for packet, some in counts.items():
            count = np.array(some, dtype=np.int64)
            t_ns = T0_NS + np.rint(count * NS_PER_S / self.books[packet].rate_hz).astype(np.int64)
            self.hold.accept(station, Frame("ship", station, packet, 1, count % 16384, t_ns, ert_ns, {}))
        return self._out()

    def time_comes(self, ert_s: float) -> dict[str, list[int]]:
        self.clock_ns = max(self.clock_ns, T0_NS + round(ert_s * NS_PER_S))
        self.hold.on_clock(self.clock_ns)
        return self._out()

    def _out(self) -> dict[str, list[int]]:
        out = {frame.packet: frame.counts.tolist() for frame in self.hold.release()}
        for packet, counts in out.items():
            self.released[packet] += counts
        return out

    @property
    def late(self) -> int:
        return sum(passage.late for passage in self.hold.passages.values())


def span(first: int, stop: int) -> list[int]:
    return list(range(first, stop))


def started() -> Line:
    """Return a line on which both types and two stations have been heard for three seconds."""
    line = Line()
    for second in range(3):
        for station in ("a", "b"):
            line.bring(station, second + 1.0, nav=span(second * 50, second * 50 + 50), health=[second])
    assert line.released["nav"] == span(0, 146)
    return line


def test_what_is_complete_leaves_at_once() -> None:
    line = started()
    assert line.bring("a", 3.2, nav=span(150, 160), health=[3]) == {"nav": span(146, 160), "health": [3]}
    assert line.bring("a", 3.4, nav=span(160, 170)) == {"nav": span(160, 170)}


def test_rows_wait_for_the_other_packet_types_of_their_time() -> None:
    line = started()
    assert line.bring("a", 3.2, nav=span(150, 160)) == {}
    assert line.bring("b", 3.2, health=[3]) == {"nav": span(146, 160), "health": [3]}


def test_a_gap_waits_for_the_station_that_may_still_fill_it() -> None:
    line = started()
    line.bring("b", 3.1, nav=span(150, 151))
    assert line.bring("a", 3.2, nav=[*span(150, 153), *span(155, 160)], health=[3]) == {
        "nav": span(146, 153),
        "health": [3],
    }
    assert line.bring("b", 3.2, nav=span(151, 160)) == {"nav": span(153, 160)}
    assert line.late == 0


def test_a_gap_that_every_station_has_passed_is_given_up() -> None:
    line = started()
    line.bring("a", 3.2, nav=[*span(150, 153), *span(155, 160)], health=[3])
    assert line.bring("b", 3.2, nav=[*span(150, 153), *span(155, 160)]) == {"nav": span(155, 160)}


def test_a_gap_of_the_only_station_waits_for_nothing() -> None:
    line = Line()
    line.bring("a", 0.2, nav=span(0, 10), health=[0])
    assert line.bring("a", 0.4, nav=span(12, 20)) == {"nav": span(12, 20)}


def test_a_station_that_has_fallen_behind_by_the_hold_is_not_waited_for() -> None:
    line = started()
    line.bring("a", 3.2, nav=[*span(150, 153), *span(155, 160)], health=[3])
    assert line.bring("a", 4.9, nav=span(160, 245), health=[4]) == {}
    assert line.bring("a", 5.1, nav=span(245, 255), health=[5]) == {"nav": span(155, 255), "health": [4, 5]}
    line.bring("b", 3.3, nav=span(150, 165), health=[3])
    assert (line.late, line.books["nav"].missing) == (2, 0)


@pytest.mark.parametrize("bundle_s", [0.2, 1.0])
def test_a_lost_packet_of_a_slow_type_holds_the_others_for_no_longer_than_the_patience(bundle_s: float) -> None:
    line = Line()
    waited_s = 0.0
    step = round(bundle_s * 50)
    for first in range(0, 500, step):
        health = [at for at in range(10) if first <= at * 50 < first + step and at != 5]
        ert_s = (first + step) / 50
        line.bring("a", ert_s, nav=span(first, first + step), **({"health": health} if health else {}))
        waited_s = max(waited_s, ert_s - (max(line.released["nav"], default=0) + 1) / 50)
    assert waited_s <= 1.0 + bundle_s + 1e-6
    assert line.late == 0
    assert line.released["nav"] == span(0, 496)


def test_a_type_that_is_sent_no_more_holds_the_others_for_no_longer_than_the_patience() -> None:
    line = Line()
    for second in range(3):
        line.bring("a", second + 1.0, nav=span(second * 50, second * 50 + 50), health=[second])
    for tick in range(15, 50):
        line.bring("a", (tick + 1) / 5, nav=span(tick * 10, tick * 10 + 10))
        assert (tick * 10 + 9 - line.released["nav"][-1]) / 50 <= 1.0 + 0.2 + 1e-6


def test_a_long_bundle_in_several_messages_of_one_receive_time_is_not_late() -> None:
    line = Line()
    line.bring("a", 4.0, nav=span(0, 200))
    assert line.bring("a", 4.0, health=span(0, 4)) == {"nav": span(0, 196), "health": span(0, 4)}
    assert line.late == 0


def test_when_nothing_comes_any_more_nothing_waits() -> None:
    line = started()
    line.bring("b", 3.1, nav=span(150, 151))
    line.bring("a", 3.2, nav=[*span(150, 153), *span(155, 160)], health=[3])
    assert line.time_comes(5.1) == {}
    assert line.time_comes(5.3) == {"nav": span(155, 160)}


def test_a_type_that_the_vehicle_never_sends_is_waited_for_only_at_the_start() -> None:
    line = Line(RATES_HZ | {"cargo": 5.0})
    for second in range(6):
        line.bring("a", second + 1.0, nav=span(second * 50, second * 50 + 50), health=[second])
    assert line.bring("a", 6.2, nav=span(300, 310), health=[6]) == {"nav": span(296, 310), "health": [6]}


def test_a_backlog_in_its_order_is_not_late() -> None:
    line = Line()
    line.bring("a", 1.0, nav=span(0, 50), health=[0])
    line.time_comes(60.0)
    for second in range(1, 20):
        line.bring("a", second + 1.0, nav=span(second * 50, second * 50 + 50), health=[second])
    assert line.late == 0
    assert line.released["nav"] == span(0, 996)


def test_memory_is_bounded_whatever_does_not_come() -> None:
    line = Line()
    most = 0
    for second in range(200):
        line.bring("b", 1.0 + second / 1000, health=[0])
        line.bring("a", 1.0 + second / 1000, nav=span(second * 50, second * 50 + 50))
        most = max(most, sum(len(frame) for lane in line.hold._lanes.values() for frame in lane.held))
    assert most <= MAX_HELD_ROWS
    assert len(line.released["nav"]) > 200 * 50 - MAX_HELD_ROWS
