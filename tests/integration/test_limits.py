"""Limits on a real Kafka: raised, acknowledged, shelved, cleared; killed in between nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from detection import T0_NS, WARM_K, detect, messages_of, new_engine, seen, transmitter, warm
from flown import new_flight, publish, running

from processors.limits.desk import carry_out, limit_states
from runtime.groups import ends_of, group_passes
from runtime.kafka import Outgoing, Partition, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import DetectSettings, KafkaSettings, Settings
from telemetry.errors import InputError, Reason
from telemetry.events import Event, event_from_kafka
from telemetry.limit_command import LimitCommand
from telemetry.limit_state import AlarmState, LimitState
from telemetry.topics import KafkaTopic, flight_key, partition_of
from telemetry.vocabulary import ACTS, WATCH_EVENTS

NS = 10**9
PATIENCE_S = 60


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka)


def command(flight: str, **more: Any) -> LimitCommand:
    said = {"by": "lin", "why": "the fan is known to be slow", "vehicle": "ship", "channel": "bay_temperature_k"}
    return LimitCommand.model_validate({"id": token_hex(8), "run": "live", "flight": flight, **said, **more})


async def events_of(settings: Settings, flight: str) -> list[Event]:
    key = flight_key("live", flight)
    tp = Partition(KafkaTopic.EVENTS.value, partition_of(key, settings.kafka.partitions))
    read = read_to_end(settings.kafka, "test", [tp])
    return [event_from_kafka(each.value, each.headers) async for each in read if each.key == key.encode()]


async def state_comes(settings: Settings, flight: str, wanted: AlarmState) -> LimitState:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for state in await limit_states(settings.kafka, "live", flight):
                if state.condition.side == "above" and state.state is wanted:
                    return state


async def test_killed_between_acknowledgement_and_shelving_it_loses_nothing_and_says_nothing_twice(
    settings: Settings, tmp_path: Path
) -> None:
    never_saved = replace(settings, detect=DetectSettings(save_s=3600.0))
    flight = new_flight()
    messages = [warm(message, 20.0, 60.0) for message in messages_of(transmitter("hop"), flight)]
    undisturbed = detect(messages, new_engine(flight))
    first, second = (
        next(i for i, message in enumerate(messages) if message.ert_ns > T0_NS + t_s * NS) for t_s in (30, 45)
    )

    await publish(settings.kafka, messages[:first])
    async with running("detect", never_saved, tmp_path) as service:
        raised = await state_comes(settings, flight, AlarmState.UNACKNOWLEDGED)
        assert (raised.value, raised.threshold, raised.phase) == (WARM_K, 308.15, "ascent")
        (acknowledged,) = await carry_out(settings.kafka, command(flight, action="acknowledge"), PATIENCE_S)
        assert (acknowledged.name, acknowledged.values["by"]) == ("acknowledged", "lin")
        with pytest.raises(InputError, match=r"nothing to acknowledge: .* watch above is acknowledged") as refused:
            await carry_out(settings.kafka, command(flight, action="acknowledge"), PATIENCE_S)
        assert refused.value.reason is Reason.REFUSED_COMMAND
        await service.kill()

    # a command given while nobody reads counts when somebody does; what was done before is not done otherwise
    until_ns = T0_NS + 80 * NS
    shelving = command(flight, action="shelve", level="watch", side="above", until_ns=until_ns)
    async with open_producer(settings.kafka, "test") as producer:
        wrong = Outgoing(KafkaTopic.COMMANDS, flight_key("live", flight), b"{}", [])
        right = replace(wrong, value=shelving.model_dump_json(exclude_none=True).encode())
        await producer.acknowledged(await producer.send_all([wrong, right]))
    await publish(settings.kafka, messages[first:second])
    async with running("detect", settings, tmp_path):
        shelved = await state_comes(settings, flight, AlarmState.SHELVED)
        assert shelved.acknowledged is not None
        assert (shelved.raised, shelved.times_raised) == (True, 1)
        assert shelved.shelved is not None
        assert shelved.shelved.until_ns == until_ns
        await publish(settings.kafka, messages[second:])
        normal = await state_comes(settings, flight, AlarmState.NORMAL)
        assert normal.unshelved is not None
        assert (normal.unshelved.by, normal.unshelved.t_ns) == ("downrange", until_ns)
        assert (normal.raised, normal.cleared_by) == (False, "values")
        ends = await ends_of(settings.kafka, flight_key("live", flight), (KafkaTopic.TELEMETRY, KafkaTopic.COMMANDS))
        await group_passes(settings.kafka, "downrange.detect", ends, PATIENCE_S)

    found = await events_of(settings, flight)
    assert set(Counter(event.id for event in found).values()) == {1}
    assert seen(event for event in found if event.type not in ACTS) == seen(undisturbed.events)
    told = [event.name for event in sorted(found, key=lambda e: (e.t_ns, e.name)) if event.type in WATCH_EVENTS]
    assert told == ["raised", "acknowledged", "shelved", "cleared", "unshelved"]
