"""When the line has done all its work: every group has read every one of its topics to the end, and stays there."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from runtime.kafka import Partition, open_consumer
from runtime.kafka_client import client_options
from runtime.settings import KafkaSettings
from telemetry.topics import KafkaTopic

ASK_EVERY_S: Final = 1.0
# longer than a service holds back what it writes by itself, and than the auditor waits for a flight to be quiet
STAYS_S: Final = 8.0
GROUPS: Final = {
    "detect": (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED),
    "store": (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY),
    "record": (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY, KafkaTopic.REJECTED),
    "track": (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS),
    "audit": (KafkaTopic.QUALITY,),
}


async def lags(settings: KafkaSettings) -> dict[str, int]:
    """Return how many records each group has before it."""
    topics = {topic for chosen in GROUPS.values() for topic in chosen}
    partitions = [Partition(topic.value, n) for topic in topics for n in range(settings.partitions)]
    async with open_consumer(settings, "chaos-lag", None) as consumer:
        ends = await consumer.end_offsets(partitions)
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        found: dict[str, int] = {}
        for name, chosen in GROUPS.items():
            committed = await admin.list_consumer_group_offsets(f"downrange.{name}")
            read = {tp: max(committed[tp].offset, 0) if tp in committed else 0 for tp in partitions}
            found[name] = sum(ends[tp] - read[tp] for tp in partitions if tp.topic in chosen)
        return found
    finally:
        await admin.close()


async def settle(settings: KafkaSettings, within_s: float) -> dict[str, int]:
    """Wait until no group is behind any more; returns how far each is, 0 when it has come to the end in time."""
    loop = asyncio.get_running_loop()
    end_s, quiet_since_s, behind = loop.time() + within_s, loop.time(), {"?": 1}
    while loop.time() < end_s:
        try:
            behind = await lags(settings)
        except (KafkaError, OSError):
            behind = {"kafka": 1}
        if any(behind.values()):
            quiet_since_s = loop.time()
        elif loop.time() - quiet_since_s > STAYS_S:
            break
        await asyncio.sleep(ASK_EVERY_S)
    return behind
