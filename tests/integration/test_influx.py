"""The InfluxDB writer against real servers: killed, cut off and given what InfluxDB refuses, it stores every point."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from flown import STATIONS, fly, new_flight, publish, running
from influxes import GROUP, PATIENCE_S, ask, count, influx_settings, some_week, stored, writer
from proxy import Proxy, proxied
from pydantic import SecretStr
from servers.provide import SESSION_S, Influx

from downrange.stack.process import free_port
from processors.influx.line_protocol import Block, point_line
from processors.influx.stage import LINE_PROTOCOL
from runtime.health import Health
from runtime.kafka import Partition, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.service import Scope
from runtime.settings import KafkaSettings, ServiceSettings, Settings
from telemetry.errors import FatalError, Reason, SettingsError, TransientError
from telemetry.topics import KafkaTopic, flight_key, partition_of

SECONDS = 400
NAV_HZ = 50


@pytest.fixture
async def settings(kafka_bootstrap: str, influx: Influx) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka, influx=influx_settings(influx))


async def test_killed_three_times_it_stores_exactly_the_unique_points(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    flight, t0_ns = new_flight(), some_week()
    messages = fly(flight, SECONDS, t0_ns=t0_ns)
    for _ in range(3):
        await publish(settings.kafka, islice(messages, SECONDS))
        before = await count(influx, "altitude_m", "nav", flight)
        async with running("store", settings, tmp_path) as store, asyncio.timeout(PATIENCE_S):
            while await count(influx, "altitude_m", "nav", flight) <= before:
                pass
            await store.kill()
    await publish(settings.kafka, messages)
    async with running("store", settings, tmp_path) as store:
        await stored(settings, flight)
        assert await store.stop(25) == 0
    for measurement, field, rate_hz in (
        ("nav", "altitude_m", NAV_HZ),
        ("propulsion", "thrust_n", 20),
        ("cargo", "tilt_deg", 5),
        ("health", "flight_phase", 1),
    ):
        assert await count(influx, field, measurement, flight) == SECONDS * rate_hz
    assert await count(influx, "state", "links", flight) == SECONDS * len(STATIONS)
    first = await ask(influx, f'SELECT first("altitude_m"), "vehicle" FROM "nav" WHERE "flight" = \'{flight}\'')  # noqa: S608 -- our own names
    assert first[0][0] == t0_ns
    assert first[0][2] == "ship"


async def test_what_influxdb_refuses_is_kept_with_its_reason_and_the_rest_is_stored(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    flight, t0_ns = new_flight(), some_week()
    other = point_line("cargo", {"flight": "other"}, {"tilt_deg": "a word"}, t0_ns)
    async with writer(settings.influx) as opened:
        assert await opened.write(Block(str(other).encode(), 1)) == []
    await publish(settings.kafka, fly(flight, 40, t0_ns=t0_ns, stations=["haiyang"]))
    async with running("store", settings, tmp_path):
        await stored(settings, flight)
    assert await count(influx, "altitude_m", "nav", flight) == 40 * NAV_HZ
    assert await count(influx, "bay_pressure_pa", "cargo", flight) == 0
    key = flight_key("live", flight)
    tp = Partition(KafkaTopic.REJECTED.value, partition_of(key, settings.kafka.partitions))
    kept = [r async for r in read_to_end(settings.kafka, "test", [tp]) if r.key == key.encode()]
    assert len({record.value for record in kept}) == 40 * 5
    headers = dict(kept[0].headers)
    assert headers["reason"] == Reason.FIELD_CONFLICT.value.encode()
    assert headers["content-type"] == LINE_PROTOCOL.encode()
    assert (headers["run"], headers["flight"], headers["vehicle"]) == (b"live", flight.encode(), b"ship")
    assert b'"tilt_deg"' in headers["detail"]
    assert kept[0].value.startswith(f"cargo,flight={flight},run=live,vehicle=ship ".encode())


async def test_bad_lines_among_good_ones_are_told_apart(influx: Influx) -> None:
    t0_ns, one, other = some_week(), new_flight(), new_flight()
    async with writer(influx_settings(influx)) as opened:
        await opened.write(Block(f"m,flight={one} f=1 {t0_ns}\n".encode(), 1))
        bad = {3, 7, 8, 9, 100, 255}
        lines = [f"m,flight={one} f={'t' if n in bad else n} {t0_ns + n}\n" for n in range(256)]
        refused = await opened.write(Block("".join(lines).encode(), 256))
        assert [line.line.decode() + "\n" for line in refused] == [lines[n] for n in sorted(bad)]
        assert {line.reason for line in refused} == {Reason.FIELD_CONFLICT}
        good = [f"m,flight={other} f={n} {t0_ns + n}\n" for n in range(2)]
        unparsable = await opened.write(Block(f"{good[0]}nonsense\n{good[1]}".encode(), 3))
        assert [line.line for line in unparsable] == [b"nonsense"]
    assert await count(influx, "f", "m", one) == 256 - len(bad)
    assert await count(influx, "f", "m", other) == 2


@pytest.mark.parametrize("text", ['"quoted"', "back\\", "a,b=c d", "two\nlines", "航天 🚀", "\\", "\\n", " ", "'"])
async def test_text_comes_back_from_influxdb(influx: Influx, text: str) -> None:
    flight, t0_ns = new_flight(), some_week()
    line = point_line("te,xt m", {"flight": flight, "t=g": "a, b=c"}, {"te,xt": text}, t0_ns)
    async with writer(influx_settings(influx)) as opened:
        assert await opened.write(Block(str(line).encode(), 1)) == []
    rows = await ask(influx, f'SELECT "te,xt", "t=g" FROM "te,xt m" WHERE "flight" = \'{flight}\'')  # noqa: S608 -- our own names
    assert rows == [[t0_ns, text.replace("\n", "\\n"), "a, b=c"]]


@asynccontextmanager
async def way_to(influx: Influx) -> AsyncIterator[tuple[Proxy, str]]:
    """Open a proxy to InfluxDB; yields it and its URL."""
    parts = urlsplit(influx.url)
    async with proxied(parts.hostname or "", parts.port or 0) as proxy:
        yield proxy, f"http://127.0.0.1:{proxy.port}"


async def health(port: int) -> dict[str, Any]:
    with contextlib.suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            return dict(await answer.json())
    return {"healthy": None, "parts": {}}


async def says(port: int, *, healthy: bool) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while (found := await health(port))["healthy"] is not healthy:  # noqa: ASYNC110 -- health is asked for
            await asyncio.sleep(0.1)
    return found


async def test_while_influxdb_is_away_nothing_is_committed_and_then_nothing_is_missing(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    flight, port = new_flight(), free_port()
    messages = fly(flight, 100, t0_ns=some_week())
    async with way_to(influx) as (way, url):
        away = replace(
            settings,
            influx=influx_settings(influx, url=url, timeout_s=2),
            service=ServiceSettings(health_port=port, connect_timeout_s=PATIENCE_S),
        )
        async with running("store", away, tmp_path, well=True):
            await publish(settings.kafka, islice(messages, 40))
            await stored(settings, flight)
            way.refuse()
            await publish(settings.kafka, islice(messages, 200))
            found = await says(port, healthy=False)
            assert url in found["parts"]["produce"]
            with pytest.raises(TransientError, match=GROUP):
                await stored(settings, flight, patience_s=1)
            assert await count(influx, "altitude_m", "nav", flight) == 10 * NAV_HZ
            await way.mend()
            await publish(settings.kafka, messages)
            await stored(settings, flight)
            await says(port, healthy=True)
    assert await count(influx, "altitude_m", "nav", flight) == 100 * NAV_HZ


async def test_a_member_that_joins_while_influxdb_is_away_gets_its_partitions_at_once(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    flight, port = new_flight(), free_port()
    messages = fly(flight, 100, t0_ns=some_week())
    async with AsyncExitStack() as stack:
        way, url = await stack.enter_async_context(way_to(influx))
        away = replace(
            settings,
            influx=influx_settings(influx, url=url, timeout_s=2),
            service=ServiceSettings(health_port=port, connect_timeout_s=PATIENCE_S),
        )
        first = await stack.enter_async_context(running("store", away, tmp_path / "first", well=True))
        await publish(settings.kafka, islice(messages, 40))
        await stored(settings, flight)
        way.refuse()
        await publish(settings.kafka, messages)
        assert url in (await says(port, healthy=False))["parts"]["produce"]
        # the second does not see the outage
        second = await stack.enter_async_context(running("store", settings, tmp_path / "second", well=True))
        for member, words in ((first, "batch given up"), (second, '"event": "assigned"')):
            async with asyncio.timeout(PATIENCE_S):
                while words not in member.log.read_text():  # noqa: ASYNC110 -- a file tells nobody
                    await asyncio.sleep(0.1)
        await way.mend()
        await stored(settings, flight)
        await says(port, healthy=True)
        assert await count(influx, "altitude_m", "nav", flight) == 100 * NAV_HZ


def scope() -> Scope:
    return Scope(asyncio.Event(), Health("store"), logger("store"))


async def test_an_influxdb_that_is_not_there_is_named_with_what_to_set(
    influx: Influx, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with writer(influx_settings(influx, url=url)) as opened:
        with pytest.raises(FatalError, match=f"{url} within 1 s.*DOWNRANGE_INFLUX_URL"):
            await opened.connect(scope(), 1)
    said = capfd.readouterr()
    assert url in said.out + said.err


async def test_no_token_is_said_before_anything_else(influx: Influx) -> None:
    with pytest.raises(SettingsError, match="DOWNRANGE_INFLUX_TOKEN"):
        async with writer(influx_settings(influx, token=None)):
            pass


@pytest.mark.parametrize(
    ("change", "variable"),
    [
        ({"token": SecretStr("wrong")}, "DOWNRANGE_INFLUX_TOKEN"),
        ({"bucket": "wrong"}, "DOWNRANGE_INFLUX_BUCKET"),
        ({"org": "wrong"}, "DOWNRANGE_INFLUX_ORG"),
    ],
)
async def test_what_influxdb_will_never_take_names_its_setting(
    influx: Influx, change: dict[str, Any], variable: str
) -> None:
    async with writer(influx_settings(influx, **change)) as opened:
        with pytest.raises(SettingsError, match=variable):
            await opened.connect(scope(), PATIENCE_S)


async def test_a_service_with_a_wrong_token_ends_with_the_remedy(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    wrong = replace(settings, influx=influx_settings(influx, token=SecretStr("wrong")))
    async with running("store", wrong, tmp_path) as store, asyncio.timeout(PATIENCE_S):
        assert await store.wait() == 2
    assert "DOWNRANGE_INFLUX_TOKEN" in store.tail()
