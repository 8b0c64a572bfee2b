"""MQTT to Kafka, acknowledged after Kafka: ours and Telegraf's on the same mosquitto and Kafka, alternating.

A bridge subscribes and is halted while the messages are queued at the broker, so that starting up is not measured, then
let go until Kafka has everything. For the loss figures it is killed with -9 half way and started again.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
import statistics
import sys
import tempfile
import time
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from bench.firehose import open_firehose, properties_of, publication, sized
from bench.kit import Table, asked, environment, machine, options, publish, say, until
from bench.telegraf import TOPIC as TELEGRAF_TOPIC
from bench.telegraf import telegraf

from downrange.stack.addresses import Addresses
from downrange.stack.native import install, native_stack
from downrange.stack.process import free_port, start_process
from runtime.kafka import client_options, ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, MqttSettings, Settings, environment_of
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.message import SPACE_PACKETS
from telemetry.topics import Address, KafkaTopic, Kind

NS = 10**9
T_NS = 1_800_000_000 * NS
FLIGHTS = 10
PARTITIONS = 12
CONNECTIONS = 4
STALLED_S = 20.0
COUNT_MASK = 0x3FFF
ENTRY = "import sys; from runtime.service import main; from runtime.settings import read_settings;"
ENTRY += "from ingest.service import run; sys.exit(main('ingest', run, read_settings()))"


@dataclass(frozen=True, slots=True)
class Bridge:
    """Who carries the messages.

    Parameters
    ----------
    name
        In the tables.
    kind
        `ours`, or how Telegraf passes values.
    compression
        Of the records in Kafka.
    acknowledged
        Whether the messages ask for our end-to-end acknowledgement.
    """

    name: str
    kind: str = "ours"
    compression: str = "none"
    acknowledged: bool = False

    @property
    def topic(self) -> str:
        """Where it writes."""
        return KafkaTopic.TELEMETRY.value if self.kind == "ours" else TELEGRAF_TOPIC


BRIDGES = (
    Bridge("Downrange"),
    Bridge("Telegraf, string (cuts blanks and NULs off)", "string"),
    Bridge("Telegraf, base64 (octets intact)", "base64"),
    Bridge("Downrange, end-to-end acknowledged", acknowledged=True),
    Bridge("Downrange, zstd", compression="zstd"),
    Bridge("Telegraf, string, zstd", "string", "zstd"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one drain took."""

    messages: int
    octets: int
    took_s: float
    cpu_s: float
    peak_mb: float


