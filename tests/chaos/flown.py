"""One run of the suite: flights through the whole line while its parts are killed, then the proof."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from chaos.parcels import book_flight
from chaos.part import Say
from chaos.plant import Plant, open_plant, station_part
from chaos.proof import Found, Witness
from chaos.recording import Recording, record_fleet, write_recording
from chaos.schedule import Act, Deed, schedule
from chaos.settled import settle
from chaos.truth import Truth, truth_of
from proxy import Proxy, proxied

from downrange.line import RUN_SERVICE
from downrange.services import SERVICES
from runtime.settings import environment_of

FLIGHTS_A_STATION: Final = 5
BEGIN_AFTER_S: Final = 3.0
SAY_EVERY_S: Final = 15.0
# acts begin when flights have begun and end before the last have landed
FIRST_ACT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; see `chaos.run`."""

    seed: int
    flights: int
    kills: int
    cuts: int
    speed: float
    settle_s: float
    folder: Path


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Parameters
    ----------
    kills, cuts
        How often each part was killed and each way was cut.
    own_ends
        How often a part ended by itself and was started again, with its exit codes.
    exit_codes
        Of the services, asked to stop at the end.
    flights
        What was found of each.
    wrong
        What is wrong with no flight's name to it.
    """

    kills: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    own_ends: dict[str, list[int]] = field(default_factory=dict)
    exit_codes: dict[str, int | None] = field(default_factory=dict)
    flights: list[Found] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return all figures as plain values."""
        figures = {item.name: getattr(self, item.name) for item in fields(self)}
        counted = {"kills": dict(self.kills), "cuts": dict(self.cuts)}
        return {**figures, **counted, "flights": [asdict(found) for found in self.flights], "is_whole": self.is_whole}

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return not self.wrong and not any(found.wrong or found.lost or found.doubled for found in self.flights)


async def fly(plan: Plan, say: Say) -> Outcome:
    """Do one run."""
    outcome = Outcome()
    fleet = list(record_fleet(plan.flights, plan.seed))
    truths = [truth_of(recordings) for recordings in fleet]
    packets, events = sum(len(truth.good) for truth in truths), sum(len(truth.events) for truth in truths)
    say(f"{len(fleet)} flights recorded: {packets:,} different packets, {events} events in an undisturbed run")
    async with AsyncExitStack() as stack:
        plant = await stack.enter_async_context(open_plant(plan.folder, say))
        for truth in truths:
            await book_flight(plant.settings, truth.flight)
        stations = await _stations(plan, plant, fleet, stack, say)
        lasts_s = max(due_s for each in fleet for one in each for due_s, _ in one.messages) / plan.speed
        acts = schedule(plan.seed, list(plant.parts), list(plant.proxies), plan.kills, plan.cuts, lasts_s - FIRST_ACT_S)
        say(f"flights begin; {lasts_s:.0f} s of them")
        watching = asyncio.create_task(_watch(plant, stations, say), name="watch")
        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(_do(act, plant, outcome, say))
        await asyncio.sleep(0)
        outcome.wrong += await _landed(plant, stations, plan.settle_s, say)
        behind = await settle(plant.settings.kafka, plan.settle_s)
        watching.cancel()
        outcome.wrong += [f"{name} is {lag} records behind" for name, lag in behind.items() if lag]
        outcome.own_ends = {name: part.codes for name, part in plant.parts.items() if part.codes}
        say("the line has come to rest; looking at what it has")
        await _prove(plan, plant, fleet, truths, outcome)
        outcome.exit_codes = await plant.stop(list(SERVICES))
    outcome.wrong += [f"{name} ended with {code}" for name, code in outcome.exit_codes.items() if code]
    return outcome


