"""Whether a server answers in its own protocol: an open port is no proof."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import aiomqtt
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from downrange.stack.process import Process
from telemetry.errors import FatalError

TRY_EVERY_S: Final = 0.05


async def until_ready(process: Process, answers: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Wait until a server answers.

    Raises
    ------
    FatalError
        If it ends or does not answer in time; with its last log lines.
    """
    try:
        async with asyncio.timeout(within_s):
            while not await answers():
                if process.returncode is not None:
                    msg = f"{process.name} ended with code {process.returncode}:\n{process.tail()}"
                    raise FatalError(msg)
                await asyncio.sleep(TRY_EVERY_S)
    except TimeoutError as error:
        raise FatalError(f"{process.name} does not answer within {within_s:g} s:\n{process.tail()}") from error


async def port_answers(port: int) -> bool:
    """Whether something listens; asked first, because aiomqtt leaves the socket of a refused connection open."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def mqtt_answers(port: int) -> bool:
    """Whether an MQTT broker accepts a connection."""
    if not await port_answers(port):
        return False
    try:
        async with aiomqtt.Client(hostname="127.0.0.1", port=port, identifier="downrange-probe", keep_alive=30):
            return True
    except (aiomqtt.ConnectError, OSError):
        return False


async def kafka_answers(port: int) -> bool:
    """Whether a Kafka broker tells its cluster's metadata."""
    if not await port_answers(port):
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}")
    try:
        await admin.start()
    except (KafkaError, OSError):
        return False
    else:
        return True
    finally:
        await admin.close()


async def influx_answers(url: str) -> bool:
    """Whether InfluxDB says that it is ready."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as response:
            return response.status == 200  # noqa: PLR2004 -- HTTP OK
    except aiohttp.ClientError:
        return False
