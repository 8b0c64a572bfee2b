"""The detect service on a real Kafka: killed in mid-flight it says what an undisturbed one says, and says it once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from backlog import no_backlog
from detection import detect, messages_of, new_engine, seen, transmitter
from flown import new_flight, publish, running
from servers.provide import SESSION_S

from processors.detect.outbox import Findings, Outbox
from processors.detect.stage import DetectStage
from runtime.groups import ends_of, group_passes
from runtime.health import Health
from runtime.kafka import Outgoing, Partition, Producer, open_consumer, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import DetectSettings, KafkaSettings, Settings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry, built_in
from telemetry.errors import TransientError
from telemetry.events import Event, event_from_kafka
from telemetry.message import Message
from telemetry.packets import PacketLayout
from telemetry.quality import LedgerRow, LinkState
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of

GROUP = "downrange.detect"
PATIENCE_S = 60
NAV_APID = 100
INPUTS = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka)


async def records(settings: Settings, topic: KafkaTopic, flight: str) -> list[tuple[bytes, list[tuple[str, bytes]]]]:
    key = flight_key("live", flight)
    tp = Partition(topic.value, partition_of(key, settings.kafka.partitions))
    read = read_to_end(settings.kafka, "test", [tp])
    return [(record.value, list(record.headers)) async for record in read if record.key == key.encode()]


async def events_of(settings: Settings, flight: str) -> list[Event]:
    return [event_from_kafka(*record) for record in await records(settings, KafkaTopic.EVENTS, flight)]


async def event_comes(settings: Settings, flight: str, name: str) -> None:
    """Return once an event of a name stands on the topic."""
    key = flight_key("live", flight)
    tp = Partition(KafkaTopic.EVENTS.value, partition_of(key, settings.kafka.partitions))
    async with open_consumer(settings.kafka, "test", None) as consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        async for record in consumer:
            if record.key == key.encode() and event_from_kafka(record.value, record.headers).name == name:
                return


async def handled(settings: Settings, flight: str) -> None:
    ends = await ends_of(settings.kafka, flight_key("live", flight), INPUTS)
    await group_passes(settings.kafka, GROUP, {tp: end for tp, end in ends.items() if end}, PATIENCE_S)


def until(messages: list[Message], t_s: float, t0_ns: int) -> int:
    """Return the index of the first message received after a mission time."""
    return next(i for i, message in enumerate(messages) if message.ert_ns > t0_ns + t_s * 1e9)


@pytest.mark.parametrize("save_s", [pytest.param(0.001, id="saved"), pytest.param(3600.0, id="never saved")])
async def test_killed_twice_in_mid_flight_it_finds_the_same_events_and_says_each_once(
    settings: Settings, tmp_path: Path, save_s: float
) -> None:
    killed = replace(settings, detect=DetectSettings(save_s=save_s))
    flight = new_flight()
    sent = transmitter("hop")
    messages = messages_of(sent, flight)
    undisturbed = detect(messages, new_engine(flight))
    first, second = until(messages, 30.0, sent.t0_ns), until(messages, 90.0, sent.t0_ns)

    await publish(settings.kafka, messages[:first])
    async with running("detect", killed, tmp_path) as service:
        await event_comes(settings, flight, "liftoff")
        await service.kill()
    await publish(settings.kafka, messages[first:second])
    async with running("detect", killed, tmp_path) as service:
        await event_comes(settings, flight, "landing_burn_start")
        await service.kill()
    await publish(settings.kafka, messages[second:])
    async with running("detect", settings, tmp_path) as service:
        await handled(settings, flight)
        assert await service.stop(25) == 0

    found = await events_of(settings, flight)
    assert set(Counter(event.id for event in found).values()) == {1}
    assert seen(found) == seen(undisturbed.events)
    assert {event.id: event.detected_ns for event in found} == {e.id: e.detected_ns for e in undisturbed.events}


async def test_saved_before_all_is_read_again_and_killed_again_it_says_each_once(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    messages = messages_of(transmitter("hop"), flight)
    await no_backlog(settings, "detect", INPUTS, tmp_path)
    await publish(settings.kafka, messages)
    async with running("detect", replace(settings, detect=DetectSettings(save_s=3600)), tmp_path) as service:
        await event_comes(settings, flight, "landing_burn_start")
        await service.kill()

    await saves_after(100, settings, flight)
    async with running("detect", settings, tmp_path) as service:
        await handled(settings, flight)
        assert await service.stop(25) == 0

    undisturbed = detect(messages, new_engine(flight))
    found = await events_of(settings, flight)
    assert set(Counter(event.id for event in found).values()) == {1}
    assert seen(found) == seen(undisturbed.events)


async def saves_after(count: int, settings: Settings, flight: str) -> None:
    """Read so many records of a flight's partition anew, save, and be gone."""
    tp = Partition(KafkaTopic.TELEMETRY.value, partition_of(flight_key("live", flight), settings.kafka.partitions))
    stop, log = asyncio.Event(), logger("test")
    stop.set()
    async with open_producer(settings.kafka, "test") as producer:
        stage = DetectStage(settings, producer, Decoder(Registry()), Health("detect"), log, stop)
        begin = (await stage.assigned(frozenset({tp}))).get(tp, 0)
        some = [r async for r in read_to_end(settings.kafka, "test", [tp], {tp: begin}, {tp: begin + count})]
        output = stage.advance(await stage.decode({tp: some}))
        await stage.produce(output)
        await stage.flush()
        offsets = await stage.save()
    assert offsets[tp] == begin + count


