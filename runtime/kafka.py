"""Kafka: producers, consumers and topics as async context managers over aiokafka, with errors that say what to set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import ConsumerRecord as Record
from aiokafka import TopicPartition as Partition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    RecordTooLargeError,
    UnknownProducerId,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from runtime.kafka_client import client_options
from runtime.kafka_ends import log_ends
from runtime.kafka_topics import ensure_topics
from runtime.settings import KafkaSettings
from telemetry.errors import PacketError, Reason, TransientError
from telemetry.topics import KafkaTopic, partition_of

__all__ = [
    "Headers",
    "Outgoing",
    "Partition",
    "Producer",
    "Record",
    "client_options",
    "ensure_topics",
    "open_consumer",
    "open_producer",
    "read_to_end",
]

Headers = list[tuple[str, bytes]]

# Kafka's own lower bound: a member killed with -9 is missed for this long before its partitions move on
HEARTBEATS_A_SESSION: Final = 3
# a sink may be away for long, and its consumer reads nothing meanwhile; by default it would be put out after 5 minutes
MAX_POLL_INTERVAL_MS: Final = 24 * 3600 * 1000
BATCH_OCTETS: Final = 256 * 1024
STOP_S: Final = 3.0
LEAVE_S: Final = 10.0
# after one of these the client never delivers again: trying again would be for ever, a new process begins afresh
END_OF_A_PRODUCER: Final = (
    InvalidProducerEpoch,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send; its key `{run}/{flight}` chooses the partition, or `flight` where the key is longer."""

    topic: KafkaTopic
    key: str
    value: bytes
    headers: Headers
    flight: str | None = None


class Producer:
    """Sends records with acks=all; a send that returns is on every in-sync replica.

    Parameters
    ----------
    client
        A started aiokafka producer.
    settings
        Partitions of every topic.
    """

    def __init__(self, client: AIOKafkaProducer, settings: KafkaSettings) -> None:
        self._client = client
        self._partitions = settings.partitions
        self._most_octets = settings.max_request_bytes

    async def answers(self) -> bool:
        """Return whether a broker answers now."""
        return bool(await self._client.client.force_metadata_update())

    async def send(
        self, topic: KafkaTopic, key: str, value: bytes | None, headers: Headers, *, flight: str | None = None
    ) -> asyncio.Future[Any]:
        """Hand a record to the client and return the future of its acknowledgement.

        Parameters
        ----------
        topic, key, value, headers
            The record; a value of None deletes the key from a compacted topic.
        flight
            `{run}/{flight}` when the key is longer than that; it chooses the partition.

        Raises
        ------
        PacketError
            If the record is larger than Kafka takes (`too-large`).
        TransientError
            If the client cannot take it now.
        """
        try:
            return cast(
                "asyncio.Future[Any]",
                await self._client.send(
                    topic.value,
                    value,
                    key=key.encode(),
                    headers=headers,
                    partition=partition_of(flight or key, self._partitions),
                ),
            )
        except MessageSizeTooLargeError as error:
            raise PacketError(
                Reason.TOO_LARGE, f"a record of {len(value or b'')} octets is over Kafka's limit"
            ) from error
        except KafkaError as error:
            self._hang_up(error)
            raise _worth_trying(error, f"Kafka did not take a record for {topic.value}") from error

    async def send_all(self, records: Iterable[Outgoing]) -> list[asyncio.Future[Any]]:
        """Hand over many records in a few batches and return the batches' futures; costs a tenth of `send` a record.

        The records of a partition keep their order. Waits while the client is full, for as long as that takes.

        Raises
        ------
        PacketError
            If a record is larger than Kafka takes (`too-large`).
        TransientError
            If the client cannot take them now.
        """
        chosen: dict[tuple[KafkaTopic, int], list[Outgoing]] = {}
        for record in records:
            if len(record.value) > self._most_octets:
                raise PacketError(Reason.TOO_LARGE, f"a record of {len(record.value)} octets is over Kafka's limit")
            place = (record.topic, partition_of(record.flight or record.key, self._partitions))
            chosen.setdefault(place, []).append(record)
        batches = [self._send_batches(topic, partition, some) for (topic, partition), some in chosen.items()]
        return [future for futures in await asyncio.gather(*batches) for future in futures]

    async def _send_batches(
        self, topic: KafkaTopic, partition: int, records: list[Outgoing]
    ) -> list[asyncio.Future[Any]]:
        futures = []
        batch = self._client.create_batch()
        for record in records:
            key = record.key.encode()
            # a batch that has no room takes nothing more; an empty one always has room for one record
            if batch.append(key=key, value=record.value, timestamp=None, headers=record.headers) is None:
                futures.append(await self._send_batch(batch, topic, partition))
                batch = self._client.create_batch()
                batch.append(key=key, value=record.value, timestamp=None, headers=record.headers)
        return [*futures, await self._send_batch(batch, topic, partition)]

    async def _send_batch(self, batch: BatchBuilder, topic: KafkaTopic, partition: int) -> asyncio.Future[Any]:
        batch.close()
        while True:
            try:
                return cast(
                    "asyncio.Future[Any]", await self._client.send_batch(batch, topic.value, partition=partition)
                )
            except KafkaTimeoutError:
                # the batch before it is still on its way; this one was not taken, so it is not sent twice
                continue
            except KafkaError as error:
                self._hang_up(error)
                raise _worth_trying(error, f"Kafka did not take records for {topic.value}") from error

    def _hang_up(self, error: KafkaError) -> None:
        """Close all connections if topics that are there have not been found for a whole request's time.

        The client asks over the connection that it has, and keeps one over which nothing ever comes: the other end went
        away unheard, and nobody says so.
        """
        if isinstance(error, UnknownTopicOrPartitionError):
            for connection in list(self._client.client._conns.values()):  # noqa: SLF001 -- nothing public closes one
                connection.close()

    async def acknowledged(self, futures: Sequence[asyncio.Future[Any]]) -> list[Any]:
        """Wait for acknowledgements.

        Raises
        ------
        PacketError
            If the broker refused a record for its size.
        TransientError
            If any record was not acknowledged; all of them may be sent again.
        """
        results = await asyncio.gather(*futures, return_exceptions=True)
        refusals = [result for result in results if isinstance(result, MessageSizeTooLargeError | RecordTooLargeError)]
        for result in results:
            # first what may be sent again: whoever is told of a refusal may take all the others for acknowledged
            if isinstance(result, KafkaError) and result not in refusals:
                raise _worth_trying(result, "Kafka did not acknowledge") from result
            if isinstance(result, BaseException) and result not in refusals:
                raise result
        if refusals:
            raise PacketError(Reason.TOO_LARGE, "the broker refused a record for its size") from refusals[0]
        return results


