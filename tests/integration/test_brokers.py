"""What the line asks of its brokers, asked of the demo's and of the real ones alike."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import mqtt5
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from downrange.stack.addresses import Addresses
from downrange.stack.embedded import embedded_stack
from runtime.kafka import read_to_end
from runtime.logs import logger
from runtime.mqtt import Client, Connection, Inbound, Will, connect
from runtime.settings import KafkaSettings, MqttSettings

LOG = logger("test")
WITHIN_S = 30
PARTITIONS = 12


@pytest.fixture(params=["embedded", "real"])
async def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Addresses]:
    if request.param == "real":
        yield Addresses(request.getfixturevalue("mqtt_url"), request.getfixturevalue("kafka_bootstrap"))
        return
    async with embedded_stack(tmp_path / "stack") as embedded:
        yield embedded


@pytest.fixture
def settings(addresses: Addresses) -> MqttSettings:
    return MqttSettings(url=addresses.mqtt_url)


@pytest.fixture
def name() -> str:
    """Unlike every other test's: the real brokers serve all of them."""
    return f"test-{token_hex(4)}"


async def receive(connection: Connection, wanted: int) -> list[Inbound]:
    messages: list[Inbound] = []
    async with asyncio.timeout(WITHIN_S):
        while len(messages) < wanted:
            messages += await connection.receive(wanted - len(messages))
    return messages


async def vanish(settings: MqttSettings, will: mqtt5.Will) -> None:
    """Connect and be gone without a word, as a process killed with -9 is."""
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    writer.write(mqtt5.ConnectPacket("vanishing", will=will, clean_start=True, keep_alive=30).write())
    await reader.readexactly(1)
    writer.transport.abort()
    writer.close()


async def test_what_is_published_for_an_absent_subscriber_comes_in_order_and_again_until_acknowledged(
    settings: MqttSettings, name: str
) -> None:
    subscriber = Client(settings, f"{name}-sub", persistent=True)
    async with connect(subscriber, LOG) as connection:
        await connection.subscribe(f"{name}/+/tm")
    async with connect(Client(settings, f"{name}-pub"), LOG) as connection:
        for number in range(300):
            await connection.publish(f"{name}/station-{number % 3}/tm", str(number).encode())
    async with connect(subscriber, LOG) as connection:
        assert connection.session_present
        first = await receive(connection, 60)
        await connection.acknowledge(first[:40])
        # the broker has read the acknowledgements when it answers what came behind them
        await connection.subscribe(f"{name}/none")
    async with connect(subscriber, LOG) as connection:
        again = await receive(connection, 260)
        await connection.acknowledge(again)
    assert [int(message.payload) for message in first] == list(range(60))
    assert [int(message.payload) for message in again] == list(range(40, 300))


async def test_a_message_of_a_megabyte_arrives_whole_with_all_its_properties(settings: MqttSettings, name: str) -> None:
    payload = os.urandom(1_000_000)
    properties = [("ert_ns", "1893456000000000000"), ("sent_ns", "1893456000000000001"), ("dictionary", "yuanxing-1")]
    async with (
        connect(Client(settings, f"{name}-sub"), LOG) as subscriber,
        connect(Client(settings, f"{name}-pub"), LOG) as publisher,
    ):
        await subscriber.subscribe(f"{name}/#")
        await publisher.publish(
            f"{name}/tm", payload, content_type="application/json", correlation=b"\x00\xff", properties=properties
        )
        (message,) = await receive(subscriber, 1)
    assert message.payload == payload
    assert message.properties == dict(properties)
    assert (message.content_type, message.correlation) == ("application/json", b"\x00\xff")


async def test_a_station_that_is_gone_leaves_its_will_and_one_that_says_goodbye_does_not(
    settings: MqttSettings, name: str
) -> None:
    async with connect(Client(settings, f"{name}-sub"), LOG) as subscriber:
        await subscriber.subscribe(f"{name}/+")
        async with connect(Client(settings, f"{name}-polite", Will(f"{name}/polite", b"{}")), LOG):
            pass
        await vanish(
            settings,
            mqtt5.Will(f"{name}/gone", payload=b'{"state":"los"}', qos=mqtt5.QoS.AT_LEAST_ONCE, content_type="text/x"),
        )
        (message,) = await receive(subscriber, 1)
    assert (message.topic, message.payload, message.content_type) == (f"{name}/gone", b'{"state":"los"}', "text/x")


async def test_members_of_a_shared_subscription_get_every_message_once(settings: MqttSettings, name: str) -> None:
    members = [Client(settings, f"{name}-{member}", persistent=True) for member in range(2)]
    async with connect(members[0], LOG) as first, connect(members[1], LOG) as second:
        for member in (first, second):
            await member.subscribe(f"$share/{name}/{name}/#")
        async with connect(Client(settings, f"{name}-pub"), LOG) as publisher:
            for number in range(40):
                await publisher.publish(f"{name}/tm", str(number).encode())
        shares = await asyncio.gather(receive(first, 20), receive(second, 20))
    assert sorted(int(message.payload) for share in shares for message in share) == list(range(40))


@pytest.fixture
async def topic(addresses: Addresses, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"})])
        (described,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    finally:
        await admin.close()
    configs = {entry[0]: entry[1] for resource in described.resources for entry in resource[4]}
    assert configs["cleanup.policy"] == "compact"
    return name


async def test_a_partition_is_read_from_its_beginning_to_its_end_as_it_was_written(
    addresses: Addresses, topic: str
) -> None:
    partition = TopicPartition(topic, 7)
    values = [b"", os.urandom(900_000), *(str(number).encode() for number in range(200))]
    headers = [("run", b"live"), ("station", b"haiyang"), ("run", b"")]
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap, acks="all", compression_type="zstd")
    await producer.start()
    try:
        assert len(await producer.partitions_for(topic)) == PARTITIONS
        for value in values:
            await producer.send(topic, value, key=b"live/F-1", partition=7, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()
    settings = KafkaSettings(bootstrap=addresses.kafka_bootstrap)
    async with asyncio.timeout(WITHIN_S):
        records = [record async for record in read_to_end(settings, "test", [partition])]
        late = [record async for record in read_to_end(settings, "test", [partition], {partition: 150})]
    assert late == records[150:]
    assert [record.offset for record in records] == list(range(len(values)))
    assert [record.value for record in records] == values
    assert {record.key for record in records} == {b"live/F-1"}
    assert all(list(record.headers) == headers for record in records)


async def test_a_group_goes_on_behind_what_its_last_member_committed(addresses: Addresses, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap)
    await producer.start()
    try:
        for number in range(40):
            await producer.send(topic, str(number).encode(), key=b"k", partition=number % PARTITIONS)
        await producer.flush()
    finally:
        await producer.stop()
    read: list[int] = []
    for _ in range(2):
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=addresses.kafka_bootstrap,
            group_id=f"{topic}-group",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(WITHIN_S):
                records = [await consumer.getone() for _ in range(20)]
            await consumer.commit({TopicPartition(topic, record.partition): record.offset + 1 for record in records})
        finally:
            await consumer.stop()
        read += [int(record.value) for record in records]
    assert sorted(read) == list(range(40))
