"""Records that broke a service's own code: kept in `downrange.rejected`, counted, and the rest goes on."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter
from structlog.typing import FilteringBoundLogger

from runtime.health import Health
from runtime.kafka import Headers, Outgoing, Record
from telemetry.errors import InternalError
from telemetry.message import Message
from telemetry.topics import KafkaTopic

BROKEN: Final = Counter(
    "downrange_put_aside_total", "Records that broke a service and were put aside", ["service", "topic"]
)
NAMES: Final = frozenset({"run", "flight", "vehicle", "station", "content-type", "dictionary", "ert_ns"})
MOST_TEXT: Final = 300
MOST_KINDS: Final = 100


class Aside:
    """Puts records aside.

    What it keeps has no header `kind`, so that no ledger counts it: detection and the archive may well have taken it.

    Parameters
    ----------
    service
        Whose code broke.
    health
        Shows how many, and the last; the service stays well, since a restart would mend nothing.
    log
        The service's logger.
    """

    def __init__(self, service: str, health: Health, log: FilteringBoundLogger) -> None:
        self._service = service
        self._health = health
        self._log = log
        self._kinds: set[str] = set()
        self._total = 0

    def put(self, record: Record, error: InternalError) -> Outgoing:
        """Take note of a record that broke us, and return what keeps it."""
        place = f"{record.topic}-{record.partition}-{record.offset}"
        self.note(record.topic, place, error)
        # a delivery's key is longer than its flight's
        key = "/".join((record.key or b"").decode("utf-8", "replace").split("/")[:2])
        return self._kept(key, record.value or b"", record.headers, [("record", place.encode())], error)

    def put_message(self, topic: KafkaTopic, message: Message, error: InternalError) -> Outgoing:
        """As `put`, of a message whose record is not known any more."""
        key = message.address.key
        self.note(topic.value, f"a message of {key}", error)
        return self._kept(key, message.payload, message.kafka_headers(), [], error)

    def _kept(self, key: str, value: bytes, named: Headers, more: Headers, error: InternalError) -> Outgoing:
        headers = [(name, octets or b"") for name, octets in named if name in NAMES]
        why = [("reason", error.reason.value.encode()), ("detail", error.detail.encode("utf-8", "replace")[:MOST_TEXT])]
        whose = [("service", self._service.encode())]
        return Outgoing(KafkaTopic.REJECTED, key, value, [*headers, *whose, *more, *why])

    def note(self, topic: str, what: str, error: InternalError) -> None:
        """Say that the code broke on a record, with its traceback the first time."""
        BROKEN.labels(self._service, topic).inc()
        self._total += 1
        cause = error.__cause__ if error.detail not in self._kinds and len(self._kinds) < MOST_KINDS else None
        if cause is not None:
            self._kinds.add(error.detail)
        self._log.error("put aside", record=what, error=error.detail, exc_info=cause)
        self._health.note("put aside", f"{self._total} since the start, the last {what}: {error.detail}")
