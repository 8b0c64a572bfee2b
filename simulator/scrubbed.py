"""A countdown that ends without a liftoff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulator.faults.flight import EarlyCutoff, EngineOut, NoIgnition, Scrub
from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import on_pad
from simulator.guidance.pilot import Burn, Pilot
from simulator.mission import BOOSTER, SHIP, Mission
from simulator.physics.dynamics import Leg
from simulator.physics.laws import Upright
from simulator.track import Stretch, Track
from simulator.trouble import hits, is_stacked

NOTICED_AFTER_S: Final = 1.5
STAYS_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """When a countdown ends, and for how long telemetry goes on; whether the engines light before."""

    at_s: float
    lasts_s: float
    lights: bool


def scrub_of(faults: Iterable[AnyFault], mission: Mission) -> Scrubbed | None:
    """Return the first reason why there is no liftoff; None if there is one.

    Engines that do not light or do not stay lit are noticed, and the countdown ends.
    """
    ignition_s, stacked = mission.countdown.ignition_s, is_stacked(mission)
    lifting = BOOSTER if stacked else SHIP
    found: list[Scrubbed] = []
    for fault in faults:
        if isinstance(fault, Scrub):
            lasts_s = STAYS_S if fault.for_s is None else fault.for_s
            found.append(Scrubbed(fault.start_s, lasts_s, fault.start_s > ignition_s))
        if isinstance(fault, EngineOut | EarlyCutoff) and hits(fault, lifting, np.inf, stacked=stacked):
            if ignition_s <= fault.start_s < 0.0:
                found.append(Scrubbed(fault.start_s, STAYS_S, lights=True))
            elif fault.start_s < ignition_s and isinstance(fault, EngineOut):
                found.append(Scrubbed(ignition_s + NOTICED_AFTER_S, STAYS_S, lights=True))
        if isinstance(fault, NoIgnition) and fault.burn == "lift":
            found.append(Scrubbed(ignition_s + NOTICED_AFTER_S, STAYS_S, lights=False))
    return min(found, key=lambda each: each.at_s, default=None)


def stay_on_pad(preset: Mission, scrub: Scrubbed) -> tuple[dict[str, Track], int]:
    """Return the tracks of vehicles that stay where they are, and the mission time of their last telemetry."""
    end_s = int(np.ceil(scrub.at_s + scrub.lasts_s))
    booster = preset.stage(BOOSTER)
    load_kg = preset.handling.mass_kg if preset.handling is not None else 0.0
    others_kg = preset.ship.dry_mass_kg + load_kg
    if not is_stacked(preset):
        pilot = _stand(preset, scrub, others_kg + preset.ship.propellant_kg, end_s)
        stretches = [Stretch(leg, attached=False, carried_kg=others_kg) for leg in pilot.legs_of(0)]
        return {SHIP: Track(SHIP, stretches, pilot.burns_of(0), preset.pad.place, None)}, end_s
    below_kg = booster.dry_mass_kg + others_kg + preset.ship.propellant_kg
    pilot = _stand(preset, scrub, below_kg + booster.propellant_kg, end_s)
    legs, full_kg = pilot.legs_of(0), preset.ship.propellant_kg
    above = [Stretch(leg, attached=True, carried=True, propellant_kg=full_kg) for leg in legs]
    below = [Stretch(leg, attached=True, carried_kg=below_kg) for leg in legs]
    return {
        SHIP: Track(SHIP, above, (), preset.pad.place, None),
        BOOSTER: Track(BOOSTER, below, pilot.burns_of(0), preset.pad.place, None),
    }, end_s


def _stand(preset: Mission, scrub: Scrubbed, mass_kg: float, end_s: float) -> Pilot:
    stage, lit_s = preset.stage(BOOSTER), preset.countdown.ignition_s
    pad_m = preset.pad.place.position_m(preset.pad_altitude_m)[:, np.newaxis]
    pilot = on_pad(pad_m, float(preset.countdown.start_s), np.array([mass_kg]))
    if scrub.lights:
        pilot.wait(stage, 1.0, scrub.at_s, lit_s)
        pilot.burns.append(Burn("lift", stage.main, np.array([lit_s]), pilot.t_s))
        tail = Leg("aborted", Upright(1.0), stage.ascent, stage.main, lit_s=lit_s, cut_s=scrub.at_s, held=True)
        pilot.fly(tail, min(stage.main.stop_s, end_s - scrub.at_s))
    # what a launch sequence that has ended leaves behind, as the flight computer sees it
    idle = Leg("pad", Upright(0.0), stage.ascent, held=True)
    pilot.fly(idle, scrub.at_s - pilot.t_s)
    pilot.fly(replace(idle, phase="aborted"), end_s - pilot.t_s)
    return pilot
