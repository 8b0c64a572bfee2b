"""A connection keeps within its memory whatever the broker sends, and drops nothing for want of a reader."""

from __future__ import annotations

import asyncio
from collections.abc import Sized
from secrets import token_hex

import aiomqtt
import pytest

from runtime.logs import logger
from runtime.mqtt import Client, connect
from runtime.mqtt_client import INBOX_MESSAGES
from runtime.settings import MqttSettings

LOG = logger("test")
WITHIN_S = 60
BACKLOG = 20_000


@pytest.fixture
def settings(mqtt_url: str) -> MqttSettings:
    return MqttSettings(url=mqtt_url)


@pytest.fixture
def name() -> str:
    return f"test-{token_hex(4)}"


async def publish(settings: MqttSettings, name: str, messages: int, qos: aiomqtt.QoS) -> None:
    async with aiomqtt.Client(hostname=settings.host, port=settings.port, identifier=name, keep_alive=30) as client:
        promised = qos is not aiomqtt.QoS.AT_MOST_ONCE
        for at in range(0, messages, 1000):
            numbers = range(at, min(at + 1000, messages))
            ids = [next(client.packet_ids) if promised else None for _ in numbers]
            await asyncio.gather(
                *(
                    client.publish(f"{name}/tm", str(number).encode(), qos=qos, packet_id=packet_id)
                    for number, packet_id in zip(numbers, ids, strict=True)
                )
            )


async def test_a_backlog_waits_at_the_broker_and_not_in_our_memory(settings: MqttSettings, name: str) -> None:
    subscriber = Client(settings, f"{name}-sub", persistent=True)
    async with connect(subscriber, LOG) as connection:
        await connection.subscribe(f"{name}/#")
    await publish(settings, name, BACKLOG, aiomqtt.QoS.AT_LEAST_ONCE)
    received: list[int] = []
    async with connect(subscriber, LOG) as connection, asyncio.timeout(WITHIN_S):
        while len(received) < BACKLOG:
            batch = await connection.receive(100)
            received += [int(message.payload) for message in batch]
            # each acknowledgement makes mosquitto 2.0.11 send another hundred: all of them by now, if they were taken
            await connection.acknowledge(batch)
            if len(received) == 1000:
                assert await most_in(connection._client._inbox) <= INBOX_MESSAGES
    assert received == list(range(BACKLOG))


async def most_in(inbox: Sized) -> int:
    """Wait until an inbox has stopped growing."""
    most = -1
    while len(inbox) > most:
        most = len(inbox)
        await asyncio.sleep(0.3)
    return most


async def test_messages_that_nobody_waits_for_are_kept_even_without_a_promise(
    settings: MqttSettings, name: str
) -> None:
    async with connect(Client(settings, f"{name}-sub"), LOG) as connection:
        await connection.subscribe(f"{name}/#")
        await publish(settings, name, 500, aiomqtt.QoS.AT_MOST_ONCE)
        received: list[int] = []
        async with asyncio.timeout(WITHIN_S):
            while len(received) < 500:
                batch = await connection.receive(1)
                assert batch[0].packet_id is None
                await connection.acknowledge(batch)
                received += [int(message.payload) for message in batch]
    assert received == list(range(500))
