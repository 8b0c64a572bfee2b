"""`store` in front of a real InfluxDB that is overloaded, slow or loses its answers: nothing is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from itertools import islice, pairwise
from pathlib import Path

import pytest
from flown import STATIONS, fly, new_flight, publish, running
from http_proxy import HttpProxy, Trouble, answer_lost, answering, http_proxied, late
from influxes import PATIENCE_S, count, influx_settings, some_week, stored, writer
from servers.provide import Influx

from processors.influx.line_protocol import Block
from processors.influx.portions import Portions
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, Settings
from telemetry.errors import TimedOutError, TransientError
from telemetry.message import Message

SECONDS = 6
NAV_HZ = 50
LINES_A_SECOND = NAV_HZ + 20 + 5 + 1 + len(STATIONS)
TIMEOUT_S = 1.5


@pytest.fixture
async def settings(kafka_bootstrap: str, influx: Influx) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka, influx=influx_settings(influx))


@dataclass(slots=True)
class Flying:
    """A flight on its way through `store`, with a proxy before InfluxDB."""

    settings: Settings
    influx: Influx
    proxy: HttpProxy
    flight: str
    messages: Iterator[Message]
    sent_s: int = 0

    async def fly_on(self) -> None:
        """Bring some more seconds of it into Kafka."""
        await publish(self.settings.kafka, islice(self.messages, SECONDS * 2 * len(STATIONS)))
        self.sent_s += SECONDS

    async def asks(self, times: int) -> None:
        """Wait until InfluxDB was asked so often since its trouble began."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.proxy.asked) < times:  # noqa: ASYNC110 -- the proxy only counts
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def trouble(self, trouble: Trouble, times: int) -> AsyncIterator[None]:
        """Fly on in trouble until InfluxDB was asked so often, then mend it and see that all of it is stored."""
        self.proxy.asked.clear()
        self.proxy.trouble = trouble
        await self.fly_on()
        await self.asks(times)
        yield
        self.proxy.trouble = None
        await self.is_complete()

    async def is_complete(self) -> None:
        """Wait until `store` has committed everything, and count."""
        await stored(self.settings, self.flight)
        assert await count(self.influx, "altitude_m", "nav", self.flight) == self.sent_s * NAV_HZ


async def test_in_every_trouble_it_waits_and_then_nothing_is_missing(
    settings: Settings, influx: Influx, tmp_path: Path
) -> None:
    flight = new_flight()
    async with http_proxied(influx.url) as proxy:
        troubled = Settings(kafka=settings.kafka, influx=influx_settings(influx, url=proxy.url, timeout_s=TIMEOUT_S))
        flying = Flying(settings, influx, proxy, flight, fly(flight, 600, t0_ns=some_week()))
        async with running("store", troubled, tmp_path, well=True) as store:
            await flying.fly_on()
            await flying.is_complete()
            for status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
                async with flying.trouble(answering(status, Retry_After="1"), times=3):
                    # 6 s are one block, so nothing is asked twice at once
                    asked_s = [asked.at_s for asked in flying.proxy.asked]
                    # not before it is asked to, and soon after
                    assert all(1.0 <= later - earlier < 2.5 for earlier, later in pairwise(asked_s)), asked_s
            async with flying.trouble(answering(HTTPStatus.INTERNAL_SERVER_ERROR), times=2):
                assert await count(influx, "altitude_m", "nav", flight) == (flying.sent_s - SECONDS) * NAV_HZ
            async with flying.trouble(answer_lost, times=2):
                pass
            flying.proxy.trouble = late(1.0)
            await flying.fly_on()
            await flying.is_complete()
            # three quarters of a flight's 6 s take longer than the timeout
            flying.proxy.asked.clear()
            flying.proxy.trouble = late(0.0, a_line_s=TIMEOUT_S / (0.75 * SECONDS * LINES_A_SECOND))
            await flying.fly_on()
            await flying.is_complete()
            lines = [asked.lines for asked in flying.proxy.asked]
            assert max(lines) >= 2 * min(lines), lines
            assert await store.stop(25) == 0
    assert await count(influx, "state", "links", flight) == flying.sent_s * len(STATIONS)
    for measurement, field, rate_hz in (("propulsion", "thrust_n", 20), ("health", "flight_phase", 1)):
        assert await count(influx, field, measurement, flight) == flying.sent_s * rate_hz


@pytest.mark.parametrize(
    ("said", "at_least_s", "at_most_s"),
    [
        ("7", 7, 7),
        (timedelta(seconds=900), 600, 900),
        (timedelta(seconds=-900), 0, 0),
        ("soon", None, None),
    ],
)
async def test_how_long_influxdb_asks_to_wait_is_understood(
    influx: Influx, said: str | timedelta, at_least_s: float | None, at_most_s: float | None
) -> None:
    if isinstance(said, timedelta):
        said = format_datetime(datetime.now(UTC) + said, usegmt=True)
    async with http_proxied(influx.url) as proxy, writer(influx_settings(influx, url=proxy.url)) as opened:
        proxy.trouble = answering(HTTPStatus.SERVICE_UNAVAILABLE, Retry_After=said)
        with pytest.raises(TransientError, match="503: Service Unavailable") as caught:
            await opened.write(Block(b"m f=1 1\n", 1))
    if at_least_s is None or at_most_s is None:
        assert caught.value.after_s is None
    else:
        assert at_least_s <= (caught.value.after_s or 0.0) <= at_most_s


async def test_an_influxdb_that_hangs_is_said_to_time_out(influx: Influx) -> None:
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(http_proxied(influx.url))
        opened = await stack.enter_async_context(writer(influx_settings(influx, url=proxy.url, timeout_s=0.2)))
        proxy.trouble = late(1.0)
        with pytest.raises(TimedOutError, match=r"did not answer within 0\.2 s"):
            await opened.write(Block(b"m f=1 1\n", 1))


def test_portions_shrink_to_one_line_and_grow_again_without_losing_any() -> None:
    portions = Portions()
    whole = Block(b"".join(b"m f=%d\n" % n for n in range(100)), 100)
    for _ in range(10):
        portions.timed_out(min(100, portions.most_lines))
    assert portions.most_lines == 1
    rest: Block | None = whole
    pieces: list[Block] = []
    while rest is not None:
        piece, rest = portions.cut(rest)
        portions.done(piece.count)
        pieces.append(piece)
    assert b"".join(piece.body for piece in pieces) == whole.body
    assert sum(piece.count for piece in pieces) == whole.count
    assert pieces[-1].count > 5 > pieces[0].count
