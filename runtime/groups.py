"""How far a consumer group has come: a sink commits an offset only when everything before it is safe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from runtime.kafka import Partition, client_options, open_consumer
from runtime.kafka_ends import log_ends
from runtime.settings import KafkaSettings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic, partition_of

ASK_AGAIN_S: Final = 0.2
Progress = Callable[[int, int], None]


async def ends_of(settings: KafkaSettings, key: str, topics: Iterable[KafkaTopic]) -> dict[Partition, int]:
    """Return the next offsets of a flight's partitions, `key` being `{run}/{flight}`.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    partitions = [Partition(topic.value, partition_of(key, settings.partitions)) for topic in topics]
    try:
        async with open_consumer(settings, "downrange-ends", None) as consumer:
            consumer.assign(partitions)
            return await log_ends(consumer, partitions)
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.bootstrap}: {error!r}") from error


async def has_passed(settings: KafkaSettings, group: str, ends: Mapping[Partition, int]) -> bool:
    """Return whether a group has committed every offset before `ends`.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        return await _reached(admin, group, ends) == dict(ends)
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.bootstrap}: {error!r}") from error
    finally:
        await admin.close()


async def _reached(admin: AIOKafkaAdminClient, group: str, ends: Mapping[Partition, int]) -> dict[Partition, int]:
    """Return how far before `ends` a group has committed."""
    try:
        offsets = await admin.list_consumer_group_offsets(group, partitions=list(ends))
    except GroupCoordinatorNotAvailableError:
        # a new cluster has no coordinator before its first group joins
        offsets = {}
    return {tp: min(max(offsets[tp].offset, 0), end) if tp in offsets else 0 for tp, end in ends.items()}


async def group_passes(
    settings: KafkaSettings,
    group: str,
    ends: Mapping[Partition, int],
    patience_s: float,
    on_progress: Progress = lambda _done, _of: None,
) -> None:
    """Return when a group has committed every offset before `ends`.

    Parameters
    ----------
    settings
        Where Kafka is.
    group
        Its name, as `downrange.detect`.
    ends
        From `ends_of`.
    patience_s
        How long the group may make no progress.
    on_progress
        Told how many of the records are committed, of how many.

    Raises
    ------
    TransientError
        If the group makes no progress, or Kafka does not answer.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    done, moved_s = -1, time.monotonic()
    try:
        await admin.start()
        while True:
            at = await _reached(admin, group, ends)
            on_progress(sum(at.values()), sum(ends.values()))
            if at == ends:
                return
            if sum(at.values()) > done:
                done, moved_s = sum(at.values()), time.monotonic()
            elif time.monotonic() - moved_s > patience_s:
                behind = ", ".join(f"{tp.topic}[{tp.partition}] {at[tp]} of {end}" for tp, end in ends.items())
                raise TransientError(f"{group} has done nothing for {patience_s:g} s ({behind}): does it run?")
            # Kafka tells nobody when a group commits: it has to be asked
            await asyncio.sleep(ASK_AGAIN_S)
    except KafkaError as error:
        raise TransientError(f"Kafka at {settings.bootstrap}: {error!r}") from error
    finally:
        await admin.close()
