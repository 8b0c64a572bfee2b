"""A sounding rocket: off a rail, up on a solid motor, over the top and down on a parachute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import on_pad, towards
from simulator.guidance.pilot import Burn
from simulator.mission import SHIP, Mission
from simulator.physics.dynamics import Leg
from simulator.physics.earth import RAD_PER_DEG, FloatArray
from simulator.physics.elementary import sin
from simulator.physics.laws import AlongVelocity, BaseFirst, PitchOver, Upright
from simulator.physics.motion import Motion
from simulator.physics.until import Below, Descending
from simulator.physics.vehicle import Aero, Positive
from simulator.plans import Record
from simulator.profile import Profile, Ways
from simulator.track import Stretch, Track
from simulator.troubled import crew_of

BEFORE: Final = -1e9


class Rail(Record):
    """What leads the rocket until it is fast enough to fly: length, elevation and course, clockwise from north."""

    length_m: Positive
    elevation_deg: Annotated[float, Field(gt=45, lt=90)]
    course_deg: Annotated[float, Field(ge=0, lt=360)]


class Step(Record):
    """Part of the motor's burn: share of the full thrust until a time after ignition."""

    until_s: Positive
    power: Annotated[float, Field(gt=0, le=1)]


class Parachute(Record):
    """Opens below an altitude; drag of the whole under it."""

    altitude_m: Positive
    aero: Aero


class Sounding(Mission):
    """A sounding rocket.

    Parameters
    ----------
    payload_kg
        Not part of the stage's dry mass.
    rail, burn, parachute
        Its flight.
    end_after_touchdown_s
        How long telemetry goes on.
    """

    profile: Literal["sounding"]
    payload_kg: Annotated[float, Field(ge=0)]
    rail: Rail
    burn: Annotated[tuple[Step, ...], Field(min_length=1)]
    parachute: Parachute
    end_after_touchdown_s: Positive


@dataclass(frozen=True, slots=True)
class OffRail:
    """Climbs to where the rail ends."""

    altitude_m: float

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the height beyond it."""
        return np.asarray(motion.altitude_m - self.altitude_m)


def fly(preset: Sounding, faults: tuple[AnyFault, ...] = ()) -> Ways:
    """Fly it from the pad to the ground, and lie there."""
    stage, rail = preset.ship, preset.rail
    pad_m = preset.pad.place.position_m(preset.pad_altitude_m)[:, np.newaxis]
    mass_kg = np.array([stage.dry_mass_kg + stage.propellant_kg + preset.payload_kg])
    others_kg = stage.dry_mass_kg + preset.payload_kg
    crew = crew_of(faults, preset, SHIP, others_kg)
    pilot = on_pad(pad_m, float(preset.countdown.start_s), mass_kg, wind=preset.wind.blowing, crew=crew)
    lit_s = preset.countdown.ignition_s
    pilot.wait(stage, 1.0, 0.0, lit_s)
    course = towards(pad_m, np.array([rail.course_deg]))
    slide = PitchOver(1.0, BEFORE, 1.0, 90.0 - rail.elevation_deg, course)
    rise_m = rail.length_m * float(sin(rail.elevation_deg * RAD_PER_DEG))
    end = OffRail(preset.pad_altitude_m + rise_m)
    pilot.fly(Leg("ascent", slide, stage.ascent, stage.main, lit_s=lit_s), preset.burn[0].until_s, end)
    for step in preset.burn:
        leg = Leg("ascent", AlongVelocity(step.power), stage.ascent, stage.main, lit_s=lit_s)
        pilot.fly(leg, lit_s + step.until_s - pilot.t_s)
    cut_s = pilot.t_s
    pilot.burns.append(Burn("lift", stage.main, np.full_like(cut_s, lit_s), cut_s))
    tail = Leg("ascent", AlongVelocity(preset.burn[-1].power), stage.ascent, stage.main, lit_s=lit_s, cut_s=cut_s)
    pilot.fly(tail, stage.main.stop_s)
    pilot.coast(Leg("coast", AlongVelocity(0.0), stage.ascent), Descending())
    falling = BaseFirst(0.0)
    pilot.coast(Leg("descent", falling, stage.descent), Below(preset.parachute.altitude_m))
    pilot.coast(Leg("descent", Upright(0.0), preset.parachute.aero), Below(preset.pad_altitude_m))
    pilot.check()
    end_s = math.ceil(float(pilot.t_s[0]) + preset.end_after_touchdown_s)
    if not pilot.lost:
        pilot.state = pilot.state.copy()
        pilot.state[3:6] = 0.0
        pilot.fly(Leg("recovered", Upright(0.0), stage.descent, held=True), end_s - pilot.t_s)
    stretches = [Stretch(leg, attached=False, carried_kg=others_kg) for leg in pilot.legs_of(0)]
    track = Track(SHIP, stretches, pilot.burns_of(0), preset.pad.place, lost=pilot.lost)
    return Ways({SHIP: track}, rail.course_deg, end_s)


PROFILE: Final = Profile(Sounding, fly)
