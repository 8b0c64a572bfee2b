"""A simulated flight over a real broker: all of it arrives, in order, and what is not confirmed is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import numpy as np
import pytest

from runtime.health import Health
from runtime.logs import logger
from runtime.mqtt import Client, connect
from runtime.service import Scope
from runtime.settings import MqttSettings, read_settings
from simulator.faults import parse_fault
from simulator.fleet.publish import Sortie, publish_fleet
from simulator.packets import Transmitter
from simulator.publish import Broadcast, Outcome, publish
from simulator.radio.downlink import make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.acks import Ack, SettledMessage
from telemetry.message import Message
from telemetry.topics import ROOT, Kind

NS = 10**9
T0_NS = 1_790_000_000 * NS
WITHIN_S = 60
LOG = logger("test")

Heard = dict[str, list[bytes]]


@pytest.fixture(scope="module")
def hop() -> Transmitter:
    return simulate("hop", 11, T0_NS)


@pytest.fixture
def broadcast(tmp_path: Path) -> Broadcast:
    return Broadcast(f"H-{token_hex(4)}", float("inf"), tmp_path / "spool", confirm_within_s=WITHIN_S)


@asynccontextmanager
async def line(settings: MqttSettings, flight: str) -> AsyncIterator[Heard]:
    """Take in a flight's messages and confirm each of them, as ingest does."""
    heard: Heard = {}

    async def take() -> None:
        async with connect(Client(settings, f"line-{flight}"), LOG) as connection:
            for kind in (Kind.TELEMETRY, Kind.LINK):
                await connection.subscribe(f"{ROOT}/live/{flight}/+/+/{kind.value}")
            ready.set()
            while True:
                messages = await connection.receive(64)
                for message in messages:
                    heard.setdefault(message.topic, []).append(message.payload)
                    ack = Ack(settled=(SettledMessage(correlation=message.correlation.hex()),))
                    topic = f"{message.topic.rpartition('/')[0]}/{Kind.ACK.value}"
                    if message.correlation:
                        await connection.publish(topic, ack.model_dump_json().encode())
                await connection.acknowledge(messages)

    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(take())
        await ready.wait()
        yield heard
        taking.cancel()


def expected(hop: Transmitter, flight: str) -> list[Message]:
    links = make_links(hop, load_stations(hop.flight.preset.stations), "live", flight)
    return [message for tick in ticks(hop, links, 1.0) for message in tick.messages]


async def fly(settings: MqttSettings, hop: Transmitter, broadcast: Broadcast) -> Outcome:
    async with asyncio.timeout(WITHIN_S):
        return await publish(settings, hop, broadcast, asyncio.Event(), LOG)


async def test_everything_that_the_stations_hear_arrives_in_order(
    mqtt_url: str, hop: Transmitter, broadcast: Broadcast
) -> None:
    settings = MqttSettings(url=mqtt_url)
    async with line(settings, broadcast.flight) as heard:
        outcome = await fly(settings, hop, broadcast)
    due: Heard = {}
    for message in expected(hop, broadcast.flight):
        due.setdefault(message.topic, []).append(message.payload)
    assert (outcome.completed, outcome.left, outcome.refused) == (True, 0, 0)
    assert outcome.messages == outcome.settled == sum(len(payloads) for payloads in due.values())
    assert heard == due


async def test_a_flight_without_a_line_says_what_is_left_and_sends_it_the_next_time(
    mqtt_url: str, hop: Transmitter, broadcast: Broadcast
) -> None:
    settings = MqttSettings(url=mqtt_url)
    hasty = Broadcast(broadcast.flight, float("inf"), broadcast.spool_dir, confirm_within_s=0.1)
    outcome = await fly(settings, hop, hasty)
    assert outcome.left == outcome.messages == len(expected(hop, broadcast.flight))
    stopped = asyncio.Event()
    stopped.set()
    async with line(settings, broadcast.flight) as heard, asyncio.timeout(WITHIN_S):
        again = await publish(settings, hop, broadcast, stopped, LOG)
    assert (again.messages, again.settled, again.left) == (0, outcome.left, 0)
    assert sum(len(payloads) for payloads in heard.values()) == outcome.left


