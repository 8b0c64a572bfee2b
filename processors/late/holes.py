"""Packets that the hold has given up on: where a vehicle's rows have holes, and for how long they may be filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.books.completeness import Completeness
from processors.onboard_clock import OnboardClock
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

LONG_NS: Final = NS_PER_S
# a blackout's dump comes when the vehicle is heard again and the station has the time for it
DUMP_NS: Final = 20 * 60 * NS_PER_S
# what was overtaken on its way comes soon; what the radio lost never comes
SHUFFLE_NS: Final = 15 * NS_PER_S
MOST_HOLES: Final = 1_024
NEVER: Final = -(1 << 62)
FOREVER: Final = 1 << 62


# one hole is not another, though they may say the same
@dataclass(slots=True, eq=False)
class Hole:
    """Packets of one type that detectors have not seen.

    Parameters
    ----------
    packet
        Their type.
    first, last
        Unwrapped counts; `last` is none while no later packet of the type has been seen.
    after_ns, before_ns
        Generation times of the neighbours that have been.
    came
        How many have come since.
    segment
        Number of the segment (`processors.late.segment`) that begins before it.
    until_ns
        Time of flight up to which it may be filled.
    is_front
        Whether it lies before the first packet that came: nobody knows how many there were.
    """

    packet: str
    first: int
    last: int | None
    after_ns: int
    before_ns: int | None
    came: int = 0
    segment: int = 0
    until_ns: int = FOREVER
    is_front: bool = False

    @property
    def missing(self) -> int:
        """How many have not come, as far as can be said."""
        return 1 if self.last is None or self.is_front else self.last + 1 - self.first - self.came

    def holds(self, rows: Frame) -> NDArray[np.bool_]:
        """Return which rows are of this hole, by count and time; shape (n,)."""
        in_count = (rows.counts >= self.first) & (rows.counts <= (FOREVER if self.last is None else self.last))
        before_ns = FOREVER if self.before_ns is None else self.before_ns
        inside: NDArray[np.bool_] = in_count & (rows.t_ns >= self.after_ns) & (rows.t_ns <= before_ns)
        return inside


class Holes:
    """Finds holes in what a hold releases, and forgets those that are filled or have been open for too long.

    Parameters
    ----------
    books
        Completeness of the vehicle's packet types; they know where counts began anew, which is no hole.
    clock
        On board: the books have its own times, all others go on when it is set back.
    """

    def __init__(self, books: Mapping[str, Completeness], clock: OnboardClock) -> None:
        self.open: list[Hole] = []
        self._books = books
        self._clock = clock
        self._last: dict[str, tuple[int, int]] = {}
        self._behind: dict[str, Hole] = {}
        self._due_ns = FOREVER
        self._periods_ns: dict[str, int] = {}

    def find(self, frames: Iterable[Frame]) -> list[Hole]:
        """Look at rows that are about to be seen, and return the holes before and between them."""
        found: list[Hole] = []
        end_ns = NEVER
        for frame in frames:
            packet, n = frame.packet, len(frame)
            first, last = int(frame.counts[0]), int(frame.counts[-1])
            first_ns, last_ns = int(frame.t_ns[0]), int(frame.t_ns[-1])
            before = self._last.get(packet)
            if before is None:
                found += self._front(packet, first, first_ns)
            elif first != before[0] + 1 or packet in self._behind:
                found += self._gap(packet, *before, first, first_ns)
            if last - first >= n:
                found += self._inside(frame)
            if before is None or last > before[0]:
                self._last[packet] = (last, last_ns)
            end_ns = max(end_ns, last_ns)
        if end_ns > self._due_ns or len(self._periods_ns) < len(self._last):
            found += self._missed(end_ns)
        self.open += found
        return found

    def of(self, packet: str) -> list[Hole]:
        """Return the holes of a packet type."""
        return [hole for hole in self.open if hole.packet == packet]

    def is_to_come(self, packet: str, count: int) -> bool:
        """Return whether packets around a count have not been seen yet, so that a hole may still be found there."""
        return packet in self._last and count > self._last[packet][0]

    def close(self, reached_ns: int) -> None:
        """Forget holes that are filled, or too old by now."""
        if self.open:
            kept = [hole for hole in self.open if hole.missing > 0 and reached_ns <= hole.until_ns]
            self.open = kept[-MOST_HOLES:]

    def forget(self, segment: int) -> None:
        """Forget the holes of the segments up to one."""
        self.open = [hole for hole in self.open if hole.segment > segment]

    def split(self, reached_ns: int) -> None:
        """Put what is left of holes of which some has come in their place: small pieces are worth no long waiting."""
        whole, self.open = self.open, []
        for hole in whole:
            if not hole.came or hole.last is None or hole.is_front:
                self.open.append(hole)
                continue
            for gap in self._books[hole.packet].gaps():
                if gap.first >= hole.first and gap.last <= hole.last and gap.after_ns is not None:
                    after_ns = self._clock.onward_ns(hole.packet, gap.first - 1, gap.after_ns)
                    before_ns = self._clock.onward_ns(hole.packet, gap.last + 1, gap.before_ns)
                    left = Hole(hole.packet, gap.first, gap.last, after_ns, before_ns, 0, hole.segment)
                    left.until_ns = min(hole.until_ns, self._until_ns(left, reached_ns))
                    self.open.append(left)

    def _until_ns(self, hole: Hole, from_ns: int) -> int:
        end_ns = FOREVER if hole.before_ns is None else hole.before_ns
        is_long = end_ns - hole.after_ns > LONG_NS + self._period_ns(hole.packet)
        return from_ns + (DUMP_NS if is_long else SHUFFLE_NS)

    def _front(self, packet: str, first: int, first_ns: int) -> list[Hole]:
        """Return the hole before the first packet that came of a type: the very first may be overtaken too."""
        begins = max(first - SHUFFLE_NS // self._period_ns(packet), 0)
        if begins == first:
            return []
        hole = Hole(packet, begins, first - 1, first_ns - SHUFFLE_NS, first_ns, is_front=True)
        hole.until_ns = first_ns + SHUFFLE_NS
        return [hole]

    def _gap(self, packet: str, last: int, last_ns: int, first: int, first_ns: int) -> list[Hole]:
        """Return the hole between two packets of a type, if there is one and it was not found before."""
        epochs = self._books[packet].epochs
        began = max([last + 1, *(epoch.base for epoch in epochs if last < epoch.base <= first)])
        behind = self._behind.pop(packet, None)
        was_found = behind is not None and behind in self.open
        if behind is not None and began >= first and was_found:
            self.open.remove(behind)
        if began >= first:
            return []
        if behind is not None and was_found:
            behind.first, behind.last, behind.before_ns = began, first - 1, first_ns
            behind.until_ns = self._until_ns(behind, first_ns)
            return []
        hole = Hole(packet, began, first - 1, last_ns, first_ns)
        hole.until_ns = self._until_ns(hole, first_ns)
        return [hole]

    def _inside(self, frame: Frame) -> list[Hole]:
        counts, t_ns = frame.counts, frame.t_ns
        found: list[Hole] = []
        for at in np.flatnonzero(counts[1:] - counts[:-1] > 1).tolist():
            found += self._gap(frame.packet, int(counts[at]), int(t_ns[at]), int(counts[at + 1]), int(t_ns[at + 1]))
        return found

    def _missed(self, end_ns: int) -> list[Hole]:
        """Return holes of types of which nothing has come for longer than a period and a half."""
        found: list[Hole] = []
        self._due_ns = FOREVER
        for packet, (count, t_ns) in self._last.items():
            due_ns = t_ns + self._period_ns(packet) * 3 // 2
            if packet in self._behind:
                continue
            if end_ns > due_ns:
                self._behind[packet] = Hole(packet, count + 1, None, t_ns, None, until_ns=t_ns + DUMP_NS)
                found.append(self._behind[packet])
            else:
                self._due_ns = min(self._due_ns, due_ns)
        return found

    def _period_ns(self, packet: str) -> int:
        if packet not in self._periods_ns:
            self._periods_ns[packet] = round(NS_PER_S / self._books[packet].rate_hz)
        return self._periods_ns[packet]

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        behind = [next((at for at, one in enumerate(self.open) if one is hole), -1) for hole in self._behind.values()]
        last = [[packet, *place] for packet, place in self._last.items()]
        return [[list(astuple(hole)) for hole in self.open], last, list(self._behind), behind, self._due_ns]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        holes, last, packets, places, self._due_ns = state
        self.open = [Hole(*hole) for hole in holes]
        self._last = {packet: (count, t_ns) for packet, count, t_ns in last}
        # of one that is forgotten only that it was found matters
        gone = Hole("", 0, None, 0, None)
        self._behind = {name: gone if at < 0 else self.open[at] for name, at in zip(packets, places, strict=True)}
        for packet in self._last:
            self._period_ns(packet)
