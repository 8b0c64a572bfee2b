"""Members of `detect` on a real Kafka come, go and are killed while flights fly, one of them broken, one absurd."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from breaking import BROKEN, MARK, PROGRAM
from detection import NS, T0_NS, Flown, detect, messages_of, new_engine, transmitter
from flown import new_flight, record_of, running

from downrange.stack.process import Process
from runtime.groups import ends_of, group_passes
from runtime.kafka import Partition, Producer, open_consumer, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import DetectSettings, KafkaSettings, Settings
from telemetry.errors import Reason
from telemetry.events import Event, event_from_kafka
from telemetry.link import LinkReport
from telemetry.message import JSON, Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, Kind, flight_key, partition_of

GROUP = "downrange.detect"
PATIENCE_S = 60
MEMBERS = 3
INPUTS = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
SECONDS = {"hop": (-5.0, 60.0), "express": (-3.0, 40.0)}
CENTURY_NS = 100 * 365 * 24 * 3600 * NS


@pytest.fixture
async def settings(kafka_bootstrap: str) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    return Settings(kafka=kafka, detect=DetectSettings(save_s=0.3))


@functools.cache
def flown(preset: str) -> tuple[tuple[Message, ...], Flown]:
    """Return some messages of a flight `F`, and what an undisturbed engine says of them."""
    begin_s, end_s = SECONDS[preset]
    messages = tuple(
        message for message in messages_of(transmitter(preset)) if begin_s <= (message.ert_ns - T0_NS) / NS < end_s
    )
    return messages, detect(messages, new_engine())


@dataclass(frozen=True)
class Flight:
    """One that flies, as preset `F` does under a name of its own."""

    name: str
    preset: str

    @property
    def key(self) -> str:
        return flight_key("live", self.name)

    @property
    def messages(self) -> list[Message]:
        return [replace(m, address=replace(m.address, flight=self.name)) for m in flown(self.preset)[0]]

    @property
    def expected(self) -> dict[str, int]:
        """When each event became known, by its id."""
        events = (event.model_copy(update={"flight": self.name}) for event in flown(self.preset)[1].events)
        return {event.id: event.detected_ns for event in events}

    @property
    def ledger(self) -> dict[tuple[str, ...], dict[str, object]]:
        return {row.identity[2:]: books(row) for row in flown(self.preset)[1].engine.ledger()}


def books(row: LedgerRow) -> dict[str, object]:
    return row.model_dump(exclude={"as_of_ns", "flight"})


def fleet(partitions: int) -> list[Flight]:
    """Return six flights, so that each of three members has some whatever their order."""
    flights: list[Flight] = []
    of_member: Counter[int] = Counter()
    while len(flights) < 2 * MEMBERS:
        name = new_flight()
        member = partition_of(flight_key("live", name), partitions) * MEMBERS // partitions
        if of_member[member] < 2:
            flights.append(Flight(name, "hop" if flights else "express"))
            of_member[member] += 1
    return flights


async def records(settings: Settings, topic: KafkaTopic, key: str) -> list[tuple[bytes, dict[str, bytes]]]:
    tp = Partition(topic.value, partition_of(key, settings.kafka.partitions))
    read = read_to_end(settings.kafka, "test", [tp])
    return [(record.value, dict(record.headers)) async for record in read if record.key == key.encode()]


async def events_of(settings: Settings, key: str) -> list[Event]:
    return [
        event_from_kafka(value, list(named.items())) for value, named in await records(settings, KafkaTopic.EVENTS, key)
    ]


async def ledger_of(settings: Settings, key: str) -> dict[tuple[str, ...], LedgerRow]:
    """Return the last row of each packet type."""
    told = await records(settings, KafkaTopic.QUALITY, key)
    rows = [LedgerRow.model_validate_json(value) for value, named in told if named["type"] == b"ledger"]
    return {row.identity[2:]: row for row in rows}


async def handled(settings: Settings, keys: Sequence[str]) -> None:
    for key in keys:
        ends = await ends_of(settings.kafka, key, INPUTS)
        await group_passes(settings.kafka, GROUP, {tp: end for tp, end in ends.items() if end}, PATIENCE_S)


async def shares(*members: Process) -> None:
    """Return when members have partitions."""
    async with asyncio.timeout(PATIENCE_S):
        # a log tells nobody when it grows
        while any(member.log.read_text().count('"assigned"') == 0 for member in members):  # noqa: ASYNC110 -- so it is asked
            await asyncio.sleep(0.1)


class Line:
    """The flights' messages on their way into Kafka, a part of each at a time."""

    def __init__(self, producer: Producer, flights: Sequence[Flight], parts: int) -> None:
        self._producer = producer
        self._messages = [flight.messages for flight in flights]
        self._parts = parts
        self._done = 0

    async def bring(self, parts: int) -> None:
        """Bring the next parts, the flights interleaved."""
        for part in range(self._done, self._done + parts):
            some = [m[len(m) * part // self._parts : len(m) * (part + 1) // self._parts] for m in self._messages]
            sent = await self._producer.send_all(record_of(message) for messages in some for message in messages)
            await self._producer.acknowledged(sent)
        self._done += parts


async def test_members_come_go_and_are_killed_while_flights_fly_and_nothing_is_lost_or_said_twice(
    settings: Settings, tmp_path: Path
) -> None:
    flights = fleet(settings.kafka.partitions)
    keys = [flight.key for flight in flights]
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(open_producer(settings.kafka, "test"))
        line = Line(producer, flights, 12)

        async def member(name: str) -> Process:
            (tmp_path / name).mkdir()
            return await stack.enter_async_context(running("detect", settings, tmp_path / name))

        one = await member("one")
        await line.bring(2)
        await shares(one)
        two, three = await member("two"), await member("three")
        await line.bring(2)
        await shares(two, three)
        await line.bring(2)
        await handled(settings, keys)
        await line.bring(1)
        await three.kill()
        await line.bring(2)
        await handled(settings, keys)
        await line.bring(1)
        assert await two.stop(25) == 0
        await line.bring(2)
        await handled(settings, keys)
        assert await one.stop(25) == 0
        assert "failed" not in one.log.read_text() + two.log.read_text()
    for flight in flights:
        events = await events_of(settings, flight.key)
        assert set(Counter(event.id for event in events).values()) == {1}
        assert {event.id: event.detected_ns for event in events} == flight.expected
        assert {about: books(row) for about, row in (await ledger_of(settings, flight.key)).items()} == flight.ledger


async def test_a_message_that_breaks_the_engine_is_kept_and_the_others_go_on(
    settings: Settings, tmp_path: Path
) -> None:
    broken, sound = Flight(f"{BROKEN}{new_flight()}", "hop"), None
    while sound is None or partition_of(sound.key, settings.kafka.partitions) != partition_of(
        broken.key, settings.kafka.partitions
    ):
        sound = Flight(new_flight(), "hop")
    messages = broken.messages
    packets = [i for i, message in enumerate(messages) if message.kind is Kind.TELEMETRY]
    poison = {packets[0], packets[100], packets[101], packets[300]}
    for i in poison:
        messages[i] = replace(messages[i], ert_ns=messages[i].ert_ns // 1000 * 1000 + 1000 + MARK)
    undisturbed = detect([message for i, message in enumerate(messages) if i not in poison], new_engine(broken.name))
    half = len(messages) // 2
    async with open_producer(settings.kafka, "test") as producer:
        for part in (slice(half), slice(half, None)):
            mixed = [m for pair in zip(messages[part], sound.messages[part], strict=True) for m in pair]
            await producer.acknowledged(await producer.send_all(map(record_of, mixed)))
            # killed without a save behind what it has put aside, the next one puts the same aside
            never = replace(settings, detect=DetectSettings(save_s=3600.0))
            async with running("detect", never, tmp_path, program=PROGRAM) as service:
                await put_aside(settings, broken.key, 3 if part.start is None else 4)
                await service.kill()
    async with running("detect", settings, tmp_path, program=PROGRAM) as service:
        await handled(settings, [broken.key, sound.key])
        await handled(settings, [broken.key])
        assert await service.stop(25) == 0
        assert "made up" in service.log.read_text()

    for flight, expected in ((sound, sound.expected), (broken, {e.id: e.detected_ns for e in undisturbed.events})):
        events = await events_of(settings, flight.key)
        assert set(Counter(event.id for event in events).values()) == {1}
        assert {event.id: event.detected_ns for event in events} == expected
    kept = await records(settings, KafkaTopic.REJECTED, broken.key)
    assert {value for value, _ in kept} == {messages[i].payload for i in poison}
    assert {named["reason"].decode() for _, named in kept} == {Reason.INTERNAL_ERROR.value}
    assert all(named["detail"].startswith(b"ArithmeticError at breaking.py:") for _, named in kept)
    rows = await ledger_of(settings, broken.key)
    assert all(row.balanced for row in rows.values())
    assert sum(row.rejected for row in rows.values()) == len(poison)


async def put_aside(settings: Settings, key: str, count: int) -> None:
    """Return when so many different messages of a flight are kept."""
    tp = Partition(KafkaTopic.REJECTED.value, partition_of(key, settings.kafka.partitions))
    found: set[bytes] = set()
    async with open_consumer(settings.kafka, "test", None) as consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        while len(found) < count:
            record = await consumer.getone()
            if record.key == key.encode():
                found.add(dict(record.headers)["origin"])


async def test_a_heartbeat_of_the_next_century_and_a_thousand_vehicles_are_refused_and_others_go_on(
    settings: Settings, tmp_path: Path
) -> None:
    flight = Flight(new_flight(), "hop")
    messages: list[Message] = []
    for i, message in enumerate(flight.messages):
        messages.append(message)
        if i % 20 == 10:
            report = LinkReport(state="aos", reason="heartbeat", ert_ns=message.ert_ns + CENTURY_NS)
            address = replace(message.address, station="wrong")
            octets = report.model_dump_json().encode()
            messages.append(Message(address, Kind.LINK, octets, report.ert_ns or 0, content_type=JSON))
    heard = next(message for message in messages if message.kind is Kind.TELEMETRY)
    crowd = [replace(heard, address=replace(heard.address, vehicle=f"v{i}", flight="crowd")) for i in range(1000)]
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all(map(record_of, [*crowd, *messages])))
    async with running("detect", settings, tmp_path) as service:
        await handled(settings, [flight.key])
        assert await service.stop(25) == 0
    events = await events_of(settings, flight.key)
    assert {event.id: event.detected_ns for event in events} == flight.expected
    kept = await records(settings, KafkaTopic.REJECTED, flight.key)
    assert Counter(named["reason"] for _, named in kept) == {b"bad-time": len(messages) - len(flight.messages)}


async def test_the_end_of_a_flight_is_told_by_whoever_gets_it_though_nothing_more_comes(
    settings: Settings, tmp_path: Path
) -> None:
    flight = Flight(new_flight(), "hop")
    # saved after every turn, and killed before a second of silence lets the last rows be told
    hasty = replace(settings, detect=DetectSettings(save_s=0.001))
    async with open_producer(settings.kafka, "test") as producer, running("detect", hasty, tmp_path) as service:
        await producer.acknowledged(await producer.send_all(map(record_of, flight.messages)))
        await handled(settings, [flight.key])
        await service.kill()
    before = {about: books(row) for about, row in (await ledger_of(settings, flight.key)).items()}
    assert before != flight.ledger
    (tmp_path / "next").mkdir()
    async with running("detect", settings, tmp_path / "next") as service:
        await shares(service)
        assert await service.stop(25) == 0
    assert {about: books(row) for about, row in (await ledger_of(settings, flight.key)).items()} == flight.ledger
