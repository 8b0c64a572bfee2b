"""Which station brought which packets of one type: what came twice, what came from it first, and what only it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from telemetry.sequence import RangeSet

MAX_STATIONS: Final = 32
MAX_RANGES: Final = 1024


class Brought(NamedTuple):
    """What a station brought: packets in all, those that came from it first, and those that no other station had."""

    packets: int = 0
    first: int = 0
    only: int = 0


@dataclass(slots=True)
class _Station:
    packets: int = 0
    first: int = 0
    only: int = 0
    known: RangeSet = field(default_factory=RangeSet)


class Bringers:
    """What each station has brought. Bounded: the oldest is forgotten, and then taken for another station's.

    Examples
    --------
    >>> bringers = Bringers()
    >>> bringers.add("haiyang", 0, 9), bringers.add("sydney", 5, 14), bringers.add("sydney", 5, 5)
    (10, 10, 0)
    >>> bringers.brought["haiyang"], bringers.brought["sydney"]
    (Brought(packets=10, first=10, only=5), Brought(packets=11, first=5, only=5))
    """

    def __init__(self) -> None:
        self._stations: dict[str, _Station] = {}

    def add(self, station: str, first: int, last: int) -> int:
        """Take note of who brought packets, and return how many of them the station brings for the first time."""
        mine = self._stations.get(station)
        if mine is None:
            if len(self._stations) >= MAX_STATIONS:
                del self._stations[next(iter(self._stations))]
            mine = self._stations[station] = _Station()
        mine.packets += last + 1 - first
        others = [each for each in self._stations.values() if each.known.highest >= first and each is not mine]
        if others:
            _share(mine, others, first, last)
        new = mine.known.add(first, last)
        if not others:
            mine.first += new
            mine.only += new
        if mine.known.range_count > MAX_RANGES:
            mine.known.keep_highest(MAX_RANGES // 2)
        return new

    @property
    def brought(self) -> Mapping[str, Brought]:
        """What each station brought."""
        return {name: Brought(each.packets, each.first, each.only) for name, each in self._stations.items()}

    def snapshot(self) -> dict[str, list[Any]]:
        """Return the state as plain values."""
        return {name: [each.packets, each.first, each.only, each.known.pack()] for name, each in self._stations.items()}

    def restore(self, state: dict[str, list[Any]]) -> None:
        """Take the state of another one's snapshot."""
        self._stations = {
            name: _Station(packets, first, only, RangeSet.unpack(packed))
            for name, (packets, first, only, packed) in state.items()
        }


def _share(mine: _Station, others: list[_Station], first: int, last: int) -> None:
    """Enter who else has packets that a station brings, a stretch at a time of which the same stations have all."""
    at = first
    while at <= last:
        again, end = mine.known.span_at(at)
        holders: list[_Station] = []
        for each in others:
            has, has_until = each.known.span_at(at)
            end = min(end, has_until)
            if has:
                holders.append(each)
        n = min(end, last) + 1 - at
        at += n
        if again:
            continue
        if not holders:
            mine.first += n
            mine.only += n
        elif len(holders) == 1:
            # never below none: a third station may have had them, and forgotten it
            holders[0].only = max(holders[0].only - n, 0)
