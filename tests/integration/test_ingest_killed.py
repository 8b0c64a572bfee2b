"""Kill -9 of ingest, the MQTT broker and Kafka in mid-stream: every packet is in Kafka, and the stations know it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import aiohttp
import pytest
from flown import running
from ingesting import T_NS, TIMES, counts_of, kept, nav
from servers.own import OwnKafka, OwnMosquitto

from downrange.stack.embedded import embedded_stack
from downrange.stack.process import Process, free_port
from runtime.logs import logger
from runtime.mqtt import Client, connect
from runtime.outbox import Pace
from runtime.settings import IngestSettings, KafkaSettings, MqttSettings, ServiceSettings, Settings
from runtime.spool import ROW_OVERHEAD_OCTETS, MemorySpool, Store, open_disk_spool
from runtime.uplink import Uplink, open_uplink
from telemetry.message import SPACE_PACKETS, Message
from telemetry.topics import Address, KafkaTopic, Kind

LOG = logger("test")
WITHIN_S: Final = 90
MESSAGES: Final = 3000
KEPT: Final = 200
PACKETS: Final = 2
PACE: Final = Pace(window=128, resend_after_s=2.0)
KILLS: Final = (700, 1500, 2300)


@dataclass(slots=True)
class Ingest:
    """Ingest, one process after the other."""

    settings: Settings
    logs: Path
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    process: Process | None = None

    async def start(self) -> None:
        """Start it; returns when it carries messages."""
        self.process = await self.stack.enter_async_context(running("ingest", self.settings, self.logs, well=True))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        assert self.process is not None
        await self.process.kill()

    async def kill_and_start(self) -> None:
        """End it with SIGKILL and start it again."""
        await self.kill()
        await self.start()

    async def stop(self) -> int:
        """End it with SIGTERM; returns its exit code."""
        assert self.process is not None
        return await self.process.stop(WITHIN_S)

    async def says_that_it_ails(self, part: str) -> None:
        """Return when /healthz says that a part is not well."""
        await self._says(lambda said: said["parts"][part] != "well")

    async def says_that_it_is_well(self) -> None:
        """Return when /healthz says that all parts are well."""
        await self._says(lambda said: bool(said["healthy"]))

    async def _says(self, what: Callable[[dict[str, Any]], bool]) -> None:
        url = f"http://127.0.0.1:{self.settings.service.health_port}/healthz"
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as session:
            while True:
                async with session.get(url) as answer:
                    if what(await answer.json()):
                        return
                await asyncio.sleep(0.1)


def settings_for(
    mqtt_url: str, bootstrap: str, *, idempotent: bool = True, ingest: IngestSettings | None = None
) -> Settings:
    return Settings(
        service=ServiceSettings(health_port=free_port()),
        mqtt=MqttSettings(url=mqtt_url),
        kafka=KafkaSettings(bootstrap=bootstrap, idempotent=idempotent),
        ingest=ingest or IngestSettings(client_id=f"ingest-{token_hex(4)}"),
    )


@asynccontextmanager
async def ingest_of(settings: Settings, logs: Path) -> AsyncIterator[Ingest]:
    ingest = Ingest(settings, logs)
    async with ingest.stack:
        await ingest.start()
        yield ingest


def new_address(station: str) -> Address:
    return Address("live", f"F-{token_hex(4)}", "ship", station)


def payload_of(number: int) -> bytes:
    return nav(number * PACKETS, PACKETS)


@contextmanager
def spool(address: Address, folder: Path) -> Iterator[Store]:
    """Open a store for `KEPT` messages: on disk for the first station, in memory for the other, as a replay's."""
    if address.station == "disk":
        octets = KEPT * (len(payload_of(0)) + ROW_OVERHEAD_OCTETS)
        with open_disk_spool(folder, address, octets) as opened:
            yield opened
    else:
        yield MemorySpool(KEPT)


@asynccontextmanager
async def stations(settings: Settings, folder: Path) -> AsyncIterator[tuple[Uplink, ...]]:
    """Open the uplinks of two stations, with their stores."""
    async with AsyncExitStack() as stack:
        uplinks = []
        for address in (new_address("disk"), new_address("memory")):
            store = stack.enter_context(spool(address, folder))
            uplinks.append(await stack.enter_async_context(open_uplink(settings.mqtt, address, store, LOG, pace=PACE)))
        yield tuple(uplinks)


