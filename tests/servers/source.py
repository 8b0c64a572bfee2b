"""Where a test's server comes from: a cached install, a Docker engine, a native install, in this order."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from downrange.stack import native
from downrange.stack.process import Process
from servers import docker
from telemetry.errors import FatalError


class Server(StrEnum):
    """The real servers, by their names in `deploy/native`."""

    MOSQUITTO = "mosquitto"
    KAFKA = "kafka"
    INFLUXDB = "influxdb"


class Source(StrEnum):
    """What runs them."""

    NATIVE = "native"
    DOCKER = "docker"


# what to set instead; these win over everything
VARIABLES: Final = {
    Server.MOSQUITTO: "DOWNRANGE_TEST_MQTT_URL=mqtt://HOST:PORT",
    Server.KAFKA: "DOWNRANGE_TEST_KAFKA_URL=HOST:PORT",
    Server.INFLUXDB: "DOWNRANGE_TEST_INFLUX_URL=http://TOKEN@HOST:PORT/ORG/BUCKET",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Parameters
    ----------
    address
        URL, or Kafka's bootstrap address.
    token
        InfluxDB's; else empty.
    kill
        Ends it with SIGKILL.
    """

    address: str
    token: str
    kill: Callable[[], Awaitable[object]]


class Terminal:
    """Lets an installation be seen while pytest captures what is written: it can take minutes."""

    shown: Callable[[], AbstractContextManager[None]] = nullcontext


@cache
def find_source(server: Server) -> Source:
    """Return how to run a server, installing it if need be.

    Raises
    ------
    FatalError
        If it cannot be had; the installer has said what is missing, and the line that installs that.
    """
    installer = ["bash", str(native.SCRIPTS_DIR / "servers.sh")]
    if _succeeds([*installer, "installed", server]):
        return Source.NATIVE
    if _succeeds(["docker", "info"]):
        return Source.DOCKER
    with Terminal.shown():
        is_installed = subprocess.run([*installer, "install", server], check=False).returncode == 0
    if not is_installed:
        msg = f"no {server} for the tests: install what is named above, start Docker, or set {VARIABLES[server]}"
        raise FatalError(msg)
    return Source.NATIVE


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@asynccontextmanager
async def running(server: Server, data_dir: Path, port: int) -> AsyncIterator[Running]:
    """Run a server on a loopback port, going on with what is in its folder."""
    if find_source(server) is Source.DOCKER:
        async with docker.run(server, data_dir, port) as (address, token, kill):
            yield Running(address, token, kill)
        return
    process: Process
    match server:
        case Server.MOSQUITTO:
            async with native.mosquitto(data_dir, port) as (url, process):
                yield Running(url, "", process.kill)
        case Server.KAFKA:
            async with native.kafka(data_dir, port) as (bootstrap, process):
                yield Running(bootstrap, "", process.kill)
        case Server.INFLUXDB:
            async with native.influxdb(data_dir, port) as (url, token, process):
                yield Running(url, token, process.kill)
