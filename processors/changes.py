"""What has changed among records that each replace the one before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telemetry.quality import QualityRecord


class Changes:
    """Remembers what was told, and leaves out what has not changed but for the time it speaks of."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], dict[str, Any]] = {}

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