async def test_a_flight_is_paced_on_its_own_clock_and_stops_when_asked(
    mqtt_url: str, hop: Transmitter, broadcast: Broadcast
) -> None:
    settings = MqttSettings(url=mqtt_url)
    paced = Broadcast(broadcast.flight, 20.0, broadcast.spool_dir, confirm_within_s=WITHIN_S)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    seen: list[tuple[float, int]] = []

    def look(t_ns: int) -> None:
        seen.append((loop.time(), t_ns))
        if t_ns > hop.start_ns + 20 * 10**9:
            stop.set()

    async with line(settings, broadcast.flight) as heard, asyncio.timeout(WITHIN_S):
        outcome = await publish(settings, hop, paced, stop, LOG, on_tick=look)
    assert not outcome.completed
    assert outcome.left == 0
    assert sum(len(payloads) for payloads in heard.values()) == outcome.messages
    wall_s, flight_ns = (np.array(column, dtype=np.float64) for column in zip(*seen, strict=True))
    flown_s = (flight_ns - hop.start_ns) / 1e9
    assert flown_s[-1] == pytest.approx(20.0, abs=1.0)
    # never early, counted from a tick of the first half that was in time; how late one may be depends on the machine
    early = slice(len(seen) // 2)
    assert np.any(wall_s[-1] - wall_s[early] > 0.95 * (flown_s[-1] - flown_s[early]) / 20.0)


async def test_a_station_whose_line_is_cut_keeps_its_messages_and_brings_them_afterwards(
    mqtt_url: str, broadcast: Broadcast
) -> None:
    settings = MqttSettings(url=mqtt_url)
    cut = simulate("hop", 11, T0_NS, faults=(parse_fault("backhaul_down@0,station=relay"),))
    topics = [f"{ROOT}/live/{broadcast.flight}/ship/relay/{kind.value}" for kind in (Kind.TELEMETRY, Kind.LINK)]
    there: list[int] = []
    async with line(settings, broadcast.flight) as heard:

        def look(t_ns: int) -> None:
            if t_ns > T0_NS + 100 * 10**9:
                there.append(sum(len(heard.get(topic, [])) for topic in topics))

        async with asyncio.timeout(WITHIN_S):
            outcome = await publish(settings, cut, broadcast, asyncio.Event(), LOG, on_tick=look)
    due: Heard = {}
    for message in expected(cut, broadcast.flight):
        due.setdefault(message.topic, []).append(message.payload)
    assert (outcome.completed, outcome.left) == (True, 0)
    assert heard == due
    # 45 s of 305 s before the cut; at the last tick the line is mended
    assert max(there[:-1]) < 0.3 * sum(len(due[topic]) for topic in topics)


async def test_a_fleet_flies_in_one_process_each_flight_at_its_time(
    mqtt_url: str, hop: Transmitter, tmp_path: Path
) -> None:
    settings = replace(read_settings(), mqtt=MqttSettings(url=mqtt_url))
    scope = Scope(asyncio.Event(), Health("simulate"), LOG)
    ready: list[str] = []

    async def book(flight: str) -> None:
        ready.append(flight)

    tail = token_hex(4)
    names = [f"A-{tail}", f"B-{tail}", f"C-{tail}"]
    sorties = [Sortie(name, lambda: hop, hop.start_ns + i * 60 * NS) for i, name in enumerate(names)]
    broadcast = Broadcast("", 100.0, tmp_path / "spool", confirm_within_s=WITHIN_S)
    async with line(settings.mqtt, "+") as heard, asyncio.timeout(WITHIN_S):
        outcomes = await publish_fleet(settings, sorties, broadcast, scope, book, prepared_s=1.0)
    assert ready == names  # in the order of the schedule
    for name in names:
        due = sum(len(message.payload) for message in expected(hop, name))
        assert outcomes[name].completed
        assert outcomes[name].left == 0
        assert sum(len(p) for topic, each in heard.items() if f"/{name}/" in topic for p in each) == due


async def test_a_fleet_that_is_stopped_begins_no_further_flight(
    mqtt_url: str, hop: Transmitter, tmp_path: Path
) -> None:
    settings = replace(read_settings(), mqtt=MqttSettings(url=mqtt_url))
    scope = Scope(asyncio.Event(), Health("simulate"), LOG)
    tail = token_hex(4)
    sorties = [Sortie(f"{letter}-{tail}", lambda: hop, hop.start_ns + i * 10**15) for i, letter in enumerate("AB")]

    async def stop_at_the_first(_flight: str) -> None:
        scope.stop.set()

    broadcast = Broadcast("", 1.0, tmp_path / "spool", confirm_within_s=1.0)
    async with asyncio.timeout(WITHIN_S):
        outcomes = await publish_fleet(settings, sorties, broadcast, scope, stop_at_the_first, prepared_s=0.0)
    assert [outcome.completed for outcome in outcomes.values()] == [False]
