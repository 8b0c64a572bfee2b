"""The recorder against a real Kafka: killed again and again, it keeps every record, and keeps it once."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path

import pytest
from flown import fly, new_flight, publish, running, with_part_rules
from servers.provide import SESSION_S

from runtime.archive.layout import STREAM_OF, Stream, parse_part_name
from runtime.archive.reader import read_stream
from runtime.archive.records import Archived
from runtime.groups import ends_of, group_passes
from runtime.kafka import Outgoing, Partition, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, Settings
from telemetry.topics import KafkaTopic, flight_key, partition_of

GROUP = "downrange.record"
TOPICS = [stream.topic for stream in Stream]
PATIENCE_S = 60


@pytest.fixture
async def settings(kafka_bootstrap: str, tmp_path: Path) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return with_part_rules(Settings(kafka=kafka), tmp_path / "archive", 64 * 1024, 0.5)


async def in_kafka(settings: KafkaSettings, topic: KafkaTopic, key: str) -> list[Archived]:
    tp = Partition(topic.value, partition_of(key, settings.partitions))
    return [
        Archived(tp.partition, r.offset, r.timestamp, r.key, tuple(r.headers), r.value)
        async for r in read_to_end(settings, "test", [tp])
        if r.key == key.encode()
    ]


def parts_in(folder: Path) -> int:
    return sum(parse_part_name(path.name) is not None for path in folder.glob("*.parquet"))


async def parts_beyond(folder: Path, count: int) -> None:
    """Wait until a folder has more than `count` parts."""
    async with asyncio.timeout(PATIENCE_S):
        while parts_in(folder) <= count:  # noqa: ASYNC110 -- a folder tells nobody
            await asyncio.sleep(0.02)


async def test_a_recorder_killed_three_times_keeps_every_record_once(settings: Settings, tmp_path: Path) -> None:
    flights = [new_flight() for _ in range(3)]
    folder = settings.archive.dir / "live" / flights[0]
    messages = [fly(flight, 900) for flight in flights]
    for _ in range(3):
        for some in messages:
            await publish(settings.kafka, islice(some, 1_000))
        before = parts_in(folder)
        async with running("record", settings, tmp_path) as recorder:
            await parts_beyond(folder, before)
            await recorder.kill()
    for some in messages:
        await publish(settings.kafka, some)
    async with running("record", settings, tmp_path):
        for flight in flights:
            ends = await ends_of(settings.kafka, flight_key("live", flight), TOPICS)
            await group_passes(settings.kafka, GROUP, ends, PATIENCE_S)
    for flight in flights:
        found = list(read_stream(settings.archive.dir / "live" / flight, Stream.TELEMETRY))
        assert len(found) == 900 * 2 * 2
        assert found == await in_kafka(settings.kafka, KafkaTopic.TELEMETRY, flight_key("live", flight))


async def test_everything_of_four_topics_is_on_disk_after_sigterm(settings: Settings, tmp_path: Path) -> None:
    key = flight_key("live", new_flight())
    patient = with_part_rules(settings, settings.archive.dir, 64 * 1024 * 1024, 3600)
    async with open_producer(settings.kafka, "test") as producer:
        records = [Outgoing(topic, key, b"%d" % n, [("type", b"x")]) for topic in TOPICS for n in range(50)]
        await producer.acknowledged(await producer.send_all(records))
    ends = await ends_of(settings.kafka, key, TOPICS)
    async with running("record", patient, tmp_path) as recorder:
        # a part is written when its stream has been idle, however long it may wait
        await group_passes(settings.kafka, GROUP, ends, PATIENCE_S)
        assert await recorder.stop(25) == 0
    for topic in TOPICS:
        found = list(read_stream(settings.archive.dir / key, STREAM_OF[topic.value]))
        assert found == await in_kafka(settings.kafka, topic, key)
        assert len(found) == 50


async def test_a_folder_that_cannot_be_written_is_said_before_anything_is_read(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    impossible = with_part_rules(settings, tmp_path / "file" / "archive", 1024, 1)
    async with running("record", impossible, tmp_path) as recorder, asyncio.timeout(PATIENCE_S):
        assert await recorder.wait() == 2
    assert "DOWNRANGE_ARCHIVE_DIR" in recorder.tail()
