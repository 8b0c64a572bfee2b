"""Refused packets of a flight, by vehicle, packet type and reason, and those that a retry has brought through."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from telemetry.sequence import RangeSet

MAX_RANGES: Final = 4096
MOST_VEHICLES: Final = 256
UNTOLD: Final = "unknown"
OTHERS: Final = "?"


class Refusals:
    """The `rejected` column of a flight's books.

    Examples
    --------
    >>> refusals = Refusals()
    >>> refusals.add("ship", "?", "unknown-apid")
    >>> refusals.retry("ship", "?", "unknown-apid", "0-17"), refusals.retry("ship", "?", "unknown-apid", "0-17")
    (True, False)
    >>> refusals.of("ship")
    {'?': {}}
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[tuple[str, str]]] = {}
        self._retried: dict[str, RangeSet] = {}

    @property
    def vehicles(self) -> tuple[str, ...]:
        """Those of which packets stand refused."""
        return tuple(vehicle for vehicle in self._counts if self.of(vehicle))

    def add(self, vehicle: str, packet: str, reason: str) -> None:
        """Count a refused packet."""
        self._of(vehicle)[packet, reason or UNTOLD] += 1

    def retry(self, vehicle: str, packet: str, reason: str, retry_of: str) -> bool:
        """Take a refused packet out of the count since it has come through now; False if it had before.

        The retry and the refusal travel in different topics. When the retry is read first, it is the refusal that then
        changes nothing.

        Parameters
        ----------
        vehicle, packet, reason
            Under which the refused record was counted.
        retry_of
            That record, `{partition}-{offset}`.
        """
        partition, _, offset = retry_of.rpartition("-")
        retried = self._retried.setdefault(partition, RangeSet())
        if not retried.add(int(offset), int(offset)):
            return False
        if retried.range_count > MAX_RANGES:
            retried.keep_highest(MAX_RANGES // 2)
        self._of(vehicle)[packet, reason or UNTOLD] -= 1
        return True

    def _of(self, vehicle: str) -> Counter[tuple[str, str]]:
        """Return a vehicle's counts; there are so many, what is refused of others stands under `?`."""
        if vehicle not in self._counts and len(self._counts) >= MOST_VEHICLES:
            vehicle = OTHERS
        return self._counts.setdefault(vehicle, Counter())

    def of(self, vehicle: str) -> dict[str, dict[str, int]]:
        """Return how many packets of a vehicle stand refused, by packet type and reason.

        A type of which all refusals are taken back stays, without reasons: its row has to say so once more.
        """
        standing: dict[str, dict[str, int]] = {}
        for (packet, reason), count in self._counts.get(vehicle, {}).items():
            reasons = standing.setdefault(packet, {})
            if count > 0:
                reasons[reason] = count
        return standing

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        counts = [
            [vehicle, packet, reason, count]
            for vehicle, counted in self._counts.items()
            for (packet, reason), count in counted.items()
        ]
        return [counts, {partition: retried.pack() for partition, retried in self._retried.items()}]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        counts, retried = state
        self._counts = {}
        for vehicle, packet, reason, count in counts:
            self._counts.setdefault(vehicle, Counter())[packet, reason] = count
        self._retried = {partition: RangeSet.unpack(packed) for partition, packed in retried.items()}
