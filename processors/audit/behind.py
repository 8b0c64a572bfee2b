"""Whether detection has read everything of a flight: if not, its ledger is older than what the stores hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runtime.archive.layout import Stream
from runtime.groups import has_passed
from runtime.kafka import Partition
from runtime.settings import KafkaSettings
from telemetry.topics import KafkaTopic, partition_of

DETECTION: Final = "downrange.detect"
READ_FROM: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)


async def is_behind(settings: KafkaSettings, key: str, lasts: Mapping[Stream, int]) -> bool:
    """Return whether detection has not read a flight up to its last records.

    Parameters
    ----------
    settings
        Where Kafka is.
    key
        Whose.
    lasts
        Offset of the last record of each stream; -1 where there is none.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    number = partition_of(key, settings.partitions)
    ends = {Partition(s.topic.value, number): last + 1 for s, last in lasts.items() if s.topic in READ_FROM}
    return not await has_passed(settings, DETECTION, {tp: end for tp, end in ends.items() if end})
