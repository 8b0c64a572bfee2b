"""The same servers from a Docker engine, for machines that have one and no toolchains."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from downrange.stack.process import Process, start_process
from downrange.stack.ready import influx_answers, kafka_answers, until_ready

READY_WITHIN_S: Final = 180.0
KAFKA_IMAGE: Final = "apache/kafka:4.1.0"
INFLUXDB_IMAGE: Final = "influxdb:2.7.12"


async def exit_code(*command: str) -> int:
    """Run a command without a word and return its exit code, 127 if there is no such program."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return 127
    return await process.wait()


@asynccontextmanager
async def container(image: str, port: int, log: Path, settings: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run an image with one port on loopback, and remove it at the end."""
    name = f"downrange-test-{secrets.token_hex(4)}"
    environment = [word for key, value in settings.items() for word in ("--env", f"{key}={value}")]
    publish = ["--publish", f"127.0.0.1:{port}:{port}"]
    async with start_process(
        image, ["docker", "run", "--rm", "--name", name, *publish, *environment, image], log=log
    ) as process:
        try:
            yield process
        finally:
            await exit_code("docker", "stop", "--time", "2", name)


@asynccontextmanager
async def kafka(data_dir: Path, port: int) -> AsyncIterator[str]:
    """Run Kafka; yields its bootstrap address."""
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    async with container(KAFKA_IMAGE, port, data_dir / "server.log", settings) as process:
        await until_ready(process, lambda: kafka_answers(port), READY_WITHIN_S)
        yield f"127.0.0.1:{port}"


@asynccontextmanager
async def influxdb(data_dir: Path, port: int, org: str, bucket: str) -> AsyncIterator[tuple[str, str]]:
    """Run InfluxDB; yields its URL and token."""
    url, token = f"http://127.0.0.1:{port}", secrets.token_urlsafe(32)
    settings = {
        "DOCKER_INFLUXDB_INIT_MODE": "setup",
        "DOCKER_INFLUXDB_INIT_USERNAME": "downrange",
        "DOCKER_INFLUXDB_INIT_PASSWORD": secrets.token_urlsafe(16),
        "DOCKER_INFLUXDB_INIT_ORG": org,
        "DOCKER_INFLUXDB_INIT_BUCKET": bucket,
        "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN": token,
        "INFLUXD_HTTP_BIND_ADDRESS": f":{port}",
    }
    async with container(INFLUXDB_IMAGE, port, data_dir / "server.log", settings) as process:
        await until_ready(process, lambda: influx_answers(url), READY_WITHIN_S)
        yield url, token
