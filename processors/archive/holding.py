"""What the recorder holds of one partition until it is a part on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.archive.records import Archived

# a record in memory costs its headers and objects besides its octets
RECORD_OVERHEAD_OCTETS: Final = 2_000
IDLE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class PartRules:
    """When a part is written: at a size, at an age, or when nothing more came for a while."""

    octets: int
    age_s: float
    idle_s: float = IDLE_S


class Holding:
    """Records of one partition that are not on disk yet, by flight.

    Parameters
    ----------
    now_s
        The clock when the first of them came; any clock that only goes forward.
    """

    def __init__(self, now_s: float) -> None:
        self._by_key: dict[bytes | None, list[Archived]] = {}
        self._first_s = now_s
        self._last_s = now_s
        self.octets = 0
        self.memory_octets = 0
        self.next_offset = 0

    def add(self, records: Sequence[Archived], now_s: float) -> None:
        """Take records in, in order of offset."""
        for record in records:
            self._by_key.setdefault(record.key, []).append(record)
            octets = len(record.value or b"")
            self.octets += octets
            self.memory_octets += octets + RECORD_OVERHEAD_OCTETS
        self._last_s = now_s
        self.next_offset = records[-1].offset + 1

    def is_due(self, rules: PartRules, now_s: float) -> bool:
        """Whether it is time to write."""
        return (
            self.octets >= rules.octets or now_s - self._first_s >= rules.age_s or now_s - self._last_s >= rules.idle_s
        )

    @property
    def records(self) -> int:
        """How many are held."""
        return sum(map(len, self._by_key.values()))

    def by_key(self) -> Iterator[tuple[bytes | None, list[Archived]]]:
        """Yield each flight's Kafka key and records; whoever asks for the next has written them."""
        for key in tuple(self._by_key):
            yield key, self._by_key[key]
            octets = sum(len(record.value or b"") for record in self._by_key[key])
            self.octets -= octets
            self.memory_octets -= octets + RECORD_OVERHEAD_OCTETS * len(self._by_key.pop(key))
