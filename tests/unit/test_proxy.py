"""The tests' own proxy does to a connection what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from proxy import Proxy, Way, proxied

A_MOMENT_S = 0.1


class Echo:
    """A server that sends back what it gets, and counts who left."""

    def __init__(self) -> None:
        self.left = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65_536):
                writer.write(octets)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.left.release()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with server, proxied("127.0.0.1", server.sockets[0].getsockname()[1]) as opened:
        yield opened


class Client:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def hears(self, octets: bytes, timeout_s: float = 5) -> None:
        async with asyncio.timeout(timeout_s):
            assert await self.reader.readexactly(len(octets)) == octets

    async def hears_nothing(self) -> None:
        with pytest.raises(TimeoutError):
            await self.hears(b"?", A_MOMENT_S)


@asynccontextmanager
async def client_of(proxy: Proxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[Client]:
    async with client_of(proxy) as opened:
        yield opened


async def works(proxy: Proxy) -> None:
    async with client_of(proxy) as fresh:
        fresh.writer.write(b"new")
        await fresh.hears(b"new")


@pytest.mark.parametrize("ways", [(), (Way.THERE,), (Way.BACK,)])
async def test_what_is_stalled_comes_after_mending(proxy: Proxy, client: Client, ways: tuple[Way, ...]) -> None:
    proxy.stall(*ways)
    client.writer.write(b"late")
    await client.hears_nothing()
    await proxy.mend()
    await client.hears(b"late")


async def test_a_reset_is_seen_by_both_ends_and_the_next_connection_works(
    proxy: Proxy, client: Client, echo: Echo
) -> None:
    client.writer.write(b"one")
    await client.hears(b"one")
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await client.reader.readexactly(1)
    await asyncio.wait_for(echo.left.acquire(), 5)
    await works(proxy)


async def test_of_a_half_open_connection_only_the_server_knows(proxy: Proxy, client: Client, echo: Echo) -> None:
    client.writer.write(b"one")
    await client.hears(b"one")
    proxy.go_half_open()
    await asyncio.wait_for(echo.left.acquire(), 5)
    client.writer.write(b"into the void")
    await client.hears_nothing()
    await client.writer.drain()
    await works(proxy)


async def test_what_is_refused_is_refused_until_mending_on_the_same_port(proxy: Proxy, client: Client) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await client.reader.readexactly(1)
    with pytest.raises(ConnectionRefusedError):
        await works(proxy)
    await proxy.mend()
    await works(proxy)


async def test_a_slow_way_takes_its_time(proxy: Proxy, client: Client) -> None:
    proxy.slow_down(octets_s=100_000, delay_s=0.05)
    began_s = asyncio.get_running_loop().time()
    client.writer.write(bytes(10_000))
    await client.hears(bytes(10_000))
    assert asyncio.get_running_loop().time() - began_s > 2 * (0.05 + 0.1) * 0.9


async def test_of_an_end_both_are_told(client: Client, echo: Echo) -> None:
    client.writer.write(b"last")
    client.writer.write_eof()
    await client.hears(b"last")
    assert await asyncio.wait_for(client.reader.read(), 5) == b""
    await asyncio.wait_for(echo.left.acquire(), 5)
