"""Reading back what detection left on Kafka: snapshots, checkpoints, and events behind them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping

from aiokafka.errors import KafkaError

from processors.detect.intake import key_of
from processors.detect.shard import (
    BEGINS,
    CHECKPOINT_KEY,
    COMMAND,
    INPUTS,
    UNTOLD,
    Checkpoint,
    Shard,
    unpack_checkpoint,
)
from processors.detect.snapshot_parts import is_part, join_snapshot, turn_of
from runtime.kafka import Partition, Record, open_consumer, read_to_end
from runtime.kafka_ends import log_ends
from runtime.settings import KafkaSettings
from telemetry.errors import InputError, PacketError, Reason, TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.topics import KafkaTopic, flight_key

READER = "downrange-detect-restore"


async def input_ends(settings: KafkaSettings, numbers: Iterable[int]) -> dict[Partition, int]:
    """Return the offset behind the last record of each input of partitions; 0 where there is none to read.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    partitions = [Partition(topic.value, number) for number in numbers for topic in INPUTS]
    try:
        async with open_consumer(settings, READER, None) as consumer:
            consumer.assign(partitions)
            begins = await consumer.beginning_offsets(partitions)
            ends = await log_ends(consumer, partitions)
    except KafkaError as error:
        raise TransientError(f"Kafka did not say where its topics end: {error!r}") from error
    # of what is all out of date nothing will come
    return {tp: end if end > begins[tp] else 0 for tp, end in ends.items()}


async def restore_shard(settings: KafkaSettings, partition: int, ends: Mapping[Partition, int]) -> Shard:
    """Read the state of a partition, and the events that were written after it.

    Parameters
    ----------
    settings
        Where Kafka is.
    partition
        Which.
    ends
        From `input_ends`.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    shard = Shard()
    async for record in _records(settings, KafkaTopic.STATE, partition, 0):
        key = key_of(record)
        if is_part(key):
            continue
        if record.value is None:
            shard.snapshots.pop(key, None)
            shard.untold.discard(key)
        elif key == CHECKPOINT_KEY:
            shard.saved = unpack_checkpoint(record.value)
        else:
            shard.keep_snapshot(key, record.value if turn_of(record.value) is None else None)
            (shard.untold.add if UNTOLD in dict(record.headers) else shard.untold.discard)(key)
    shard.at = Checkpoint(dict(shard.saved.next_offsets), shard.saved.events_offset)
    async for offset, event in _events(settings, partition, shard.saved.events_offset):
        shard.at.events_offset = max(shard.at.events_offset, offset + 1)
        if event is not None:
            shard.known.add(event.id)
            shard.keep_act(event)
    shard.ends = {topic.value: ends[Partition(topic.value, partition)] for topic in INPUTS}
    saved, commands, rejected = shard.saved.next_offsets, KafkaTopic.COMMANDS.value, KafkaTopic.REJECTED
    if shard.ends[commands] > saved.get(commands, 0):
        async for record in _records(settings, rejected, partition, saved.get(rejected.value, 0)):
            shard.refused |= {value.decode() for name, value in record.headers if name == COMMAND}
    return shard


async def known_events(settings: KafkaSettings, partition: int, first: int) -> set[str]:
    """Return the ids of the events from an offset on."""
    return {event.id async for _, event in _events(settings, partition, first) if event is not None}


async def _events(settings: KafkaSettings, partition: int, first: int) -> AsyncIterator[tuple[int, Event | None]]:
    """Yield offset and event from an offset on; another service's record on our topic is no event of ours."""
    async for record in _records(settings, KafkaTopic.EVENTS, partition, first):
        try:
            event = event_from_kafka(record.value or b"", record.headers)
        except InputError:
            yield record.offset, None
        else:
            yield record.offset, event


async def find_snapshot(settings: KafkaSettings, partition: int, key: str) -> tuple[bytes, int]:
    """Return a flight's last snapshot, and under which turn its next one's parts may be written.

    Raises
    ------
    PacketError
        If it is gone, or its parts do not belong together.
    TransientError
        If Kafka does not answer.
    """
    found = b""
    parts: dict[str, bytes] = {}
    async for record in _records(settings, KafkaTopic.STATE, partition, 0):
        name = key_of(record)
        if name == key:
            found = record.value or b""
        elif is_part(name) and name.startswith(f"{key}/") and record.value is not None:
            parts[name] = record.value
    if not found:
        raise PacketError(Reason.BAD_LENGTH, f"the snapshot of {key} is gone")
    return join_snapshot(key, found, parts), 1 - (turn_of(found) or 0)


async def read_begins(settings: KafkaSettings, partition: int, keys: Collection[str]) -> dict[str, dict[str, int]]:
    """Return where flights begin on Kafka, as the headers of their records say, of whatever version those are.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    found: dict[str, dict[str, int]] = {}
    async for record in _records(settings, KafkaTopic.STATE, partition, 0):
        key = key_of(record)
        if key in keys:
            said = dict(record.headers).get(BEGINS)
            found[key] = {} if said is None else json.loads(said)
    return found


async def flight_events(
    settings: KafkaSettings, partition: int, first: int, keys: Collection[str]
) -> AsyncIterator[Event]:
    """Yield the events of flights from an offset on.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    async for _, event in _events(settings, partition, first):
        if event is not None and flight_key(event.run, event.flight) in keys:
            yield event


async def read_stretch(
    settings: KafkaSettings, starts: dict[Partition, int], stops: dict[Partition, int]
) -> AsyncIterator[Record]:
    """Yield the records of partitions from offsets on and before others.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    try:
        async for record in read_to_end(settings, READER, starts, starts, stops):
            yield record
    except KafkaError as error:
        raise TransientError(f"Kafka did not give back what was read: {error!r}") from error


async def first_offsets(settings: KafkaSettings, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Return from where on partitions still hold records.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    chosen = list(partitions)
    try:
        async with open_consumer(settings, READER, None) as consumer:
            consumer.assign(chosen)
            return dict(await consumer.beginning_offsets(chosen))
    except KafkaError as error:
        raise TransientError(f"Kafka did not say where its topics begin: {error!r}") from error


async def _records(settings: KafkaSettings, topic: KafkaTopic, partition: int, first: int) -> AsyncIterator[Record]:
    tp = Partition(topic.value, partition)
    try:
        async for record in read_to_end(settings, READER, [tp], {tp: first}):
            yield record
    except KafkaError as error:
        raise TransientError(f"Kafka did not give back {topic.value}: {error!r}") from error
