"""A launch into orbit: two stages up on a fixed programme, the first one back to a pad, a ship, or the sea."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import on_pad, towards
from simulator.guidance.pilot import Burn, Pilot
from simulator.mission import BOOSTER, SHIP, Mission
from simulator.physics.dynamics import Leg
from simulator.physics.earth import FloatArray, dot, norm
from simulator.physics.laws import AlongVelocity, LinearTangent, PitchOver, Upright
from simulator.physics.motion import Motion
from simulator.physics.until import Descending, Energetic, OrAt
from simulator.physics.vehicle import Engine, Positive, Share, Stage
from simulator.plans import Record, Return, Touchdown
from simulator.profile import Profile, Ways
from simulator.track import Stretch, Track
from simulator.troubled import crew_of

REST_S: Final = 5.0


class ThrottleDown(Record):
    """Less power around the greatest dynamic pressure: from a time to another."""

    from_s: Positive
    until_s: Positive
    power: Share


class LaunchAscent(Record):
    """The climb, on a programme that is not solved for.

    Parameters
    ----------
    course_deg
        Clockwise from north.
    rise_s, pitch_over_s, lean_deg
        How long it climbs straight up and then turns, and how far from the vertical; a gravity turn follows.
    power
        Of the first stage, outside `throttle_down`.
    throttle_down
        The time of less power.
    meco_s
        The first stage's cut-off command.
    separation_after_s, ses_after_s
        From cut-off command to separation, and from separation to the second stage's start command.
    first_tangent, tangent_rate_1_s
        The second stage's linear-tangent steering.
    semi_major_m
        Of the orbit at whose energy the second stage is cut off.
    """

    course_deg: Annotated[float, Field(ge=0, lt=360)]
    rise_s: Positive
    pitch_over_s: Positive
    lean_deg: Annotated[float, Field(gt=0, lt=20)]
    power: Share = 1.0
    throttle_down: ThrottleDown
    meco_s: Positive
    separation_after_s: Positive
    ses_after_s: Positive
    first_tangent: float
    tangent_rate_1_s: float
    semi_major_m: Annotated[float, Field(gt=6.4e6)]


class Boostback(Record):
    """A burn after separation that turns the first stage's path back.

    Parameters
    ----------
    after_s
        From separation to the start command.
    engines
        Main engines in use.
    back_m_s
        Level speed towards the pad at which it ends.
    """

    after_s: Positive
    engines: Annotated[int, Field(ge=1)]
    back_m_s: Positive


class Launch(Mission):
    """A launch.

    Parameters
    ----------
    payload_kg
        With adapter and fairing, which is carried along.
    booster
        The first stage; `ship` is the second.
    ascent, boostback, booster_return, touchdown
        The flight.
    end_after_seco_s
        How long the second stage's telemetry goes on.
    """

    profile: Literal["launch"]
    payload_kg: Positive
    booster: Stage
    ascent: LaunchAscent
    boostback: Boostback | None = None
    booster_return: Return
    touchdown: Touchdown
    end_after_seco_s: Positive

    def stage(self, vehicle: str) -> Stage:
        """Return what a vehicle is made of."""
        return self.booster if vehicle == BOOSTER else self.ship

    @property
    def upper_kg(self) -> float:
        """Mass of what stands on the first stage."""
        return self.ship.dry_mass_kg + self.ship.propellant_kg + self.payload_kg


@dataclass(frozen=True, slots=True)
class Level:
    """Full power along a level direction, as a booster turns back."""

    towards: FloatArray

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the direction."""
        course = self.towards.reshape(3, *(1,) * (motion.up.ndim - 1)) if self.towards.ndim == 1 else self.towards
        level = course - dot(course, motion.up) * motion.up
        return np.asarray(level / norm(level))

    def throttle(self, t_s: FloatArray, _motion: Motion, _engine: Engine | None) -> FloatArray:
        """Return full power."""
        return np.ones_like(t_s)


