"""Gaps of one packet type as records: suspected, confirmed, healed; told when they change."""

from __future__ import annotations

from typing import Any, Final, Literal

from processors.books.completeness import Completeness, Gap
from telemetry.quality import GapRecord

# a storm of gaps must not become a storm of records: the others wait for the next second
MOST_TOLD: Final = 50
State = Literal["suspected", "confirmed"]


class GapWatch:
    """What has been told of the gaps of one packet type.

    Parameters
    ----------
    books
        Of the packet type.
    """

    def __init__(self, books: Completeness) -> None:
        self._books = books
        self._told: dict[int, tuple[Gap, State]] = {}
        self._version = 0
        self._suspected = False
        self.untold = 0

    def changes(self, whose: tuple[str, str, str, str], as_of_ns: int, settled: int) -> list[GapRecord]:
        """Return what has changed since the last call, up to a bound; what is over it counts as `untold`.

        Parameters
        ----------
        whose
            Run, flight, vehicle and packet type.
        as_of_ns
            The time that the records speak of.
        settled
            The count up to which nothing is waited for any more.
        """
        if self._version == self._books.version and not self._suspected and not self.untold:
            return []
        self._version = self._books.version
        gaps = {gap.first: gap for gap in self._books.gaps()}
        changed: list[tuple[Gap, Literal["suspected", "confirmed", "healed"]]] = []
        for first, (gap, _) in list(self._told.items()):
            if first not in gaps:
                if first < self._books.forgotten_below:
                    del self._told[first]
                else:
                    came = min(gap.last, self._books.ranges.end_of_run(first))
                    changed.append((Gap(first, came, gap.after_ns, gap.before_ns), "healed"))
        self._suspected = False
        for first, gap in gaps.items():
            state: State = "confirmed" if gap.last <= settled else "suspected"
            self._suspected |= state == "suspected"
            told = self._told.get(first)
            if told is None or told[0].last != gap.last or told[1] != state:
                changed.append((gap, state))
        # what is known by its old state first
        changed.sort(key=lambda change: (change[0].first not in self._told, change[0].first))
        self.untold = max(len(changed) - MOST_TOLD, 0)
        return [self._tell(whose, as_of_ns, gap, state) for gap, state in changed[:MOST_TOLD]]

    def _tell(
        self,
        whose: tuple[str, str, str, str],
        as_of_ns: int,
        gap: Gap,
        state: Literal["suspected", "confirmed", "healed"],
    ) -> GapRecord:
        if state == "healed":
            del self._told[gap.first]
        else:
            self._told[gap.first] = (gap, state)
        run, flight, vehicle, packet = whose
        return GapRecord(
            run=run,
            flight=flight,
            vehicle=vehicle,
            as_of_ns=as_of_ns,
            packet=packet,
            first=gap.first,
            last=gap.last,
            state=state,
            after_ns=gap.after_ns,
            before_ns=gap.before_ns,
        )

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        told = [
            [gap.first, gap.last - gap.first, gap.after_ns, gap.before_ns - (gap.after_ns or 0), state == "confirmed"]
            for gap, state in self._told.values()
        ]
        return [self._version, self._suspected, self.untold, told]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        self._version, self._suspected, self.untold, told = state
        self._told = {
            first: (Gap(first, first + more, after_ns, (after_ns or 0) + ns), "confirmed" if confirmed else "suspected")
            for first, more, after_ns, ns, confirmed in told
        }
