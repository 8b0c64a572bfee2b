"""Ways up: both stages of n express flights, and the hop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from simulator.guidance.pilot import LONGEST_BURN_S, Crew, Pilot
from simulator.physics.atmosphere import air_at
from simulator.physics.dynamics import Leg
from simulator.physics.earth import RAD_PER_DEG, FloatArray, east_north
from simulator.physics.elementary import sin_cos
from simulator.physics.laws import AlongVelocity, LinearTangent, PitchOver, SteadySpeed, Upright
from simulator.physics.until import Carried, Descending, Lighter
from simulator.physics.wind import Wind
from simulator.preset import Express, Hop

COARSE, FINE = 1.0, 0.01
"""A gravity turn makes a small error of its first direction large, and a flat arc that of a speed."""


@dataclass(frozen=True, slots=True)
class Missions:
    """From where to where n vehicles of one kind go, and with what load: shapes (3, n) and (n,)."""

    pad_m: FloatArray
    target_m: FloatArray
    cargo_kg: FloatArray

    @classmethod
    def of(cls, presets: list[Express]) -> Self:
        """Return those of presets."""
        return cls(
            np.stack([each.pad.place.position_m(each.pad_altitude_m) for each in presets], axis=1),
            np.stack([each.target.place.position_m() for each in presets], axis=1),
            np.array([each.handling.mass_kg for each in presets]),
        )


@dataclass(frozen=True, slots=True)
class Programme:
    """What guidance chooses of n flights, shape (n,).

    Parameters
    ----------
    course_deg
        Course of the turn, clockwise from north at the pad; at a pole from 0 E.
    lean_deg
        Angle from the vertical at the end of the pitch-over; the gravity turn does the rest.
    booster_kg, ship_kg
        Propellant in the tanks. Each stage burns all but what its return needs: the load decides how far it goes.
    tangent
        Of the ship's first pitch above the horizon.
    """

    course_deg: FloatArray
    lean_deg: FloatArray
    booster_kg: FloatArray
    ship_kg: FloatArray
    tangent: FloatArray

    def changed(self, steps: FloatArray, bounds: tuple[tuple[float, float], ...]) -> Self:
        """Return it with steps of course, ship's load and tangent, shape (3, n), within bounds."""
        values = (self.course_deg, self.ship_kg, self.tangent)
        course, load, tangent = (
            np.minimum(np.maximum(value + step, low), high)
            for value, step, (low, high) in zip(values, steps, bounds, strict=True)
        )
        return replace(self, course_deg=course, ship_kg=load, tangent=tangent)


def towards(position_m: FloatArray, course_deg: FloatArray) -> FloatArray:
    """Return the level unit vectors on courses, shape (3, n)."""
    east, north = east_north(position_m)
    sine, cosine = sin_cos(course_deg * RAD_PER_DEG)
    return np.asarray(sine * east + cosine * north)


def on_pad(
    position_m: FloatArray,
    start_s: float,
    mass_kg: FloatArray,
    *,
    keep: bool = True,
    wind: Wind | None = None,
    crew: Crew = Pilot,
) -> Pilot:
    """Return pilots who stand on their pads."""
    state = np.zeros((7, mass_kg.size))
    state[0:3], state[6] = position_m, mass_kg
    return crew(np.full(mass_kg.size, start_s), state, keep=keep, wind=wind)


def upper_mass_kg(preset: Express, missions: Missions, programme: Programme) -> FloatArray:
    """Mass of the ship as it stands on the booster."""
    return np.asarray(preset.ship.dry_mass_kg + missions.cargo_kg + programme.ship_kg)


