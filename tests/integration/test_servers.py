"""The servers of the tests and of the demo are real: one suite on the brokers of both stacks, and InfluxDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import aiohttp
import aiomqtt
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from servers.own import OwnInfluxDB, OwnKafka, OwnMosquitto
from servers.provide import Influx

from downrange.stack.embedded import embedded_stack
from downrange.stack.native import BUCKET, ORG
from runtime.kafka import Outgoing, ensure_topics, open_producer, read_to_end
from runtime.logs import logger
from runtime.settings import KafkaSettings
from telemetry.topics import KafkaTopic, partition_of

WITHIN_S = 30


@pytest.fixture(params=["embedded", "real"])
async def brokers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    if request.param == "real":
        yield request.getfixturevalue("mqtt_url"), request.getfixturevalue("kafka_bootstrap")
        return
    async with embedded_stack(tmp_path / "stack") as addresses:
        yield addresses.mqtt_url, addresses.kafka_bootstrap


def client(url: str, identifier: str) -> aiomqtt.Client:
    host, _, port = url.removeprefix("mqtt://").partition(":")
    return aiomqtt.Client(
        hostname=host,
        port=int(port),
        identifier=identifier,
        clean_start=False,
        session_expiry_interval=60,
        keep_alive=30,
    )


async def test_a_message_waits_for_a_subscriber_with_a_session_and_brings_its_properties(
    brokers: tuple[str, str],
) -> None:
    name = token_hex(4)
    async with client(brokers[0], f"{name}-sub") as subscriber:
        await subscriber.subscribe(f"{name}/#", max_qos=aiomqtt.QoS.AT_LEAST_ONCE)
    async with client(brokers[0], f"{name}-pub") as publisher:
        await publisher.publish(
            f"{name}/tm",
            b"payload",
            qos=aiomqtt.QoS.AT_LEAST_ONCE,
            packet_id=next(publisher.packet_ids),
            user_properties=[("ert_ns", "1")],
            content_type="application/json",
            correlation_data=b"\x00\x07",
        )
    async with asyncio.timeout(WITHIN_S), client(brokers[0], f"{name}-sub") as subscriber:
        message = await anext(subscriber.messages())
        assert isinstance(message, aiomqtt.PublishPacket)
        assert message.packet_id is not None
        await subscriber.puback(message.packet_id)
    assert message.payload == b"payload"
    assert message.user_properties == [("ert_ns", "1")]
    assert message.content_type == "application/json"
    assert message.correlation_data == b"\x00\x07"


async def test_the_topics_of_the_line_are_made_once_and_keep_records_with_headers(brokers: tuple[str, str]) -> None:
    settings = KafkaSettings(bootstrap=brokers[1])
    for _ in range(2):
        await ensure_topics(settings, logger("test"), WITHIN_S)
    partition = TopicPartition(KafkaTopic.STATE.value, 3)
    producer = AIOKafkaProducer(bootstrap_servers=brokers[1], acks="all")
    await producer.start()
    try:
        assert len(await producer.partitions_for(KafkaTopic.STATE.value)) == settings.partitions
        key = token_hex(4).encode()
        sent = await producer.send_and_wait(
            partition.topic, b"v", key=key, partition=partition.partition, headers=[("run", b"live")]
        )
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers[1])
    await consumer.start()
    try:
        consumer.assign([partition])
        consumer.seek(partition, sent.offset)
        async with asyncio.timeout(WITHIN_S):
            record = await consumer.getone()
    finally:
        await consumer.stop()
    assert (record.key, record.value, record.headers) == (key, b"v", (("run", b"live"),))


async def test_influxdb_stores_points_and_answers_influxql(influx: Influx) -> None:
    async with InfluxDBClientAsync(influx.url, influx.token, influx.org) as database:
        await database.write_api().write(influx.bucket, record="servers,flight=f altitude_m=1.5 1700000000000000000")
    question = {"db": influx.bucket, "q": "SELECT last(altitude_m) FROM servers", "epoch": "ns"}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Token {influx.token}"}) as session,
        session.get(f"{influx.url}/query", params=question) as reply,
    ):
        answer = await reply.json()
    assert answer["results"][0]["series"][0]["values"] == [[1_700_000_000_000_000_000, 1.5]]


async def test_a_mosquitto_killed_with_9_comes_back_on_its_port(own_mosquitto: OwnMosquitto) -> None:
    async with client(own_mosquitto.url, "before"):
        await own_mosquitto.kill()
    await own_mosquitto.start()
    async with client(own_mosquitto.url, "after") as connected:
        await connected.subscribe("x")


async def test_a_kafka_killed_with_9_comes_back_with_its_records(own_kafka: OwnKafka) -> None:
    settings = KafkaSettings(bootstrap=own_kafka.bootstrap)
    await ensure_topics(settings, logger("test"), WITHIN_S)
    async with open_producer(settings, "test") as producer:
        record = Outgoing(KafkaTopic.TELEMETRY, "live/F-1", b"v", [])
        await producer.acknowledged(await producer.send_all([record]))
    await own_kafka.kill()
    await own_kafka.start()
    partition = TopicPartition(KafkaTopic.TELEMETRY.value, partition_of("live/F-1", settings.partitions))
    assert [kept.value async for kept in read_to_end(settings, "test", [partition])] == [b"v"]


async def test_an_influxdb_killed_with_9_comes_back_with_its_points_and_its_token(own_influxdb: OwnInfluxDB) -> None:
    async with InfluxDBClientAsync(own_influxdb.address, own_influxdb.token, ORG) as database:
        await database.write_api().write(BUCKET, record="nav altitude_m=1.5 1700000000000000000")
    await own_influxdb.kill()
    await own_influxdb.start()
    async with InfluxDBClientAsync(own_influxdb.address, own_influxdb.token, ORG) as database:
        tables = await database.query_api().query(f'from(bucket: "{BUCKET}") |> range(start: 2023-01-01T00:00:00Z)')
    assert [row["_value"] for table in tables for row in table.records] == [1.5]
