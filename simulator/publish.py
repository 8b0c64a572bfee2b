"""Flies a simulated flight over MQTT: every station of every vehicle publishes what it hears, on the flight clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from runtime.service import first_of
from runtime.settings import MqttSettings
from runtime.spool import open_disk_spool
from runtime.uplink import Uplink, open_uplink
from simulator.packets import Transmitter
from simulator.radio.downlink import Link, Tick, bundle_s, make_links, ticks
from simulator.radio.stations import load_stations
from telemetry.cuc import NS_PER_S
from telemetry.errors import TransientError
from telemetry.topics import LIVE_RUN, Address

STOPPED_CONFIRM_S: Final = 10.0


# one of telemetry, all packet types in it, and a heartbeat
MESSAGES_A_BUNDLE: Final = 2
MOST_BEHIND_S: Final = 3.0
STEP_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """How a flight is published.

    Parameters
    ----------
    flight
        Its name in the topics.
    speed
        Flight seconds a second; infinity for as fast as it goes.
    spool_dir
        Where the stations keep what the line has not confirmed.
    run
        `live`, or a name for a rehearsal.
    confirm_within_s
        How long it waits after the last packet until everything is confirmed end to end.
    spool_octets
        Most that one station keeps of one vehicle.
    """

    flight: str
    speed: float
    spool_dir: Path
    run: str = LIVE_RUN
    confirm_within_s: float = 60.0
    spool_octets: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a broadcast.

    Parameters
    ----------
    messages
        Handed to the stations.
    settled, resent, refused
        Confirmed by the line, sent more than once, and refused in part, over all stations.
    left
        Not confirmed in time; they are in the spool and go out when the same flight is published again.
    completed
        Whether the flight was published to its end.
    """

    messages: int
    settled: int
    resent: int
    refused: int
    left: int
    completed: bool


def links_of(transmitter: Transmitter, broadcast: Broadcast) -> tuple[Link, ...]:
    """Encode everything that the stations of a flight hear: a second of work."""
    stations = load_stations(transmitter.flight.preset.stations)
    return make_links(transmitter, stations, broadcast.run, broadcast.flight)


async def publish(
    settings: MqttSettings,
    transmitter: Transmitter,
    broadcast: Broadcast,
    stop: asyncio.Event,
    log: FilteringBoundLogger,
    *,
    connect_timeout_s: float = 60.0,
    on_tick: Callable[[int], None] | None = None,
    links: tuple[Link, ...] | None = None,
) -> Outcome:
    """Publish a flight and wait until the line has confirmed all of it.

    Parameters
    ----------
    settings
        The broker.
    transmitter
        What is sent.
    broadcast
        How.
    stop
        Set to end early: nothing more is published, what was is still waited for.
    log
        Where it says what is not confirmed.
    connect_timeout_s
        For the first connection.
    on_tick
        Called with the flight clock, Unix ns, whenever something has gone out.
    links
        From `links_of`, if they were made before.

    Raises
    ------
    FatalError
        If the broker cannot be reached.
    """
    if links is None:
        links = await asyncio.to_thread(links_of, transmitter, broadcast)
    async with _uplinks(settings, links, broadcast, log, connect_timeout_s) as uplinks:
        messages, completed = 0, False
        step = _Step(tuple(uplinks.values()), broadcast.speed)
        flown = _paced(
            ticks(transmitter, links, bundle_s(broadcast.speed)), transmitter.start_ns, broadcast.speed, stop
        )
        async for tick in flown:
            await first_of(step.kept(), stop)
            await first_of(_send(uplinks, tick), stop)
            messages += len(tick.messages)
            if on_tick is not None:
                on_tick(tick.t_ns)
            completed = tick.t_ns > transmitter.start_ns + transmitter.duration_ns
        for uplink in uplinks.values():
            uplink.cut_off(cut=False)
        patience_s = min(broadcast.confirm_within_s, STOPPED_CONFIRM_S) if stop.is_set() else broadcast.confirm_within_s
        left = await _confirmed(tuple(uplinks.values()), patience_s, log)
        tallies = [uplink.tally for uplink in uplinks.values()]
    return Outcome(
        messages,
        sum(tally.settled for tally in tallies),
        sum(tally.resent for tally in tallies),
        sum(tally.refused for tally in tallies),
        left,
        completed,
    )


async def _send(uplinks: Mapping[Address, Uplink], tick: Tick) -> None:
    for address, uplink in uplinks.items():
        uplink.cut_off(cut=address in tick.cut_off)
    for message in tick.messages:
        await uplinks[message.address].send(message)


class _Step:
    """Keeps the stations of an accelerated flight in step, as far as the line goes along.

    At 25 times real time, a station whose connection is held up for 0.2 s of wall clock falls 5 s of flight behind the
    others: detection would report a loss of signal that no real station had. So nothing is sent while a station has
    more than `MOST_BEHIND_S` of flight unconfirmed; where the line does not go on, stations do not wait for it either.
    """

    def __init__(self, uplinks: tuple[Uplink, ...], speed: float) -> None:
        self._uplinks = uplinks
        self._waits = speed > 1
        self._goes_on = True
        self._most = round(MESSAGES_A_BUNDLE * MOST_BEHIND_S / bundle_s(speed))

    async def kept(self) -> None:
        """Wait until every station has caught up."""
        behind = [uplink for uplink in self._uplinks if len(uplink) > self._most and not uplink.is_cut_off]
        if behind and self._waits and self._goes_on:
            try:
                async with asyncio.timeout(STEP_WITHIN_S):
                    for uplink in behind:
                        await uplink.at_most(self._most)
            except TimeoutError:
                self._goes_on = False
        elif not behind:
            self._goes_on = True


async def _paced(flown: Iterator[Tick], start_ns: int, speed: float, stop: asyncio.Event) -> AsyncIterator[Tick]:
    """Yield each tick when the flight clock reaches it, until `stop` is set; late ticks come at once."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for tick in flown:
        due_s = began_s + (tick.t_ns - start_ns) / NS_PER_S / speed
        await first_of(asyncio.sleep(max(due_s - loop.time(), 0.0)), stop)
        if stop.is_set():
            return
        yield tick


@asynccontextmanager
async def _uplinks(
    settings: MqttSettings,
    links: tuple[Link, ...],
    broadcast: Broadcast,
    log: FilteringBoundLogger,
    connect_timeout_s: float,
) -> AsyncIterator[dict[Address, Uplink]]:
    async with AsyncExitStack() as stack:
        opened: dict[Address, Uplink] = {}
        for link in links:
            spool = open_disk_spool(broadcast.spool_dir, link.address, broadcast.spool_octets)
            store = stack.enter_context(spool)
            uplink = open_uplink(settings, link.address, store, log, connect_timeout_s=connect_timeout_s)
            opened[link.address] = await stack.enter_async_context(uplink)
        yield opened


async def _confirmed(uplinks: tuple[Uplink, ...], within_s: float, log: FilteringBoundLogger) -> int:
    """Wait until every uplink is settled; returns how many messages are not in time, after saying so."""
    waits = await asyncio.gather(*(uplink.drained(within_s) for uplink in uplinks), return_exceptions=True)
    for wait in waits:
        if isinstance(wait, TransientError):
            log.error("the line has not confirmed everything", error=str(wait), kept="in the spool")
        elif isinstance(wait, BaseException):
            raise wait
    return sum(len(uplink) for uplink in uplinks)