def payloads(octets: int, n: int) -> list[bytes]:
    """Return different payloads of whole valid packets, as near to a size as they come."""
    dictionary = built_in("yuanxing-1")
    codec = PacketCodec(dictionary)
    size = codec.layout.octets(dictionary.packets["nav"].apid)
    each = max(round(octets / size), 1)
    noise = np.random.default_rng(7)
    counts = np.arange(n * each)
    columns = {channel.name: 1000 * noise.random(n * each) for channel in dictionary.packets["nav"].channels}
    whole = codec.encode("nav", counts & COUNT_MASK, T_NS - (n * each - counts) * NS // 50, columns)
    return [whole[at : at + each * size] for at in range(0, len(whole), each * size)]


class Bench:
    """One bench on running servers."""

    def __init__(self, addresses: Addresses, folder: Path, messages: int) -> None:
        self._addresses = addresses
        self._folder = folder
        self._messages = messages
        self._kafka = KafkaSettings(bootstrap=addresses.kafka_bootstrap)
        self._mqtt = MqttSettings(url=addresses.mqtt_url)

    async def prepare(self) -> None:
        """Make the topics of both."""
        await ensure_topics(self._kafka, logger("bench"), 60)
        admin = AIOKafkaAdminClient(**client_options(self._kafka))
        await admin.start()
        await admin.create_topics([NewTopic(TELEGRAF_TOPIC, PARTITIONS, 1)])
        await admin.close()

    @asynccontextmanager
    async def bridge(self, bridge: Bridge, client_id: str) -> AsyncIterator[int]:
        """Run a bridge; yields its process id when it has subscribed."""
        folder = self._folder / uuid4().hex
        if bridge.kind != "ours":
            async with telegraf(
                folder,
                self._addresses.mqtt_url,
                self._addresses.kafka_bootstrap,
                client_id,
                kind=bridge.kind,
                compression=bridge.compression,
            ) as process:
                # it has no sign of being ready; a second and a half is what it needs here, twice over
                await asyncio.sleep(3)
                yield process.pid
            return
        kafka = self._kafka.model_copy(update={"compression": bridge.compression})
        port = free_port()
        variables = environment_of(replace(Settings(), mqtt=self._mqtt, kafka=kafka))
        own = {"DOWNRANGE_INGEST_CLIENT_ID": client_id, "DOWNRANGE_HEALTH_PORT": str(port)}
        command = [sys.executable, "-c", ENTRY]
        env = environment(**{**variables, **own, "DOWNRANGE_LOG_LEVEL": "warning"})
        async with start_process("ingest", command, log=folder / "ingest.log", env=env) as process:
            await until(lambda: is_well(port), 60)
            yield process.pid

    async def fill(self, some: list[bytes], run: str, *, acknowledged: bool) -> None:
        """Queue the messages at the broker: each payload once a flight."""
        hoses = [await open_firehose(self._addresses.mqtt_url, f"fill-{uuid4().hex}") for _ in range(CONNECTIONS)]
        stamps = [("ert_ns", str(T_NS)), ("sent_ns", str(time.time_ns())), ("dictionary", "yuanxing-1")]
        topics = [
            sized(Address(run, f"F{flight}", "ship", "a").topic(Kind.TELEMETRY).encode()) for flight in range(FLIGHTS)
        ]
        for number in range(self._messages):
            flight, which = number % FLIGHTS, number // FLIGHTS
            hose = hoses[flight % CONNECTIONS]
            correlation = number.to_bytes(16) if acknowledged else b""
            told = properties_of(SPACE_PACKETS, stamps, correlation)
            await hose.write(publication(topics[flight], hose.next_id(), told, some[which]))
        # a PUBACK is four octets at least: all are queued when so many have come
        await until(lambda: answered(sum(hose.answered_octets for hose in hoses), self._messages), 60)
        for hose in hoses:
            await hose.close()

    async def drain(self, bridge: Bridge, some: list[bytes]) -> Run:
        """Measure one backlog."""
        async with self.log(bridge.topic) as ends, self.bridge(bridge, f"bench-{uuid4().hex}") as pid:
            before = await ends()
            process = psutil.Process(pid)
            process.send_signal(signal.SIGSTOP)
            await self.fill(some, f"r{uuid4().hex[:8]}", acknowledged=bridge.acknowledged)
            used, began_s, peak = process.cpu_times(), time.perf_counter(), 0
            process.send_signal(signal.SIGCONT)
            while await ends() - before < self._messages:
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.05)
            took_s, now = time.perf_counter() - began_s, process.cpu_times()
        cpu_s = now.user + now.system - used.user - used.system
        octets = sum(map(len, some)) * FLIGHTS
        return Run(self._messages, octets, took_s, cpu_s, peak / 1e6)

    async def kill(self, bridge: Bridge, some: list[bytes]) -> tuple[int, int, int]:
        """Kill a bridge half way; returns how many messages were lost, damaged and doubled."""
        client_id, run = f"bench-{uuid4().hex}", f"r{uuid4().hex[:8]}"
        async with self.log(bridge.topic) as ends:
            before = await ends()
            async with self.bridge(bridge, client_id) as pid:
                process = psutil.Process(pid)
                process.send_signal(signal.SIGSTOP)
                await self.fill(some, run, acknowledged=bridge.acknowledged)
                process.send_signal(signal.SIGCONT)
                while await ends() - before < self._messages // 2:  # noqa: ASYNC110 -- Kafka tells when it is asked
                    await asyncio.sleep(0.01)
                process.kill()
            async with self.bridge(bridge, client_id):
                last, since_s = 0, time.monotonic()
                # one message may come twice: the end is where nothing comes any more
                while time.monotonic() - since_s < (3.0 if last >= self._messages else STALLED_S):
                    found = await ends() - before
                    if found != last:
                        last, since_s = found, time.monotonic()
                    await asyncio.sleep(0.1)
        return await self.accounts(bridge, run, some)

    async def accounts(self, bridge: Bridge, run: str, some: list[bytes]) -> tuple[int, int, int]:
        """Compare what Kafka has of a run with what was sent."""
        wanted = {digest(one) for one in some}
        found: Counter[tuple[str, bytes]] = Counter()
        damaged = 0
        consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **client_options(self._kafka))
        await consumer.start()
        partitions = [TopicPartition(bridge.topic, at) for at in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    key = record.key.decode()
                    if run in key:
                        value = b64decode(record.value) if bridge.kind == "base64" else record.value
                        identity = digest(value)
                        if identity in wanted:
                            found[flight_of(key), identity] += 1
                        else:
                            damaged += 1
        await consumer.stop()
        doubled = sum(found.values()) - len(found)
        return max(self._messages - len(found) - damaged, 0), damaged, doubled

    @asynccontextmanager
    async def log(self, topic: str) -> AsyncIterator[Ends]:
        """Yield what asks for the number of records that a topic has had."""
        consumer = AIOKafkaConsumer(**client_options(self._kafka))
        await consumer.start()
        partitions = [TopicPartition(topic, at) for at in range(PARTITIONS)]
        consumer.assign(partitions)
        try:
            yield Ends(consumer, partitions)
        finally:
            with suppress(Exception):
                await consumer.stop()


class Ends:
    """Asks Kafka how many records a topic has had."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    async def __call__(self) -> int:
        """Ask."""
        return int(sum((await self._consumer.end_offsets(self._partitions)).values()))


async def is_well(port: int) -> bool:
    """Whether a service says that it is well."""
    return bool(await asyncio.to_thread(asked, f"http://127.0.0.1:{port}/healthz"))


async def answered(octets: int, messages: int) -> bool:
    """Whether so many messages have their PUBACK."""
    return octets >= 4 * messages


def digest(octets: bytes) -> bytes:
    """Return what tells payloads apart."""
    return hashlib.blake2b(octets, digest_size=8).digest()


def flight_of(key: str) -> str:
    """Return the flight of a record: ours is keyed by run and flight, Telegraf's by topic."""
    levels = key.split("/")
    return levels[1] if len(levels) == 2 else levels[3]


async def measure(chosen: argparse.Namespace) -> list[Table]:
    """Run everything."""
    tables = []
    bridges = [each for each in BRIDGES if chosen.bridge in each.name]
    await install("telegraf")
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as name:
        async with native_stack(Path(name)) as addresses:
            bench = Bench(addresses, Path(name), chosen.messages)
            await bench.prepare()
            for octets in chosen.octets:
                some = payloads(octets, chosen.messages // FLIGHTS)
                runs: dict[str, list[Run]] = {}
                for number in range(chosen.rounds):
                    for bridge in bridges:
                        if number and bridge.compression != "none":
                            continue
                        run = await bench.drain(bridge, some)
                        runs.setdefault(bridge.name, []).append(run)
                        say(f"{len(some[0])} octets, {bridge.name}: {run.messages / run.took_s:,.0f} messages/s")
                tables.append(rates(runs, len(some[0])))
                tables[-1].notes.append(f"{chosen.messages:,} queued messages, {chosen.rounds} rounds; {machine()}")
            some = payloads(chosen.octets[0], chosen.messages // FLIGHTS)
            table = Table(
                "(a) Bridge killed with -9 half way, started again",
                ("bridge", "messages", "lost", "damaged", "doubled in Kafka"),
            )
            for bridge in bridges[:4] if not chosen.no_kill else ():
                lost, damaged, doubled = await bench.kill(bridge, some)
                say(f"killed {bridge.name}: lost {lost}, damaged {damaged}, doubled {doubled}")
                table.add(bridge.name, chosen.messages, lost, damaged, doubled)
            tables.append(table)
    return tables


def rates(runs: dict[str, list[Run]], octets: int) -> Table:
    """Return medians, and ratios to Telegraf's."""
    table = Table(
        f"(a) MQTT to Kafka, QoS 1, acks=all, {octets} octets a message",
        ("bridge", "messages/s", "MB/s", "CPU us/message", "peak MB", "rate / Telegraf's", "CPU / Telegraf's"),
    )
    rate = {name: statistics.median(run.messages / run.took_s for run in some) for name, some in runs.items()}
    cpu = {name: statistics.median(run.cpu_s / run.messages * 1e6 for run in some) for name, some in runs.items()}
    for name, some in runs.items():
        theirs = "Telegraf, string, zstd" if "zstd" in name else BRIDGES[1].name
        has = theirs in runs
        table.add(
            name,
            rate[name],
            rate[name] * some[0].octets / some[0].messages / 1e6,
            cpu[name],
            max(run.peak_mb for run in some),
            rate[name] / rate[theirs] if has else None,
            cpu[name] / cpu[theirs] if has else None,
        )
    return table


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, help="queued for each drain; 100,000")
        parser.add_argument("--rounds", type=int, help="of all bridges; 3")
        parser.add_argument("--octets", type=int, nargs="+", default=[200, 4096])
        parser.add_argument("--bridge", default="", help="only those whose name has this in it")
        parser.add_argument("--no-kill", action="store_true")

    chosen = options(__doc__, add)
    chosen.messages = chosen.messages or (20_000 if chosen.quick else 100_000)
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 3)
    publish(asyncio.run(measure(chosen)), as_json=chosen.json)


if __name__ == "__main__":
    main()
