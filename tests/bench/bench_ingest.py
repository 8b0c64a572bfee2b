"""Ingest alone: how fast a backlog goes from MQTT to Kafka, and what a message costs.

The ingest service runs as a process of its own on a native mosquitto and Kafka. It is halted while the messages are
queued at the broker, so that starting up is not measured, then let go until Kafka has everything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil

from downrange.stack.embedded import embedded_stack
from downrange.stack.names import StackName
from downrange.stack.native import native_stack
from downrange.stack.process import free_port, start_process
from downrange.stack.ready import until_ready
from runtime.kafka import ensure_topics
from runtime.logs import logger
from runtime.mqtt import Client, Connection, connect
from runtime.settings import KafkaSettings, MqttSettings, Settings, environment_of
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.message import Message
from telemetry.topics import Address, Kind

T_NS = 1_800_000_000 * 10**9
NAV_OCTETS = 73
FLIGHTS = 4
OPEN = {StackName.NATIVE: native_stack, StackName.EMBEDDED: embedded_stack}
ENTRY = "import sys; from runtime.service import main; from runtime.settings import read_settings;"
ENTRY += "from ingest.service import run; sys.exit(main('ingest', run, read_settings()))"


def payload(octets: int) -> bytes:
    """Return as many whole packets as fit."""
    dictionary = built_in("yuanxing-1")
    n = max(octets // NAV_OCTETS, 1)
    noise = np.random.default_rng(7)
    columns = {channel.name: 1000 * noise.random(n) for channel in dictionary.packets["nav"].channels}
    return PacketCodec(dictionary).encode("nav", np.arange(n), np.full(n, T_NS), columns)


@asynccontextmanager
async def ingest(settings: Settings, log: Path) -> AsyncIterator[tuple[psutil.Process, str]]:
    """Run the service; yields it, and where it serves its metrics, when it is healthy."""
    address = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        **environment_of(settings),
        "DOWNRANGE_INGEST_CLIENT_ID": f"bench-{uuid4().hex}",
        "DOWNRANGE_HEALTH_PORT": address.rpartition(":")[2],
        "DOWNRANGE_LOG_LEVEL": "warning",
    }
    async with start_process("ingest", [sys.executable, "-c", ENTRY], log=log, env=environment) as process:
        await until_ready(process, lambda: is_well(address), settings.service.connect_timeout_s)
        yield psutil.Process(process.pid), f"{address}/metrics"


async def is_well(address: str) -> bool:
    """Whether the service says that it is well."""
    return bool(await asyncio.to_thread(asked, f"{address}/healthz"))


async def stored(metrics: str) -> int:
    """Return how many messages the service has brought into Kafka."""
    lines = (await asyncio.to_thread(asked, metrics)).splitlines()
    return int(sum(float(line.split()[1]) for line in lines if line.startswith("downrange_ingest_forwarded_total ")))


def asked(url: str) -> str:
    """Return what the service answers; nothing if it is not well."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 -- our own process
            return str(response.read().decode())
    except OSError:
        return ""


async def fill(connection: Connection, messages: int, octets: bytes, *, acknowledged: bool) -> None:
    """Queue messages at the broker."""
    run = f"bench-{uuid4().hex[:8]}"
    for number in range(messages):
        message = Message(
            Address(run, f"F{number % FLIGHTS}", "ship", "a"), Kind.TELEMETRY, octets, T_NS, time.time_ns()
        )
        await connection.publish(
            message.topic,
            octets,
            content_type=message.content_type,
            correlation=number.to_bytes(16) if acknowledged else None,
            properties=message.user_properties(),
        )


async def measure(settings: Settings, log: Path, messages: int, octets: int, *, acknowledged: bool) -> None:
    """Measure one kind of message and print it."""
    one = payload(octets)
    async with (
        ingest(settings, log) as (service, metrics),
        connect(Client(settings.mqtt, f"bench-{uuid4().hex}"), logger("bench")) as connection,
    ):
        service.send_signal(signal.SIGSTOP)
        await fill(connection, messages, one, acknowledged=acknowledged)
        used = service.cpu_times()
        began_s = time.perf_counter()
        service.send_signal(signal.SIGCONT)
        peak = 0
        while await stored(metrics) < messages:
            peak = max(peak, service.memory_info().rss)
            await asyncio.sleep(0.05)
        took_s = time.perf_counter() - began_s
        now = service.cpu_times()
        cpu_s = now.user + now.system - used.user - used.system
        print(
            f"{len(one):5} octets, {'with' if acknowledged else 'without'} end-to-end acknowledgement: "
            f"{messages / took_s:8.0f} messages/s, {cpu_s / messages * 1e6:5.1f} us CPU a message, {peak / 1e6:4.0f} MB"
        )


async def main() -> None:
    """Measure all kinds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=50_000)
    arguments.add_argument("--stack", choices=[*OPEN], default=StackName.NATIVE.value)
    arguments.add_argument("--compression", choices=["none", "zstd"], default="zstd")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as folder:
        async with OPEN[StackName(chosen.stack)](Path(folder)) as addresses:
            kafka = KafkaSettings(
                bootstrap=addresses.kafka_bootstrap,
                idempotent=chosen.stack == StackName.NATIVE,
                compression=chosen.compression,
            )
            settings = Settings(mqtt=MqttSettings(url=addresses.mqtt_url), kafka=kafka)
            await ensure_topics(settings.kafka, logger("bench"), settings.service.connect_timeout_s)
            for octets in (200, 4096):
                for acknowledged in (False, True):
                    log = Path(folder) / "ingest.log"
                    await measure(settings, log, chosen.messages, octets, acknowledged=acknowledged)


if __name__ == "__main__":
    asyncio.run(main())