async def stream(uplinks: tuple[Uplink, ...], disturb: Callable[[], Awaitable[None]]) -> None:
    """Send all messages, disturbing on the way: as a store holds few, there are always some on their way then."""
    for number in range(MESSAGES):
        for uplink in uplinks:
            await uplink.send(Message(uplink.address, Kind.TELEMETRY, payload_of(number), T_NS))
        if number in KILLS:
            assert all(len(uplink) for uplink in uplinks)
            await disturb()
    for uplink in uplinks:
        await uplink.drained(WITHIN_S)


async def packets_in_kafka(settings: Settings, address: Address) -> list[int]:
    return counts_of(await kept(settings, KafkaTopic.TELEMETRY, address.key))


async def assert_all_there(settings: Settings, uplinks: tuple[Uplink, ...]) -> None:
    for uplink in uplinks:
        assert sorted(set(await packets_in_kafka(settings, uplink.address))) == list(range(MESSAGES * PACKETS))
        assert await kept(settings, KafkaTopic.REJECTED, uplink.address.key) == []
        assert (len(uplink), uplink.tally.settled, uplink.tally.refused) == (0, MESSAGES, 0)


# a broker of its own for each test that runs ingest: it answers every station on it, those of other tests too
@pytest.fixture(params=["embedded", "real"])
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    if request.param == "real":
        async with OwnMosquitto(tmp_path / "mosquitto") as broker:
            yield settings_for(broker.url, request.getfixturevalue("kafka_bootstrap"))
        return
    async with embedded_stack(tmp_path / "stack") as embedded:
        yield settings_for(embedded.mqtt_url, embedded.kafka_bootstrap, idempotent=False)


async def test_undisturbed_every_packet_is_in_kafka_once_and_in_order(settings: Settings, tmp_path: Path) -> None:
    async def nothing() -> None:
        """Disturb nothing."""

    async with ingest_of(settings, tmp_path) as ingest, stations(settings, tmp_path) as uplinks:
        await stream(uplinks, nothing)
        assert await ingest.stop() == 0
        await assert_all_there(settings, uplinks)
    for uplink in uplinks:
        assert await packets_in_kafka(settings, uplink.address) == list(range(MESSAGES * PACKETS))


async def test_ingest_killed_in_mid_stream_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    async with ingest_of(settings, tmp_path) as ingest, stations(settings, tmp_path) as uplinks:
        await stream(uplinks, ingest.kill_and_start)
        await assert_all_there(settings, uplinks)


async def test_the_mqtt_broker_killed_in_mid_stream_loses_nothing(
    own_mosquitto: OwnMosquitto, kafka_bootstrap: str, tmp_path: Path
) -> None:
    settings = settings_for(own_mosquitto.url, kafka_bootstrap)

    async def kill_and_start() -> None:
        await own_mosquitto.kill()
        await own_mosquitto.start()

    async with ingest_of(settings, tmp_path), stations(settings, tmp_path) as uplinks:
        await stream(uplinks, kill_and_start)
        await assert_all_there(settings, uplinks)
        assert all(uplink.tally.resent for uplink in uplinks)


async def test_kafka_killed_in_mid_stream_loses_nothing(
    own_mosquitto: OwnMosquitto, own_kafka: OwnKafka, tmp_path: Path
) -> None:
    settings = settings_for(own_mosquitto.url, own_kafka.bootstrap)

    async def kill_and_start() -> None:
        await own_kafka.kill()
        await own_kafka.start()

    async with ingest_of(settings, tmp_path), stations(settings, tmp_path) as uplinks:
        await stream(uplinks, kill_and_start)
        await assert_all_there(settings, uplinks)


