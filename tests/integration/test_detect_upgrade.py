"""Detect of one release, then of another that cannot read its snapshots, in mid-flight: books and events stay whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from secrets import token_hex
from typing import Any

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from detection import detect, messages_of, new_engine, seen, transmitter, warm
from flown import new_flight, publish, running
from older import PROGRAM, VARIABLE, Older

from downrange.stack.process import free_port
from processors.limits.desk import carry_out, limit_states
from runtime.groups import ends_of, group_passes
from runtime.kafka import Outgoing, Partition, client_options, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import DetectSettings, KafkaSettings, ServiceSettings, Settings
from telemetry.events import Event, event_from_kafka
from telemetry.limit_command import LimitCommand
from telemetry.limit_state import AlarmState
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of
from telemetry.vocabulary import ACTS

NS = 10**9
PATIENCE_S = 60
INPUTS = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED, KafkaTopic.COMMANDS)


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka, detect=DetectSettings(save_s=0.2))


def two_of_one_partition(settings: Settings) -> tuple[str, str]:
    first, second = new_flight(), new_flight()
    while len({partition_of(flight_key("live", each), settings.kafka.partitions) for each in (first, second)}) > 1:
        second = new_flight()
    return first, second


def until(messages: list[Message], t_s: float, t0_ns: int) -> int:
    return next(i for i, message in enumerate(messages) if message.ert_ns > t0_ns + t_s * NS)


async def handled(settings: Settings, flights: list[str]) -> None:
    for flight in flights:
        ends = await ends_of(settings.kafka, flight_key("live", flight), INPUTS)
        await group_passes(settings.kafka, "downrange.detect", {tp: end for tp, end in ends.items() if end}, PATIENCE_S)


async def records(settings: Settings, topic: KafkaTopic, flight: str) -> list[tuple[bytes, list[tuple[str, bytes]]]]:
    key = flight_key("live", flight)
    read = read_to_end(settings.kafka, "test", [Partition(topic.value, partition_of(key, settings.kafka.partitions))])
    return [(each.value, list(each.headers)) async for each in read if each.key == key.encode()]


async def events_of(settings: Settings, flight: str) -> list[Event]:
    return [event_from_kafka(*record) for record in await records(settings, KafkaTopic.EVENTS, flight)]


def content(row: LedgerRow) -> dict[str, Any]:
    return row.model_dump(exclude={"flight", "as_of_ns"})


async def ledger_of(settings: Settings, flight: str) -> dict[tuple[str, str], dict[str, Any]]:
    told = await records(settings, KafkaTopic.QUALITY, flight)
    rows = [LedgerRow.model_validate_json(value) for value, named in told if dict(named)["type"] == b"ledger"]
    return {(row.vehicle, row.packet): content(row) for row in rows}


async def refuse(settings: Settings, flight: str, message: Message) -> None:
    headers = [*message.kafka_headers(), ("reason", b"bad-crc"), ("detail", b"made up")]
    refused = Outgoing(KafkaTopic.REJECTED, flight_key("live", flight), b"noise", headers)
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all([refused]))


async def test_upgraded_in_mid_flight_books_and_events_are_those_of_an_undisturbed_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, Older.VERSION)
    flights = list(two_of_one_partition(settings))
    sent = transmitter("hop")
    plain = [messages_of(sent, flight) for flight in flights]
    early, first, middle, late = (until(plain[0], t_s, sent.t0_ns) for t_s in (15.0, 30.0, 50.0, 60.0))
    # the bay is too warm for a while; the other flight ends sooner
    warmed = [warm(message, 20.0, 40.0) for message in plain[0][early:middle]]
    flown = {flights[0]: [*plain[0][:early], *warmed, *plain[0][middle:]], flights[1]: plain[1][:late]}

    for flight, messages in flown.items():
        await publish(settings.kafka, messages[:first])
        await refuse(settings, flight, next(each for each in messages if each.kind is Kind.TELEMETRY))
    async with running("detect", settings, tmp_path, program=PROGRAM, well=True) as service:
        await handled(settings, flights)
        acknowledge = LimitCommand(
            id=token_hex(8), run="live", flight=flights[0], vehicle="ship", channel="bay_temperature_k",
            action="acknowledge", by="lin", why="the fan is slow",
        )  # fmt: skip
        await carry_out(settings.kafka, acknowledge, PATIENCE_S)
        for messages in flown.values():
            await publish(settings.kafka, messages[first:middle])
        await handled(settings, flights)
        before = await limit_states(settings.kafka, "live", flights[0])
        assert await service.stop(25) == 0
    for messages in flown.values():
        await publish(settings.kafka, messages[middle:])
    async with running("detect", settings, tmp_path) as service:
        await handled(settings, flights)
        assert await service.stop(25) == 0
        said = service.log.read_text()
        assert "is read again" in said
        assert "put aside" not in said
        assert "telemetry is gone" not in said

    for flight in flights:
        undisturbed = detect(flown[flight], new_engine(flight))
        undisturbed.engine.take_refusal("ship", "?", "bad-crc")
        events = await events_of(settings, flight)
        assert set(Counter(event.id for event in events).values()) == {1}
        assert seen(event for event in events if event.type not in ACTS) == seen(undisturbed.events)
        ledger = {(row.vehicle, row.packet): content(row) for row in undisturbed.engine.ledger()}
        assert await ledger_of(settings, flight) == ledger
    assert [event.name for event in await events_of(settings, flights[0]) if event.type in ACTS].count(
        "acknowledged"
    ) == 1
    after = await limit_states(settings.kafka, "live", flights[0])
    assert [each.acknowledged for each in after] == [each.acknowledged for each in before]
    assert AlarmState.NORMAL in {each.state for each in after}


async def test_of_a_flight_that_kafka_has_no_longer_whole_it_says_so_loudly_and_goes_on(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, Older.SHAPE)
    flight, sent = new_flight(), transmitter("hop")
    messages = messages_of(sent, flight)
    first, second = until(messages, 30.0, sent.t0_ns), until(messages, 60.0, sent.t0_ns)
    await publish(settings.kafka, messages[:first])
    (gone, _, _) = [
        Partition(topic.value, partition_of(flight_key("live", flight), settings.kafka.partitions)) for topic in INPUTS
    ]
    async with running("detect", settings, tmp_path, program=PROGRAM, well=True) as service:
        await handled(settings, [flight])
        before = (await ends_of(settings.kafka, flight_key("live", flight), INPUTS))[gone]
        await publish(settings.kafka, messages[first:second])
        await handled(settings, [flight])
        await service.kill()
    admin = AIOKafkaAdminClient(**client_options(settings.kafka))
    await admin.start()
    try:
        await admin.delete_records({gone: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()
    await publish(settings.kafka, messages[second:])
    port = free_port()
    watched = Settings(kafka=settings.kafka, detect=settings.detect, service=ServiceSettings(health_port=port))
    async with running("detect", watched, tmp_path) as service:
        await handled(settings, [flight])
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            notes = (await answer.json())["notes"]
        assert await service.stop(25) == 0
        assert "replay the flight from the archive" in service.log.read_text()
    assert f"live/{flight} cannot be read again whole" in notes["telemetry is gone"]
    assert f"from offset {before} on" in notes["telemetry is gone"]
    assert {"liftoff", "splashdown"} <= {event.name for event in await events_of(settings, flight)}
    rest = detect(messages[first:], new_engine(flight)).engine.ledger()
    assert await ledger_of(settings, flight) == {(row.vehicle, row.packet): content(row) for row in rest}
