"""A whole flight: the tracks of its vehicles and what truly happened when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator import guidance
from simulator.afloat import Afloat
from simulator.climb import climb_and_fall, upper_mass_kg
from simulator.faults.kinds import AnyFault
from simulator.pilot import Pilot
from simulator.preset import Express, Hop
from simulator.track import Stretch, Track
from simulator.vehicle import Stage

SHIP = "ship"
BOOSTER = "booster"


@dataclass(frozen=True, slots=True)
class Flight:
    """What flew.

    Parameters
    ----------
    preset
        The mission.
    tracks
        By vehicle.
    course_deg
        Launch course.
    end_s
        Mission time of the last telemetry.
    faults
        What goes wrong, as drawn.
    """

    preset: Express | Hop
    tracks: dict[str, Track]
    course_deg: float
    end_s: int
    faults: tuple[AnyFault, ...] = ()

    def stage(self, vehicle: str) -> Stage:
        """Return what the vehicle is made of."""
        if vehicle == BOOSTER and isinstance(self.preset, Express):
            return self.preset.booster
        return self.preset.ship


def simulate_flight(preset: Express | Hop, faults: tuple[AnyFault, ...] = ()) -> Flight:
    """Fly a preset.

    Parameters
    ----------
    preset
        The mission; its own faults are not drawn here.
    faults
        What goes wrong, as drawn.

    Raises
    ------
    FlightError
        If the vehicle cannot do it.
    """
    flown = _express(preset) if isinstance(preset, Express) else _hop(preset)
    return replace(flown, faults=faults)


def _hop(preset: Hop) -> Flight:
    pilot = climb_and_fall(preset)
    end_s = _end_s(preset, pilot.t_s)
    afloat = _afloat(preset, pilot)
    pilot.float_on(preset.ship, pilot.t_s + preset.recovery.on_deck_s, end_s)
    others_kg = preset.ship.dry_mass_kg + preset.handling.mass_kg
    stretches = [Stretch(leg, attached=False, carried_kg=others_kg) for leg in pilot.legs]
    track = Track(SHIP, stretches, pilot.burns, preset.pad.place, afloat)
    return Flight(preset, {SHIP: track}, preset.climb.course_deg, end_s)


def _express(preset: Express) -> Flight:
    found = guidance.solve(preset)
    joined, ship = found.joined, found.ship
    booster = Pilot(joined.t_s, np.array([*joined.state[:6], joined.state[6] - upper_mass_kg(preset)]))
    booster.come_down(preset.booster, preset.booster_return, preset.touchdown)
    end_s = _end_s(preset, max(ship.t_s, booster.t_s))
    ship_afloat, booster_afloat = _afloat(preset, ship), _afloat(preset, booster)
    ship.float_on(preset.ship, ship.t_s + preset.recovery.on_deck_s, end_s)
    booster.float_on(preset.booster, booster.t_s + preset.recovery.on_deck_s, end_s)
    full_kg = preset.ship.propellant_kg
    below = [Stretch(leg, attached=True, carried=True, propellant_kg=full_kg) for leg in joined.legs]
    own_kg = preset.ship.dry_mass_kg + preset.handling.mass_kg
    above = [Stretch(leg, attached=False, carried_kg=own_kg) for leg in ship.legs]
    dry_kg = preset.booster.dry_mass_kg
    climb = [Stretch(leg, attached=True, carried_kg=dry_kg + upper_mass_kg(preset)) for leg in joined.legs]
    back = [Stretch(leg, attached=False, carried_kg=dry_kg) for leg in booster.legs]
    pad = preset.pad.place
    tracks = {
        SHIP: Track(SHIP, [*below, *above], ship.burns, pad, ship_afloat),
        BOOSTER: Track(BOOSTER, [*climb, *back], [*joined.burns, *booster.burns], pad, booster_afloat),
    }
    return Flight(preset, tracks, found.course_deg, end_s)


def _afloat(preset: Express | Hop, pilot: Pilot) -> Afloat:
    return Afloat(pilot.t_s, -float(pilot.motion.vertical_speed_m_s), preset.recovery)


def _end_s(preset: Express | Hop, splash_s: float) -> int:
    unloaded_s = splash_s + preset.recovery.on_deck_s + preset.handling.unload_end_after_s
    return int(np.ceil(unloaded_s + preset.end_after_unload_s))
