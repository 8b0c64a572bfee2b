"""An ignition test: the engines run for some seconds while clamps hold the stage."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import on_pad
from simulator.guidance.pilot import Burn
from simulator.mission import SHIP, Mission
from simulator.physics.dynamics import Leg
from simulator.physics.laws import Upright
from simulator.physics.vehicle import Positive
from simulator.profile import Profile, Ways
from simulator.track import Stretch, Track
from simulator.troubled import crew_of


class StaticFire(Mission):
    """An ignition test.

    Parameters
    ----------
    power
        Share of full thrust.
    burn_s
        From the start command to the cut-off command.
    end_after_cutoff_s
        How long telemetry goes on.
    """

    profile: Literal["static_fire"]
    power: Annotated[float, Field(gt=0, le=1)]
    burn_s: Positive
    end_after_cutoff_s: Positive


def fly(preset: StaticFire, faults: tuple[AnyFault, ...] = ()) -> Ways:
    """Stand on the pad before, during and after the burn."""
    stage, lit_s = preset.ship, preset.countdown.ignition_s
    pad_m = preset.pad.place.position_m(preset.pad_altitude_m)[:, np.newaxis]
    crew = crew_of(faults, preset, SHIP, stage.dry_mass_kg)
    mass_kg = np.array([stage.dry_mass_kg + stage.propellant_kg])
    pilot = on_pad(pad_m, float(preset.countdown.start_s), mass_kg, crew=crew)
    planned_s = lit_s + preset.burn_s
    pilot.wait(stage, preset.power, planned_s, lit_s)
    cut_s = float(pilot.t_s[0])
    pilot.burns.append(Burn("lift", stage.main, np.array([lit_s]), pilot.t_s))
    tail = Leg("pad", Upright(preset.power), stage.ascent, stage.main, lit_s=lit_s, cut_s=cut_s, held=True)
    pilot.fly(tail, stage.main.stop_s)
    end_s = math.ceil(planned_s + preset.end_after_cutoff_s)
    pilot.fly(Leg("pad", Upright(0.0), stage.ascent, held=True), end_s - pilot.t_s)
    stretches = [Stretch(leg, attached=False, carried_kg=stage.dry_mass_kg) for leg in pilot.legs_of(0)]
    return Ways({SHIP: Track(SHIP, stretches, pilot.burns_of(0), preset.pad.place)}, 0.0, end_s)


PROFILE: Final = Profile(StaticFire, fly)
