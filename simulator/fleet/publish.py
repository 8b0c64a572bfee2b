"""Flies a fleet over MQTT in one process: every flight begins when the schedule says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runtime.service import Scope, first_of
from runtime.settings import Settings
from simulator.packets import Transmitter
from simulator.publish import Broadcast, Outcome, links_of, publish
from telemetry.cuc import NS_PER_S

PREPARED_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Sortie:
    """A flight to publish.

    Parameters
    ----------
    flight
        Its name.
    transmitter
        Makes it ready when its time comes: what its vehicles send.
    start_ns
        When its telemetry begins, Unix time.
    """

    flight: str
    transmitter: Callable[[], Transmitter]
    start_ns: int


async def publish_fleet(
    settings: Settings,
    sorties: Sequence[Sortie],
    broadcast: Broadcast,
    scope: Scope,
    before: Callable[[str], Awaitable[None]] | None = None,
    prepared_s: float = PREPARED_S,
) -> dict[str, Outcome]:
    """Publish flights, each on its own clock, and wait until the line has confirmed all of them.

    Parameters
    ----------
    settings
        The broker.
    sorties
        The flights; the first to begin does so at once.
    broadcast
        How; its flight's name is replaced by each one's own.
    scope
        Asked to stop, no flight begins any more and those in the air end.
    before
        Awaited with a flight's name before its first message: books its parcels.
    prepared_s
        How long before its time a flight is made ready.

    Returns
    -------
    dict
        By flight; those that did not begin are missing.

    Raises
    ------
    FatalError
        If the broker cannot be reached.
    """
    outcomes: dict[str, Outcome] = {}
    # one at a time encodes its packets: it takes a whole processor, and those in the air need some of it too
    encoding = asyncio.Semaphore(1)
    loop = asyncio.get_running_loop()
    first_ns, began_s = min(sortie.start_ns for sortie in sorties), loop.time() + prepared_s

    async def fly(sortie: Sortie) -> None:
        due_s = began_s + (sortie.start_ns - first_ns) / NS_PER_S / broadcast.speed
        await _until(due_s - prepared_s, scope.stop)
        if scope.stop.is_set():
            return
        own = replace(broadcast, flight=sortie.flight)
        async with encoding:
            transmitter = await asyncio.to_thread(sortie.transmitter)
            links = await asyncio.to_thread(links_of, transmitter, own)
        if before is not None:
            await before(sortie.flight)
        await _until(due_s, scope.stop)
        late_s = loop.time() - due_s
        scope.log.info("flying", flight=sortie.flight, late_s=round(max(late_s, 0.0), 1))
        timeout_s = settings.service.connect_timeout_s
        outcome = await publish(
            settings.mqtt, transmitter, own, scope.stop, scope.log, connect_timeout_s=timeout_s, links=links
        )
        outcomes[sortie.flight] = outcome
        scope.log.info("flown", flight=sortie.flight, messages=outcome.messages, not_confirmed=outcome.left)

    async with asyncio.TaskGroup() as group:
        for sortie in sorties:
            group.create_task(fly(sortie), name=f"fly {sortie.flight}")
    return outcomes


async def _until(at_s: float, stop: asyncio.Event) -> None:
    wait_s = at_s - asyncio.get_running_loop().time()
    if wait_s > 0.0:
        await first_of(asyncio.sleep(wait_s), stop)
