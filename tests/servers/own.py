"""Servers of a test's own, which may be killed with -9 and started again on their port and data."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from downrange.stack.process import free_port
from servers.source import Running, Server, running


@dataclass(slots=True)
class Own:
    """A server; use it as an async context manager, it is started on entry."""

    server: ClassVar[Server]
    data_dir: Path
    port: int = field(default_factory=free_port)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _running: Running | None = None

    @property
    def address(self) -> str:
        """The same for all its lives."""
        if self._running is None:
            msg = f"{self.server} was never started"
            raise RuntimeError(msg)
        return self._running.address

    async def start(self) -> None:
        """Start it, or start it again after its end."""
        self._running = await self._stack.enter_async_context(running(self.server, self.data_dir, self.port))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        if self._running is not None:
            await self._running.kill()

    async def stop(self) -> None:
        """End it with SIGTERM."""
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()


@dataclass(slots=True)
class OwnMosquitto(Own):
    """An MQTT broker."""

    server: ClassVar[Server] = Server.MOSQUITTO

    @property
    def url(self) -> str:
        """Its address."""
        return self.address


@dataclass(slots=True)
class OwnKafka(Own):
    """A Kafka with no topics but those of the test."""

    server: ClassVar[Server] = Server.KAFKA

    @property
    def bootstrap(self) -> str:
        """Its address."""
        return self.address


@dataclass(slots=True)
class OwnInfluxDB(Own):
    """An InfluxDB."""

    server: ClassVar[Server] = Server.INFLUXDB

    @property
    def token(self) -> str:
        """The token of its owner."""
        return self._running.token if self._running is not None else ""
