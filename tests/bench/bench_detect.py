"""`detect` alone on a real Kafka: what a message and a sample cost it, and what a busy flight costs the others.

Express flights with both vehicles and all stations, in the bundles of 0.2 s that stations send, at real time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from bench.kit import NS, Table, cpu_s, options, publish, rss_mb, say
from detection import DECODER, T0_NS, messages_of, transmitter
from flown import record_of, running
from servers.own import OwnKafka

from runtime.kafka import Outgoing, Partition, Producer, open_producer, read_to_end
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, Settings
from telemetry.histogram import Histogram
from telemetry.message import Message
from telemetry.quality import StageLatency
from telemetry.topics import KafkaTopic, Kind

FIRST_S = -10.0
BEAT_S = 0.02
SETTLED_S = 6.0


@dataclass(frozen=True)
class Fleet:
    """What is flown: flights under their names, the first so many times as fast as the others."""

    names: tuple[str, ...]
    seconds: float
    times: int = 1


def heard(seconds: float) -> list[Message]:
    """Return the messages of one flight."""
    begin_ns = T0_NS + round(FIRST_S * NS)
    return [m for m in messages_of(transmitter("express")) if begin_ns <= m.ert_ns < begin_ns + seconds * NS]


def due(fleet: Fleet) -> Iterable[tuple[float, Message]]:
    """Return each message and when it is due, in order."""
    begin_ns = T0_NS + round(FIRST_S * NS)
    messages = heard(fleet.seconds * max(fleet.times, 1))
    for number, name in enumerate(fleet.names):
        times = fleet.times if number == 0 else 1
        for message in messages:
            at_s = (message.ert_ns - begin_ns) / NS / times + 0.2 * number / len(fleet.names)
            if at_s < fleet.seconds:
                yield at_s, replace(message, address=replace(message.address, flight=name))


async def fly(producer: Producer, line: list[tuple[float, Message]]) -> None:
    """Bring messages into Kafka when they are due."""
    begin_s, at = time.monotonic(), 0
    while at < len(line):
        now_s = time.monotonic() - begin_s
        batch: list[Outgoing] = []
        while at < len(line) and line[at][0] <= now_s:
            message = line[at][1]
            batch.append(record_of(replace(message, ingest_ns=time.time_ns())))
            at += 1
        await producer.acknowledged(await producer.send_all(batch))
        await asyncio.sleep(BEAT_S)


async def latencies(settings: Settings) -> dict[str, Histogram]:
    """Return how long messages took to be detected, by flight."""
    partitions = [Partition(KafkaTopic.QUALITY.value, number) for number in range(settings.kafka.partitions)]
    last: dict[tuple[str, ...], StageLatency] = {}
    async for record in read_to_end(settings.kafka, "bench", partitions):
        if dict(record.headers)["type"] == b"latency":
            one = StageLatency.model_validate_json(record.value)
            if one.stage == "detect":
                last[one.identity] = one
    found: defaultdict[str, Histogram] = defaultdict(Histogram)
    for one in last.values():
        found[one.flight].merge(Histogram.from_text(one.histogram))
    return found


async def measure(settings: Settings, fleet: Fleet, folder: Path, spy: Path | None) -> tuple[float, float, float]:
    """Fly a fleet; returns CPU seconds, samples and memory of `detect`."""
    line = sorted(due(fleet), key=lambda one: one[0])
    frames = [f for _, m in line if m.kind is Kind.TELEMETRY for f in DECODER.decode(m).frames]
    samples = sum(len(frame) * len(frame.columns) for frame in frames)
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(open_producer(settings.kafka, "bench"))
        service = await stack.enter_async_context(running("detect", settings, folder, well=True))
        await asyncio.sleep(SETTLED_S)
        if spy is not None:
            command = [str(Path(sys.executable).parent / "py-spy"), "record", "--pid", str(service.pid)]
            more = ["--format", "raw", "--rate", "200", "--duration", str(int(fleet.seconds)), "--output", str(spy)]
            await asyncio.create_subprocess_exec(*command, *more)
        before_s = cpu_s(service.pid)
        await fly(producer, line)
        await asyncio.sleep(2.0)
        used_s, memory_mb = cpu_s(service.pid) - before_s, rss_mb(service.pid)
        await service.stop(25)
    return used_s, float(samples), memory_mb


async def run(asked: argparse.Namespace) -> list[Table]:
    seconds = 10.0 if asked.quick else asked.seconds
    costs = Table(
        "detect alone, real time",
        ("fleet", "messages/s", "samples/s", "CPU us a message", "CPU us a sample", "cores", "MB"),
    )
    waits = Table("from ingest to detected, seconds", ("fleet", "flight", "p50", "p99", "max"))
    for times in (1, *((asked.times,) if asked.times > 1 else ())):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fleet = Fleet(tuple(f"F-{uuid4().hex[:8]}" for _ in range(asked.flights)), seconds, times)
            what = f"{asked.flights} flights" + (f", one {times} times as fast" if times > 1 else "")
            say(what)
            async with OwnKafka(folder / "kafka") as kafka:
                settings = Settings(kafka=KafkaSettings(bootstrap=kafka.bootstrap))
                await ensure_topics(settings.kafka, logger("bench"), 60)
                used_s, samples, memory_mb = await measure(settings, fleet, folder, asked.spy)
                count = sum(1 for _ in due(fleet))
                costs.add(
                    what,
                    count / seconds,
                    samples / seconds,
                    used_s / count * 1e6,
                    used_s / samples * 1e6,
                    used_s / seconds,
                    memory_mb,
                )
                by_flight = await latencies(settings)
                fast = by_flight.pop(fleet.names[0], Histogram())
                others = Histogram()
                for one in by_flight.values():
                    others.merge(one)
                for who, one in (("the first", fast), ("the others", others)):
                    waits.add(what, who, one.quantile_s(0.5), one.quantile_s(0.99), one.max_s)
    return [costs, waits]


def main() -> None:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--flights", type=int, default=20)
        parser.add_argument("--seconds", type=float, default=20.0)
        parser.add_argument("--times", type=int, default=20, help="how much faster the first flight is in a second run")
        parser.add_argument("--spy", type=Path, help="where py-spy's raw stacks are written, see bench.shares")

    asked = options(__doc__, add)
    publish(asyncio.run(run(asked)), as_json=asked.json)


if __name__ == "__main__":
    main()