def climb_joined(
    preset: Express,
    missions: Missions,
    programme: Programme,
    *,
    keep: bool = True,
    tolerance: float = FINE,
    crew: Crew = Pilot,
) -> Pilot:
    """Fly both stages to the booster's cut-off command, and on to the separation."""
    stage, ascent = preset.booster, preset.ascent
    upper_kg = upper_mass_kg(preset, missions, programme)
    mass_kg = stage.dry_mass_kg + programme.booster_kg + upper_kg
    # a lighter vehicle takes off as slowly as a full one, so that it turns and meets the dense air alike
    full_kg = stage.dry_mass_kg + stage.propellant_kg + preset.ship.dry_mass_kg + preset.ship.propellant_kg
    sea_pa = air_at(np.asarray(0.0)).pressure_pa
    power = stage.main.throttle_for(stage.main.thrust_n(np.asarray(1.0), sea_pa) * mass_kg / full_kg, sea_pa)
    start_s = preset.countdown.start_s if keep else preset.countdown.ignition_s
    pilot = on_pad(missions.pad_m, float(start_s), mass_kg, keep=keep, wind=preset.wind.blowing, crew=crew)
    lit_s = preset.countdown.ignition_s
    pilot.wait(stage, power, 0.0, lit_s)
    pilot.fly(Leg("ascent", Upright(power), stage.ascent, stage.main, lit_s=lit_s, tolerance=tolerance), ascent.rise_s)
    rate_deg_s = programme.lean_deg / ascent.pitch_over_s
    course = towards(missions.pad_m, programme.course_deg)
    turn = PitchOver(power, ascent.rise_s, rate_deg_s, programme.lean_deg, course)
    pilot.fly(Leg("ascent", turn, stage.ascent, stage.main, lit_s=lit_s, tolerance=tolerance), ascent.pitch_over_s)
    light_kg = stage.dry_mass_kg + ascent.booster_reserve_kg + upper_kg
    bound_kg = power * stage.main.count * stage.main.thrust_vacuum_n / ascent.most_m_s2
    along = AlongVelocity(power, most_m_s2=ascent.most_m_s2)
    gravity_turn = Leg("ascent", along, stage.ascent, stage.main, tolerance=tolerance)
    # a leg each of full and bounded power: no step has to find out where thrust bends
    pilot.fly(replace(gravity_turn, lit_s=lit_s), LONGEST_BURN_S, Lighter(np.maximum(light_kg, bound_kg)))
    pilot.fly(pilot.burn("lift", gravity_turn, Lighter(light_kg), lit_s=lit_s), ascent.separation_after_s)
    return pilot


def climb_alone(
    preset: Express,
    missions: Missions,
    programme: Programme,
    joined: Pilot,
    *,
    tolerance: float = FINE,
    crew: Crew = Pilot,
) -> Pilot:
    """Fly the ships from separation through their cut-off."""
    stage, ascent = preset.ship, preset.ascent
    state = joined.state.copy()
    state[6] = upper_mass_kg(preset, missions, programme)
    pilot = crew(joined.t_s, state, keep=joined.keep, wind=joined.wind)
    pilot.fly(Leg("ascent", AlongVelocity(0.0), stage.ascent), ascent.ses_after_s)
    steering = LinearTangent(1.0, pilot.t_s, programme.tangent, ascent.tangent_rate_1_s, most_m_s2=ascent.most_m_s2)
    last_kg = stage.dry_mass_kg + missions.cargo_kg + ascent.ship_reserve_kg
    # as above, and one of start-up
    bound_kg = stage.main.count * stage.main.thrust_vacuum_n / ascent.most_m_s2
    leg = Leg("ascent", steering, stage.ascent, stage.main, lit_s=pilot.t_s, tolerance=tolerance)
    pilot.fly(leg, stage.main.start_s)
    pilot.fly(leg, LONGEST_BURN_S, Lighter(np.maximum(last_kg, bound_kg)))
    pilot.fly(pilot.burn("insertion", leg, Lighter(last_kg), lit_s=leg.lit_s), stage.main.stop_s)
    return pilot


def climb_and_fall(preset: Hop, crew: Crew = Pilot) -> Pilot:
    """Fly a hop from the pad over its top into the water."""
    stage, climb = preset.ship, preset.climb
    mass_kg = np.array([stage.dry_mass_kg + stage.propellant_kg + preset.handling.mass_kg])
    pad_m = preset.pad.place.position_m(preset.pad_altitude_m)[:, np.newaxis]
    pilot = on_pad(pad_m, float(preset.countdown.start_s), mass_kg, wind=preset.wind.blowing, crew=crew)
    lit_s = preset.countdown.ignition_s
    pilot.wait(stage, 1.0, 0.0, lit_s)
    course = towards(pad_m, np.array([climb.course_deg]))
    lean = PitchOver(1.0, climb.full_thrust_s / 3.0, climb.tilt_deg, climb.tilt_deg, course)
    pilot.fly(Leg("ascent", lean, stage.ascent, stage.main, lit_s=lit_s), climb.full_thrust_s)
    steady = Leg("ascent", SteadySpeed(climb.climb_m_s), stage.ascent, stage.main)
    pilot.fly(pilot.burn("lift", steady, Carried(climb.apogee_m), lit_s=lit_s), stage.main.stop_s)
    pilot.coast(Leg("coast", Upright(0.0), stage.ascent), Descending())
    pilot.land(stage, preset.touchdown, Upright(0.0))
    return pilot
