"""The stacks of `downrange demo`: they come up whole, go down whole, and say which server is to blame."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path

import aiohttp
import psutil
import pytest

from downrange.stack.addresses import Addresses
from downrange.stack.embedded import embedded_stack
from downrange.stack.native import native_stack
from downrange.stack.ready import kafka_answers, mqtt_answers
from telemetry.errors import FatalError

WITHIN_S = 60
FIRST_INSTALL_S = 1500
OpenStack = Callable[[Path], AbstractAsyncContextManager[Addresses]]
PROGRAM = """
import asyncio, signal, sys
from pathlib import Path
from downrange.stack.embedded import embedded_stack

async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    async with embedded_stack(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def server_on(port: int) -> psutil.Process:
    """Return the child of ours that listens on a port."""
    for child in psutil.Process().children(recursive=True):
        if any(c.laddr.port == port and c.status == psutil.CONN_LISTEN for c in child.net_connections("tcp")):
            return child
    raise AssertionError(port)


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.mark.timeout(FIRST_INSTALL_S)
@pytest.mark.parametrize("open_stack", [embedded_stack, native_stack])
async def test_a_server_that_dies_ends_the_work_and_is_named(open_stack: OpenStack, tmp_path: Path) -> None:
    up = asyncio.Event()
    before = psutil.Process().children()

    async def work() -> None:
        async with open_stack(tmp_path / "stack") as addresses:
            assert await mqtt_answers(port_of(addresses.mqtt_url))
            assert await kafka_answers(port_of(addresses.kafka_bootstrap))
            server_on(port_of(addresses.kafka_bootstrap)).kill()
            up.set()
            await asyncio.Event().wait()

    with pytest.raises(FatalError, match=r"Kafka.* ended by itself with code -9"):
        await work()
    assert up.is_set()
    assert psutil.Process().children() == before


async def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    async with embedded_stack(tmp_path / "one") as one, embedded_stack(tmp_path / "two") as two:
        assert one.mqtt_url != two.mqtt_url
        assert await mqtt_answers(port_of(one.mqtt_url))
        assert await mqtt_answers(port_of(two.mqtt_url))


async def query(addresses: Addresses, text: str) -> list[object]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Token {addresses.influx_token}"}) as session,
        session.get(f"{addresses.influx_url}/query", params={"db": addresses.influx_bucket or "", "q": text}) as reply,
    ):
        assert reply.status == HTTPStatus.OK
        (result,) = (await reply.json())["results"]
        return [row for series in result.get("series", []) for row in series["values"]]


@pytest.mark.timeout(FIRST_INSTALL_S)
async def test_the_native_stack_goes_on_with_the_data_of_its_folder_and_lets_nobody_else_in(tmp_path: Path) -> None:
    async with native_stack(tmp_path / "stack") as first:
        assert await query(first, "SHOW MEASUREMENTS") == []
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Token {first.influx_token}"}) as session,
            session.post(
                f"{first.influx_url}/api/v2/write",
                params={"org": first.influx_org or "", "bucket": first.influx_bucket or ""},
                data="nav,flight=f altitude_m=1.5 1700000000000000000",
            ) as reply,
        ):
            assert reply.status == HTTPStatus.NO_CONTENT
        async with aiohttp.ClientSession() as stranger, stranger.get(f"{first.influx_url}/query") as reply:
            assert reply.status == HTTPStatus.UNAUTHORIZED
    async with native_stack(tmp_path / "stack") as second:
        assert second.influx_token == first.influx_token
        assert await query(second, "SELECT last(altitude_m) FROM nav") == [["2023-11-14T22:13:20Z", 1.5]]


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(tmp_path / "stack")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        await process.stdout.readline()
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_no_server_outlives_the_program(program: asyncio.subprocess.Process, number: signal.Signals) -> None:
    servers = psutil.Process(program.pid).children()
    assert len(servers) == 2
    program.send_signal(number)
    async with asyncio.timeout(WITHIN_S):
        await program.wait()
        gone, left = await asyncio.to_thread(psutil.wait_procs, servers, WITHIN_S)
    assert len(gone) == 2
    assert not left
