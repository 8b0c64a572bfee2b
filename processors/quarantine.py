"""What broke detection's own code: counted, logged once with its traceback, and shown."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter
from structlog.typing import FilteringBoundLogger

from processors.intake import Arrival
from runtime.health import Health
from telemetry.errors import InternalError

BROKEN: Final = Counter("downrange_detect_broken_total", "Records that broke an engine and were put aside", ["topic"])
NOTE: Final = "put aside"
MOST_KINDS: Final = 100


class Quarantine:
    """Says that a flight's message was put aside because the code broke on it.

    Parameters
    ----------
    health
        Shows how many, and the last; the service stays well, since a restart would mend nothing.
    log
        The service's logger.
    """

    def __init__(self, health: Health, log: FilteringBoundLogger) -> None:
        self._health = health
        self._log = log
        self._kinds: set[str] = set()
        self._total = 0

    def took(self, arrival: Arrival, error: InternalError) -> None:
        """Take note of a record; it is kept in `downrange.rejected`."""
        BROKEN.labels(arrival.topic).inc()
        self._say(arrival.key, f"{arrival.topic}-{arrival.partition}@{arrival.offset}", error)

    def cannot_tell(self, key: str, error: InternalError) -> None:
        """Take note of a flight whose books cannot be told."""
        self._say(key, "its books", error)

    def _say(self, key: str, what: str, error: InternalError) -> None:
        self._total += 1
        cause = error.__cause__ if error.detail not in self._kinds and len(self._kinds) < MOST_KINDS else None
        if cause is not None:
            self._kinds.add(error.detail)
        self._log.error("put aside", key=key, record=what, error=error.detail, exc_info=cause)
        self._health.note(NOTE, f"{self._total} since the start, the last {what} of {key}: {error.detail}")
