"""Flies one leg after the other, and remembers the burns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from simulator.dynamics import Law, Leg, Until
from simulator.earth import FloatArray
from simulator.laws import BaseFirst, Landing, SteadySpeed, Upright
from simulator.motion import Motion, motion_of
from simulator.plans import Return, Touchdown
from simulator.vehicle import Engine, Stage

LONGEST_BURN_S = 600.0
LONGEST_COAST_S = 5400.0

Purpose = Literal["lift", "insertion", "entry", "landing"]


@dataclass(frozen=True, slots=True)
class Burn:
    """One burn: what for, on which engines, and the times of its start and cut-off commands."""

    purpose: Purpose
    engine: Engine
    lit_s: float
    cut_s: float

    @property
    def begins_s(self) -> float:
        """When chamber pressure passes half of what is commanded, upwards."""
        return self.lit_s + 0.5 * self.engine.start_s

    @property
    def ends_s(self) -> float:
        """When chamber pressure passes half of what was commanded, downwards."""
        return self.cut_s + 0.5 * self.engine.stop_s


class Pilot:
    """A vehicle under way.

    Parameters
    ----------
    t_s
        Mission time.
    state
        Shape (7,): position, velocity, mass.
    """

    def __init__(self, t_s: float, state: FloatArray) -> None:
        self.t_s = t_s
        self.state = state
        self.legs: list[Leg] = []
        self.burns: list[Burn] = []

    @property
    def motion(self) -> Motion:
        """Where it is now."""
        return motion_of(self.state)

    def fly(self, leg: Leg, longest_s: float, until: Until | None = None) -> None:
        """Fly a leg from here."""
        flown = leg.fly(self.t_s, self.state, longest_s, until)
        self.legs.append(flown)
        self.t_s, self.state = flown.end_s, flown.last

    def coast(self, leg: Leg, until: Until) -> None:
        """Fly a leg without engines until an event."""
        self.fly(leg, LONGEST_COAST_S, until)

    def burn(self, purpose: Purpose, leg: Leg, until: Until, *, lit_s: float | None = None) -> Leg:
        """Fly a leg with its engines lit, now or since `lit_s`, and return it as it stands at cut-off."""
        if leg.engine is None:
            raise ValueError("a burn needs an engine")
        lit = replace(leg, lit_s=self.t_s if lit_s is None else lit_s)
        self.fly(lit, LONGEST_BURN_S, until)
        self.burns.append(Burn(purpose, leg.engine, lit.lit_s, self.t_s))
        return replace(lit, cut_s=self.t_s)

    def come_down(self, stage: Stage, plan: Return, touchdown: Touchdown) -> None:
        """Coast over the top, brake for the entry, fall through the air and land."""
        glide = BaseFirst(0.0, stage.descent.lift_to_drag)
        # already in the attitude of the burn: where there is no air to trim against, it holds what it likes
        free = Leg("coast", BaseFirst(0.0, plan.entry_raised_tangent), stage.descent)
        self.coast(free, Until(lambda _, m: float(m.vertical_speed_m_s), rising=False))
        self.coast(free, Until(lambda _, m: float(m.altitude_m) - plan.entry_altitude_m, rising=False))
        engine = stage.main.model_copy(update={"count": plan.entry_engines})
        brake = Leg("entry", BaseFirst(plan.entry_power, plan.entry_raised_tangent), stage.descent, engine)
        light_kg = float(self.state[6]) - plan.entry_propellant_kg
        self.fly(
            self.burn("entry", brake, Until(lambda _, m: float(m.mass_kg) - light_kg, rising=False)), engine.stop_s
        )
        entry = Leg("entry", glide, stage.descent)
        self.coast(entry, Until(lambda _, m: float(m.altitude_m) - plan.descent_altitude_m, rising=False))
        self.land(stage, touchdown, glide)

    def land(self, stage: Stage, touchdown: Touchdown, glide: Law) -> None:
        """Fall until the landing burn must start, and fly it to altitude 0."""
        landing = Landing(touchdown.speed_m_s, stage.descent, touchdown.settle_altitude_m)

        def demand(_: float, motion: Motion) -> float:
            full = stage.landing.count * stage.landing.thrust_n(np.asarray(1.0), motion.air.pressure_pa)
            return float(landing.thrust_n(motion) / full) - touchdown.share

        self.coast(Leg("descent", glide, stage.descent), Until(demand, rising=True))
        lit_s = self.t_s
        brake = Leg("landing_burn", landing, stage.descent, stage.landing, lit_s=lit_s)
        settle = Until(lambda _, m: float(m.altitude_m) - touchdown.settle_altitude_m, rising=False)
        self.fly(brake, LONGEST_BURN_S, settle)
        last = Leg("landing_burn", SteadySpeed(-touchdown.speed_m_s), stage.descent, stage.landing)
        water = Until(lambda _, m: float(m.altitude_m), rising=False)
        self.burn("landing", last, water, lit_s=lit_s)

    def wait(self, stage: Stage, until_s: float, lit_s: float) -> None:
        """Stand on the pad, engines lit at `lit_s`, until the clamps open."""
        stand = Leg("pad", Upright(1.0), stage.ascent, stage.main, lit_s=lit_s, held=True)
        self.fly(stand, lit_s - self.t_s)
        self.fly(stand, until_s - self.t_s)

    def float_on(self, stage: Stage, on_deck_s: float, until_s: float) -> None:
        """Lie in the water, the landing engines just cut, then on the recovery ship's deck."""
        power = float(self.legs[-1].forces(np.asarray(self.t_s), self.motion).throttle)
        self.state = np.array([*self.state[:3], 0.0, 0.0, 0.0, self.state[6]])
        afloat = Leg("afloat", Upright(power), stage.descent, stage.landing, cut_s=self.t_s, held=True)
        self.fly(afloat, stage.landing.stop_s)
        idle = Leg("afloat", Upright(0.0), stage.descent, held=True)
        self.fly(idle, on_deck_s - self.t_s)
        self.fly(replace(idle, phase="recovered"), until_s - self.t_s)
