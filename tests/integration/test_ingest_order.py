"""A station's messages reach Kafka in the order of sending, whatever dies or hangs: resends never overtake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

import pytest
from flown import running
from ingesting import T_NS, counts_of, kept, nav
from proxy import Proxy, proxied
from servers.own import OwnMosquitto

from downrange.stack.process import Process
from runtime.logs import logger
from runtime.outbox import Pace
from runtime.settings import IngestSettings, KafkaSettings, MqttSettings, Settings
from runtime.spool import open_disk_spool
from runtime.uplink import Uplink, open_uplink
from telemetry.message import Message
from telemetry.topics import Address, KafkaTopic, Kind

LOG: Final = logger("test")
WITHIN_S: Final = 60
MESSAGES: Final = 240
EVERY_S: Final = 0.01
KEEP_ALIVE_S: Final = 2
PACE: Final = Pace(window=32, resend_after_s=1.0)


@dataclass(slots=True)
class Line:
    """A broker, ingest behind a way of its own, and a station behind another."""

    broker: OwnMosquitto
    station_way: Proxy
    ingest_way: Proxy
    settings: Settings
    logs: Path
    ingest: Process | None = None

    @asynccontextmanager
    async def carrying(self) -> AsyncIterator[None]:
        """Run ingest."""
        async with running("ingest", self.settings, self.logs, well=True) as self.ingest:
            yield

    async def kill_ingest(self) -> None:
        """End it with SIGKILL."""
        assert self.ingest is not None
        await self.ingest.kill()


@pytest.fixture
async def line(own_mosquitto: OwnMosquitto, kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Line]:
    at = MqttSettings(url=own_mosquitto.url)
    async with proxied(at.host, at.port) as station_way, proxied(at.host, at.port) as ingest_way:
        settings = Settings(
            mqtt=MqttSettings(url=f"mqtt://127.0.0.1:{ingest_way.port}", keep_alive_s=KEEP_ALIVE_S),
            kafka=KafkaSettings(bootstrap=kafka_bootstrap),
            ingest=IngestSettings(client_id=f"ingest-{token_hex(4)}"),
        )
        yield Line(own_mosquitto, station_way, ingest_way, settings, tmp_path)


async def broker_dies(line: Line) -> None:
    await line.broker.kill()
    await line.broker.start()


async def both_die(line: Line) -> None:
    """Let the broker come back without its sessions, the station find it, and ingest come last."""
    await line.kill_ingest()
    await line.broker.kill()
    await line.broker.start()
    await asyncio.sleep(1)


async def station_stalls(line: Line) -> None:
    """Let a connection hang until the station gives it up, and let what it held come then."""
    line.station_way.stall()
    await asyncio.sleep(KEEP_ALIVE_S + 1)
    await line.station_way.mend()


async def ingest_half_open(line: Line) -> None:
    line.ingest_way.go_half_open()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    "happens",
    [broker_dies, Line.kill_ingest, both_die, station_stalls, ingest_half_open],
    ids=lambda happens: happens.__name__,
)
async def test_first_arrivals_are_in_the_order_of_sending(
    line: Line, happens: Callable[[Line], Awaitable[None]], tmp_path: Path
) -> None:
    address = Address("live", f"F-{token_hex(4)}", "ship", "haiyang")
    near = MqttSettings(url=f"mqtt://127.0.0.1:{line.station_way.port}", keep_alive_s=KEEP_ALIVE_S)
    with open_disk_spool(tmp_path, address, 10**9) as spool:
        async with open_uplink(near, address, spool, LOG, pace=PACE) as uplink:
            async with line.carrying():
                sending = asyncio.create_task(send(uplink))
                await asyncio.sleep(MESSAGES * EVERY_S / 3)
                await happens(line)
                if line.ingest is not None and line.ingest.returncode is None:
                    await sending
                    await uplink.drained(WITHIN_S)
                    await line.ingest.stop(WITHIN_S)
            if len(uplink) or not sending.done():
                async with line.carrying():
                    await sending
                    await uplink.drained(WITHIN_S)
    counts = counts_of(await kept(line.settings, KafkaTopic.TELEMETRY, address.key))
    assert list(dict.fromkeys(counts)) == list(range(MESSAGES))


async def send(uplink: Uplink) -> None:
    for number in range(MESSAGES):
        await uplink.send(Message(uplink.address, Kind.TELEMETRY, nav(number), T_NS))
        await asyncio.sleep(EVERY_S)
