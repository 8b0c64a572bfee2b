"""What the line made of a run: its events and ledger, read from Kafka once the engine has seen everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from replay.flight import ReplayResult
from runtime.kafka import Partition, client_options, ensure_topics, open_consumer, read_to_end
from runtime.settings import KafkaSettings, Settings
from telemetry.errors import InputError, TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, flight_key, partition_of

DETECT_GROUP: Final = "downrange.detect"
INPUTS: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
OUTPUTS: Final = (KafkaTopic.EVENTS, KafkaTopic.QUALITY)
ASK_AGAIN_S: Final = 0.2


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
    return Mark(key, await _ends(settings.kafka, key, OUTPUTS))


async def outcome(
    settings: Settings,
    start: Mark,
    patience_s: float = 30.0,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
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
    try:
        await _engine_has_seen(settings.kafka, await _ends(settings.kafka, start.key, INPUTS), patience_s, on_progress)
        events: dict[str, Event] = {}
        ledger: dict[tuple[str, str], LedgerRow] = {}
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


async def _ends(settings: KafkaSettings, key: str, topics: tuple[KafkaTopic, ...]) -> dict[Partition, int]:
    partitions = [Partition(topic.value, partition_of(key, settings.partitions)) for topic in topics]
    async with open_consumer(settings, "downrange-outcome", None) as consumer:
        return dict(await consumer.end_offsets(partitions))


async def _engine_has_seen(
    settings: KafkaSettings,
    ends: dict[Partition, int],
    patience_s: float,
    on_progress: Callable[[int, int], None],
) -> None:
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        seen, moved_s = -1, time.monotonic()
        while True:
            offsets = await admin.list_consumer_group_offsets(DETECT_GROUP, partitions=list(ends))
            at = {tp: min(max(offsets[tp].offset, 0), end) if tp in offsets else 0 for tp, end in ends.items()}
            on_progress(sum(at.values()), sum(ends.values()))
            if at == ends:
                return
            if sum(at.values()) > seen:
                seen, moved_s = sum(at.values()), time.monotonic()
            elif time.monotonic() - moved_s > patience_s:
                behind = ", ".join(f"{tp.topic}[{tp.partition}] {at[tp]} of {end}" for tp, end in ends.items())
                msg = f"detect has seen no more for {patience_s:g} s ({behind}): does `downrange run detect` run?"
                raise TransientError(msg)
            # Kafka tells nobody when a group commits: it has to be asked
            await asyncio.sleep(ASK_AGAIN_S)
    finally:
        await admin.close()
