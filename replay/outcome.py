"""What the line made of a run: its events and ledger, read from Kafka once the engine has seen everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError
from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from replay.flight import ReplayResult
from runtime.groups import Progress, ends_of, group_passes
from runtime.kafka import Partition, ensure_topics, read_to_end
from runtime.settings import Settings
from telemetry.errors import InputError, TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, flight_key

DETECT_GROUP: Final = "downrange.detect"
INPUTS: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
OUTPUTS: Final = (KafkaTopic.EVENTS, KafkaTopic.QUALITY)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a run's output begins: the ends of its partitions before it was flown."""

    key: str
    starts: dict[Partition, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the line made of a run.

    Parameters
    ----------
    events
        Each once, in the order in which they were produced.
    ledger
        The last row of each vehicle and packet type.
    """

    events: list[Event]
    ledger: dict[tuple[str, str], LedgerRow]

    def uncounted(self, result: ReplayResult) -> dict[tuple[str, str], tuple[int, int]]:
        """Return where the engine's books differ from what was sent: (sent, received) by vehicle and packet type."""
        received = {who: row.received for who, row in self.ledger.items()}
        return {
            who: (sent, received.get(who, 0)) for who, sent in result.packets.items() if received.get(who, 0) != sent
        }


async def mark(settings: Settings, run: str, flight: str, log: FilteringBoundLogger) -> Mark:
    """Take note of where a run's output will begin; call it before the run is flown.

    Raises
    ------
    FatalError
        If Kafka is not reached in time.
    """
    await ensure_topics(settings.kafka, log, settings.service.connect_timeout_s)
    key = flight_key(run, flight)
    return Mark(key, await ends_of(settings.kafka, key, OUTPUTS))


async def outcome(
    settings: Settings,
    start: Mark,
    patience_s: float = 30.0,
    on_progress: Progress = lambda _done, _of: None,
) -> Outcome:
    """Wait until the engine has seen everything of a run that Kafka holds, and read what it made of it.

    The engine commits an offset only after what it made of everything before it is in Kafka. So once its group's
    offsets have passed the ends of its inputs, nothing more is to come.

    Parameters
    ----------
    settings
        Where Kafka is.
    start
        From `mark`.
    patience_s
        How long the engine may make no progress.
    on_progress
        Told how many records of the partition the engine has seen, of how many.

    Raises
    ------
    TransientError
        If the engine makes no progress, or Kafka does not answer.
    """
    inputs = await ends_of(settings.kafka, start.key, INPUTS)
    await group_passes(settings.kafka, DETECT_GROUP, inputs, patience_s, on_progress)
    events: dict[str, Event] = {}
    ledger: dict[tuple[str, str], LedgerRow] = {}
    try:
        async for record in read_to_end(settings.kafka, "downrange-outcome", start.starts, start.starts):
            if (record.key or b"").decode("utf-8", "replace") == start.key:
                _take(record.topic, record.value or b"", record.headers, events, ledger)
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.kafka.bootstrap}: {error!r}") from error
    return Outcome(list(events.values()), ledger)


def _take(
    topic: str,
    value: bytes,
    headers: list[tuple[str, bytes]],
    events: dict[str, Event],
    ledger: dict[tuple[str, str], LedgerRow],
) -> None:
    if topic == KafkaTopic.EVENTS.value:
        try:
            event = event_from_kafka(value, headers)
        except InputError:
            return
        events[event.id] = event
    elif dict(headers).get("type") == LedgerRow.type.encode():
        try:
            row = LedgerRow.model_validate_json(value)
        except ValidationError:
            return
        ledger[row.vehicle, row.packet] = row
