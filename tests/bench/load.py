"""Flights over MQTT in real time, as cheap as can be: `python -m bench.load PLAN.pickle`, a process of its own.

Everything is encoded beforehand. Flights of a group say the same under different names; groups are at different places
of the flight, and their messages fall between one another's.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from bench.firehose import open_firehose, properties_of, publication, sized

from simulator.radio.downlink import FINEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.message import SPACE_PACKETS, Message
from telemetry.topics import Kind

CONNECTIONS = 8
BETWEEN_GROUPS_S = 0.02


@dataclass(slots=True)
class Group:
    """What each flight of a group says: messages, when they are due after `begin_ns`, and what there is in them."""

    begin_ns: int
    messages: list[Message]
    due_s: list[float]
    unique: dict[tuple[str, str], int] = field(default_factory=dict)
    samples: int = 0


@dataclass(slots=True)
class Plan:
    """What to fly.

    Parameters
    ----------
    url
        The broker.
    run
        Of the messages.
    groups
        What is said; flight number `n` says what group `n % len(groups)` says.
    flights
        How many.
    begin_s
        Wall clock of the first message, Unix time.
    speed
        Flight seconds a second.
    seconds
        Of wall clock.
    """

    url: str
    run: str
    groups: list[Group]
    flights: int
    begin_s: float
    seconds: float
    speed: float = 1.0

    def expected(self) -> dict[str, int]:
        """Return how many packets of each type were made and heard, over all flights and vehicles."""
        found: dict[str, int] = {}
        for number in range(self.flights):
            for (_, packet), count in self.groups[number % len(self.groups)].unique.items():
                found[packet] = found.get(packet, 0) + count
        return found

    def samples(self) -> int:
        """Return how many unique channel samples that makes."""
        return sum(self.groups[number % len(self.groups)].samples for number in range(self.flights))


def group(preset: str, seed: int, begin_ns: int, from_s: float, seconds: float, offset_s: float) -> Group:
    """Encode what the stations hear of a flight between two mission times, so that the first is at `begin_ns`."""
    t0_ns = begin_ns - round((from_s - offset_s) * NS_PER_S)
    sent = simulate(preset, seed, t0_ns)
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    first, last = begin_ns, begin_ns + round(seconds * NS_PER_S)
    made = Group(begin_ns, [], [])
    codec = PacketCodec(sent.dictionary)
    seen: dict[tuple[str, str], set[int]] = {}
    for tick in ticks(sent, links, FINEST_BUNDLE_S):
        if not first < tick.t_ns <= last:
            continue
        for message in in_line([tick]):
            made.messages.append(message)
            made.due_s.append((tick.t_ns - first) / NS_PER_S)
            if message.kind is Kind.TELEMETRY:
                for frame in codec.inspect(message.payload, message.address.vehicle, "", message.ert_ns).frames:
                    seen.setdefault((message.address.vehicle, frame.packet), set()).update(frame.t_ns.tolist())
    for (vehicle, packet), times in seen.items():
        made.unique[vehicle, packet] = len(times)
        made.samples += len(times) * len(sent.dictionary.packets[packet].quantities)
    return made


def groups_of(n: int, begin_ns: int, seconds: float, phases_s: list[float], preset: str = "express") -> list[Group]:
    """Return groups at different places of a flight."""
    return [
        group(preset, 7 + at, begin_ns, phases_s[at % len(phases_s)], seconds, at * BETWEEN_GROUPS_S) for at in range(n)
    ]


async def fly(plan: Plan) -> dict[str, float]:
    """Publish a plan; returns what it took."""
    hoses = [await open_firehose(plan.url, f"load-{plan.run}-{at}") for at in range(CONNECTIONS)]
    order = sorted((due, at, number) for at, each in enumerate(plan.groups) for number, due in enumerate(each.due_s))
    flights: list[list[int]] = [list(range(at, plan.flights, len(plan.groups))) for at in range(len(plan.groups))]
    topics: dict[tuple[int, int, str, str, Kind], bytes] = {}
    messages, octets, latest, correlation = 0, 0, 0.0, 0
    late: list[float] = []
    for due, at, number in order:
        message = plan.groups[at].messages[number]
        wait_s = plan.begin_s + due / plan.speed - time.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        late.append(-min(wait_s, 0.0))
        stamps = [("ert_ns", str(message.ert_ns)), ("sent_ns", str(time.time_ns()))]
        if message.kind is Kind.TELEMETRY:
            stamps.append(("dictionary", message.dictionary))
        vehicle, station = message.address.vehicle, message.address.station
        for flight in flights[at]:
            key = (at, flight, vehicle, station, message.kind)
            topic = topics.get(key)
            if topic is None:
                name = f"downrange/v1/{plan.run}/F{flight}/{vehicle}/{station}/{message.kind.value}"
                topic = topics[key] = sized(name.encode())
            correlation += 1
            told = properties_of(message.content_type or SPACE_PACKETS, stamps, correlation.to_bytes(16))
            hose = hoses[flight % CONNECTIONS]
            await hose.write(publication(topic, hose.next_id(), told, message.payload))
            messages += 1
            octets += len(message.payload)
    for hose in hoses:
        await hose.close()
    latest = float(np.quantile(late, 0.99)) if late else 0.0
    return {"messages": messages, "octets": octets, "late_p99_s": latest, "cpu_s": time.process_time()}


def main() -> None:
    """Fly the plan of a file."""
    plan = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 -- our own file
    print(json.dumps(asyncio.run(fly(plan))))


if __name__ == "__main__":
    main()
