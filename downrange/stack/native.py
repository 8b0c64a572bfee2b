"""mosquitto, Apache Kafka and InfluxDB without Docker: what deploy/native installs, started for one job."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp

from downrange.stack.addresses import Addresses
from downrange.stack.needing import needing
from downrange.stack.process import Process, free_port, start_process
from downrange.stack.ready import influx_answers, kafka_answers, mqtt_answers, until_ready
from telemetry.errors import FatalError

# in a wheel the scripts lie inside this package, in a checkout beside it
_FOLDERS: Final = [Path(__file__).parents[depth] / "deploy" / "native" for depth in (1, 2)]
SCRIPTS_DIR: Final = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])
MQTT_READY_WITHIN_S: Final = 20.0
KAFKA_READY_WITHIN_S: Final = 90.0
INFLUX_READY_WITHIN_S: Final = 60.0
ORG: Final = "downrange"
BUCKET: Final = "telemetry"


@asynccontextmanager
async def native_stack(data_dir: Path) -> AsyncIterator[Addresses]:
    """Install what is missing, start all three on free loopback ports, and stop them at the end.

    Raises
    ------
    FatalError
        If one cannot be had, does not come up, or ends before the body; with the line that installs it, or its last
        log lines.
    """
    await install("mosquitto", "kafka", "influxdb")
    async with (
        mosquitto(data_dir / "mosquitto", free_port()) as (mqtt_url, mqtt),
        kafka(data_dir / "kafka", free_port()) as (bootstrap, broker),
        influxdb(data_dir / "influxdb", free_port()) as (influx_url, token, database),
        needing(mqtt, broker, database),
    ):
        yield Addresses(mqtt_url, bootstrap, influx_url, token, ORG, BUCKET)


async def install(*servers: str) -> None:
    """Run deploy/native/servers.sh; it shows its progress on standard error.

    Raises
    ------
    FatalError
        If there is no checkout, or a server cannot be had; the script has said why.
    """
    script = SCRIPTS_DIR / "servers.sh"
    if not script.is_file():
        msg = f"the native stack's scripts are not in {SCRIPTS_DIR}: use --stack embedded, or a whole installation"
        raise FatalError(msg)
    installer = await asyncio.create_subprocess_exec("bash", script, "install", *servers)
    if await installer.wait():
        msg = f"could not install {', '.join(servers)}: see above"
        raise FatalError(msg)


@asynccontextmanager
async def mosquitto(data_dir: Path, port: int) -> AsyncIterator[tuple[str, Process]]:
    """Run mosquitto on a port, going on with what is in its folder; yields its URL."""
    async with start_process("mosquitto", _start("mosquitto", data_dir, port), log=data_dir / "server.log") as process:
        await until_ready(process, lambda: mqtt_answers(port), MQTT_READY_WITHIN_S)
        yield f"mqtt://127.0.0.1:{port}", process


@asynccontextmanager
async def kafka(data_dir: Path, port: int) -> AsyncIterator[tuple[str, Process]]:
    """Run Kafka on a port, going on with what is in its folder; yields its bootstrap address."""
    # a short life: the second compiler's work would never pay
    command = ["env", "KAFKA_JVM=-XX:TieredStopAtLevel=1", *_start("kafka", data_dir, port)]
    async with start_process("Kafka", command, log=data_dir / "server.log") as process:
        await until_ready(process, lambda: kafka_answers(port), KAFKA_READY_WITHIN_S)
        yield f"127.0.0.1:{port}", process


@asynccontextmanager
async def influxdb(data_dir: Path, port: int) -> AsyncIterator[tuple[str, str, Process]]:
    """Run InfluxDB on a port, going on with what is in its folder; yields its URL and that folder's token."""
    url = f"http://127.0.0.1:{port}"
    async with start_process("InfluxDB", _start("influxdb", data_dir, port), log=data_dir / "server.log") as process:
        await until_ready(process, lambda: influx_answers(url), INFLUX_READY_WITHIN_S)
        token = kept_token(data_dir)
        await _set_up(url, token)
        yield url, token, process


def kept_token(data_dir: Path) -> str:
    """Return the token of the InfluxDB in a folder, drawing one for a new folder.

    It is written down before it is used: a database that is set up and whose token nobody has would be lost.
    """
    kept = data_dir / "token"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(32))
    return kept.read_text()


async def _set_up(url: str, token: str) -> None:
    owner = {"username": "downrange", "password": secrets.token_urlsafe(16), "token": token}
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/api/v2/setup") as response:
            is_new = (await response.json())["allowed"]
        if is_new:
            async with session.post(f"{url}/api/v2/setup", json={**owner, "org": ORG, "bucket": BUCKET}) as response:
                if response.status != HTTPStatus.CREATED:
                    msg = f"InfluxDB refused its setup ({response.status}): {await response.text()}"
                    raise FatalError(msg)


def _start(server: str, data_dir: Path, port: int) -> list[str]:
    return ["bash", str(SCRIPTS_DIR / "servers.sh"), "start", server, str(data_dir), str(port)]
