"""The same servers from a Docker engine, in the images of docker-compose.yml, for machines without toolchains."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import yaml

from downrange.stack.native import BUCKET, ORG, kept_token
from downrange.stack.process import start_process
from downrange.stack.ready import influx_answers, kafka_answers, mqtt_answers, until_ready

ROOT: Final = Path(__file__).parents[2]
# an image that is not there yet is fetched first
READY_WITHIN_S: Final = 600.0
CONTROLLER_PORT: Final = 9093
# where production's accounts and folders stand, which a broker of the tests has not
NOT_OURS: Final = ("allow_anonymous", "password_file", "acl_file", "persistence_location", "connection_messages")


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
async def run(
    server: str, data_dir: Path, port: int
) -> AsyncIterator[tuple[str, str, Callable[[], Awaitable[object]]]]:
    """Run a container with its port on loopback and its data in a folder; yields address, token and what kills it."""
    await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
    token = kept_token(data_dir) if server == "influxdb" else ""
    match server:
        case "mosquitto":
            options, arguments, address, answers = _mosquitto(data_dir, port)
        case "kafka":
            options, arguments, address, answers = _kafka(data_dir, port)
        case _:
            options, arguments, address, answers = _influxdb(token, data_dir, port)
    name = f"downrange-test-{secrets.token_hex(4)}"
    image = yaml.safe_load((ROOT / "docker-compose.yml").read_bytes())["services"][server]["image"]
    command = [
        *("docker", "run", "--rm", "--name", name, "--publish", f"127.0.0.1:{port}:{port}"),
        # group 0 may write where the images do; the files are ours
        *("--user", f"{os.getuid()}:0", *options, image, *arguments),
    ]
    async with start_process(server, command, log=data_dir / "server.log") as client:
        try:
            await until_ready(client, answers, READY_WITHIN_S)
            yield address, token, partial(exit_code, "docker", "kill", name)
        finally:
            # the client of the engine is not the server: ending the one does not end the other
            await exit_code("docker", "stop", "-t", "5", name)


Plan = tuple[list[str], list[str], str, Callable[[], Awaitable[bool]]]


def _mosquitto(data_dir: Path, port: int) -> Plan:
    production = (ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text().splitlines()
    kept = [line for line in production if not line.startswith(NOT_OURS)]
    ours = [f"listener {port}", "allow_anonymous true", "persistence_location /data/"]
    (data_dir / "mosquitto.conf").write_text("\n".join([*kept, *ours]) + "\n")
    return (
        ["--volume", f"{data_dir}:/data"],
        ["mosquitto", "-c", "/data/mosquitto.conf"],
        f"mqtt://127.0.0.1:{port}",
        lambda: mqtt_answers(port),
    )


def _kafka(data_dir: Path, port: int) -> Plan:
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:{CONTROLLER_PORT}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{CONTROLLER_PORT}",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_BROKER_SESSION_TIMEOUT_MS": "3000",
        "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_LOG_DIRS": "/data/log",
    }
    return (
        [*_environment(settings), "--volume", f"{data_dir}:/data"],
        [],
        f"127.0.0.1:{port}",
        lambda: kafka_answers(port),
    )


def _influxdb(token: str, data_dir: Path, port: int) -> Plan:
    settings = {
        "DOCKER_INFLUXDB_INIT_MODE": "setup",
        "DOCKER_INFLUXDB_INIT_USERNAME": "downrange",
        "DOCKER_INFLUXDB_INIT_PASSWORD": secrets.token_urlsafe(16),
        "DOCKER_INFLUXDB_INIT_ORG": ORG,
        "DOCKER_INFLUXDB_INIT_BUCKET": BUCKET,
        "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN": token,
        "INFLUXD_HTTP_BIND_ADDRESS": f":{port}",
    }
    url = f"http://127.0.0.1:{port}"
    return (
        [*_environment(settings), "--volume", f"{data_dir}:/var/lib/influxdb2"],
        [],
        url,
        lambda: influx_answers(url),
    )


def _environment(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
