"""A recording flown again through a real mosquitto, a real Kafka, ingest and detection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backlog import no_backlog
from flown import NS, T0_NS, fly, new_flight, publish, running, with_part_rules
from servers.own import OwnMosquitto

from ingest.importers.csv_log import ImportOptions, import_csv
from processors.detect.shard import INPUTS
from replay.compare import compare_events
from replay.flight import ReplayOptions, ReplayProgress, ReplayResult, replay
from replay.outcome import Outcome, mark, outcome
from runtime.archive.catalog import find_recording
from runtime.archive.contents import recorded_messages
from runtime.archive.layout import Stream, flight_folder
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from runtime.kafka import Partition, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, MqttSettings, Settings
from telemetry.dictionary import Registry
from telemetry.errors import ArchiveError, FatalError, TransientError
from telemetry.events import Event, Evidence, event_to_kafka
from telemetry.link import WILL
from telemetry.message import JSON, Message, message_from_kafka
from telemetry.topics import KafkaTopic, Kind, partition_of

PATIENCE_S = 60
LOG = logger("test")


@pytest.fixture
async def settings(mqtt_url: str, kafka_bootstrap: str, tmp_path: Path) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, LOG, PATIENCE_S)
    return with_part_rules(Settings(mqtt=MqttSettings(url=mqtt_url), kafka=kafka), tmp_path / "archive", 64 * 1024, 1)


@asynccontextmanager
async def line(settings: Settings, logs: Path, *names: str) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(running(name, settings, logs, well=True))
        yield


def keep(settings: Settings, messages: Sequence[Message], events: Sequence[Event] = ()) -> None:
    """Put messages and events into the archive as a recorder would."""
    key = messages[0].address.key.encode()
    folder = flight_folder(settings.archive.dir, key)
    contents = [(message.payload, tuple(message.kafka_headers())) for message in messages]
    records = [Archived(0, n, n, key, headers, value) for n, (value, headers) in enumerate(contents)]
    half = len(records) // 2
    # the second part begins with what the first ends with, as after a crash
    write_part(folder, Stream.TELEMETRY, records[: half + 5])
    write_part(folder, Stream.TELEMETRY, records[half:])
    for n, event in enumerate(events):
        _, value, headers = event_to_kafka(event)
        write_part(folder, Stream.EVENTS, [Archived(0, n, n, key, tuple(headers), value)])


async def arrived(settings: Settings, result: ReplayResult) -> list[Message]:
    tp = Partition(KafkaTopic.TELEMETRY.value, partition_of(result.key, settings.kafka.partitions))
    found = [r async for r in read_to_end(settings.kafka, "test", [tp]) if r.key == result.key.encode()]
    return [message_from_kafka(record.value, record.headers) for record in found]


def original(message: Message) -> Message:
    """Return a message without what a replay, or ingest, is to change."""
    dictionary = message.dictionary if message.kind is Kind.TELEMETRY else ""
    address = replace(message.address, run="any")
    return replace(message, address=address, sent_ns=0, ingest_ns=0, correlation=b"", dictionary=dictionary)


def two_vehicles(flight: str, seconds: int) -> list[Message]:
    """Return what both stations heard of both vehicles, in order of time, and a will in the middle."""
    streams = [fly(flight, seconds, vehicle=vehicle) for vehicle in ("ship", "booster")]
    messages = sorted((m for stream in streams for m in stream), key=lambda m: m.ert_ns)
    will = replace(messages[0], kind=Kind.LINK, payload=WILL.model_dump_json().encode(), ert_ns=0, content_type=JSON)
    return [*messages[: len(messages) // 2], will, *messages[len(messages) // 2 :]]


def liftoff(flight: str, t_ns: int) -> Event:
    about = {"run": "live", "flight": flight, "vehicle": "ship"}
    evidence = Evidence(detector="test", detector_version=1)
    return Event(type="downrange.flight.liftoff", t_ns=t_ns, detected_ns=t_ns, evidence=evidence, **about)


async def test_every_message_arrives_once_in_order_with_its_octets_and_times(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    recorded = two_vehicles(flight, 200)
    keep(settings, recorded)
    progress: list[ReplayProgress] = []
    async with line(settings, tmp_path, "ingest"):
        result = await replay(settings, ReplayOptions(flight), LOG, progress.append)
    found = await arrived(settings, result)
    assert [original(message) for message in found] == [original(message) for message in recorded]
    assert {message.address.run for message in found} == {result.run}
    assert result.run.startswith("replay-")
    assert (result.messages, result.reports) == (200 * 4, 200 * 4 + 1)
    assert result.packets["booster", "nav"] == 200 * 50 * 2
    assert (result.first_ns, result.last_ns) == (T0_NS + NS, T0_NS + 200 * NS)
    assert progress[-1].read == progress[-1].recorded
    assert all(message.sent_ns > 0 and message.ingest_ns > 0 for message in found)


async def test_a_stretch_counts_from_liftoff_and_speed_sets_the_pace(settings: Settings, tmp_path: Path) -> None:
    flight = new_flight()
    recorded = two_vehicles(flight, 60)
    retracted = liftoff(flight, T0_NS + 10 * NS).model_copy(update={"ordinal": 0})
    events = [
        retracted,
        retracted.model_copy(update={"revision": 1, "status": "retracted"}),
        liftoff(flight, T0_NS + 20 * NS).model_copy(update={"ordinal": 1}),
    ]
    keep(settings, recorded, events)
    async with line(settings, tmp_path, "ingest"):
        result = await replay(settings, ReplayOptions(flight, speed=10, from_s=-5, to_s=15.5), LOG)
    wanted = [m for m in recorded if not m.ert_ns or T0_NS + 15 * NS <= m.ert_ns <= T0_NS + 35.5 * NS]
    assert [original(m) for m in await arrived(settings, result)] == [original(m) for m in wanted]
    assert result.elapsed_s >= 2.0


async def test_a_broker_killed_in_mid_flight_loses_nothing(
    settings: Settings, own_mosquitto: OwnMosquitto, tmp_path: Path
) -> None:
    flight = new_flight()
    recorded = two_vehicles(flight, 60)
    keep(settings, recorded)
    own = replace(settings, mqtt=MqttSettings(url=own_mosquitto.url))
    half_way = asyncio.Event()

    def on_progress(progress: ReplayProgress) -> None:
        if 2 * progress.read > progress.recorded:
            half_way.set()

    async with line(own, tmp_path, "ingest"), asyncio.timeout(PATIENCE_S):
        flying = asyncio.create_task(replay(own, ReplayOptions(flight, speed=20), LOG, on_progress))
        await half_way.wait()
        await own_mosquitto.kill()
        await own_mosquitto.start()
        result = await flying
    found = {_content(message) for message in await arrived(settings, result)}
    assert found == {_content(message) for message in recorded}


def _content(message: Message) -> tuple[Any, ...]:
    address = message.address
    return (address.vehicle, address.station, message.kind, message.ert_ns, message.payload)


def launch(path: Path) -> Path:
    """Write a made-up launch as a webcast shows it: 150 s of thrust, apogee at 291 s, altitude in coarse steps."""
    t_s = np.arange(0, 450, 1 / 30)
    upwards_m_s = np.where(t_s < 150, 9.0 * t_s, 1350 - 9.6 * (t_s - 150))
    sideways_m_s = np.minimum(6.0 * t_s, 900)
    altitude_m = np.cumsum(upwards_m_s) / 30
    step_m = np.where(altitude_m < 100_000, 100, 1000)
    rows = zip(t_s, np.hypot(upwards_m_s, sideways_m_s), altitude_m // step_m * step_m, strict=True)
    path.write_text("t_s,speed_m_s,altitude_m\n" + "".join(f"{t:.3f},{v:.0f},{h:.0f}\n" for t, v, h in rows))
    return path


async def flown(settings: Settings, options: ReplayOptions) -> tuple[ReplayResult, Outcome]:
    begin = await mark(settings, options.run or "", options.flight, LOG)
    result = await replay(settings, options, LOG)
    return result, await outcome(settings, begin, result.packets, PATIENCE_S)


async def test_two_replays_at_different_speeds_find_the_same_events_and_count_every_packet(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    source = launch(tmp_path / "launch.csv")
    imported = import_csv(source, settings.archive, Registry(), settings.kafka.partitions, ImportOptions(flight=flight))
    await no_backlog(settings, "detect", INPUTS, tmp_path)
    async with line(settings, tmp_path, "ingest", "detect"):
        first, fast = await flown(settings, ReplayOptions(flight, run=f"replay-{flight}-1"))
        _, slow = await flown(settings, ReplayOptions(flight, run=f"replay-{flight}-2", speed=150))
    assert first.packets == {("stage1", "kinematics"): imported.packets}
    assert fast.uncounted(first.packets) == slow.uncounted(first.packets) == {}
    assert {event.name for event in fast.events} >= {"liftoff", "meco", "apogee"}
    comparison = compare_events(fast.events, slow.events)
    assert comparison.same, comparison.to_text()
    assert comparison.revisions_missing == comparison.revisions_extra == []


async def test_an_outcome_without_detection_says_what_is_missing(settings: Settings) -> None:
    flight = new_flight()
    begin = await mark(settings, "live", flight, LOG)
    await publish(settings.kafka, two_vehicles(flight, 3))
    with pytest.raises(TransientError, match="detect has done nothing"):
        await outcome(settings, begin, {}, patience_s=0.5)


async def test_what_cannot_be_flown_is_said(settings: Settings) -> None:
    flight = new_flight()
    with pytest.raises(ArchiveError, match=flight):
        await replay(settings, ReplayOptions(flight), LOG)
    keep(settings, two_vehicles(flight, 3))
    with pytest.raises(ArchiveError, match="nothing of live/"):
        await replay(settings, ReplayOptions(flight, from_s=1_000), LOG)
    nowhere = replace(settings, mqtt=MqttSettings(url="mqtt://127.0.0.1:1"))
    nowhere = replace(nowhere, service=settings.service.model_copy(update={"connect_timeout_s": 0.5}))
    with pytest.raises(FatalError, match="DOWNRANGE_MQTT_URL"):
        await replay(nowhere, ReplayOptions(flight), LOG)


def test_a_recording_is_not_changed_by_reading_it(settings: Settings) -> None:
    flight = new_flight()
    recorded = two_vehicles(flight, 3)
    keep(settings, recorded)
    found = [replace(m, ingest_ns=0) for m in recorded_messages(find_recording(settings.archive.dir, flight))]
    assert found == [replace(m, ingest_ns=0) for m in recorded]