async def test_without_kafka_nothing_is_acknowledged_to_anybody(
    own_mosquitto: OwnMosquitto, own_kafka: OwnKafka, tmp_path: Path
) -> None:
    settings = settings_for(own_mosquitto.url, own_kafka.bootstrap)
    # who keeps nothing relies on the PUBACK alone, who keeps everything on the end-to-end acknowledgement
    forgetful = new_address("forgetful")
    n = 50
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(ingest_of(settings, tmp_path))
        careful, _ = await stack.enter_async_context(stations(settings, tmp_path))
        publisher = await stack.enter_async_context(connect(Client(settings.mqtt, f"pub-{forgetful.flight}"), LOG))
        await own_kafka.kill()
        for number in range(n):
            await publisher.publish(
                forgetful.topic(Kind.TELEMETRY), payload_of(number), content_type=SPACE_PACKETS, properties=TIMES
            )
            await careful.send(Message(careful.address, Kind.TELEMETRY, payload_of(number), T_NS))
        await ingest.says_that_it_ails("kafka")
        assert (len(careful), careful.tally.settled) == (n, 0)
        # all that it took in dies with it; only what it did not acknowledge comes again
        await ingest.kill()
        await own_kafka.start()
        await ingest.start()
        await careful.drained(WITHIN_S)
        for address in (forgetful, careful.address):
            assert sorted(set(await packets_in_kafka(settings, address))) == list(range(n * PACKETS))


async def test_that_kafka_is_away_shows_though_nothing_comes(
    own_mosquitto: OwnMosquitto, own_kafka: OwnKafka, tmp_path: Path
) -> None:
    async with ingest_of(settings_for(own_mosquitto.url, own_kafka.bootstrap), tmp_path) as ingest:
        await own_kafka.kill()
        await ingest.says_that_it_ails("kafka")
        await own_kafka.start()
        await ingest.says_that_it_is_well()


async def test_asked_to_stop_it_finishes_what_it_took_in_and_leaves_the_rest_to_the_next(
    settings: Settings, tmp_path: Path
) -> None:
    address, n = new_address("forgetful"), 4000
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(ingest_of(settings, tmp_path))
        publisher = await stack.enter_async_context(connect(Client(settings.mqtt, f"pub-{address.flight}"), LOG))
        await publisher.subscribe(address.topic(Kind.ACK))
        for number in range(n):
            await publisher.publish(
                address.topic(Kind.TELEMETRY),
                payload_of(number),
                content_type=SPACE_PACKETS,
                properties=TIMES,
                # only the last one is answered, when all before it are in Kafka
                correlation=b"last" if number == n - 1 else None,
            )
            if number == n // 2:
                assert await ingest.stop() == 0
                await ingest.start()
        async with asyncio.timeout(WITHIN_S):
            await publisher.receive(1)
    # asked, not killed: nothing is written twice
    assert await packets_in_kafka(settings, address) == list(range(n * PACKETS))


async def test_members_of_a_shared_subscription_share_the_work(settings: Settings, tmp_path: Path) -> None:
    members = [
        settings_for(
            settings.mqtt.url,
            settings.kafka.bootstrap,
            idempotent=settings.kafka.idempotent,
            ingest=IngestSettings(client_id=f"member-{number}-{token_hex(4)}", shared=True),
        )
        for number in range(3)
    ]
    async with AsyncExitStack() as stack:
        starting = [ingest_of(member, tmp_path / str(n)) for n, member in enumerate(members)]
        all_three = [await stack.enter_async_context(each) for each in starting]
        uplinks = await stack.enter_async_context(stations(settings, tmp_path))
        happens: Iterator[Callable[[], Awaitable[None]]] = iter(
            [all_three[1].kill_and_start, all_three[2].kill_and_start, partial(take_out, all_three[1:])]
        )
        received: list[float] = []

        async def count_and_disturb() -> None:
            received[:] = [await received_by(member) for member in members]
            await next(happens)()

        await stream(uplinks, count_and_disturb)
        await assert_all_there(settings, uplinks)
    assert all(received)


async def take_out(leaving: list[Ingest]) -> None:
    """Stop members for good: what the broker has dealt to them comes from the stations once more."""
    for ingest in leaving:
        assert await ingest.stop() == 0


async def received_by(member: Settings) -> float:
    """Return how many messages a member says that it took in."""
    url = f"http://127.0.0.1:{member.service.health_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("downrange_ingest_received_total"))
