"""Topics on a real Kafka: made once, alike for every service, and a mistake is said in one line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from conftest import Servers
from servers.own import OwnKafka
from structlog.testing import CapturingLogger, capture_logs

from downrange.stack.process import free_port
from runtime.kafka import Outgoing, Partition, Producer, ensure_topics, open_consumer, open_producer, read_to_end
from runtime.logs import logger
from runtime.settings import KafkaSettings
from telemetry.errors import FatalError, PacketError, Reason, TransientError
from telemetry.topics import KafkaTopic, partition_of

PARTITIONS = 4
WITHIN_S = 60


@pytest.fixture(scope="module")
def settings(servers: Servers) -> KafkaSettings:
    # not the session's: these tests want to see topics made
    kafka = servers.enter(OwnKafka(servers.data_dir / "topics"))
    return KafkaSettings(bootstrap=kafka.bootstrap, partitions=PARTITIONS)


async def partitions_by_topic(settings: KafkaSettings) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        ours = [name for name in await admin.list_topics() if name.startswith("downrange.")]
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(ours)}
    finally:
        await admin.close()


async def test_services_that_start_at_once_find_every_topic_made_once(settings: KafkaSettings) -> None:
    await asyncio.gather(*(ensure_topics(settings, logger("test"), WITHIN_S) for _ in range(4)))
    assert await partitions_by_topic(settings) == {topic.value: PARTITIONS for topic in KafkaTopic}
    await ensure_topics(settings, logger("test"), WITHIN_S)
    assert await partitions_by_topic(settings) == {topic.value: PARTITIONS for topic in KafkaTopic}


async def test_another_number_of_partitions_is_for_the_operator_to_mend(settings: KafkaSettings) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    other = settings.model_copy(update={"partitions": PARTITIONS + 1})
    with pytest.raises(FatalError, match=r"has 4 partitions, DOWNRANGE_KAFKA_PARTITIONS says 5: .* set it to 4"):
        await ensure_topics(other, logger("test"), WITHIN_S)
    assert set((await partitions_by_topic(settings)).values()) == {PARTITIONS}


async def test_an_unreachable_cluster_is_said_with_address_and_variable_and_then_fatal() -> None:
    address = f"127.0.0.1:{free_port()}"
    with capture_logs() as said, pytest.raises(FatalError) as caught:
        await ensure_topics(KafkaSettings(bootstrap=address), logger("test"), 1.0)
    assert f"no Kafka at {address} within 1 s" in str(caught.value)
    assert "set DOWNRANGE_KAFKA_BOOTSTRAP" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(said) >= 2
    assert {(line["bootstrap"], line["set"]) for line in said} == {(address, "DOWNRANGE_KAFKA_BOOTSTRAP")}


async def test_a_cluster_with_too_few_brokers_names_the_replication(tmp_path: Path) -> None:
    async with OwnKafka(tmp_path / "kafka") as kafka:
        settings = KafkaSettings(bootstrap=kafka.bootstrap, replication=3)
        with pytest.raises(FatalError, match=r"InvalidReplicationFactor.*set DOWNRANGE_KAFKA_REPLICATION"):
            await ensure_topics(settings, logger("test"), 2.0)


async def test_a_client_that_cannot_start_leaves_nothing_open() -> None:
    settings = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")
    # a ResourceWarning of an unclosed client would fail the test
    for client in (open_producer(settings, "test"), open_consumer(settings, "test", "group")):
        with pytest.raises(Exception, match="Unable to bootstrap"):
            async with client:
                pass


def outgoing(key: str, *values: bytes) -> list[Outgoing]:
    return [Outgoing(KafkaTopic.QUALITY, key, value, [("type", b"test")]) for value in values]


async def test_what_was_acknowledged_is_read_to_the_end_in_order(settings: KafkaSettings) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    keys = [f"live/order-{n}" for n in range(6)]
    tps = [Partition(KafkaTopic.QUALITY.value, number) for number in range(PARTITIONS)]
    async with open_producer(settings, "test") as producer:
        for n in range(300):
            await producer.send_all([record for key in keys for record in outgoing(key, str(n).encode())])
        await producer.acknowledged(await producer.send_all(outgoing(keys[0], b"last")))
    read: dict[str, list[bytes]] = {key: [] for key in keys}
    async for record in read_to_end(settings, "test", tps):
        if record.key.decode() in read:
            read[record.key.decode()].append(record.value)
            assert record.partition == partition_of(record.key.decode(), PARTITIONS)
    expected = [str(n).encode() for n in range(300)]
    assert read == dict.fromkeys(keys, expected) | {keys[0]: [*expected, b"last"]}


async def test_reading_to_the_end_of_nothing_ends(settings: KafkaSettings) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    tp = Partition(KafkaTopic.DELIVERIES.value, 0)
    assert [record async for record in read_to_end(settings, "test", [tp])] == []


async def test_a_record_that_is_too_large_is_refused_and_the_producer_goes_on(settings: KafkaSettings) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    async with open_producer(settings, "test") as producer:
        large = bytes(settings.max_request_bytes + 1)
        for send in (
            producer.send_all(outgoing("live/large", large)),
            producer.send(KafkaTopic.QUALITY, "live/large", large, []),
        ):
            with pytest.raises(PacketError) as caught:
                await send
            assert caught.value.reason is Reason.TOO_LARGE
        largest = outgoing("live/large", bytes(settings.max_request_bytes - 1000))
        await producer.acknowledged(await producer.send_all([*outgoing("live/large", b"small"), *largest]))


async def test_a_topic_that_is_not_there_is_worth_trying_and_the_producer_goes_on_over_new_connections(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    async with open_producer(settings, "test") as producer:
        await producer.acknowledged(await producer.send_all(outgoing("live/F1", b"before")))
        client = producer._client.client
        connections = set(client._conns.values())
        monkeypatch.setattr(client, "_request_timeout_ms", 500)
        monkeypatch.setattr(KafkaTopic.QUALITY, "_value_", "downrange.nowhere")
        with pytest.raises(TransientError, match="UnknownTopicOrPartitionError"):
            await producer.send(KafkaTopic.QUALITY, "live/F1", b"", [])
        monkeypatch.undo()
        assert not any(connection.connected() for connection in connections)
        await producer.acknowledged(await producer.send_all(outgoing("live/F1", b"after")))


async def test_the_key_of_the_flight_chooses_the_partition_of_a_longer_key(settings: KafkaSettings) -> None:
    await ensure_topics(settings, logger("test"), WITHIN_S)
    async with open_producer(settings, "test") as producer:
        sent = await producer.send(KafkaTopic.STATE, "live/F1/parcel-7", b"", [], flight="live/F1")
        (metadata,) = await producer.acknowledged([sent])
    assert metadata.partition == partition_of("live/F1", PARTITIONS)


async def test_acknowledgements_that_fail_say_what_may_be_sent_again() -> None:
    from aiokafka import errors  # noqa: PLC0415 -- only this test speaks of the client's own errors

    async def raised(*failures: Exception | None) -> BaseException:
        futures: list[asyncio.Future[None]] = [asyncio.get_running_loop().create_future() for _ in failures]
        for future, failure in zip(futures, failures, strict=True):
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)
        with pytest.raises(Exception, match=r".") as caught:
            await Producer(CapturingLogger(), KafkaSettings()).acknowledged(futures)
        return caught.value

    timed_out, too_large = errors.KafkaTimeoutError(), errors.MessageSizeTooLargeError()
    assert isinstance(await raised(None, timed_out), TransientError)
    assert isinstance(await raised(too_large, None), PacketError)
    # what may be sent again comes first: the refused record is found when it is alone
    assert isinstance(await raised(too_large, timed_out), TransientError)
    # a client that has lost its place never delivers again: the process must end
    assert isinstance(await raised(errors.OutOfOrderSequenceNumber()), errors.OutOfOrderSequenceNumber)
