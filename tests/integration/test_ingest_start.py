"""Ingest that cannot run says in one line what to set, and ends with an exit code for it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from flown import running
from servers.own import OwnKafka

from downrange.stack.process import free_port
from runtime.mqtt import ATTEMPT_S
from runtime.service import EXIT_FATAL
from runtime.settings import KafkaSettings, MqttSettings, ServiceSettings, Settings
from telemetry.topics import KafkaTopic

WITHIN_S = 60
PARTITIONS = 3


@pytest.fixture
async def narrow_kafka(own_kafka: OwnKafka) -> str:
    """Give a Kafka that takes smaller records of refused octets than ingest is set to send."""
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    await admin.start()
    try:
        configs = {"max.message.bytes": "500000"}
        await admin.create_topics([NewTopic(KafkaTopic.REJECTED.value, PARTITIONS, 1, topic_configs=configs)])
    finally:
        await admin.close()
    return own_kafka.bootstrap


async def ended(settings: Settings, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """Run ingest until it ends by itself; returns its exit code and what it said."""
    async with running("ingest", settings, folder) as process, asyncio.timeout(WITHIN_S):
        code = await process.wait()
    return code, [json.loads(line) for line in (folder / "ingest.log").read_text().splitlines()]


async def test_a_limit_of_kafka_below_ours_is_refused_before_anything_is_read(
    mqtt_url: str, narrow_kafka: str, tmp_path: Path
) -> None:
    kafka = KafkaSettings(bootstrap=narrow_kafka, partitions=PARTITIONS)
    code, said = await ended(Settings(mqtt=MqttSettings(url=mqtt_url), kafka=kafka), tmp_path)
    assert code == EXIT_FATAL
    for part in ("downrange.rejected", "500000", "DOWNRANGE_KAFKA_MAX_REQUEST_BYTES", "max.message.bytes"):
        assert part in said[-1]["error"]
    assert not any(line["event"] == "MQTT connected" for line in said)


async def test_without_an_mqtt_broker_it_tries_for_a_while_and_gives_up(kafka_bootstrap: str, tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(
        service=ServiceSettings(connect_timeout_s=2),
        mqtt=MqttSettings(url=f"mqtt://127.0.0.1:{port}"),
        kafka=KafkaSettings(bootstrap=kafka_bootstrap),
    )
    code, said = await ended(settings, tmp_path)
    tries = [line for line in said if line["event"] == "MQTT broker unreachable"]
    assert code == EXIT_FATAL
    assert len(tries) > 1
    assert {(line["address"], line["set"]) for line in tries} == {(f"127.0.0.1:{port}", "DOWNRANGE_MQTT_URL")}
    assert said[-1]["error"] == f"no MQTT broker at 127.0.0.1:{port} within 2 s: start it, or set DOWNRANGE_MQTT_URL"


async def test_a_broker_that_never_answers_is_given_up_too(kafka_bootstrap: str, tmp_path: Path) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings(
            service=ServiceSettings(connect_timeout_s=1),
            mqtt=MqttSettings(url=f"mqtt://127.0.0.1:{port}"),
            kafka=KafkaSettings(bootstrap=kafka_bootstrap),
        )
        began_s = asyncio.get_running_loop().time()
        code, said = await ended(settings, tmp_path)
    assert asyncio.get_running_loop().time() - began_s < ATTEMPT_S
    assert code == EXIT_FATAL
    assert "no answer within" in next(line["error"] for line in said if line["event"] == "MQTT broker unreachable")
    assert f"no MQTT broker at 127.0.0.1:{port}" in said[-1]["error"]
