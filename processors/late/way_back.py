"""The way back of one vehicle: from where its flight is run again when late rows come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from processors.books.completeness import Completeness
from processors.frames import pack_frame, unpack_frame
from processors.late.holes import Holes
from processors.late.segment import Segment, Telling
from processors.onboard_clock import OnboardClock
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

MOST_OCTETS: Final = 8 * 1024 * 1024
MOST_UNPLACED: Final = 64
SEGMENT_NS: Final = 5 * NS_PER_S
TIDY_NS: Final = NS_PER_S
# a dump is over when nothing more of it has come for so long; one that goes on is used bit by bit
QUIET_NS: Final = 2 * NS_PER_S
LONGEST_WAIT_NS: Final = 10 * NS_PER_S
NEVER: Final = -(1 << 62)


class WayBack:
    """Keeps, while a vehicle's rows have holes that may still be filled, what it takes to see them again in order.

    A segment begins before a hole. It is dropped when none of its holes is open any more: filled, or given up 20 min
    of flight after it (`processors.late.holes`), or earlier when all segments together take more than 8 MiB. What comes
    then is late and nothing else. With no hole there is no segment, and nothing is kept.

    Parameters
    ----------
    books
        Completeness of the vehicle's packet types.
    clock
        On board: rows come with the times that go on.
    """

    def __init__(self, books: Mapping[str, Completeness], clock: OnboardClock) -> None:
        self.segments: list[Segment] = []
        self._holes = Holes(books, clock)
        self._unplaced: list[Frame] = []
        self._reached_ns = NEVER
        self._tidy_ns = NEVER
        self._numbers = 0
        self._first_ns = NEVER
        self._last_ns = NEVER

    @property
    def is_open(self) -> bool:
        """Whether something is kept."""
        return bool(self.segments)

    @property
    def has_unplaced(self) -> bool:
        """Whether of late rows it could not be said yet which hole they are of."""
        return bool(self._unplaced)

    @property
    def kept_events(self) -> set[tuple[str, int]]:
        """Types and ordinals of the events that a re-run may speak of."""
        return {telling.event for segment in self.segments for telling in segment.tellings}

    def pass_on(self, frames: Sequence[Frame], state: Callable[[], bytes]) -> Counter[str]:
        """Take note of rows that detectors are about to see, given what these know before; returns what was late.

        These are packets that came late while it could not be said yet whether they can be used, and cannot.
        """
        found = self._holes.find(frames)
        if found:
            if not self.segments or self._reached_ns - self.segments[-1].t_ns >= SEGMENT_NS:
                self._numbers += 1
                self.segments.append(Segment(self._numbers, self._reached_ns, state()))
            for hole in found:
                hole.segment = self.segments[-1].number
        self._reached_ns = max(self._reached_ns, *[int(frame.t_ns[-1]) for frame in frames])
        if not self.segments:
            return Counter()
        self.segments[-1].rows.add(frames)
        if self._reached_ns < self._tidy_ns:
            return Counter()
        self._tidy_ns = self._reached_ns + TIDY_NS
        return self._tidy()

    def note(self, telling: Telling) -> None:
        """Take note of what was told of the rows in hand."""
        self.segments[-1].tellings.append(telling)

    def offer(self, late: Iterable[Frame], clock_ns: int) -> Counter[str]:
        """Take rows that came behind the hold; returns how many of each packet type may be seen in a re-run."""
        self._holes.close(self._reached_ns)
        taken: Counter[str] = Counter()
        waiting, self._unplaced = [*self._unplaced, *late], []
        for rows in waiting:
            left = rows
            for hole in self._holes.of(rows.packet):
                inside = hole.holds(left)
                if inside.any():
                    hole.came += int(np.count_nonzero(inside))
                    self._place(left.select(inside), hole.segment)
                    taken[rows.packet] += int(np.count_nonzero(inside))
                    left = left.select(~inside)
                    if not len(left):
                        break
            if len(left) and self._holes.is_to_come(left.packet, int(left.counts[-1])):
                self._unplaced.append(left)
        del self._unplaced[:-MOST_UNPLACED]
        if taken:
            self._first_ns = clock_ns if self._first_ns == NEVER else self._first_ns
            self._last_ns = clock_ns
        return taken

    def is_due(self, clock_ns: int) -> bool:
        """Return whether it is time to run the flight again."""
        if self._first_ns == NEVER:
            return False
        return clock_ns - self._last_ns >= QUIET_NS or clock_ns - self._first_ns >= LONGEST_WAIT_NS

    @property
    def is_pending(self) -> bool:
        """Whether late rows wait to be seen."""
        return self._first_ns != NEVER

    def begin(self) -> tuple[list[Segment], Counter[str]]:
        """Return the segments to be run again, and the late rows in them by packet type; they are pending no more."""
        first = next(at for at, segment in enumerate(self.segments) if segment.pending)
        again = self.segments[first:]
        pending: Counter[str] = Counter()
        for segment in again:
            pending += segment.pending
            segment.pending.clear()
        self._first_ns = NEVER
        return again, pending

    def end(self) -> Counter[str]:
        """Drop what nobody needs after a re-run; returns what is late for good."""
        self._holes.split(self._reached_ns)
        return self._tidy()

    def drop(self) -> None:
        """Forget everything."""
        self._holes.open.clear()
        self.segments.clear()
        self._unplaced.clear()
        self._first_ns = NEVER

    def _place(self, rows: Frame, number: int) -> None:
        """Put late rows into the segments that they belong to, from that of their hole on."""
        first = next((at for at, one in enumerate(self.segments) if one.number >= number), len(self.segments) - 1)
        bounds = [segment.t_ns for segment in self.segments[first + 1 :]]
        places = np.searchsorted(np.array(bounds, dtype=np.int64), rows.t_ns, side="left")
        for at, segment in enumerate(self.segments[first:]):
            inside = places == at
            if inside.any():
                segment.rows.add([rows.select(inside)])
                segment.pending[rows.packet] += int(np.count_nonzero(inside))

    def _tidy(self) -> Counter[str]:
        """Drop segments without open holes; returns the pending rows among what is dropped, by packet type."""
        late: Counter[str] = Counter()
        self._holes.close(self._reached_ns)
        while len(self.segments) > 1 and sum(segment.octets for segment in self.segments) > MOST_OCTETS:
            self._drop_first(late)
        if self.segments and self.segments[0].octets > MOST_OCTETS:
            self._drop_first(late)
        needed = {hole.segment for hole in self._holes.open}
        for at in range(len(self.segments) - 1, -1, -1):
            segment = self.segments[at]
            if segment.number in needed or segment.pending:
                continue
            if at:
                self.segments[at - 1].take_in(segment)
            del self.segments[at]
        if not any(segment.pending for segment in self.segments):
            self._first_ns = NEVER
        return late

    def _drop_first(self, late: Counter[str]) -> None:
        gone = self.segments.pop(0)
        late += gone.pending
        self._holes.forget(gone.number)

    def snapshot(self) -> list[Any]:
        """Return the state as plain values and octets."""
        if self._reached_ns == NEVER:
            return []
        segments = [segment.snapshot() for segment in self.segments]
        times = [self._reached_ns, self._tidy_ns, self._first_ns, self._last_ns]
        return [segments, self._holes.snapshot(), times, self._numbers, [pack_frame(rows) for rows in self._unplaced]]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        if not state:
            return
        segments, holes, times, self._numbers, unplaced = state
        self.segments = [Segment.of(segment) for segment in segments]
        self._holes.restore(holes)
        self._reached_ns, self._tidy_ns, self._first_ns, self._last_ns = times
        self._unplaced = [unpack_frame(packed) for packed in unplaced]
