"""The real servers: started once a run, when a test first asks for one."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import pytest
import structlog
from servers.own import OwnInfluxDB, OwnKafka, OwnMosquitto
from servers.provide import Influx, influx_server, kafka_broker, mqtt_broker
from servers.source import Terminal

T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    """Let installations of servers be seen, and Ctrl-C be heard by what tests start.

    A shell without job control starts what runs in its background deaf to Ctrl-C, and children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    Terminal.shown = config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled


collect_ignore = ["bench/quix_app.py"]  # runs where its bench has installed Quix Streams, and only there


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command that ran in this process did to the logs: its standard error is closed by now."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()


class Servers:
    """Keeps the session's servers running, in a thread with a loop of its own: each test has its own loop."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="servers")
        self._thread.start()

    def enter(self, server: AbstractAsyncContextManager[T]) -> T:
        """Start a server; it stays up until `close`."""
        return self._run(self._stack.enter_async_context(server))

    def close(self) -> None:
        """Stop all of them."""
        self._run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    kept = Servers(tmp_path_factory.mktemp("servers"))
    try:
        yield kept
    finally:
        kept.close()


@pytest.fixture(scope="session")
def mqtt_url(servers: Servers) -> str:
    return servers.enter(mqtt_broker(servers.data_dir / "mosquitto"))


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    return servers.enter(kafka_broker(servers.data_dir / "kafka"))


@pytest.fixture(scope="session")
def influx(servers: Servers) -> Influx:
    return servers.enter(influx_server(servers.data_dir / "influxdb"))


@pytest.fixture
async def own_mosquitto(tmp_path: Path) -> AsyncIterator[OwnMosquitto]:
    async with OwnMosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[OwnKafka]:
    async with OwnKafka(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
async def own_influxdb(tmp_path: Path) -> AsyncIterator[OwnInfluxDB]:
    async with OwnInfluxDB(tmp_path / "influxdb") as database:
        yield database
