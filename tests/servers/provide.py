"""Where a test's server comes from: the environment, a cached install, a Docker engine, a native install, in turn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from downrange.stack import native
from downrange.stack.process import Process, free_port
from servers import docker
from telemetry.errors import FatalError


@dataclass(frozen=True, slots=True)
class Influx:
    """A real InfluxDB 2.x."""

    url: str
    token: str
    org: str
    bucket: str


@asynccontextmanager
async def mqtt_broker(data_dir: Path) -> AsyncIterator[str]:
    """Yield the URL of a real mosquitto."""
    if url := os.environ.get("DOWNRANGE_TEST_MQTT_URL"):
        yield url
        return
    await _install("mosquitto", "DOWNRANGE_TEST_MQTT_URL=mqtt://HOST:PORT")
    async with native.mosquitto(data_dir, free_port()) as (url, _):
        yield url


@asynccontextmanager
async def kafka_broker(data_dir: Path) -> AsyncIterator[str]:
    """Yield the bootstrap address of a real Apache Kafka (KRaft)."""
    if address := os.environ.get("DOWNRANGE_TEST_KAFKA_URL"):
        yield address.removeprefix("kafka://")
    elif await _only_docker_has("kafka"):
        async with docker.kafka(data_dir, free_port()) as bootstrap:
            yield bootstrap
    else:
        await _install("kafka", "DOWNRANGE_TEST_KAFKA_URL=HOST:PORT")
        async with native.kafka(data_dir, free_port()) as (bootstrap, _):
            yield bootstrap


@asynccontextmanager
async def influx_server(data_dir: Path) -> AsyncIterator[Influx]:
    """Yield a real InfluxDB 2.x."""
    org, bucket = native.ORG, native.BUCKET
    if address := os.environ.get("DOWNRANGE_TEST_INFLUX_URL"):
        parts = urlsplit(address)
        org, _, bucket = parts.path.strip("/").partition("/")
        yield Influx(f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username or "", org, bucket)
    elif await _only_docker_has("influxdb"):
        async with docker.influxdb(data_dir, free_port(), org, bucket) as (url, token):
            yield Influx(url, token, org, bucket)
    else:
        await _install("influxdb", "DOWNRANGE_TEST_INFLUX_URL=http://TOKEN@HOST:PORT/ORG/BUCKET")
        async with native.influxdb(data_dir, free_port()) as (url, token, _):
            yield Influx(url, token, org, bucket)


@dataclass(slots=True)
class OwnMosquitto:
    """A mosquitto of a test's own, which may be killed with -9 and started again on its port and data.

    Use it as an async context manager; it is started on entry.
    """

    data_dir: Path
    port: int = field(default_factory=free_port)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _process: Process | None = None

    @property
    def url(self) -> str:
        """Its address, the same for all its lives."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, or start it again after its end."""
        _, self._process = await self._stack.enter_async_context(native.mosquitto(self.data_dir, self.port))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            await self._process.kill()

    async def stop(self) -> None:
        """End it with SIGTERM."""
        if self._process is not None:
            await self._process.stop(10.0)

    async def __aenter__(self) -> Self:
        await _install("mosquitto", "DOWNRANGE_TEST_MQTT_URL=mqtt://HOST:PORT")
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()


async def _only_docker_has(server: str) -> bool:
    is_cached = await docker.exit_code(str(native.SCRIPTS_DIR / "servers.sh"), "installed", server) == 0
    return not is_cached and await docker.exit_code("docker", "info") == 0


async def _install(server: str, variable: str) -> None:
    try:
        await native.install(server)
    except FatalError as error:
        msg = f"no {server} for the tests: set {variable}, start a Docker engine, or install what is named above"
        raise FatalError(msg) from error
