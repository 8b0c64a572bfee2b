"""Where people ask for the state of limits and act on them: through Kafka, and what comes back has happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from runtime.groups import ends_of
from runtime.kafka import Partition, Record, open_consumer, open_producer, read_to_end
from runtime.settings import KafkaSettings
from telemetry.errors import InputError, Reason, TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.limit_command import LimitCommand
from telemetry.limit_state import LimitState
from telemetry.message import JSON
from telemetry.topics import KafkaTopic, flight_key, partition_of

CLIENT: Final = "downrange-limits"
ANSWERED_WITHIN_S: Final = 15.0
WAIT_MS: Final = 200


@dataclass(slots=True)
class _Answer:
    """What has come back of a command."""

    events: list[Event] = field(default_factory=list)
    refusal: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.refusal is not None or any(event.values.get("acts") == len(self.events) for event in self.events)


async def limit_states(settings: KafkaSettings, run: str, flight: str) -> list[LimitState]:
    """Return the present of every limit of a flight that something has happened to, in order of their names.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    key = flight_key(run, flight)
    states: dict[bytes, LimitState] = {}
    tp = Partition(KafkaTopic.LIMITS.value, partition_of(key, settings.partitions))
    try:
        async for record in read_to_end(settings, CLIENT, [tp]):
            if (record.key or b"").startswith(f"{key}/".encode()):
                try:
                    states[record.key] = LimitState.model_validate_json(record.value or b"")
                except ValidationError as error:
                    raise InputError(Reason.BAD_JSON, f"no state of a limit: {record.key!r}") from error
    except KafkaError as error:
        raise _unreachable(settings, error) from error
    return sorted(states.values(), key=lambda state: state.condition.order)


async def carry_out(
    settings: KafkaSettings, command: LimitCommand, patience_s: float = ANSWERED_WITHIN_S
) -> list[Event]:
    """Send a command, and return the events that say that it was done, one a limit.

    Raises
    ------
    InputError
        If it was refused; says why.
    TransientError
        If Kafka does not answer, or the limits processor does not in time.
    """
    topics = (KafkaTopic.EVENTS, KafkaTopic.REJECTED)
    starts = await ends_of(settings, command.key, topics)
    answer = _Answer()
    try:
        async with open_consumer(settings, CLIENT, None) as consumer, open_producer(settings, CLIENT) as producer:
            consumer.assign(list(starts))
            for tp, offset in starts.items():
                consumer.seek(tp, offset)
            headers = [("type", b"limit"), ("content-type", JSON.encode())]
            value = command.model_dump_json(exclude_none=True).encode()
            await producer.acknowledged([await producer.send(KafkaTopic.COMMANDS, command.key, value, headers)])
            async with asyncio.timeout(patience_s):
                await _answered(consumer, command, answer)
    except TimeoutError as error:
        msg = (
            f"the command stands on {KafkaTopic.COMMANDS.value}, but was not answered within {patience_s:g} s: "
            "it counts as soon as `downrange run detect` reads it"
        )
        raise TransientError(msg) from error
    except KafkaError as error:
        raise _unreachable(settings, error) from error
    if answer.refusal is not None:
        raise InputError(Reason.REFUSED_COMMAND, answer.refusal)
    return answer.events


async def _answered(consumer: AIOKafkaConsumer, command: LimitCommand, answer: _Answer) -> None:
    while not answer.is_complete:
        for records in (await consumer.getmany(timeout_ms=WAIT_MS)).values():
            for record in records:
                _take(record, command, answer)


def _take(record: Record, command: LimitCommand, answer: _Answer) -> None:
    if (record.key or b"").decode("utf-8", "replace") != command.key:
        return
    headers = dict(record.headers)
    if record.topic == KafkaTopic.REJECTED.value:
        if headers.get("command") == command.id.encode():
            answer.refusal = (headers.get("detail") or b"").decode("utf-8", "replace")
        return
    try:
        event = event_from_kafka(record.value, record.headers)
    except InputError:
        return
    if event.values.get("command") == command.id:
        answer.events.append(event)


def _unreachable(settings: KafkaSettings, error: KafkaError) -> TransientError:
    return TransientError(f"Kafka at {settings.bootstrap} (DOWNRANGE_KAFKA_BOOTSTRAP): {error!r}")
