"""Latency from generation to InfluxDB, and to event over the detector's own delay, with 20, 100 and 200 flights.

Stations at real time. To InfluxDB: from the generation of a packet on board until a query shows it; the path to the
station and its bundle of 0.2 s are in it. To event: from the earth receive time of the message that completes the
evidence (the same whatever the line's speed: the same recording gives the same events) until the event's record is on
Kafka; the detector's own physical delay is what lies before that, and in the columns that include it.
"""

from __future__ import annotations

import argparse
import asyncio

from bench.bench_line import BEGIN_NS, PHASES_S
from bench.kit import Table, machine, options, publish, say
from bench.lab import open_lab, p50, p99
from bench.load import groups_of

WARM_S = 8.0


async def measure(chosen: argparse.Namespace) -> list[Table]:
    """Run everything."""
    table = Table(
        "(e) Latency, seconds",
        (
            "flights",
            "unique samples/s",
            "lost packets",
            "to InfluxDB p50",
            "p99",
            "to event p50",
            "p99 ",
            "detector's delay included p50",
            "p99  ",
            "events",
            "stored after the last",
            "publisher late p99",
            "keeps up",
        ),
    )
    say("encoding what the stations hear")
    groups = groups_of(len(PHASES_S), BEGIN_NS, chosen.seconds, PHASES_S)
    async with open_lab() as lab:
        # the first flights of a service's life pay for imports and caches
        await lab.fly(groups_of(2, BEGIN_NS, WARM_S, PHASES_S), 4, WARM_S)
        for flights in chosen.flights:
            step = await lab.fly(groups, flights, chosen.seconds)
            say(
                f"{flights} flights: to InfluxDB p99 {p99(step.stored_s):.2f} s, to event p99 {p99(step.event_s):.2f} s"
            )
            table.add(
                flights,
                step.samples / step.seconds,
                step.lost,
                p50(step.stored_s),
                p99(step.stored_s),
                p50(step.event_s),
                p99(step.event_s),
                p50(step.known_s),
                p99(step.known_s),
                len(step.event_s),
                step.drained_s,
                step.load["late_p99_s"],
                "yes" if step.keeps_up else "no",
            )
            if not step.keeps_up:
                table.notes.append(
                    f"{flights} flights are more than this machine takes: a backlog grows while they fly, so their "
                    "latencies grow with the length of the run and say nothing but that."
                )
    table.notes.append(f"{chosen.seconds:.0f} s each, everything on {machine()}.")
    table.notes.append("Target at 100 flights: none lost, p99 to InfluxDB under 2 s, to event under 1 s.")
    return [table]


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--flights", type=int, nargs="+")
        parser.add_argument("--seconds", type=float, help="each")

    chosen = options(__doc__, add)
    chosen.flights = chosen.flights or ([20, 60] if chosen.quick else [20, 100, 200])
    chosen.seconds = chosen.seconds or (15.0 if chosen.quick else 45.0)
    publish(asyncio.run(measure(chosen)), as_json=chosen.json)


if __name__ == "__main__":
    main()
