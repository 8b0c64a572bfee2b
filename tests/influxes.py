"""What a test asks of InfluxDB, and of `store` that fills it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from flown import NS
from pydantic import SecretStr
from servers.provide import Influx

from processors.influx.writer import InfluxWriter, open_writer
from runtime.groups import ends_of, group_passes
from runtime.settings import InfluxSettings, Settings
from telemetry.topics import KafkaTopic, flight_key

GROUP: Final = "downrange.store"
PATIENCE_S: Final = 60
WEEK_NS: Final = 7 * 24 * 3600 * NS


def some_week() -> int:
    """Return a time in a week of a test's own: InfluxDB keeps a field's type for a week."""
    return random.randrange(2_700, 9_000) * WEEK_NS + WEEK_NS // 2  # noqa: S311 -- no secret


def influx_settings(influx: Influx, **changes: Any) -> InfluxSettings:
    place: dict[str, Any] = {
        "url": influx.url,
        "token": SecretStr(influx.token),
        "org": influx.org,
        "bucket": influx.bucket,
    }
    return InfluxSettings(**(place | {"batch_lines": 500} | changes))


async def ask(influx: Influx, query: str) -> list[list[Any]]:
    """Ask as Grafana does; returns the rows of the first series."""
    headers = {"Authorization": f"Token {influx.token}"}
    form = {"q": query, "db": influx.bucket, "epoch": "ns"}
    async with aiohttp.ClientSession() as session, session.post(f"{influx.url}/query", data=form, headers=headers) as r:
        answer = await r.json()
    assert r.status == HTTPStatus.OK, answer
    series = answer["results"][0].get("series", [])
    return list(series[0]["values"]) if series else []


async def count(influx: Influx, field: str, measurement: str, flight: str) -> int:
    query = f'SELECT count("{field}") FROM "{measurement}" WHERE "flight" = \'{flight}\''  # noqa: S608 -- our own names
    rows = await ask(influx, query)
    return int(rows[0][1]) if rows else 0


async def stored(settings: Settings, flight: str, patience_s: float = PATIENCE_S) -> None:
    ends = await ends_of(
        settings.kafka, flight_key("live", flight), (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY)
    )
    await group_passes(settings.kafka, GROUP, ends, patience_s)


@asynccontextmanager
async def writer(settings: InfluxSettings) -> AsyncIterator[InfluxWriter]:
    async with open_writer(settings) as opened:
        yield opened
