"""Ways up: both stages of an express flight, and the hop."""

from __future__ import annotations

import math

import numpy as np

from simulator.atmosphere import GRAVITY_M_S2
from simulator.dynamics import Leg, Until
from simulator.earth import FloatArray
from simulator.laws import AlongVelocity, LinearTangent, PitchOver, SteadySpeed, Upright
from simulator.motion import Motion
from simulator.pilot import Pilot
from simulator.preset import Express, Hop


def on_pad(preset: Express | Hop, mass_kg: float) -> Pilot:
    """Return a pilot who stands on the pad at the start of telemetry."""
    position = preset.pad.place.position_m(preset.pad_altitude_m)
    return Pilot(float(preset.countdown.start_s), np.array([*position, 0.0, 0.0, 0.0, mass_kg]))


def climb_joined(preset: Express, course_deg: float, lean_deg: float) -> Pilot:
    """Fly both stages to the booster's cut-off command.

    Parameters
    ----------
    preset
        The mission.
    course_deg
        Course of the turn.
    lean_deg
        Angle from the vertical at the end of the pitch-over; the gravity turn does the rest.
    """
    stage, ascent = preset.booster, preset.ascent
    pilot = on_pad(preset, stage.dry_mass_kg + stage.propellant_kg + upper_mass_kg(preset))
    lit_s = preset.countdown.ignition_s
    pilot.wait(stage, 0.0, lit_s)
    pilot.fly(Leg("ascent", Upright(1.0), stage.ascent, stage.main, lit_s=lit_s), ascent.rise_s)
    turn = PitchOver(1.0, ascent.rise_s, lean_deg / ascent.pitch_over_s, lean_deg, course_deg)
    pilot.fly(Leg("ascent", turn, stage.ascent, stage.main, lit_s=lit_s), ascent.pitch_over_s)
    light_kg = stage.dry_mass_kg + ascent.booster_reserve_kg + upper_mass_kg(preset)
    empty = Until(lambda _, m: float(m.mass_kg) - light_kg, rising=False)
    gravity_turn = Leg("ascent", AlongVelocity(1.0), stage.ascent, stage.main)
    pilot.fly(pilot.burn("lift", gravity_turn, empty, lit_s=lit_s), ascent.separation_after_s)
    return pilot


def upper_mass_kg(preset: Express) -> float:
    """Mass of the full ship with its cargo."""
    return preset.ship.dry_mass_kg + preset.ship.propellant_kg + preset.handling.mass_kg


def climb_alone(preset: Express, joined: Pilot, cutoff_m_s: float) -> Pilot:
    """Fly the ship from separation through its cut-off at a ground-relative speed."""
    stage, ascent = preset.ship, preset.ascent
    pilot = Pilot(joined.t_s, np.array([*joined.state[:6], upper_mass_kg(preset)]))
    pilot.fly(Leg("ascent", AlongVelocity(0.0), stage.ascent), ascent.ses_after_s)
    steering = LinearTangent(1.0, pilot.t_s, ascent.first_tangent, ascent.tangent_rate_1_s)
    fast = Until(lambda _, m: float(m.speed_m_s) - cutoff_m_s, rising=True)
    pilot.fly(pilot.burn("insertion", Leg("ascent", steering, stage.ascent, stage.main), fast), stage.main.stop_s)
    return pilot


def climb_and_fall(preset: Hop) -> Pilot:
    """Fly a hop from the pad over its top into the water."""
    stage, climb = preset.ship, preset.climb
    pilot = on_pad(preset, stage.dry_mass_kg + stage.propellant_kg + preset.handling.mass_kg)
    lit_s = preset.countdown.ignition_s
    pilot.wait(stage, 0.0, lit_s)
    lean = PitchOver(1.0, climb.full_thrust_s / 3.0, climb.tilt_deg, climb.tilt_deg, climb.course_deg)
    pilot.fly(Leg("ascent", lean, stage.ascent, stage.main, lit_s=lit_s), climb.full_thrust_s)

    def over_the_top(_: float, motion: Motion) -> float:
        rise = float(motion.vertical_speed_m_s) ** 2 / (2.0 * GRAVITY_M_S2)
        return float(motion.altitude_m) + rise - climb.apogee_m

    steady = Leg("ascent", SteadySpeed(climb.climb_m_s), stage.ascent, stage.main)
    pilot.fly(pilot.burn("lift", steady, Until(over_the_top, rising=True), lit_s=lit_s), stage.main.stop_s)
    free = Leg("coast", Upright(0.0), stage.ascent)
    pilot.coast(free, Until(lambda _, m: float(m.vertical_speed_m_s), rising=False))
    pilot.land(stage, preset.touchdown, Upright(0.0))
    return pilot


def climb_angle_deg(state: FloatArray) -> float:
    """Angle of the ground-relative velocity above the horizon, for a state of shape (7,)."""
    up = state[:3] / np.linalg.norm(state[:3])
    return math.degrees(math.asin(float(state[3:6] @ up / np.linalg.norm(state[3:6]))))
