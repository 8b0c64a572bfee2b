"""Flies a vehicle that something goes wrong with to its end, whatever that is."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulator.faults.flight import BREAKS_UP_M_S
from simulator.faults.kinds import AnyFault
from simulator.guidance.pilot import LONGEST_BURN_S, Burn, Crew, Pilot, Purpose
from simulator.mission import Mission
from simulator.physics.dynamics import Law, Leg
from simulator.physics.earth import FloatArray
from simulator.physics.motion import Motion
from simulator.physics.until import Below, Either, Lighter, Number, Pressed, Until
from simulator.physics.vehicle import Stage
from simulator.physics.wind import Wind
from simulator.plans import Touchdown
from simulator.trouble import BURSTS_PA, Trouble, bends

END: Final = Either(Below(0.0), Pressed(BURSTS_PA))
DOWN_M: Final = 0.01
BURST: Final = 0.999
ENOUGH_KG: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Dry:
    """Has no more propellant than the cut-off takes.

    Parameters
    ----------
    leg
        The burn.
    empty_kg
        Mass without propellant.
    """

    leg: Leg
    empty_kg: float

    def value(self, t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return what is missing to it."""
        stop_s = 0.0 if self.leg.engine is None else self.leg.engine.stop_s
        # chamber pressure falls to nothing in this time
        rest_kg = 0.5 * stop_s * self.leg.forces(t_s, motion).mass_flow_kg_s
        return np.asarray(self.empty_kg + rest_kg - motion.mass_kg)


