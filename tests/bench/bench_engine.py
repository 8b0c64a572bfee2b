"""The processor alone: channel samples a second of a core, with all detectors; and the like written for Quix Streams.

Ours: an express flight with both vehicles and all stations, in bundles of 0.2 s, as the live line brings it, straight
into the engine: each message for itself, as on a line that idles, and in batches of 64, as with a backlog. Quix Streams
gets the same packets decoded, one a message, from a real Kafka; what it takes to read and parse them alone is measured
too. quix_app.py says what it does less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from bench.kit import Table, machine, options, publish, say
from detection import DECODER, NS, detect, messages_of, transmitter
from structlog import get_logger

from downrange.stack.native import install, kafka
from downrange.stack.process import free_port
from processors.detect.flight import Flight
from processors.detect.intake import read_batch
from processors.detect.outbox import Findings
from processors.detect.taking import TOGETHER, Said, Taking
from processors.engine import DEFAULT_HOLD_NS
from runtime.aside import Aside
from runtime.health import Health
from runtime.kafka import Partition, Record, client_options, open_producer
from runtime.settings import KafkaSettings
from telemetry.message import Message
from telemetry.topics import KafkaTopic, Kind

QUIX = "quixstreams==3.28.1"
TOPIC = KafkaTopic.TELEMETRY.value
APP = Path(__file__).with_name("quix_app.py")


def in_batches(messages: list[Message]) -> None:
    """Decode messages and let a flight take them, both as the service does with a backlog."""
    taking = Taking(DECODER, DEFAULT_HOLD_NS, Aside("detect", Health("detect"), get_logger()))
    flight, tp = Flight(taking.new_engine("live/F"), {}), Partition(TOPIC, 0)
    records = [record(offset, message) for offset, message in enumerate(messages)]
    for at in range(0, len(records), TOGETHER):
        readings = read_batch({tp: records[at : at + TOGETHER]}, DECODER, 0.0)
        taking.take_records(flight, readings.arrivals, Said(0, set(), Findings([], [])))


def record(offset: int, message: Message) -> Record:
    """Return a message as it stands on Kafka."""
    key, value, headers = message.address.key.encode(), message.payload, message.kafka_headers()
    return Record(TOPIC, 0, offset, 0, 0, key, value, None, len(key), len(value), headers)


def ours(table: Table, preset: str, most: int) -> tuple[list[Message], float]:
    """Measure our engine; returns what it took and its samples a second."""
    messages = messages_of(transmitter(preset))[:most]
    decoded = [DECODER.decode(message) for message in messages if message.kind is Kind.TELEMETRY]
    # a column that is derived is computed when it is asked for: all of them are here
    samples = sum(len(frame) * len([*frame.columns]) for one in decoded for frame in one.frames)
    begin = time.process_time()
    flown = detect(messages)
    singly_s = time.process_time() - begin
    begin = time.process_time()
    in_batches(messages)
    batches_s = time.process_time() - begin
    flight_s = (messages[-1].ert_ns - messages[0].ert_ns) / NS
    for what, took_s in (("message by message", singly_s), ("a backlog, in batches", batches_s)):
        table.add(f"Downrange, decoding and engine, {what}", samples / took_s, took_s / samples * 1e6, None)
    table.notes.append(
        f"{preset}: {flight_s:.0f} s of flight, {len(decoded)} messages, {samples:,} channel samples with "
        f"both stations' copies, {len(flown.events)} events; {singly_s / len(messages) * 1e6:.0f} us a message singly, "
        f"{batches_s / len(messages) * 1e6:.0f} in batches; snapshot {len(flown.engine.snapshot()):,} octets."
    )
    return messages, samples / batches_s


def environment_of_quix() -> Path:
    """Return a Python with Quix Streams, installing it into the user's cache once."""
    cache = Path(os.environ.get("DOWNRANGE_CACHE_DIR") or Path.home() / ".cache" / "downrange")
    python = cache / "quix" / QUIX / "bin" / "python"
    if not python.exists():
        say(f"installing {QUIX} into {cache.name}")
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", QUIX], check=True)
    return python


def rows_of(messages: list[Message], most: int) -> list[tuple[str, bytes, int]]:
    """Return packets as JSON, with key and number of samples."""
    rows: list[tuple[str, bytes, int]] = []
    for message in messages:
        if message.kind is not Kind.TELEMETRY:
            continue
        for frame in DECODER.decode(message).frames:
            columns = {name: values.tolist() for name, values in frame.columns.items()}
            for at, (count, t_ns) in enumerate(zip(frame.counts.tolist(), frame.t_ns.tolist(), strict=True)):
                # JSON has no NaN, which is not equal to itself
                row = {
                    "vehicle": frame.vehicle,
                    "station": frame.station,
                    "packet": frame.packet,
                    "count": count,
                    "t_ns": t_ns,
                    "values": {name: values[at] for name, values in columns.items() if values[at] == values[at]},
                }
                rows.append((f"live/F/{frame.vehicle}", json.dumps(row).encode(), len(columns)))
                if len(rows) == most:
                    return rows
    return rows


async def quix(table: Table, messages: list[Message], most: int, ours_rate: float) -> None:
    """Measure Quix Streams on the same packets."""
    python = await asyncio.to_thread(environment_of_quix)
    rows = rows_of(messages, most)
    samples = sum(each[2] for each in rows)
    await install("kafka")
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as name:
        async with kafka(Path(name) / "kafka", free_port()) as (bootstrap, _):
            settings, topic = KafkaSettings(bootstrap=bootstrap, partitions=1), f"rows-{uuid4().hex[:8]}"
            admin = AIOKafkaAdminClient(**client_options(settings))
            await admin.start()
            await admin.create_topics([NewTopic(topic, 1, 1)])
            await admin.close()
            async with open_producer(settings, "bench") as producer:
                client = producer._client
                sent = [await client.send(topic, value, key=key.encode()) for key, value, _ in rows]
                await asyncio.gather(*sent)
            for what, label in (
                ("detect", "Quix Streams, 4 detectors and duplicates"),
                ("pass", "Quix Streams, reading only"),
            ):
                told = await asyncio.create_subprocess_exec(
                    str(python),
                    str(APP),
                    bootstrap,
                    topic,
                    str(len(rows)),
                    what,
                    f"quix-{uuid4().hex[:8]}",
                    f"{name}/{what}",
                    stdout=asyncio.subprocess.PIPE,
                )
                out, _ = await told.communicate()
                cpu_s = float(json.loads(out.decode().splitlines()[-1])["cpu_s"])
                table.add(label, samples / cpu_s, cpu_s / samples * 1e6, ours_rate / (samples / cpu_s))
                say(f"{label}: {samples / cpu_s:,.0f} samples/s a core")
    table.notes.append(f"Quix Streams {QUIX.partition('==')[2]}: {len(rows):,} packets, one a message; {machine()}")


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--preset", default="express")
        parser.add_argument("--messages", type=int, default=12_000, help="how many, from the start of the flight")
        parser.add_argument("--rows", type=int, help="packets for Quix Streams")
        parser.add_argument("--only-ours", action="store_true")

    chosen = options(__doc__, add)
    columns = (
        "processor",
        "samples/s a core",
        "CPU s per million samples",
        "ours (in batches) is times as fast",
    )
    table = Table("(c) Processor alone", columns)
    messages, rate = ours(table, chosen.preset, chosen.messages)
    if not chosen.only_ours:
        asyncio.run(quix(table, messages, chosen.rows or (20_000 if chosen.quick else 60_000), rate))
    publish([table], as_json=chosen.json)


if __name__ == "__main__":
    main()
