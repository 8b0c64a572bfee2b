"""The recorder on a disk that takes nothing more, and killed while it writes: every record is kept once."""

from __future__ import annotations

import asyncio
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest
from flown import new_flight, running, with_part_rules

from downrange.stack.process import Process, free_port
from runtime.archive.layout import PartName, Stream, parse_part_name
from runtime.archive.reader import read_stream
from runtime.archive.writer import remove_halves
from runtime.groups import ends_of, group_passes
from runtime.kafka import Outgoing, open_producer
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, ServiceSettings, Settings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic, flight_key, partition_of

GROUP = "downrange.record"
PATIENCE_S = 60
# more than the service's log becomes, less than a part of these tests
ROOM_OCTETS = 200_000
RECORD_OCTETS = 2_000
RECORDS = 600


@pytest.fixture
async def settings(kafka_bootstrap: str, tmp_path: Path) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    service = ServiceSettings(health_port=free_port())
    return with_part_rules(Settings(kafka=kafka, service=service), tmp_path / "archive", 1_000_000, 3600)


async def publish(settings: Settings, flight: str, count: int = RECORDS) -> list[bytes]:
    """Bring records into Kafka that no compression makes smaller; returns them."""
    values = [os.urandom(RECORD_OCTETS) for _ in range(count)]
    records = [Outgoing(KafkaTopic.TELEMETRY, flight_key("live", flight), value, [("kind", b"tm")]) for value in values]
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all(records))
    return values


def recorded(settings: Settings, flight: str) -> list[bytes]:
    folder = settings.archive.dir / "live" / flight
    return [record.value or b"" for record in read_stream(folder, Stream.TELEMETRY)]


async def recorder_passes(settings: Settings, flight: str, patience_s: float = PATIENCE_S) -> None:
    ends = await ends_of(settings.kafka, flight_key("live", flight), (KafkaTopic.TELEMETRY,))
    await group_passes(settings.kafka, GROUP, ends, patience_s)


@contextmanager
def full_disk(process: Process) -> Iterator[None]:
    """Let the kernel refuse a process what a file has beyond some room: half a part is written, as on a full disk.

    It needs no file system of its own and no rights.
    """
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM_OCTETS, most))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))


async def ill(settings: Settings) -> str:
    """Wait until the recorder says that it is ill; returns what ails its writing."""
    url = f"http://127.0.0.1:{settings.service.health_port}/healthz"
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
        while True:
            async with session.get(url) as answer:
                if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    return str((await answer.json())["parts"]["produce"])
            await asyncio.sleep(0.05)


async def test_on_a_full_disk_it_says_what_waits_and_with_room_it_catches_up(
    settings: Settings, tmp_path: Path
) -> None:
    flight, folder = new_flight(), settings.archive.dir
    async with running("record", settings, tmp_path, well=True) as recorder:
        values = await publish(settings, flight)
        await recorder_passes(settings, flight)
        with full_disk(recorder):
            values += await publish(settings, flight)
            said = await ill(settings)
            assert str(folder) in said
            assert re.search(r"\d+ records of \d{6,} octets wait in memory", said)
            assert "make room" in said
            values += await publish(settings, flight)
            with pytest.raises(TransientError, match=GROUP):
                await recorder_passes(settings, flight, patience_s=1)
            # what is full is not filled up with halves
            assert not list(folder.glob("*/*/.*"))
            assert recorded(settings, flight) == values[:RECORDS]
        await recorder_passes(settings, flight)
        log = recorder.log.read_text()
        assert log.count("the archive's disk takes nothing") == 1
        assert "the archive is written again" in log
    assert recorded(settings, flight) == values


async def test_killed_while_it_writes_parts_it_leaves_no_half_and_keeps_every_record_once(
    settings: Settings, tmp_path: Path
) -> None:
    flight, values = new_flight(), list[bytes]()
    folder = settings.archive.dir / "live" / flight
    for _ in range(3):
        values += await publish(settings, flight)
        async with running("record", settings, tmp_path) as recorder, asyncio.timeout(PATIENCE_S):
            while not halves(folder):  # noqa: ASYNC110 -- a folder tells nobody
                await asyncio.sleep(0)
            await recorder.kill()
    # what a kill leaves, whichever moment it came at; and what another member may be writing now
    number = partition_of(flight_key("live", flight), settings.kafka.partitions)
    left = folder / f".{PartName(Stream.TELEMETRY, number, 1, 2)}"
    theirs = folder / f".{PartName(Stream.TELEMETRY, settings.kafka.partitions + 1, 1, 2)}"
    for path in (left, theirs):
        path.write_bytes(b"half")
    async with running("record", settings, tmp_path):
        await recorder_passes(settings, flight)
    assert recorded(settings, flight) == values
    assert halves(folder) == [theirs]


def halves(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return [path for path in folder.iterdir() if path.name.startswith(".")]
    return []


def test_only_halves_of_the_named_partitions_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "live" / "F"
    folder.mkdir(parents=True)
    ours, others = PartName(Stream.EVENTS, 3, 1, 2), PartName(Stream.EVENTS, 4, 1, 2)
    for name in (f".{ours}", f".{others}", f".{PartName(Stream.QUALITY, 3, 1, 2)}", str(ours), ".hidden"):
        (folder / name).write_bytes(b"")
    assert remove_halves(tmp_path, {(Stream.EVENTS, 3)}) == [folder / f".{ours}"]
    assert len(list(folder.iterdir())) == 4
    assert parse_part_name(str(ours)) == ours
