"""Flies n vehicles of one kind, one leg after the other, and remembers the burns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.physics.among import among
from simulator.physics.dynamics import Law, Leg
from simulator.physics.earth import FloatArray
from simulator.physics.laws import BaseFirst, Landing, SteadySpeed, Upright
from simulator.physics.motion import Motion, motion_of
from simulator.physics.until import Below, Descending, Either, Lighter, Needs, Number, Slower, Until
from simulator.physics.vehicle import Engine, Stage
from simulator.physics.wind import Wind
from simulator.plans import Return, Touchdown
from telemetry.errors import FlightError

LONGEST_BURN_S = 900.0
LONGEST_COAST_S = 5400.0
SLOWEST_ENTRY_M_S = 350.0
ROUGH = 30.0

Purpose = Literal["lift", "insertion", "boostback", "entry", "landing"]


@dataclass(frozen=True, slots=True)
class Burn:
    """One burn of n vehicles.

    Parameters
    ----------
    purpose, engine
        What for, and on which engines.
    lit_s, cut_s
        Times of its start and cut-off commands.
    broke_off
        Whether its last engine stopped by itself: that one runs down at once.
    """

    purpose: Purpose
    engine: Engine
    lit_s: Number
    cut_s: Number
    broke_off: bool = False

    @property
    def begins_s(self) -> float:
        """When chamber pressure passes half of what is commanded, upwards; of one flight."""
        return float(self.lit_s) + 0.5 * self.engine.start_s

    @property
    def ends_s(self) -> float:
        """When chamber pressure passes half of what was commanded, downwards; of one flight."""
        return float(self.cut_s) + (0.0 if self.broke_off else 0.5 * self.engine.stop_s)


class Pilot:
    """n vehicles under way, each at its own time.

    Parameters
    ----------
    t_s
        Mission times, shape (n,).
    state
        Shape (7, n): position, velocity, mass.
    keep
        Whether the states between are wanted, and not just the ends.
    wind
        What blows on all the way; none in still air.
    """

    def __init__(self, t_s: FloatArray, state: FloatArray, *, keep: bool = True, wind: Wind | None = None) -> None:
        self.wind = wind
        self.t_s = t_s
        self.state = state
        self.keep = keep
        self.legs: list[Leg] = []
        self.burns: list[Burn] = []
        self.over = False
        self.stuck: NDArray[np.int64] = np.full(t_s.size, -1)

    @property
    def motion(self) -> Motion:
        """Where they are now."""
        return motion_of(self.state, self.wind)

    @property
    def _tolerance(self) -> float:
        """Of the way down: where only its end is wanted, some metres do not matter."""
        return 1.0 if self.keep else ROUGH

    @property
    def lost(self) -> bool:
        """Whether none of them outlives the flight."""
        return False

    @property
    def arrived(self) -> NDArray[np.bool_]:
        """Whether all ends of legs have come so far, shape (n,)."""
        return self.stuck < 0

    def check(self, flight: int = 0) -> None:
        """Raise if a flight waits for something that does not come.

        Raises
        ------
        FlightError
            It says in which leg.
        """
        if not self.arrived[flight]:
            leg = self.legs[self.stuck[flight]].of(flight)
            lasted_s = float(leg.end_s) - float(leg.start_s)
            raise FlightError(f"leg {leg.phase!r} from {leg.start_s:.1f} s did not end in {lasted_s:.0f} s")

    def fly(self, leg: Leg, longest_s: Number, until: Until | None = None) -> None:
        """Fly a leg from here; a flight that is stuck stays where it is."""
        longest = np.where(self.arrived, np.maximum(longest_s, 0.0), 0.0)
        flown, passed = replace(leg, wind=self.wind).fly(self.t_s, self.state, longest, until, keep=self.keep)
        self.legs.append(flown)
        self.t_s, self.state = flown.ends
        if until is not None:
            self.stuck = np.where(self.arrived & ~passed, len(self.legs) - 1, self.stuck)

    def coast(self, leg: Leg, until: Until) -> None:
        """Fly a leg without engines until an event."""
        self.fly(leg, LONGEST_COAST_S, until)

    def burn(self, purpose: Purpose, leg: Leg, until: Until, *, lit_s: Number | None = None) -> Leg:
        """Fly a leg with its engines lit, now or since `lit_s`, and return it as it stands at cut-off."""
        if leg.engine is None:
            raise ValueError("a burn needs an engine")
        lit = replace(leg, lit_s=self.t_s if lit_s is None else lit_s)
        self.fly(lit, LONGEST_BURN_S, until)
        self.burns.append(Burn(purpose, leg.engine, np.broadcast_to(lit.lit_s, self.t_s.shape), self.t_s))
        return replace(lit, cut_s=self.t_s)

    def come_down(self, stage: Stage, plan: Return, touchdown: Touchdown) -> None:
        """Coast over the top, brake for the entry, fall through the air and land."""
        glide = BaseFirst(0.0, stage.descent.lift_to_drag)
        # already in the attitude of the burn: where there is no air to trim against, it holds what it likes
        free = Leg("coast", BaseFirst(0.0, plan.entry_raised_tangent), stage.descent)
        self.coast(free, Descending())
        self.coast(free, Below(plan.entry_altitude_m))
        engine = stage.main.model_copy(update={"count": plan.entry_engines})
        retro = BaseFirst(plan.entry_power, plan.entry_raised_tangent)
        brake = Leg("entry", retro, stage.descent, engine, tolerance=self._tolerance)
        # against hardly any motion it would have no direction to brake in
        light = Either(Lighter(self.state[6] - plan.entry_propellant_kg), Slower(SLOWEST_ENTRY_M_S))
        self.fly(self.burn("entry", brake, light), engine.stop_s)
        self.coast(Leg("entry", glide, stage.descent, tolerance=self._tolerance), Below(plan.descent_altitude_m))
        self.land(stage, touchdown, glide)

    def land(self, stage: Stage, touchdown: Touchdown, glide: Law) -> None:
        """Fall until the landing burn must start, and fly it to altitude 0."""
        landing = Landing(touchdown.speed_m_s, stage.descent, touchdown.settle_altitude_m)
        demand = Needs(landing, stage.landing, touchdown.share)
        rough = self._tolerance
        self.coast(Leg("descent", glide, stage.descent, tolerance=rough), demand)
        lit_s = self.t_s
        brake = Leg("landing_burn", landing, stage.descent, stage.landing, lit_s=lit_s, tolerance=rough)
        self.fly(brake, LONGEST_BURN_S, Below(touchdown.settle_altitude_m))
        steady = SteadySpeed(-touchdown.speed_m_s)
        last = Leg("landing_burn", steady, stage.descent, stage.landing, tolerance=rough)
        self.burn("landing", last, Below(0.0), lit_s=lit_s)

    def wait(self, stage: Stage, power: Number, until_s: float, lit_s: float) -> None:
        """Stand on the pad, engines lit at `lit_s`, until the clamps open."""
        stand = Leg("pad", Upright(power), stage.ascent, stage.main, lit_s=lit_s, held=True)
        self.fly(stand, lit_s - self.t_s)
        self.fly(stand, until_s - self.t_s)

    def float_on(self, stage: Stage, on_deck_s: FloatArray, until_s: FloatArray) -> None:
        """Lie in the water, the landing engines just cut, then on the recovery ship's deck."""
        power = self.legs[-1].forces(self.t_s, self.motion).throttle
        self.state = self.state.copy()
        self.state[3:6] = 0.0
        afloat = Leg("afloat", Upright(power), stage.descent, stage.landing, cut_s=self.t_s, held=True)
        self.fly(afloat, stage.landing.stop_s)
        idle = Leg("afloat", Upright(0.0), stage.descent, held=True)
        self.fly(idle, on_deck_s - self.t_s)
        self.fly(replace(idle, phase="recovered"), until_s - self.t_s)

    def legs_of(self, flight: int) -> tuple[Leg, ...]:
        """Return the legs of one flight, but for those that took it no time."""
        return tuple(leg.of(flight) for leg in self.legs if leg.lasts(flight))

    def burns_of(self, flight: int) -> tuple[Burn, ...]:
        """Return the burns of one flight."""
        return tuple(among(burn, flight) for burn in self.burns)


Crew = Callable[..., Pilot]
"""Makes pilots: takes what `Pilot` takes."""
