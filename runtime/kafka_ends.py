"""Where the partitions of a topic end, told alike by every broker."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Partition


async def log_ends(consumer: AIOKafkaConsumer, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Return the offset behind the last record of each partition.

    Asked for end offsets, the demo's broker names the one behind the *first* record of the last batch. The one that it
    sends along with records is right, so the last batch is fetched. On Apache Kafka the two are the same.

    Parameters
    ----------
    consumer
        Assigned to the partitions; it has to be sent to its place afterwards.
    partitions
        Which ends to find.
    """
    chosen = list(partitions)
    ends = dict(await consumer.end_offsets(chosen))
    begins = await consumer.beginning_offsets(chosen)
    filled = [tp for tp in chosen if ends[tp] > begins[tp]]
    for tp in filled:
        consumer.seek(tp, ends[tp] - 1)
    while any(consumer.highwater(tp) is None for tp in filled):
        await consumer.getmany(*filled, timeout_ms=100)
    return ends | {tp: max(ends[tp], consumer.highwater(tp)) for tp in filled}
