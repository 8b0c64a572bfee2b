"""The tracking service as a process of its own, and visitors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
from flown import running
from servers.provide import SESSION_S

from downrange.stack.process import Process, free_port
from downrange.stack.ready import until_ready
from runtime.kafka import open_producer
from runtime.settings import KafkaSettings, ServiceSettings, Settings, TrackSettings
from telemetry.events import Event, event_to_kafka
from telemetry.topics import KafkaTopic
from tracking.booking import site_address

PATIENCE_S: Final = 60


@dataclass(frozen=True, slots=True)
class RunningSite:
    """A service that answers."""

    settings: Settings
    process: Process
    visitor: httpx.AsyncClient

    @property
    def address(self) -> str:
        return site_address(self.settings.track)

    async def state(self, code: str) -> dict[str, Any]:
        answer = await self.visitor.get(f"/v1/track/{code}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def until(self, code: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Follow a delivery until its state is as wished."""
        async with asyncio.timeout(PATIENCE_S), self.visitor.stream("GET", f"/v1/track/{code}/events") as answer:
            assert answer.status_code == 200
            async for state in states_of(answer):
                if is_so(state):
                    return state
        raise AssertionError("the stream ended")


async def states_of(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def site_settings(kafka_bootstrap: str, **track: Any) -> Settings:
    return Settings(
        service=ServiceSettings(health_port=free_port()),
        kafka=KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S),
        track=TrackSettings(port=track.pop("port", None) or free_port(), **track),
    )


def elsewhere(settings: Settings) -> Settings:
    """Return the same settings with ports of their own."""
    return replace(
        settings,
        service=settings.service.model_copy(update={"health_port": free_port()}),
        track=settings.track.model_copy(update={"port": free_port()}),
    )


@asynccontextmanager
async def site(settings: Settings, logs: Path) -> AsyncIterator[RunningSite]:
    async with (
        running("track", settings, logs) as process,
        httpx.AsyncClient(base_url=site_address(settings.track), timeout=PATIENCE_S) as visitor,
    ):
        health = f"http://127.0.0.1:{settings.service.health_port}/healthz"

        async def is_well() -> bool:
            try:
                return (await visitor.get(health)).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        await until_ready(process, is_well, PATIENCE_S)
        yield RunningSite(settings, process, visitor)


async def happen(settings: Settings, events: Iterable[Event]) -> None:
    """Put events on `downrange.events` as detection does."""
    async with open_producer(settings.kafka, "test") as producer:
        sent = []
        for event in events:
            key, value, headers = event_to_kafka(event)
            sent.append(await producer.send(KafkaTopic.EVENTS, key.decode(), value, headers))
        await producer.acknowledged(sent)
