"""The bounded hold: puts one vehicle's packets in order of time and says when detectors may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from processors.books.completeness import Completeness
from processors.books.ledger import Passage
from processors.frames import join_frames, margin_ns, pack_frame, pieces_of, unpack_frame, with_counts
from processors.lane import NEVER, Hearing, Lane
from processors.onboard_clock import OnboardClock
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

FOREVER: Final = 1 << 62
MAX_HELD_ROWS: Final = 2_048


class Hold:
    """Reorders the packets of one vehicle, in the data's own time.

    A station sends in order. So a missing packet is waited for only until every station that hears the vehicle has
    brought a later one of its type; and a whole packet type that stays behind only until each of them has brought,
    in an earlier message, packets of any type made `patience_ns` later. A station that is `hold_ns` behind the
    latest is not waited for. With nothing missing nothing waits, and nothing waits much longer than the hold.

    Rows leave all together up to a time, and none of before that time follows: what comes then is late. How the
    flight is cut into messages makes no difference while each row keeps its receive time, since nothing here asks
    where a message ends.

    Parameters
    ----------
    books
        Completeness of every packet type that the vehicle may send.
    hold_ns, patience_ns
        As above. Patience must be longer than a station gathers packets of one type before it sends them.

    `released_ns` is up to where rows may leave. All times but those of `books` go on when the clock on board is set
    back (`clock`).
    """

    def __init__(
        self, books: Mapping[str, Completeness], hold_ns: int = 2 * NS_PER_S, patience_ns: int = NS_PER_S
    ) -> None:
        self.hold_ns = hold_ns
        self.patience_ns = patience_ns
        self._alone = len(books) == 1
        self._lanes: dict[str, Lane] = {}
        for packet, one in books.items():
            self.add(packet, one)
        self._stations: dict[str, Hearing] = {}
        self._waited_for: list[str] = []
        self.released_ns = NEVER
        self.clock = OnboardClock()
        self._first_ert_ns = NEVER
        self._clock_ns = NEVER
        self._held_rows = 0
        self._late: list[Frame] = []

    def add(self, packet: str, books: Completeness) -> None:
        """Let packets of one more type through."""
        self._lanes[packet] = Lane(books, 0 if self._alone else margin_ns(books.rate_hz))

    def has(self, packet: str) -> bool:
        """Whether packets of a type are let through."""
        return packet in self._lanes

    def begin(self, station: str, ert_ns: int, clock_ns: int) -> None:
        """Open a message: who sent it and when it was received; `clock_ns` is the latest receive time of the flight."""
        if self._first_ert_ns == NEVER:
            self._first_ert_ns = ert_ns
        self._clock_ns = clock_ns
        hearing = self._stations.setdefault(station, Hearing())
        if ert_ns != hearing.message_ert_ns:
            hearing.message_ert_ns, hearing.before_ns = ert_ns, hearing.now_ns
        hearing.ert_ns = max(hearing.ert_ns, ert_ns)
        oldest_ns = clock_ns - self.hold_ns
        self._waited_for = [name for name, h in self._stations.items() if name == station or h.ert_ns >= oldest_ns]
        if self._held_rows:
            self._settle_until(min([self._stations[name].before_ns for name in self._waited_for]) - self.patience_ns)
            for lane in self._lanes.values():
                self._settle(lane)
            self._advance()

    def accept(self, station: str, frame: Frame) -> None:
        """Take the rows of one packet type of the open message, 14-bit counts as received."""
        lane = self._lanes[frame.packet]
        hearing = self._stations[station]
        for piece in pieces_of(frame, lane.margin_ns):
            first, fresh = lane.books.accept(int(piece.counts[0]), piece.t_ns, station)
            last = first + len(piece) - 1
            rows = self.clock.onward(frame.packet, lane.books.rate_hz, first, piece, self.released_ns)
            if fresh is None:
                self._hold(lane, with_counts(rows, np.arange(first, last + 1)))
            elif np.count_nonzero(fresh):
                self._hold(lane, with_counts(rows, np.arange(first, last + 1)).select(fresh))
            hearing.now_ns = max(hearing.now_ns, int(rows.t_ns[-1]))
            lane.passed[station] = max(lane.passed.get(station, -1), last)
            self._settle(lane)
            self._advance()
            if self._held_rows > MAX_HELD_ROWS:
                self._settle_until(FOREVER)

    def on_clock(self, clock_ns: int) -> bool:
        """Take note of the flight's latest receive time; returns whether that lets rows go.

        When nothing has come for the hold, nothing is waited for.
        """
        if clock_ns - self._clock_ns <= self.hold_ns:
            return False
        held = self._held_rows > 0
        if held:
            self._settle_until(FOREVER)
        for lane in self._lanes.values():
            lane.settled = max(lane.settled, lane.books.highest)
        return held

    def release(self) -> tuple[Frame, ...]:
        """Return and forget the rows that detectors may see: one frame a packet type, by time, counts unwrapped."""
        released: list[Frame] = []
        if not self._held_rows:
            return ()
        for lane in self._lanes.values():
            if not lane.held or all(frame.t_ns[0] > self.released_ns for frame in lane.held):
                continue
            frame = join_frames(lane.held)
            held = len(frame)
            count = held
            if frame.t_ns[-1] > self.released_ns:
                count = int(frame.t_ns.searchsorted(self.released_ns, side="right"))
            if count:
                released.append(frame if count == held else frame.select(slice(0, count)))
                lane.held = [frame.select(slice(count, None))] if count < held else []
                self._held_rows -= count
                lane.passage.held -= count
                lane.passage.detected += count
        return tuple(released)

    def take_late(self) -> list[Frame]:
        """Return and forget the rows that came late since this was asked last, counts unwrapped."""
        late, self._late = self._late, []
        return late

    def passage(self, packet: str) -> Passage:
        """Return what has become of the unique packets of a type, to count them anew."""
        return self._lanes[packet].passage

    @property
    def passages(self) -> dict[str, Passage]:
        """What has become of the unique packets of each type."""
        return {packet: lane.passage for packet, lane in self._lanes.items()}

    def settled(self, packet: str) -> int:
        """Return the count of a type up to which nothing is waited for any more."""
        return self._lanes[packet].settled if packet in self._lanes else -1

    def _hold(self, lane: Lane, rows: Frame) -> None:
        if rows.counts[0] <= lane.settled or rows.t_ns[0] < self.released_ns:
            late = (rows.counts <= lane.settled) | (rows.t_ns < self.released_ns)
            lane.passage.late += int(np.count_nonzero(late))
            self._late.append(rows if late.all() else rows.select(late))
            rows = rows.select(~late)
        if len(rows):
            lane.held.append(rows)
            self._held_rows += len(rows)
            lane.passage.held += len(rows)

    def _settle(self, lane: Lane) -> None:
        """Settle what every station that may bring it has passed, and what follows that without a gap."""
        settled, highest = lane.settled, lane.books.highest
        if settled >= highest:
            # no station has passed more than what has come
            return
        passed = min([lane.passed.get(name, -1) for name in self._waited_for])
        settled = max(settled, passed)
        if settled < highest:
            settled = lane.books.ranges.end_of_run(settled + 1)
        if settled > lane.settled:
            lane.settled = settled
            for frame in lane.held:
                if frame.counts[0] <= settled:
                    at = int(frame.counts.searchsorted(settled, side="right")) - 1
                    lane.settled_t_ns = max(lane.settled_t_ns, int(frame.t_ns[at]))

    def _settle_until(self, t_ns: int) -> None:
        """Settle everything held that was made by a time, whatever is missing before it."""
        for lane in self._lanes.values():
            for frame in lane.held:
                count = int(frame.t_ns.searchsorted(t_ns, side="right"))
                if count:
                    lane.settled = max(lane.settled, int(frame.counts[count - 1]))
                    lane.settled_t_ns = max(lane.settled_t_ns, int(frame.t_ns[count - 1]))
                    self.released_ns = max(self.released_ns, int(frame.t_ns[count - 1]))

    def _advance(self) -> None:
        """Move the time of release to where every packet type is settled."""
        starting = self._clock_ns - self._first_ert_ns <= self.hold_ns
        lanes = self._lanes.values()
        settled_ns = min([lane.settled_t_ns + lane.margin_ns for lane in lanes if lane.passed or starting])
        self.released_ns = max(self.released_ns, settled_ns)

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values and octets."""
        return {
            "times": [self.released_ns, self._first_ert_ns, self._clock_ns],
            "clock": self.clock.snapshot(),
            "waited_for": list(self._waited_for),
            "stations": {
                name: [h.ert_ns, h.message_ert_ns, h.before_ns, h.now_ns] for name, h in self._stations.items()
            },
            "lanes": {
                packet: [
                    [lane.settled, lane.settled_t_ns, *lane.passage.counts],
                    dict(lane.passed),
                    [pack_frame(held) for held in lane.held],
                ]
                for packet, lane in self._lanes.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of another one's snapshot."""
        self.released_ns, self._first_ert_ns, self._clock_ns = state["times"]
        self.clock.restore(state["clock"])
        self._waited_for = list(state["waited_for"])
        self._stations = {name: Hearing(*times) for name, times in state["stations"].items()}
        for packet, ((settled, settled_t_ns, *passage), passed, held) in state["lanes"].items():
            lane = self._lanes[packet]
            lane.settled, lane.settled_t_ns, lane.passed = settled, settled_t_ns, dict(passed)
            lane.passage = Passage(*passage)
            lane.held = [unpack_frame(packed) for packed in held]
        self._held_rows = sum(len(frame) for lane in self._lanes.values() for frame in lane.held)