class LosesAnswers:
    """A real producer of which the first acknowledgement is lost on its way back."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._lost = False
        self.send, self.send_all = producer.send, producer.send_all

    async def acknowledged(self, futures: Sequence[asyncio.Future[Any]]) -> list[Any]:
        results = await self._producer.acknowledged(futures)
        if not self._lost:
            self._lost = True
            raise TransientError("the answer is lost")
        return results


async def test_events_whose_acknowledgement_is_lost_are_looked_up_before_they_are_sent_again(
    settings: Settings,
) -> None:
    flight = new_flight()
    found = detect(messages_of(transmitter("hop"), flight), new_engine(flight)).events
    partition = partition_of(flight_key("live", flight), settings.kafka.partitions)
    async with open_producer(settings.kafka, "test") as producer:
        outbox = Outbox(cast("Producer", LosesAnswers(producer)), settings.kafka)
        await outbox.send(Findings([(partition, event) for event in found]), {})
        with pytest.raises(TransientError):
            await outbox.acknowledged()
        await outbox.acknowledged()
    assert Counter(event.id for event in await events_of(settings, flight)) == Counter(event.id for event in found)


async def test_the_books_of_a_flight_close_on_the_quality_topic(settings: Settings, tmp_path: Path) -> None:
    flight = new_flight()
    sent = transmitter("hop")
    messages = messages_of(sent, flight)
    heard = next(message for message in messages if message.kind is Kind.TELEMETRY)
    nav = heard.payload[: PacketLayout(built_in("yuanxing-1")).octets(NAV_APID)]
    headers = [*heard.kafka_headers(), ("reason", b"bad-crc"), ("detail", b"made up")]
    key = flight_key("live", flight)
    refused = [Outgoing(KafkaTopic.REJECTED, key, octets, headers) for octets in (nav[:-1] + b"?", b"noise")]
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all(refused))
    await publish(settings.kafka, messages)
    async with running("detect", settings, tmp_path) as service:
        await handled(settings, flight)
        assert await service.stop(25) == 0
    rows: dict[tuple[str, ...], LedgerRow] = {}
    links: dict[tuple[str, ...], LinkState] = {}
    for value, named in await records(settings, KafkaTopic.QUALITY, flight):
        kind = dict(named)["type"]
        if kind == b"ledger":
            row = LedgerRow.model_validate_json(value)
            rows[row.identity] = row
        elif kind == b"link":
            link = LinkState.model_validate_json(value)
            links[link.identity] = link
    told = {row.packet: row for row in rows.values()}
    assert {packet: row.sent for packet, row in told.items() if packet != "?"} == sent.sent("ship")
    assert all(row.balanced for row in rows.values())
    assert {packet: row.rejected for packet, row in told.items() if row.rejected} == {"nav": 1, "?": 1}
    assert {link.station for link in links.values()} == {"haiyang", "relay"}
