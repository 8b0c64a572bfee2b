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

from downrange.stack.native import native_stack
from downrange.stack.process import free_port, start_process
from downrange.stack.ready import until_ready
from runtime.kafka import Partition, ensure_topics, open_consumer
from runtime.kafka_ends import log_ends
from runtime.logs import logger
from runtime.mqtt import Client, Connection, connect
from runtime.settings import KafkaSettings, MqttSettings, Settings, environment_of
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.message import Message
from telemetry.topics import Address, KafkaTopic, Kind

T_NS = 1_800_000_000 * 10**9
NAV_OCTETS = 73
FLIGHTS = 4
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
async def ingest(settings: Settings, log: Path) -> AsyncIterator[psutil.Process]:
    """Run the service; yields it when it is healthy."""
    health_port = free_port()
    environment = {
        **os.environ,
        **environment_of(settings),
        "DOWNRANGE_INGEST_CLIENT_ID": f"bench-{uuid4().hex}",
        "DOWNRANGE_HEALTH_PORT": str(health_port),
        "DOWNRANGE_LOG_LEVEL": "warning",
    }
    async with start_process("ingest", [sys.executable, "-c", ENTRY], log=log, env=environment) as process:
        url = f"http://127.0.0.1:{health_port}/healthz"
        await until_ready(process, lambda: asyncio.to_thread(healthy, url), settings.service.connect_timeout_s)
        yield psutil.Process(process.pid)


def healthy(url: str) -> bool:
    """Whether the service says that it is well."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 -- our own process
            return bool(response.status == 200)
    except OSError:
        return False


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
    partitions = [Partition(KafkaTopic.TELEMETRY.value, number) for number in range(settings.kafka.partitions)]
    one = payload(octets)
    async with (
        open_consumer(settings.kafka, "bench", None) as consumer,
        ingest(settings, log) as service,
        connect(Client(settings.mqtt, f"bench-{uuid4().hex}"), logger("bench")) as connection,
    ):
        before = sum((await log_ends(consumer, partitions)).values())
        service.send_signal(signal.SIGSTOP)
        await fill(connection, messages, one, acknowledged=acknowledged)
        used = service.cpu_times()
        began_s = time.perf_counter()
        service.send_signal(signal.SIGCONT)
        stored, peak = 0, 0
        while stored < messages:
            await asyncio.sleep(0.05)
            stored = sum((await log_ends(consumer, partitions)).values()) - before
            peak = max(peak, service.memory_info().rss)
        took_s = time.perf_counter() - began_s
        now = service.cpu_times()
        cpu_s = now.user + now.system - used.user - used.system
        print(
            f"{len(one):5} octets, {'with' if acknowledged else 'without'} end-to-end acknowledgement: "
            f"{messages / took_s:8.0f} messages/s, {cpu_s / messages * 1e6:5.1f} us CPU a message, "
            f"{peak / 1e6:4.0f} MB, {stored - messages} written twice"
        )


async def main() -> None:
    """Measure all kinds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=50_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as folder:
        async with native_stack(Path(folder)) as addresses:
            settings = Settings(
                mqtt=MqttSettings(url=addresses.mqtt_url), kafka=KafkaSettings(bootstrap=addresses.kafka_bootstrap)
            )
            await ensure_topics(settings.kafka, logger("bench"), settings.service.connect_timeout_s)
            for octets in (200, 4096):
                for acknowledged in (False, True):
                    log = Path(folder) / "ingest.log"
                    await measure(settings, log, chosen.messages, octets, acknowledged=acknowledged)


if __name__ == "__main__":
    asyncio.run(main())
