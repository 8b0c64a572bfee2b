"""Reading back what detection left on Kafka: snapshots, checkpoints, and events behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from processors.shard import CHECKPOINT_KEY, Checkpoint, Shard, unpack_checkpoint
from runtime.kafka import Partition, Record, read_to_end
from runtime.settings import KafkaSettings
from telemetry.errors import InputError, TransientError
from telemetry.events import event_from_kafka
from telemetry.topics import KafkaTopic

READER = "downrange-detect-restore"


async def restore_shard(settings: KafkaSettings, partition: int) -> Shard:
    """Read the state of a partition, and the events that were written after it."""
    shard = Shard()
    async for record in _records(settings, KafkaTopic.STATE, partition, 0):
        key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            shard.snapshots.pop(key, None)
        elif key == CHECKPOINT_KEY:
            shard.saved = unpack_checkpoint(record.value)
        else:
            shard.keep_snapshot(key, record.value)
    shard.at = Checkpoint(dict(shard.saved.next_offsets), shard.saved.events_offset)
    shard.known, shard.at.events_offset = await known_events(settings, partition, shard.saved.events_offset)
    return shard


async def known_events(settings: KafkaSettings, partition: int, first: int) -> tuple[set[str], int]:
    """Return the ids of the events from an offset on, and the offset behind them."""
    ids: set[str] = set()
    async for record in _records(settings, KafkaTopic.EVENTS, partition, first):
        first = max(first, record.offset + 1)
        try:
            ids.add(event_from_kafka(record.value or b"", record.headers).id)
        except InputError:
            # another service's record on our topic is no event of ours
            continue
    return ids, first


async def find_snapshot(settings: KafkaSettings, partition: int, key: str) -> bytes | None:
    """Return a flight's last snapshot, None if there is none."""
    found: bytes | None = None
    async for record in _records(settings, KafkaTopic.STATE, partition, 0):
        if record.key == key.encode():
            found = record.value
    return found


async def _records(settings: KafkaSettings, topic: KafkaTopic, partition: int, first: int) -> AsyncIterator[Record]:
    tp = Partition(topic.value, partition)
    try:
        async for record in read_to_end(settings, READER, [tp], {tp: first}):
            yield record
    except KafkaError as error:
        raise TransientError(f"Kafka did not give back {topic.value}: {error!r}") from error
