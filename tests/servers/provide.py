"""The servers of a whole test run: those that the environment names, else some of our own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from downrange.stack.native import BUCKET, ORG
from downrange.stack.process import free_port
from servers.source import Server, running

# how long a killed member keeps its partitions; Kafka allows less than 6 s where it is told to, as ours are
SESSION_S: Final = 6.0 if "DOWNRANGE_TEST_KAFKA_URL" in os.environ else 3.0


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
    async with running(Server.MOSQUITTO, data_dir, free_port()) as mosquitto:
        yield mosquitto.address


@asynccontextmanager
async def kafka_broker(data_dir: Path) -> AsyncIterator[str]:
    """Yield the bootstrap address of a real Apache Kafka (KRaft)."""
    if address := os.environ.get("DOWNRANGE_TEST_KAFKA_URL"):
        yield address.removeprefix("kafka://")
        return
    async with running(Server.KAFKA, data_dir, free_port()) as kafka:
        yield kafka.address


@asynccontextmanager
async def influx_server(data_dir: Path) -> AsyncIterator[Influx]:
    """Yield a real InfluxDB 2.x."""
    if address := os.environ.get("DOWNRANGE_TEST_INFLUX_URL"):
        parts = urlsplit(address)
        org, _, bucket = parts.path.strip("/").partition("/")
        yield Influx(f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username or "", org, bucket)
        return
    async with running(Server.INFLUXDB, data_dir, free_port()) as database:
        yield Influx(database.address, database.token, ORG, BUCKET)
