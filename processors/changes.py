"""What has changed among records that each replace the one before, and when it is time to tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.quality import QualityRecord
from telemetry.vocabulary import LinkEvent

PERIOD_NS: Final = NS_PER_S
LINK_EVENTS: Final = frozenset(event.value for event in LinkEvent)


class Changes:
    """Remembers what was told, and leaves out what has not changed but for the time it speaks of.

    `told_ns` is the flight's time at which something was told last.
    """

    def __init__(self) -> None:
        self.told_ns = 0
        self._told: dict[tuple[str, ...], dict[str, Any]] = {}

    def are_due(self, clock_ns: int, events: Iterable[Event]) -> bool:
        """Return whether it is time to tell: once a period, and at once when a link was found or lost."""
        new_period = clock_ns // PERIOD_NS != self.told_ns // PERIOD_NS
        if new_period or any(event.type in LINK_EVENTS for event in events):
            self.told_ns = clock_ns
            return True
        return False

    def among(self, records: Iterable[QualityRecord]) -> list[QualityRecord]:
        """Return the records that are not as they were last time."""
        changed: list[QualityRecord] = []
        for record in records:
            content = vars(record) | {"as_of_ns": None}
            about = (record.type, *record.identity)
            if self._told.get(about) != content:
                self._told[about] = content
                changed.append(record)
        return changed
