"""The whole line on real servers, flown by `bench.load`, and what every process of it uses."""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import sys
import tempfile
import time
import urllib.parse
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from bench.kit import NS, asked, cpu_s, quantile, rss_mb, say, until
from bench.load import Group, Plan

from downrange.line import Line, open_line
from downrange.stack.addresses import Addresses
from downrange.stack.names import StackName
from runtime.kafka import Partition, read_to_end
from runtime.settings import Settings
from telemetry.dictionary import built_in
from telemetry.events import event_from_kafka
from telemetry.topics import KafkaTopic

SERVICES = ("ingest", "detect", "store", "record", "track")
SERVERS = {"mosquitto": "mosquitto", "java": "kafka", "influxd": "influxdb"}
BEGIN_AFTER_S = 3.0
STALLED_S = 30.0
PROBE_EVERY_S = 0.1
ASPECTS = 10
# a hundred flights do not begin in one second outside of a bench: latencies count from here on
SETTLED_S = 5.0


@dataclass(slots=True)
class Step:
    """What a fleet did to the line.

    Parameters
    ----------
    flights, seconds
        What was flown.
    samples, messages
        Unique channel samples and messages of it.
    drained_s
        How long after the last message InfluxDB had everything.
    lost
        Packets that InfluxDB does not have, of `packets`.
    load
        What the publisher says of itself.
    cpu_s
        By process, from the first message until all was stored.
    stored_s, event_s, known_s
        Latencies from generation to InfluxDB; of events from the message that completed their evidence; and from when
        it happened, the detector's own delay included.
    """

    flights: int
    seconds: float
    samples: int
    packets: int
    messages: int = 0
    drained_s: float = 0.0
    lost: int = 0
    load: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    stored_s: list[float] = field(default_factory=list)
    event_s: list[float] = field(default_factory=list)
    known_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Unique samples a second that came in and were stored."""
        return self.samples / (self.seconds + max(self.drained_s - 1.0, 0.0))

    @property
    def keeps_up(self) -> bool:
        """Whether nothing is lost and no backlog was left."""
        return not self.lost and self.drained_s < 3.0 and self.load["late_p99_s"] < 1.0


class Lab:
    """A running line and its measurements; made by `open_lab`."""

    def __init__(self, line: Line, folder: Path) -> None:
        if line.addresses is None:
            raise TypeError("a lab has servers of its own")
        self.line = line
        self.folder = folder
        self.addresses: Addresses = line.addresses
        self.settings: Settings = line.settings
        self.pids = {name: process.pid for name, process in line.services.items()}
        for child in psutil.Process().children(recursive=True):
            name = SERVERS.get(child.name())
            if name:
                self.pids[name] = child.pid
        packets = built_in("yuanxing-1").packets.items()
        self._probes = {name: packet.channels[0].name for name, packet in packets}

    def used(self) -> dict[str, float]:
        """Return the CPU time of every process so far."""
        return {name: cpu_s(pid) for name, pid in self.pids.items()}

    def memory(self) -> dict[str, float]:
        """Return the memory of every process, MB."""
        return {name: rss_mb(pid) for name, pid in self.pids.items()}

    async def ask(self, query: str) -> Any:
        """Ask InfluxDB; returns the series of the first result."""
        asking = urllib.parse.urlencode({"db": self.addresses.influx_bucket, "q": query, "epoch": "ns"})
        headers = {"Authorization": f"Token {self.addresses.influx_token}"}
        answer = await asyncio.to_thread(asked, f"{self.addresses.influx_url}/query?{asking}", headers)
        return json.loads(answer or "{}").get("results", [{}])[0].get("series", [])

    async def stored(self, run: str) -> dict[str, int]:
        """Return how many points of each packet type InfluxDB has of a run."""
        found = {}
        for packet, channel in self._probes.items():
            series = await self.ask(f'SELECT count("{channel}") FROM "{packet}" WHERE "run"=\'{run}\'')  # noqa: S608 -- our own names
            found[packet] = int(series[0]["values"][0][1]) if series else 0
        return found

    async def fly(
        self, groups: list[Group], flights: int, seconds: float, *, speed: float = 1.0, spy: str = ""
    ) -> Step:
        """Fly a fleet and wait until InfluxDB has all of it, or no more comes."""
        run = f"bench-{uuid4().hex[:8]}"
        begin_s = time.time() + BEGIN_AFTER_S + flights / 100
        plan = Plan(self.addresses.mqtt_url, run, groups, flights, begin_s, seconds, speed)
        expected = plan.expected()
        step = Step(flights, seconds / speed, plan.samples(), sum(expected.values()))
        path = self.folder / f"{run}.pickle"
        path.write_bytes(pickle.dumps(plan))
        before = self.used()
        spies = [
            await asyncio.create_subprocess_exec(
                "py-spy",
                "record",
                "-d",
                str(round(seconds / speed)),
                "-f",
                form,
                "-r",
                "200",
                "-o",
                f"{spy}/{name}.{end}",
                "-p",
                str(self.pids[name]),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            for name in (SERVICES if spy else ())
            for form, end in (("flamegraph", "svg"), ("raw", "txt"))
        ]
        load = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", str(path), stdout=asyncio.subprocess.PIPE
        )
        probing = asyncio.create_task(self._probe(plan, step))
        try:
            told, _ = await load.communicate()
            step.load = json.loads(told)
            step.messages = int(step.load["messages"])
            ended_s = time.monotonic()
            last = (0, time.monotonic())

            async def complete() -> bool:
                nonlocal last
                found = sum((await self.stored(run)).values())
                if found != last[0]:
                    last = (found, time.monotonic())
                return found >= step.packets or time.monotonic() - last[1] > STALLED_S

            await until(complete, 600, 0.5)
            step.drained_s = last[1] - ended_s
        finally:
            probing.cancel()
            with suppress(asyncio.CancelledError):
                await probing
            path.unlink()
        step.lost = step.packets - last[0]
        if step.lost:
            await self._say_what_is_missing(plan)
        for each in spies:
            await each.wait()
        now = self.used()
        step.cpu_s = {name: now[name] - before[name] for name in now}
        step.cpu_s["publisher"] = step.load["cpu_s"]
        await self._event_latencies(plan, step)
        return step

    async def _say_what_is_missing(self, plan: Plan) -> None:
        wanted, found = plan.expected(), await self.stored(plan.run)
        short = {packet: wanted[packet] - found[packet] for packet in wanted if found[packet] != wanted[packet]}
        say(f"missing in InfluxDB, packets by type: {short}")
        for packet in short:
            channel = self._probes[packet]
            series = await self.ask(
                f'SELECT count("{channel}") FROM "{packet}" WHERE "run"=\'{plan.run}\' GROUP BY "flight","vehicle"'  # noqa: S608 -- our own names
            )
            has = {(each["tags"]["flight"], each["tags"]["vehicle"]): each["values"][0][1] for each in series}
            for flight in range(plan.flights):
                for vehicle, kind in plan.groups[flight % len(plan.groups)].unique:
                    due = plan.groups[flight % len(plan.groups)].unique[vehicle, kind]
                    if kind == packet and has.get((f"F{flight}", vehicle), 0) != due:
                        say(f"  F{flight} {vehicle} {packet}: {has.get((f'F{flight}', vehicle), 0)} of {due}")

    async def _probe(self, plan: Plan, step: Step) -> None:
        """Ask for the newest point of a few flights again and again: what is new became visible since the last time.

        All samples between the last newest and this one are taken to have become visible now, so that figures are at
        most one question too long. The first question of a flight only says where it stands.
        """
        ahead_ns = round(plan.begin_s * NS) - plan.groups[0].begin_ns
        chosen = random.Random(7).sample(range(plan.flights), min(4, plan.flights))  # noqa: S311 -- a choice, no secret
        newest: dict[int, int] = {}
        while True:
            for flight in chosen:
                await asyncio.sleep(PROBE_EVERY_S / len(chosen))
                series = await self.ask(
                    f'SELECT last("{self._probes["nav"]}") FROM "nav" '  # noqa: S608 -- our own names
                    f"WHERE \"run\"='{plan.run}' AND \"flight\"='F{flight}' AND \"vehicle\"='ship'"
                )
                if not series:
                    continue
                found, now_ns = int(series[0]["values"][0][0]), time.time_ns()
                last = newest.get(flight)
                newest[flight] = found
                if last is not None and found > last:
                    for part in range(ASPECTS):
                        made_ns = found - (found - last) * part // ASPECTS + ahead_ns
                        if made_ns > (plan.begin_s + SETTLED_S) * NS:
                            step.stored_s.append((now_ns - made_ns) / NS)

    async def _event_latencies(self, plan: Plan, step: Step) -> None:
        """Find how long after the message that completed its evidence, and after it happened, each event was there."""
        ahead_ns = round(plan.begin_s * NS) - plan.groups[0].begin_ns
        topic = KafkaTopic.EVENTS.value
        partitions = [Partition(topic, at) for at in range(self.settings.kafka.partitions)]
        async for record in read_to_end(self.settings.kafka, f"bench-{uuid4().hex}", partitions):
            event = event_from_kafka(record.value, record.headers)
            evident_s, happened_s = ((t_ns + ahead_ns) / NS for t_ns in (event.detected_ns, event.t_ns))
            if event.run == plan.run and evident_s > plan.begin_s + SETTLED_S:
                step.event_s.append(record.timestamp / 1000 - evident_s)
                step.known_s.append(record.timestamp / 1000 - happened_s)


@asynccontextmanager
async def open_lab(services: Iterable[str] = SERVICES) -> AsyncIterator[Lab]:
    """Start servers and services; stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="downrange-bench-") as name:
        folder = Path(name)
        async with open_line(StackName.NATIVE, tuple(services), folder, folder / "archive", 0, say) as line:
            yield Lab(line, folder)


def p50(values: list[float]) -> float:
    """Return the median."""
    return quantile(values, 0.5)


def p99(values: list[float]) -> float:
    """Return what 99 of 100 stay under."""
    return quantile(values, 0.99)
