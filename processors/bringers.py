"""Which station brought which packets of one type: a duplicate is either resent, or overlaps another station's."""

from __future__ import annotations

from typing import Final

from telemetry.sequence import RangeSet

MAX_STATIONS: Final = 32
MAX_RANGES: Final = 1024


class Bringers:
    """What each station has brought. Bounded: the oldest is forgotten, and then taken for another station's."""

    def __init__(self) -> None:
        self._stations: dict[str, RangeSet] = {}

    def add(self, station: str, first: int, last: int) -> int:
        """Take note of who brought packets, and return how many of them the station brings for the first time."""
        known = self._stations.get(station)
        if known is None:
            if len(self._stations) >= MAX_STATIONS:
                del self._stations[next(iter(self._stations))]
            known = self._stations[station] = RangeSet()
        new = known.add(first, last)
        if known.range_count > MAX_RANGES:
            known.keep_highest(MAX_RANGES // 2)
        return new

    def snapshot(self) -> dict[str, list[int]]:
        """Return the state as plain values."""
        return {name: known.pack() for name, known in self._stations.items()}

    def restore(self, state: dict[str, list[int]]) -> None:
        """Take the state of another one's snapshot."""
        self._stations = {name: RangeSet.unpack(packed) for name, packed in state.items()}