@dataclass(frozen=True, slots=True)
class Back:
    """Flies fast enough along a direction."""

    towards: FloatArray
    speed_m_s: float

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the speed beyond it."""
        return np.asarray(dot(self.towards, motion.velocity_m_s) - self.speed_m_s)


def climb_joined(preset: Launch, faults: tuple[AnyFault, ...]) -> Pilot:
    """Fly both stages to their separation."""
    stage, ascent = preset.booster, preset.ascent
    pad_m = preset.pad.place.position_m(preset.pad_altitude_m)[:, np.newaxis]
    mass_kg = np.array([stage.dry_mass_kg + stage.propellant_kg + preset.upper_kg])
    crew = crew_of(faults, preset, BOOSTER, stage.dry_mass_kg + preset.upper_kg)
    pilot = on_pad(pad_m, float(preset.countdown.start_s), mass_kg, wind=preset.wind.blowing, crew=crew)
    lit_s, power, less = preset.countdown.ignition_s, ascent.power, ascent.throttle_down
    pilot.wait(stage, power, 0.0, lit_s)
    leg = Leg("ascent", Upright(power), stage.ascent, stage.main, lit_s=lit_s)
    pilot.fly(leg, ascent.rise_s)
    course = towards(pad_m, np.array([ascent.course_deg]))
    turn = PitchOver(power, ascent.rise_s, ascent.lean_deg / ascent.pitch_over_s, ascent.lean_deg, course)
    pilot.fly(replace(leg, law=turn), ascent.pitch_over_s)
    full, throttled = (replace(leg, law=AlongVelocity(each)) for each in (power, less.power))
    for part, until_s in ((full, less.from_s), (throttled, less.until_s), (full, ascent.meco_s)):
        pilot.fly(part, until_s - pilot.t_s)
    pilot.burns.append(Burn("lift", stage.main, np.array([lit_s]), pilot.t_s))
    pilot.fly(replace(full, cut_s=pilot.t_s), ascent.separation_after_s)
    return pilot


def climb_alone(preset: Launch, joined: Pilot, faults: tuple[AnyFault, ...]) -> Pilot:
    """Fly the second stage into orbit, and on."""
    stage, ascent = preset.ship, preset.ascent
    state = joined.state.copy()
    state[6] = preset.upper_kg
    crew = crew_of(faults, preset, SHIP, stage.dry_mass_kg + preset.payload_kg, joined)
    pilot = crew(joined.t_s, state, wind=joined.wind)
    pilot.fly(Leg("ascent", AlongVelocity(0.0), stage.ascent), ascent.ses_after_s)
    steering = LinearTangent(1.0, pilot.t_s, ascent.first_tangent, ascent.tangent_rate_1_s)
    burn = Leg("ascent", steering, stage.ascent, stage.main)
    pilot.fly(pilot.burn("insertion", burn, Energetic(ascent.semi_major_m)), stage.main.stop_s)
    coast_on(pilot, Leg("coast", AlongVelocity(0.0), stage.ascent), float(pilot.t_s[0]) + preset.end_after_seco_s)
    pilot.check()
    return pilot


def coast_on(pilot: Pilot, leg: Leg, until_s: float) -> None:
    """Fly without engines until a time; a leg ends at the top, if there is one."""
    pilot.fly(leg, until_s - pilot.t_s + 1.0, OrAt(Descending(), until_s))
    pilot.fly(leg, until_s - pilot.t_s)


def come_back(preset: Launch, joined: Pilot, faults: tuple[AnyFault, ...]) -> Pilot:
    """Fly the first stage from separation to its touchdown."""
    stage, plan = preset.booster, preset.boostback
    state = joined.state.copy()
    state[6] -= preset.upper_kg
    pilot = crew_of(faults, preset, BOOSTER, stage.dry_mass_kg, joined)(joined.t_s, state, wind=joined.wind)
    if plan is not None:
        pilot.fly(Leg("ascent", AlongVelocity(0.0), stage.ascent), plan.after_s)
        back = joined.legs[0].ends[1][:3] - pilot.motion.position_m
        back = back - dot(back, pilot.motion.up) * pilot.motion.up
        back = back / norm(back)
        engine = stage.main.model_copy(update={"count": plan.engines})
        burn = Leg("ascent", Level(back), stage.descent, engine)
        pilot.fly(pilot.burn("boostback", burn, Back(back, plan.back_m_s)), engine.stop_s)
    pilot.come_down(stage, preset.booster_return, preset.touchdown)
    pilot.check()
    if not pilot.lost:
        pilot.state = pilot.state.copy()
        pilot.state[3:6] = 0.0
        pilot.fly(Leg("recovered", Upright(0.0), stage.descent, stage.landing, cut_s=pilot.t_s, held=True), REST_S)
    return pilot


def fly(preset: Launch, faults: tuple[AnyFault, ...] = ()) -> Ways:
    """Fly both stages."""
    joined = climb_joined(preset, faults)
    ship, booster = climb_alone(preset, joined, faults), come_back(preset, joined, faults)
    end_s = math.ceil(max(float(ship.t_s[0]), float(booster.t_s[0])))
    if not ship.over:
        coast_on(ship, replace(ship.legs[-1], last=None, path=None), end_s)
    if not booster.lost:
        booster.fly(replace(booster.legs[-1], engine=None), end_s - booster.t_s)
    own_kg, dry_kg = preset.ship.dry_mass_kg + preset.payload_kg, preset.booster.dry_mass_kg
    below = [
        Stretch(leg, attached=True, carried=True, propellant_kg=preset.ship.propellant_kg) for leg in joined.legs_of(0)
    ]
    above = [Stretch(leg, attached=False, carried_kg=own_kg) for leg in ship.legs_of(0)]
    climb = [Stretch(leg, attached=True, carried_kg=dry_kg + preset.upper_kg) for leg in joined.legs_of(0)]
    back = [Stretch(leg, attached=False, carried_kg=dry_kg) for leg in booster.legs_of(0)]
    pad = preset.pad.place
    tracks = {
        SHIP: Track(SHIP, [*below, *above], ship.burns_of(0), pad, lost=ship.over),
        BOOSTER: Track(BOOSTER, [*climb, *back], [*joined.burns_of(0), *booster.burns_of(0)], pad, lost=booster.lost),
    }
    return Ways(tracks, preset.ascent.course_deg, end_s)


PROFILE: Final = Profile(Launch, fly)
