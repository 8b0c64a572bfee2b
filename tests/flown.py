"""A made-up flight as messages, brought into Kafka, and services as processes that may be killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import aiohttp
import numpy as np
from numpy.typing import NDArray

from downrange.line import RUN_SERVICE
from downrange.stack.process import Process, free_port, start_process
from runtime.kafka import Outgoing, open_producer
from runtime.settings import KafkaSettings, Settings, environment_of
from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.link import LinkReport
from telemetry.message import JSON, Message
from telemetry.topics import Address, KafkaTopic, Kind

NS: Final = 10**9
T0_NS: Final = 1_893_456_000 * NS
STATIONS: Final = ("haiyang", "sydney")
WELL_WITHIN_S: Final = 60
DICTIONARY: Final = built_in("yuanxing-1")


def new_flight() -> str:
    return f"F-{token_hex(4)}"


def values_of(channel: Channel, t_s: NDArray[np.float64]) -> NDArray[Any]:
    if channel.kind == "bool":
        return np.asarray(np.floor(t_s) % 2 == 0)
    if channel.kind == "label":
        return np.full(t_s.size, min(channel.labels or {0: ""}))
    if channel.name == DICTIONARY.version_channel:
        return np.full(t_s.size, DICTIONARY.version)
    low, high = channel.range or (0, 1000)
    wave = low + (high - low) * (0.5 + 0.4 * np.sin(t_s / 7))
    return wave if channel.kind == "float" else np.floor(wave)


def fly(
    flight: str,
    seconds: int,
    *,
    run: str = "live",
    vehicle: str = "ship",
    stations: Iterable[str] = STATIONS,
    t0_ns: int = T0_NS,
) -> Iterator[Message]:
    """Yield a flight's messages as ingest hands them on: one a second from each station, all types, and a heartbeat."""
    dictionary = built_in("yuanxing-1")
    codec = PacketCodec(dictionary)
    rates = {packet.sent_counter: packet.rate_hz for packet in dictionary.packets.values()}
    for second in range(seconds):
        payload = b""
        for name, packet in dictionary.packets.items():
            rate = int(packet.rate_hz)
            t_s = second + np.arange(rate) / rate
            columns = {
                c.name: (t_s + 1) * rates[c.name] if c.name in rates else values_of(c, t_s) for c in packet.channels
            }
            counts = np.arange(second * rate, (second + 1) * rate)
            payload += codec.encode(name, counts, t0_ns + (t_s * NS).astype(np.int64), columns)
        for station in stations:
            address = Address(run, flight, vehicle, station)
            ert_ns = t0_ns + (second + 1) * NS
            yield Message(address, Kind.TELEMETRY, payload, ert_ns, dictionary=dictionary.reference)
            report = LinkReport(state="aos", reason="heartbeat", ert_ns=ert_ns, signal_dbm=-90.0)
            octets = report.model_dump_json(exclude_none=True).encode()
            yield Message(address, Kind.LINK, octets, ert_ns, content_type=JSON)


def record_of(message: Message) -> Outgoing:
    return Outgoing(KafkaTopic.TELEMETRY, message.address.key, message.payload, message.kafka_headers())


async def publish(settings: KafkaSettings, messages: Iterable[Message]) -> None:
    """Bring messages into Kafka as ingest does, and wait for the acknowledgement."""
    async with open_producer(settings, "test") as producer:
        await producer.acknowledged(await producer.send_all(record_of(message) for message in messages))


@asynccontextmanager
async def running(
    name: str, settings: Settings, logs: Path, *, well: bool = False, program: Path | None = None
) -> AsyncIterator[Process]:
    """Run a service as a process of its own, with `well` wait until it says so; SIGTERM at the end, if it lives.

    With `program` it is that one that runs the service.
    """
    environment = {**os.environ, **environment_of(settings), "DOWNRANGE_LOG_FORMAT": "json"}
    port = settings.service.health_port or free_port()
    environment["DOWNRANGE_HEALTH_PORT"] = str(port)
    command = [sys.executable, "-c", RUN_SERVICE, "run", name] if program is None else [sys.executable, str(program)]
    async with start_process(name, command, log=logs / f"{name}.log", env=environment, stop_within_s=25) as process:
        if well:
            await _is_well(process, f"http://127.0.0.1:{port}/healthz")
        yield process


async def _is_well(process: Process, address: str) -> None:
    async with asyncio.timeout(WELL_WITHIN_S), aiohttp.ClientSession() as session:
        while process.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(address) as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError(process.tail())


def with_part_rules(settings: Settings, folder: Path, part_bytes: int, part_age_s: float) -> Settings:
    changes = {"dir": folder, "part_bytes": part_bytes, "part_age_s": part_age_s}
    return replace(settings, archive=settings.archive.model_copy(update=changes))