class TroubledPilot(Pilot):
    """One vehicle under way whose guidance does not know what is wrong.

    It flies the legs of the plan as far as they go. Each leg may also end on the water or in air that is too dense for
    the speed, and each burn with a cut-off, with its last engine or with the propellant. What waits for something that
    does not come is lost.

    Parameters
    ----------
    t_s, state, keep, wind
        As of every pilot; of one vehicle.
    trouble
        What goes wrong.
    empty_kg
        Mass of the vehicle without propellant.
    over
        Whether it was lost before it began, as part of another.
    """

    def __init__(
        self,
        t_s: FloatArray,
        state: FloatArray,
        *,
        trouble: Trouble,
        empty_kg: float,
        over: bool = False,
        keep: bool = True,
        wind: Wind | None = None,
    ) -> None:
        super().__init__(t_s, state, keep=keep, wind=wind)
        self.trouble = trouble
        self.empty_kg = empty_kg
        self.over = over
        self.astray = over

    @property
    def lost(self) -> bool:
        """Whether it does not outlive the flight."""
        return self.over and (self.astray or bool(self.motion.speed_m_s[0] > BREAKS_UP_M_S))

    def fly(self, leg: Leg, longest_s: Number, until: Until | None = None) -> None:
        """Fly a leg from here, as far as it goes; nothing if the flight is over."""
        burning = leg.engine is not None and bool(np.isinf(leg.cut_s))
        if leg.held and not burning:
            super().fly(leg, longest_s, until)
            return
        stop_s = float(self.t_s[0]) + max(_of_one(longest_s), 0.0)
        passed = False
        while not (passed or self.over or (burning and self._ended(leg))):
            t_s = float(self.t_s[0])
            leg, change_s = self._as_it_is(leg, t_s, burning=burning)
            # on its clamps it stands in no danger
            danger: Until = Below(-np.inf) if leg.held else END
            ends = danger if until is None else Either(until, danger)
            ends = Either(ends, self._empty(leg, burning=burning))
            flown, ended = replace(leg, wind=self.wind).fly(
                self.t_s, self.state, min(stop_s, change_s) - t_s, ends, keep=self.keep
            )
            self.legs.append(flown)
            self.t_s, self.state = flown.ends
            passed = bool(ended[0])
            motion = self.motion
            self.astray = passed and float(motion.dynamic_pressure_pa[0]) > BURST * BURSTS_PA
            self.over = self.astray or (passed and float(motion.altitude_m[0]) < DOWN_M)
            if passed and not burning and leg.engine is not None and self.state[6, 0] <= self.empty_kg + ENOUGH_KG:
                # the ramp took the last of it
                leg, passed = replace(leg, engine=None), False
            if not passed and self.t_s[0] >= stop_s:
                # it waits in vain, if it waits for something
                self.over = self.astray = until is not None
                break

    def burn(self, purpose: Purpose, leg: Leg, until: Until, *, lit_s: Number | None = None) -> Leg:
        """Fly a leg with its engines lit, if they do light, and return it as it stands at cut-off."""
        if leg.engine is None:
            raise ValueError("a burn needs an engine")
        lit = replace(leg, lit_s=self.t_s if lit_s is None else lit_s)
        self.fly(lit, LONGEST_BURN_S, until)
        begun = np.broadcast_to(lit.lit_s, self.t_s.shape)
        if not begun[0] < self.t_s[0]:
            return replace(lit, lit_s=np.inf, cut_s=self.t_s)
        broke_off = self.trouble.out(leg.engine, float(self.t_s[0])) >= leg.engine.count
        self.burns.append(Burn(purpose, leg.engine, begun, self.t_s, broke_off))
        return replace(lit, cut_s=self.t_s)

    def land(self, stage: Stage, touchdown: Touchdown, glide: Law) -> None:
        """Fall and brake, and fall on if that ends above the water."""
        if self.trouble.touchdown_m_s is not None:
            touchdown = touchdown.model_copy(update={"speed_m_s": self.trouble.touchdown_m_s})
        super().land(stage, touchdown, glide)
        if not self.over and self.burns and self.burns[-1].purpose == "landing":
            self.fly(replace(self.legs[-1], cut_s=self.t_s, last=None, path=None), stage.landing.stop_s)
        self.coast(Leg("descent", glide, stage.descent), Below(0.0))

    def _empty(self, leg: Leg, *, burning: bool) -> Until:
        if leg.engine is None:
            return Below(-np.inf)
        return Dry(leg, self.empty_kg) if burning else Lighter(self.empty_kg)

    def _as_it_is(self, leg: Leg, t_s: float, *, burning: bool) -> tuple[Leg, float]:
        """Return a leg with the engines that are left, and when that changes next."""
        engine = leg.engine
        if engine is None:
            return leg, np.inf
        left = replace(leg, fewer=float(self.trouble.out(engine, t_s)), fewer_from_s=-np.inf)
        return left, self.trouble.next_s(engine, _of_one(leg.lit_s), t_s) if burning else np.inf

    def _ended(self, leg: Leg) -> bool:
        if leg.engine is None or leg.phase in self.trouble.silent:
            return True
        t_s = float(self.t_s[0])
        if self.trouble.out(leg.engine, t_s) >= leg.engine.count or self.trouble.is_cut(_of_one(leg.lit_s), t_s):
            return True
        left = self._as_it_is(leg, t_s, burning=True)[0]
        return bool(Dry(left, self.empty_kg + ENOUGH_KG).value(self.t_s, self.motion)[0] >= 0.0)


def crew_of(
    faults: tuple[AnyFault, ...],
    mission: Mission,
    vehicle: str,
    empty_kg: float,
    joined: Pilot | None = None,
) -> Crew:
    """Return what makes the pilots of a vehicle, with what goes wrong.

    Parameters
    ----------
    faults
        As drawn.
    mission, vehicle
        What flies.
    empty_kg
        Mass of what it drives, without its own propellant.
    joined
        How booster and ship flew until they parted; none before that.

    Raises
    ------
    FlightError
        If the vehicle has no engine of a number.
    """
    if not bends(faults):
        return Pilot
    parting_s, over = (np.inf, False) if joined is None else (float(joined.t_s[0]), joined.over)
    trouble = Trouble.of(faults, mission, vehicle, parting_s)
    return functools.partial(TroubledPilot, trouble=trouble, empty_kg=empty_kg, over=over)


def _of_one(number: Number) -> float:
    return float(np.broadcast_to(number, (1,))[0])
