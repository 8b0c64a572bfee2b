"""Memory of each service over 12 hours of a fleet, flown faster: what flights leave behind must not grow.

`--picture FILE.png` draws it. A rate of liftoffs an hour gives how many are in the air at once; each flight has a name
of its own, and its telemetry is that of the express flight. Services are those of `make demo`, on real servers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pickle
import sys
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
from bench.bench_line import BEGIN_NS
from bench.kit import Table, machine, options, publish, say
from bench.lab import SERVICES, Lab, open_lab
from bench.load import Group, Plan, group

EVERY_S = 5.0
FLIGHT_S = 2100.0
START_S = -40.0


def fleet(whole: Group, rate_per_h: float, hours: float) -> tuple[list[Group], int]:
    """Return one group a flight: the same messages, each departure later by its interval, under one clock."""
    interval_s = 3600 / rate_per_h
    departures = int(hours * rate_per_h)
    return [
        Group(
            whole.begin_ns, whole.messages, [due + at * interval_s for due in whole.due_s], whole.unique, whole.samples
        )
        for at in range(departures)
    ], departures


async def watch(lab: Lab, began_s: float, found: list[dict[str, float]]) -> None:
    """Note what every process holds, again and again."""
    while True:
        found.append({"at_s": time.monotonic() - began_s, **lab.memory()})
        await asyncio.sleep(EVERY_S)


async def measure(chosen: argparse.Namespace) -> list[Table]:
    """Run everything."""
    say("encoding a flight")
    whole = group("express", 7, BEGIN_NS, START_S, FLIGHT_S, 0.0)
    groups, flights = fleet(whole, chosen.rate, chosen.hours)
    speed = chosen.hours * 3600 / (chosen.minutes * 60)
    found: list[dict[str, float]] = []
    async with open_lab() as lab:
        run, path = f"bench-{uuid4().hex[:8]}", lab.folder / "plan.pickle"
        plan = Plan(lab.addresses.mqtt_url, run, groups, flights, time.time() + 5, chosen.hours * 3600, speed)
        path.write_bytes(pickle.dumps(plan))
        say(f"{flights} flights in {chosen.hours:g} h at {speed:.0f} times real time")
        began_s = time.monotonic()
        watching = asyncio.create_task(watch(lab, began_s, found))
        load = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", str(path), stdout=asyncio.subprocess.PIPE
        )
        told, _ = await load.communicate()
        say(f"published: {json.loads(told)}")
        wanted, last, since_s = sum(plan.expected().values()), -1, time.monotonic()
        while last < wanted and time.monotonic() - since_s < 30:
            stored = sum((await lab.stored(run)).values())
            if stored != last:
                last, since_s = stored, time.monotonic()
            await asyncio.sleep(2)
        watching.cancel()
    if chosen.picture:
        draw(found, chosen.picture, chosen.hours, flights)
    return [table_of(found, flights, chosen.hours, wanted - last)]


def table_of(found: list[dict[str, float]], flights: int, hours: float, lost: int) -> Table:
    """Return what each held, and how fast it grew in the second half."""
    table = Table(
        f"Memory over {hours:g} h of a fleet of {flights} flights",
        ("process", "start MB", "half way MB", "end MB", "peak MB", "growth in the second half, MB/h of flight time"),
    )
    half = found[len(found) // 2 :]
    for name in (*SERVICES, "mosquitto", "kafka", "influxdb"):
        values = [each[name] for each in half]
        at_s = np.array([each["at_s"] for each in half])
        whole_s = found[-1]["at_s"]
        slope = float(np.polyfit(at_s / whole_s * hours, values, 1)[0]) if len(half) > 2 else float("nan")
        table.add(name, found[0][name], values[0], values[-1], max(each[name] for each in found), slope)
    table.notes.append(f"{lost} packets lost; {machine()}")
    return table


def draw(found: list[dict[str, float]], picture: Path, hours: float, flights: int) -> None:
    """Draw memory over flight time."""
    import matplotlib as mpl  # noqa: PLC0415 -- only for the picture

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 -- as above

    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    at_h = [each["at_s"] / found[-1]["at_s"] * hours for each in found]
    for name in SERVICES:
        axes.plot(at_h, [each[name] for each in found], label=name)
    axes.set(
        xlabel="flight time, h",
        ylabel="resident memory, MB",
        ylim=(0, None),
        title=f"Memory of each service: {flights} flights in {hours:g} h, compressed in time",
    )
    axes.axhline(150, color="grey", linestyle=":", linewidth=1)
    axes.grid(alpha=0.3)
    axes.legend(ncols=5)
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, default=12.0)
        parser.add_argument("--rate", type=float, default=5.0, help="liftoffs an hour")
        parser.add_argument("--minutes", type=float, help="of wall clock")
        parser.add_argument("--picture", type=Path)

    chosen = options(__doc__, add)
    chosen.minutes = chosen.minutes or (2.0 if chosen.quick else 12.0)
    if chosen.quick:
        chosen.hours = min(chosen.hours, 2.0)
    publish(asyncio.run(measure(chosen)), as_json=chosen.json)


if __name__ == "__main__":
    main()
