"""The whole line, station to InfluxDB: how many samples a second it sustains with nothing lost, beside InfluxDB alone.

Fleets fly in real time (a publisher of its own, encoded beforehand), one larger than the other, until one is not kept
up with. InfluxDB alone takes the same lines, built beforehand, over four connections, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import threading
import time
from dataclasses import replace
from urllib.parse import quote, urlsplit

from bench.kit import NS, Table, cpu_s, machine, options, publish, say
from bench.lab import SERVICES, Lab, Step, open_lab, p50, p99
from bench.load import Group, groups_of

from processors.influx.encoder import Encoder, Readable
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.message import Message
from telemetry.topics import Address, Kind

BEGIN_NS = 1_800_000_000 * NS
PHASES_S = [-5.0, 60.0, 120.0, 200.0]
CONNECTIONS = 4
BATCH_LINES = 5000
INFLUX_TARGET_S = 1.75


def bodies(groups: list[Group], samples: int) -> tuple[list[bytes], int]:
    """Return request bodies as the line writes them, and how many channel samples are in them."""
    decoder = Decoder(Registry())
    encoder = Encoder(decoder, BATCH_LINES)
    made: list[bytes] = []
    held, flight = 0, 0
    while held < samples:
        each = groups[flight % len(groups)]
        first: dict[str, str] = {}
        messages: list[Message] = []
        for message in each.messages:
            # one station a vehicle: the line, too, writes duplicates onto one another
            vehicle, station = message.address.vehicle, message.address.station
            if message.kind is Kind.TELEMETRY and first.setdefault(vehicle, station) == station:
                messages.append(replace(message, address=Address("alone", f"F{flight}", vehicle, station)))
        blocks = list(encoder.blocks(Readable(messages, [])))
        # three tags a line; every other equals sign is a field's
        held += sum(block.body.count(b"=") - 3 * block.count for block in blocks)
        made += [block.body for block in blocks]
        flight += 1
    return made, held


def post(lab: Lab, some: list[bytes]) -> None:
    """Post bodies over one connection."""
    parts = urlsplit(str(lab.addresses.influx_url))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=120)
    org, bucket = quote(str(lab.addresses.influx_org)), quote(str(lab.addresses.influx_bucket))
    headers = {"Authorization": f"Token {lab.addresses.influx_token}"}
    for body in some:
        connection.request("POST", f"/api/v2/write?org={org}&bucket={bucket}&precision=ns", body, headers)
        answer = connection.getresponse()
        if answer.status != 204:
            raise ConnectionError(answer.read().decode())
        answer.read()


def alone(lab: Lab, groups: list[Group], samples: int) -> tuple[float, float]:
    """Return InfluxDB's rate in samples/s and its CPU s per million."""
    made, held = bodies(groups, samples)
    before, began_s = cpu_s(lab.pids["influxdb"]), time.perf_counter()
    threads = [threading.Thread(target=post, args=(lab, made[at::CONNECTIONS])) for at in range(CONNECTIONS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    took_s = time.perf_counter() - began_s
    return held / took_s, (cpu_s(lab.pids["influxdb"]) - before) / held * 1e6


async def measure(chosen: argparse.Namespace) -> list[Table]:
    """Run everything."""
    say("encoding what the stations hear")
    groups = groups_of(len(PHASES_S), BEGIN_NS, chosen.seconds, PHASES_S)
    async with open_lab() as lab:
        say("InfluxDB alone")
        influx_rate, influx_s = await asyncio.to_thread(alone, lab, groups, chosen.alone)
        say(f"InfluxDB alone: {influx_rate:,.0f} samples/s, {influx_s:.2f} CPU s per million")
        steps = []
        for flights in chosen.flights:
            step = await lab.fly(groups, flights, chosen.seconds, spy=chosen.spy)
            steps.append(step)
            say(
                f"{flights} flights: {step.rate:,.0f} samples/s, drained after {step.drained_s:.1f} s, "
                f"lost {step.lost}, "
                + ", ".join(f"{name} {spent / step.seconds:.2f}" for name, spent in step.cpu_s.items())
            )
            if not step.keeps_up:
                break
    return [rates(steps, influx_rate), shares(steps, influx_s)]


def rates(steps: list[Step], influx_rate: float) -> Table:
    """Return what was sustained."""
    table = Table(
        "(b) Whole line, real time: stations to InfluxDB",
        (
            "flights",
            "messages/s",
            "unique samples/s",
            "share of InfluxDB alone",
            "lost packets",
            "stored s after the last",
            "to InfluxDB p50 s",
            "p99 s",
            "to event p99 s",
            "keeps up",
        ),
    )
    for step in steps:
        table.add(
            step.flights,
            step.messages / step.seconds,
            step.rate,
            f"{step.rate / influx_rate:.0%}",
            step.lost,
            step.drained_s,
            p50(step.stored_s),
            p99(step.stored_s),
            p99(step.event_s),
            "yes" if step.keeps_up else "no",
        )
    table.add("InfluxDB alone", None, influx_rate, "100%", None, None, None, None, None, None)
    table.notes.append(f"{steps[0].seconds:.0f} s a step; every server and service on {machine()}. Target: 40 %.")
    return table


def shares(steps: list[Step], influx_alone_s: float) -> Table:
    """Return CPU time per million unique samples by process."""
    names = [*SERVICES, "mosquitto", "kafka", "influxdb", "publisher"]
    table = Table(
        "(b) CPU s per million unique samples",
        ("process", *(f"{step.flights} flights" for step in steps)),
    )
    for name in names:
        table.add(name, *(step.cpu_s[name] / step.samples * 1e6 for step in steps))
    ours = [sum(step.cpu_s[name] for name in SERVICES) / step.samples * 1e6 for step in steps]
    table.add("all our services", *ours)
    table.add("InfluxDB alone, prebuilt lines", *(influx_alone_s for _ in steps))
    table.add("ours / InfluxDB alone", *(each / influx_alone_s for each in ours))
    table.notes.append(f"Target: all our services below InfluxDB's own {INFLUX_TARGET_S} s.")
    return table


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--flights", type=int, nargs="+", help="of the steps")
        parser.add_argument("--seconds", type=float, help="a step")
        parser.add_argument("--alone", type=int, help="samples for InfluxDB alone")

        parser.add_argument("--spy", default="", help="a folder for flame graphs of every service (needs py-spy)")

    chosen = options(__doc__, add)
    chosen.flights = chosen.flights or ([20, 60] if chosen.quick else [50, 100, 125, 150, 175, 200])
    chosen.seconds = chosen.seconds or (15.0 if chosen.quick else 40.0)
    chosen.alone = chosen.alone or (3_000_000 if chosen.quick else 15_000_000)
    publish(asyncio.run(measure(chosen)), as_json=chosen.json)


if __name__ == "__main__":
    main()