def _worth_trying(error: KafkaError, what: str) -> Exception:
    """Return a TransientError, or the error itself when this client will never succeed."""
    # aiokafka's sender task, when it dies of the unexpected, fails everything with the bare base class
    if isinstance(error, END_OF_A_PRODUCER) or type(error) is KafkaError:
        return cast("Exception", error)
    return TransientError(f"{what}: {error!r}")


@asynccontextmanager
async def open_producer(settings: KafkaSettings, client_id: str) -> AsyncIterator[Producer]:
    """Start a producer and stop it at the end; what it holds is sent first, if Kafka takes it in time."""
    client = AIOKafkaProducer(
        client_id=client_id,
        acks="all",
        enable_idempotence=settings.idempotent,
        compression_type=None if settings.compression == "none" else settings.compression,
        max_request_size=settings.max_request_bytes,
        max_batch_size=min(BATCH_OCTETS, settings.max_request_bytes),
        linger_ms=2,
        **client_options(settings),
    )
    try:
        await client.start()
        yield Producer(client, settings)
    finally:
        # a producer waits for its acknowledgements for ever; who needed them has waited before
        with suppress(TimeoutError):
            await asyncio.wait_for(client.stop(), STOP_S)


@asynccontextmanager
async def open_consumer(
    settings: KafkaSettings, client_id: str, group: str | None, *, fetch_min_bytes: int = 1
) -> AsyncIterator[AIOKafkaConsumer]:
    """Start a consumer without subscription; it commits nothing by itself and begins at the earliest record.

    The broker answers when it has `fetch_min_bytes`, or after a tenth of a second with what there is.
    """
    consumer = AIOKafkaConsumer(
        client_id=client_id,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # the same partition numbers of all topics to one member, which the default assignor does not promise
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=round(settings.session_s * 1000),
        heartbeat_interval_ms=round(settings.session_s * 1000 / HEARTBEATS_A_SESSION),
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        # what is read ahead of every partition lies in memory, decompressed
        max_partition_fetch_bytes=256 * 1024,
        fetch_max_bytes=2 * 1024 * 1024,
        fetch_min_bytes=fetch_min_bytes,
        fetch_max_wait_ms=100,
        **client_options(settings),
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        # whoever has not left its group by then is put out of it when its session ends
        with suppress(TimeoutError):
            await asyncio.wait_for(consumer.stop(), LEAVE_S)


async def read_to_end(
    settings: KafkaSettings,
    client_id: str,
    partitions: Iterable[Partition],
    starts: dict[Partition, int] | None = None,
    stops: dict[Partition, int] | None = None,
) -> AsyncIterator[Record]:
    """Yield every record of the partitions from their beginning (or `starts`) to the end they have now (or `stops`)."""
    chosen = list(partitions)
    async with open_consumer(settings, client_id, None) as consumer:
        consumer.assign(chosen)
        ends = await log_ends(consumer, chosen)
        ends |= {tp: min(stop, ends[tp]) for tp, stop in (stops or {}).items()}
        begins = await consumer.beginning_offsets(chosen)
        at = {tp: max(begins[tp], (starts or {}).get(tp, 0)) for tp in chosen}
        for tp, offset in at.items():
            consumer.seek(tp, offset)
        while any(at[tp] < ends[tp] for tp in chosen):
            for tp, records in (await consumer.getmany(timeout_ms=1000)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield record
            for tp in chosen:
                at[tp] = await consumer.position(tp)
