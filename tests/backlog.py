"""What other tests have left on the topics of the Kafka that they share, taken out of the way first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flown import running

from runtime.groups import group_passes
from runtime.kafka import Partition, open_consumer
from runtime.kafka_ends import log_ends
from runtime.settings import Settings
from telemetry.topics import KafkaTopic

# of no progress at all: a machine with much else to do takes a batch of 2,000 records in a minute
PATIENCE_S: Final = 150


async def no_backlog(settings: Settings, name: str, topics: Iterable[KafkaTopic], logs: Path) -> None:
    """Run a service until it has taken all that its topics hold, so that what comes next is the test's own."""
    every = [Partition(topic.value, number) for topic in topics for number in range(settings.kafka.partitions)]
    async with open_consumer(settings.kafka, "test-ends", None) as consumer:
        consumer.assign(every)
        ends = {tp: end for tp, end in (await log_ends(consumer, every)).items() if end}
    async with running(name, settings, logs):
        await group_passes(settings.kafka, f"downrange.{name}", ends, PATIENCE_S)
