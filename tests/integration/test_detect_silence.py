"""The detect service on a real Kafka when a dump is the last that comes: seen in silence, told once, also if killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from detection import NS, T0_NS, detect, final, messages_of, new_engine, transmitter
from flown import new_flight, publish, running
from servers.provide import SESSION_S

from runtime.kafka import Partition, open_consumer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import DetectSettings, KafkaSettings, Settings
from telemetry.events import Event, event_from_kafka
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of

PATIENCE_S = 60


def mission_s(message: Message) -> float:
    return (message.ert_ns - T0_NS) / NS


def place(settings: Settings, topic: KafkaTopic, flight: str) -> Partition:
    return Partition(topic.value, partition_of(flight_key("live", flight), settings.kafka.partitions))


async def events_of(settings: Settings, flight: str) -> list[Event]:
    read = read_to_end(settings.kafka, "test", [place(settings, KafkaTopic.EVENTS, flight)])
    key = flight_key("live", flight).encode()
    return [event_from_kafka(record.value, record.headers) async for record in read if record.key == key]


async def comes(settings: Settings, flight: str, is_so: Callable[[Event], bool]) -> None:
    """Return once an event as wished stands on the topic."""
    tp = place(settings, KafkaTopic.EVENTS, flight)
    async with open_consumer(settings.kafka, "test", None) as consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        async for record in consumer:
            ours = record.key == flight_key("live", flight).encode()
            if ours and is_so(event_from_kafka(record.value, record.headers)):
                return


async def nothing_is_held(settings: Settings, flight: str) -> None:
    """Return once the books say that detectors have seen all that came."""
    tp, held = place(settings, KafkaTopic.QUALITY, flight), {"?": 1}
    async with open_consumer(settings.kafka, "test", None) as consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        async for record in consumer:
            if record.key == flight_key("live", flight).encode() and dict(record.headers)["type"] == b"ledger":
                row = LedgerRow.model_validate_json(record.value or b"")
                held.pop("?", None)
                held[row.packet] = row.held or 0
                if row.rerun and max(held.values()) < 10:
                    return


async def test_a_dump_after_which_nothing_comes_is_told_once_though_killed_around_it(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    unsaved = Settings(kafka=kafka, detect=DetectSettings(save_s=3600.0, settle_s=1.5))
    flight = new_flight()
    heard = [m for m in messages_of(transmitter("hop"), flight) if m.address.station == "haiyang" and mission_s(m) < 20]
    lost = [m for m in heard if m.kind is Kind.TELEMETRY and -4 < mission_s(m) < 4]
    kept = [m for m in heard if m not in lost]
    at = next(i for i, message in enumerate(kept) if mission_s(message) > 9)

    # killed while the dump waits: its next owner hears the silence, though nothing comes to make it load the flight
    await publish(kafka, [*kept[:at], *lost])
    waits = replace(unsaved, detect=DetectSettings(save_s=0.001, settle_s=3600.0))
    async with running("detect", waits, tmp_path) as service:
        await comes(unsaved, flight, lambda event: event.name == "liftoff")
        # all of the dump is read and saved by then
        await asyncio.sleep(1.5)
        await service.kill()
    assert not any(event.evidence.silent for event in await events_of(unsaved, flight))
    async with running("detect", unsaved, tmp_path) as service:
        await comes(unsaved, flight, lambda event: event.evidence.silent)
        await service.kill()
    # the flight goes on; what was told in silence is done again at its place
    await publish(kafka, kept[at:])
    async with running("detect", unsaved, tmp_path) as service:
        await nothing_is_held(unsaved, flight)
        assert await service.stop(25) == 0

    found = await events_of(unsaved, flight)
    assert set(Counter(event.id for event in found).values()) == {1}
    assert {event.name for event in found if event.evidence.silent} == {"ignition", "liftoff"}
    assert final(found) == final(detect(heard, new_engine(flight)).events)
