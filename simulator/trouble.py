"""What goes wrong with the engines of one vehicle, and with its landing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from simulator.faults.flight import EarlyCutoff, EngineOut, HardLanding, NoIgnition
from simulator.faults.kinds import AnyFault
from simulator.mission import BOOSTER, SHIP, Mission
from simulator.physics.vehicle import Engine, Stage
from telemetry.errors import FlightError

BENDING: Final = (EngineOut, EarlyCutoff, NoIgnition, HardLanding)
BURSTS_PA: Final = 300_000.0
"""Dynamic pressure in which a stage breaks up; assumed, and about twice what liquid stages meet by plan."""
PHASES_OF_BURNS: Final = {"insertion": "ascent", "entry": "entry", "landing": "landing_burn"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong with one vehicle.

    Parameters
    ----------
    stage
        The vehicle whose engines they are.
    outages
        Mission times and numbers of the engines that stop. A burn on fewer engines than all leaves out number 1 first.
    cutoffs_s
        When all that run are cut off.
    silent
        Phases in which no engine lights.
    touchdown_m_s
        Speed of the landing; None for the planned one.
    """

    stage: Stage
    outages: tuple[tuple[float, int], ...] = ()
    cutoffs_s: tuple[float, ...] = ()
    silent: frozenset[str] = frozenset()
    touchdown_m_s: float | None = None

    @classmethod
    def of(cls, faults: Iterable[AnyFault], mission: Mission, vehicle: str, parting_s: float = math.inf) -> Self:
        """Return what faults do to a vehicle.

        Parameters
        ----------
        faults
            As drawn. One that names no vehicle is of the stage that lifts until they part, and of the ship afterwards.
        mission
            Says the vehicles.
        vehicle
            Whose trouble it is.
        parting_s
            When booster and ship part, as far as that is known.

        Raises
        ------
        FlightError
            If the vehicle has no engine of a number.
        """
        stage = mission.stage(vehicle)
        stacked = is_stacked(mission)
        own = [each for each in faults if hits(each, vehicle, parting_s, stacked=stacked)]
        silent = {PHASES_OF_BURNS[each.burn] for each in own if isinstance(each, NoIgnition) and each.burn != "lift"}
        if vehicle != SHIP or not stacked:
            silent.discard(PHASES_OF_BURNS["insertion"])
        outages = {(each.start_s, _number(each, stage, vehicle)) for each in own if isinstance(each, EngineOut)}
        hard = [each.speed_m_s for each in own if isinstance(each, HardLanding)]
        return cls(
            stage,
            tuple(sorted(outages)),
            tuple(sorted(each.start_s for each in own if isinstance(each, EarlyCutoff))),
            frozenset(silent),
            max(hard, default=None),
        )

    def out(self, engine: Engine, t_s: float) -> int:
        """Return how many of the engines of a burn stand still at a mission time."""
        return len({number for at_s, number in self.outages if at_s <= t_s and self._in_use(engine, number)})

    def next_s(self, engine: Engine, lit_s: float, t_s: float) -> float:
        """Return when something changes next in a burn; infinity if nothing does."""
        changes = [at_s for at_s, number in self.outages if at_s > t_s and self._in_use(engine, number)]
        return min([*changes, *(at_s for at_s in self.cutoffs_s if at_s > t_s and at_s >= lit_s)], default=math.inf)

    def is_cut(self, lit_s: float, t_s: float) -> bool:
        """Whether a burn has been cut off."""
        return any(lit_s <= at_s <= t_s for at_s in self.cutoffs_s)

    def _in_use(self, engine: Engine, number: int) -> bool:
        main = self.stage.main
        # a landing engine of its own is none of the main ones
        return engine.thrust_vacuum_n == main.thrust_vacuum_n and number > main.count - engine.count


def bends(faults: Iterable[AnyFault]) -> bool:
    """Whether faults change the way of a vehicle after liftoff."""
    return any(isinstance(each, BENDING) for each in faults)


def is_stacked(mission: Mission) -> bool:
    """Whether a booster lifts the ship."""
    return mission.stage(BOOSTER) is not mission.ship


def hits(fault: AnyFault, vehicle: str, parting_s: float, *, stacked: bool) -> bool:
    """Return whether a fault is of a vehicle; see `Trouble.of`."""
    if fault.vehicle is not None or not stacked:
        return fault.concerns(vehicle)
    early = fault.start_s < parting_s and not isinstance(fault, NoIgnition)
    return vehicle == (BOOSTER if early else SHIP)


def _number(fault: EngineOut, stage: Stage, vehicle: str) -> int:
    if fault.engine > stage.main.count:
        raise FlightError(f"engine_out: engine={fault.engine}: {vehicle} has engines 1 to {stage.main.count}")
    return fault.engine
