"""The auditor alone: what counting a flight's archive and asking InfluxDB take, on a made-up flight of two stations."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
from audited import DECODER, archive, store
from bench.kit import Table, options, publish
from flown import T0_NS, fly
from pydantic import SecretStr

from downrange.stack.native import BUCKET, ORG, influxdb, install
from downrange.stack.process import free_port
from processors.audit.look import Looker
from processors.influx.reader import open_reader
from runtime.settings import InfluxSettings
from telemetry.message import Message
from telemetry.topics import Kind

PACKETS_A_SECOND = 2 * 76
PART = 1_000


def parts(seconds: int) -> Iterator[list[Message]]:
    """Yield the flight's messages, so many as a part of the archive holds."""
    messages = (message for message in fly("F", seconds, t0_ns=T0_NS) if message.kind is Kind.TELEMETRY)
    while part := list(islice(messages, PART)):
        yield part


async def measure(table: Table, seconds: int, looks: int) -> None:
    """Look at one flight several times."""
    await install("influxdb")
    process = psutil.Process()
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as name:
        root = Path(name) / "archive"
        async with influxdb(Path(name) / "influxdb", free_port()) as (url, token, server):
            settings = InfluxSettings(url=url, token=SecretStr(token), org=ORG, bucket=BUCKET)
            first = 0
            for part in parts(seconds):
                archive(root, part, first)
                await store(settings, part)
                first += len(part)
            asked = psutil.Process(server.pid)
            async with open_reader(settings) as reader:
                for what, one in (("archive", None), ("archive and InfluxDB", reader)):
                    looker = Looker(root, DECODER.registry, one)
                    await looker.look(looker.begin("live", "F"), {}, flying=False)
                    before, before_server = process.cpu_times(), asked.cpu_times()
                    began_s = time.monotonic()
                    for _ in range(looks):
                        verdict, _ = await looker.look(looker.begin("live", "F"), {}, flying=False)
                    if not verdict.balanced:
                        raise SystemExit("\n".join(verdict.complaints))
                    per = looks * seconds * PACKETS_A_SECOND / 500_000
                    after, after_server = process.cpu_times(), asked.cpu_times()
                    table.add(
                        what,
                        (time.monotonic() - began_s) / per,
                        (after.user + after.system - before.user - before.system) / per,
                        (after_server.user + after_server.system - before_server.user - before_server.system) / per,
                        process.memory_info().rss / 2**20,
                    )


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--seconds", type=int, help="length of the flight")

    chosen = options(__doc__, add)
    columns = ("counted", "s per 500k packets", "our CPU s", "InfluxDB's CPU s", "MiB")
    table = Table("The auditor", columns)
    seconds = chosen.seconds or (300 if chosen.quick else 1800)
    asyncio.run(measure(table, seconds, 5))
    table.notes.append(f"{seconds * PACKETS_A_SECOND:,} packets received, half of them a second station's; 5 looks")
    publish([table], as_json=chosen.json)


if __name__ == "__main__":
    main()
