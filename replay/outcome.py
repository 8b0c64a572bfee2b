"""What the line made of a run: its events and ledger, read from Kafka once the engine has seen everything."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from runtime.archive.layout import Stream
from runtime.groups import Progress, ends_of, group_passes
from runtime.kafka import Partition, Record, ensure_topics, open_consumer
from runtime.settings import Settings
from telemetry.errors import InputError, TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, flight_key

DETECT_GROUP: Final = "downrange.detect"
RECORD_GROUP: Final = "downrange.record"
INPUTS: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
OUTPUTS: Final = (KafkaTopic.EVENTS, KafkaTopic.QUALITY)
LEDGER_S: Final = 10.0
WAIT_MS: Final = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a run's output begins: the ends of its partitions before it was flown."""

    key: str
    starts: dict[Partition, int]


@dataclass(slots=True)
class Outcome:
    """What the line made of a run.

    Parameters
    ----------
    key
        `{run}/{flight}`.
    ledger
        The last row of each vehicle and packet type.
    """

    key: str
    _events: dict[str, Event] = field(default_factory=dict)
    ledger: dict[tuple[str, str], LedgerRow] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """Each event once, in the order in which they were produced."""
        return list(self._events.values())

    def take(self, record: Record) -> None:
        """Take a record of the events or quality topic, if it is of this run."""
        if (record.key or b"").decode("utf-8", "replace") != self.key:
            return
        with suppress(InputError, ValidationError):
            if record.topic == KafkaTopic.EVENTS.value:
                event = event_from_kafka(record.value, record.headers)
                self._events[event.id] = event
            elif dict(record.headers).get("type") == LedgerRow.type.encode():
                row = LedgerRow.model_validate_json(record.value or b"")
                self.ledger[row.vehicle, row.packet] = row

    def uncounted(self, sent: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], tuple[int, int]]:
        """Return what the engine's books do not have: (sent, received) by vehicle and packet type."""
        received = {who: self.ledger[who].received if who in self.ledger else 0 for who in sent}
        return {who: (count, received[who]) for who, count in sent.items() if received[who] < count}

    @property
    def held(self) -> int:
        """How many packets the engine has that its detectors have not seen: late ones, until nothing more comes."""
        return sum(row.held or 0 for row in self.ledger.values())


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
    sent: Mapping[tuple[str, str], int],
    patience_s: float = 30.0,
    on_progress: Progress = lambda _done, _of: None,
) -> Outcome:
    """Wait until the engine has seen everything of a run that Kafka holds, and read what it made of it.

    The engine commits an offset only after its events up to there are in Kafka. Its last ledger rows follow when the
    flight has been silent for a moment: they are waited for until they count what was sent and detectors have seen it
    all, but not longer than `LEDGER_S`.

    Parameters
    ----------
    settings
        Where Kafka is.
    start
        From `mark`.
    sent
        How many packets were sent, by vehicle and packet type, as `ReplayResult.packets`.
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
    ends = await ends_of(settings.kafka, start.key, OUTPUTS)
    found = Outcome(start.key)
    try:
        async with open_consumer(settings.kafka, "downrange-outcome", None) as consumer:
            consumer.assign(list(start.starts))
            for tp, offset in start.starts.items():
                consumer.seek(tp, offset)
            await _read(consumer, found, ends, sent)
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.kafka.bootstrap}: {error!r}") from error
    return found


async def archived(settings: Settings, start: Mark, patience_s: float = 30.0) -> None:
    """Return when the recorder has written everything of a run that Kafka holds now.

    Raises
    ------
    TransientError
        If the recorder makes no progress, or Kafka does not answer.
    """
    ends = await ends_of(settings.kafka, start.key, (stream.topic for stream in Stream))
    await group_passes(settings.kafka, RECORD_GROUP, ends, patience_s)


async def _read(
    consumer: AIOKafkaConsumer, found: Outcome, ends: Mapping[Partition, int], sent: Mapping[tuple[str, str], int]
) -> None:
    at = dict.fromkeys(ends, 0)
    give_up_s = time.monotonic() + LEDGER_S
    while any(at[tp] < end for tp, end in ends.items()) or (
        (found.held or found.uncounted(sent)) and time.monotonic() < give_up_s
    ):
        for records in (await consumer.getmany(timeout_ms=WAIT_MS)).values():
            for record in records:
                found.take(record)
        at = {tp: await consumer.position(tp) for tp in ends}
