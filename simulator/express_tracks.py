"""The tracks of both vehicles of an express flight, from the legs that were flown."""

from __future__ import annotations

from simulator.afloat import Afloat
from simulator.guidance.climb import Programme
from simulator.guidance.pilot import Pilot
from simulator.mission import BOOSTER, SHIP
from simulator.preset import Express
from simulator.track import Stretch, Track


def loaded(preset: Express, programme: Programme, flight: int) -> Express:
    """Return a preset with what guidance had loaded into the tanks."""
    booster = preset.booster.model_copy(update={"propellant_kg": float(programme.booster_kg[flight])})
    ship = preset.ship.model_copy(update={"propellant_kg": float(programme.ship_kg[flight])})
    return preset.model_copy(update={"booster": booster, "ship": ship})


def ship_track(preset: Express, joined: Pilot, ship: Pilot, flight: int, afloat: Afloat | None) -> Track:
    """Return the ship's, of a loaded preset; it is lost if it does not float."""
    full_kg, own_kg = preset.ship.propellant_kg, preset.ship.dry_mass_kg + preset.handling.mass_kg
    below = [Stretch(leg, attached=True, carried=True, propellant_kg=full_kg) for leg in joined.legs_of(flight)]
    above = [Stretch(leg, attached=False, carried_kg=own_kg) for leg in ship.legs_of(flight)]
    burns = ship.burns_of(flight)
    return Track(SHIP, [*below, *above], burns, preset.pad.place, afloat, lost=afloat is None)


def booster_track(preset: Express, joined: Pilot, booster: Pilot, flight: int, afloat: Afloat | None) -> Track:
    """Return the booster's, of a loaded preset; it is lost if it does not float."""
    dry_kg = preset.booster.dry_mass_kg
    upper_kg = preset.ship.dry_mass_kg + preset.handling.mass_kg + preset.ship.propellant_kg
    climb = [Stretch(leg, attached=True, carried_kg=dry_kg + upper_kg) for leg in joined.legs_of(flight)]
    back = [Stretch(leg, attached=False, carried_kg=dry_kg) for leg in booster.legs_of(flight)]
    burns = [*joined.burns_of(flight), *booster.burns_of(flight)]
    return Track(BOOSTER, [*climb, *back], burns, preset.pad.place, afloat, lost=afloat is None)
