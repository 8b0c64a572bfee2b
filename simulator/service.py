"""A simulated flight as a job with a service's life: signals, health, exit codes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from runtime.registry import registry_of
from runtime.service import Run, Scope
from runtime.settings import Settings
from simulator.faults import AnyFault
from simulator.publish import Broadcast, Outcome, publish
from simulator.simulate import simulate, write_flight
from telemetry.errors import TransientError


@dataclass(frozen=True, slots=True)
class Mission:
    """Which flight is simulated.

    Parameters
    ----------
    preset
        Name of a built-in preset, or a file.
    seed
        Of everything that is left to chance.
    t0_ns
        Unix time of liftoff by the plan.
    truth_dir
        Where `truth.json` goes, before the first message does.
    faults
        What may go wrong besides the preset's own.
    """

    preset: str | Path
    seed: int
    t0_ns: int
    truth_dir: Path | None = None
    faults: tuple[AnyFault, ...] = ()


async def fly(settings: Settings, mission: Mission, broadcast: Broadcast, scope: Scope) -> Outcome:
    """Simulate a flight and publish it; see `simulator.publish.publish`.

    Raises
    ------
    FatalError
        If the preset cannot be flown, or the broker cannot be reached.
    """
    scope.health.starting("simulation")
    registry = registry_of(settings.service)
    transmitter = await asyncio.to_thread(
        simulate, mission.preset, mission.seed, mission.t0_ns, registry, mission.faults
    )
    if mission.truth_dir is not None:
        await asyncio.to_thread(write_flight, transmitter, broadcast.flight, mission.truth_dir, packets=False)
    scope.health.well("simulation")
    scope.log.info(
        "flying", flight=broadcast.flight, preset=str(mission.preset), seed=mission.seed, speed=broadcast.speed
    )
    timeout_s = settings.service.connect_timeout_s
    outcome = await publish(settings.mqtt, transmitter, broadcast, scope.stop, scope.log, connect_timeout_s=timeout_s)
    scope.log.info(
        "flown" if outcome.completed else "stopped",
        messages=outcome.messages,
        confirmed=outcome.settled,
        sent_again=outcome.resent,
        refused=outcome.refused,
        not_confirmed=outcome.left,
    )
    return outcome


def flight_job(mission: Mission, broadcast: Broadcast) -> Run:
    """Return the job for `runtime.service.main`; it fails when the line did not confirm everything."""

    async def run(settings: Settings, scope: Scope) -> None:
        outcome = await fly(settings, mission, broadcast, scope)
        if outcome.left:
            raise TransientError(
                f"{outcome.left} messages are not confirmed; fly {broadcast.flight} again to send them"
            )

    return run
