"""After a simulated flight through the whole line, every panel of mission control has something to show."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from flown import new_flight, running
from panels import Asked, milliseconds, panels, values
from pydantic import SecretStr
from servers.provide import Influx

from runtime.groups import ends_of, group_passes
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import InfluxSettings, KafkaSettings, MqttSettings, Settings
from simulator.publish import Broadcast, publish
from simulator.simulate import simulate
from telemetry.topics import LIVE_RUN, KafkaTopic, flight_key

NS_PER_MS = 10**6
PATIENCE_S = 60


async def test_every_panel_shows_a_simulated_flight(
    mqtt_url: str, kafka_bootstrap: str, influx: Influx, tmp_path: Path
) -> None:
    settings = Settings(
        mqtt=MqttSettings(url=mqtt_url),
        kafka=KafkaSettings(bootstrap=kafka_bootstrap),
        influx=InfluxSettings(url=influx.url, token=SecretStr(influx.token), org=influx.org, bucket=influx.bucket),
    )
    flight = new_flight()
    transmitter = simulate("hop", 7, int(time.time()) * 10**9)
    await ensure_topics(settings.kafka, logger("test"), PATIENCE_S)
    async with AsyncExitStack() as services:
        for name in ("ingest", "detect", "store"):
            await services.enter_async_context(running(name, settings, tmp_path, well=True))
        broadcast = Broadcast(flight, speed=20.0, spool_dir=tmp_path / "stations")
        outcome = await publish(settings.mqtt, transmitter, broadcast, asyncio.Event(), logger("test"))
        assert outcome.left == 0
        key = flight_key(LIVE_RUN, flight)
        for group, topics in (
            ("downrange.detect", (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)),
            ("downrange.store", (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY)),
        ):
            await group_passes(settings.kafka, group, await ends_of(settings.kafka, key, topics), PATIENCE_S)
    start_ms = transmitter.start_ns // NS_PER_MS
    end_ms = start_ms + transmitter.duration_ns // NS_PER_MS
    async with aiohttp.ClientSession(influx.url, headers={"Authorization": f"Token {influx.token}"}) as session:
        ask = Asked(session, influx, LIVE_RUN, flight, start_ms, end_ms)
        for panel in panels():
            for target in panel["targets"]:
                series = await ask(target["query"], milliseconds(panel.get("interval")))
                if panel["title"] == "Revised and retracted events":
                    # an undisturbed flight may have none
                    continue
                # and passes no limit
                assert bool(values(series)) == (panel["title"] != "Limits"), (panel["title"], target["query"])