async def _stations(
    plan: Plan, plant: Plant, fleet: Sequence[Sequence[Recording]], stack: AsyncExitStack, say: Say
) -> list[str]:
    """Start the stations, each for a handful of vehicles, with a way to the broker of its own."""
    start_s = time.time() + BEGIN_AFTER_S
    port = plant.settings.mqtt.port
    names = []
    for number, some in enumerate(_handfuls(fleet)):
        by_station: dict[str, list[Path]] = {}
        for recordings in some:
            for each in recordings:
                folder = plan.folder / "recordings"
                folder.mkdir(exist_ok=True)
                by_station.setdefault(each.address.station, []).append(write_recording(folder, each))
        for station, paths in by_station.items():
            name = f"{station}-{number + 1}"
            proxy = await stack.enter_async_context(proxied("127.0.0.1", port))
            plant.proxies[f"{name}-mosquitto"] = proxy
            arguments = [str(plan.folder / "spools"), str(start_s), str(plan.speed), *map(str, paths)]
            plant.start(station_part(plant, name, arguments, proxy.port, say))
            names.append(name)
    return names


def _handfuls(fleet: Sequence[Sequence[Recording]]) -> Iterator[Sequence[Sequence[Recording]]]:
    for first in range(0, len(fleet), FLIGHTS_A_STATION):
        yield fleet[first : first + FLIGHTS_A_STATION]


async def _do(act: Act, plant: Plant, outcome: Outcome, say: Say) -> None:
    """Do one act when its time has come."""
    await asyncio.sleep(FIRST_ACT_S + act.at_s)
    if act.deed is Deed.KILL:
        part = plant.parts[act.target]
        while not await part.kill(act.lasts_s):
            if part.done.is_set():
                return
            await asyncio.sleep(0.1)
        outcome.kills[act.target] += 1
        say(f"kill -9 {act.target}, down for {act.lasts_s:.1f} s")
        return
    say(f"{act.deed.value} {act.target}" + ("" if act.deed is Deed.RESET else f" for {act.lasts_s:.1f} s"))
    outcome.cuts[f"{act.target} {act.deed.value}"] += 1
    await _cut(plant.proxies[act.target], act)


async def _cut(proxy: Proxy, act: Act) -> None:
    if act.deed is Deed.RESET:
        proxy.reset()
    elif act.deed is Deed.HALF_OPEN:
        proxy.go_half_open()
    else:
        proxy.stall()
        await asyncio.sleep(act.lasts_s)
        await proxy.mend()


async def _watch(plant: Plant, stations: Sequence[str], say: Say) -> None:
    while True:
        await asyncio.sleep(SAY_EVERY_S)
        plant.failed()
        landed = sum(plant.parts[name].done.is_set() for name in stations)
        kills = sum(part.kills for part in plant.parts.values())
        say(f"{kills} kills so far; {landed} of {len(stations)} stations have been told that everything is safe")


async def _landed(plant: Plant, stations: Sequence[str], within_s: float, say: Say) -> list[str]:
    """Wait until the stations have been told that everything is safe."""
    try:
        async with asyncio.timeout(within_s):
            for name in stations:
                await plant.parts[name].done.wait()
    except TimeoutError:
        return [
            f"{name} has messages that nobody confirmed" for name in stations if not plant.parts[name].done.is_set()
        ]
    say("every station has been told that everything is safe")
    return []


async def _prove(
    plan: Plan, plant: Plant, fleet: Sequence[Sequence[Recording]], truths: Sequence[Truth], outcome: Outcome
) -> None:
    witness = Witness(plant.settings)
    await witness.read_kafka()
    for truth, recordings in zip(truths, fleet, strict=True):
        found = await witness.examine(truth, recordings)
        code = await _ledger_says(plan, plant, truth.flight)
        if code:
            found.wrong.append(f"`downrange ledger {truth.flight}` exits with {code}")
        outcome.flights.append(found)


async def _ledger_says(plan: Plan, plant: Plant, flight: str) -> int:
    """Return the exit code of `downrange ledger FLIGHT`."""
    log = plan.folder / "logs" / f"ledger-{flight}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            RUN_SERVICE,
            "ledger",
            flight,
            env={**os.environ, **environment_of(plant.settings)},
            stdout=output,
            stderr=output,
        )
        return await process.wait()
