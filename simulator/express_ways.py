"""The ways of both vehicles of express flights: as planned, and of one flight with what goes wrong in it."""

from __future__ import annotations

from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import Missions, Programme, climb_alone, climb_joined, upper_mass_kg
from simulator.guidance.pilot import Crew, Pilot
from simulator.guidance.routes import Routes
from simulator.mission import BOOSTER, SHIP
from simulator.preset import Express
from simulator.troubled import crew_of


def planned(preset: Express, routes: Routes) -> tuple[Pilot, Pilot, Pilot]:
    """Fly as guidance has it: joined, the ship and the booster."""
    missions, programme = routes.missions, routes.programme
    joined = climb_joined(preset, missions, programme)
    ship = climb_alone(preset, missions, programme, joined)
    booster = _part(preset, missions, programme, joined)
    ship.come_down(preset.ship, preset.ship_return, preset.touchdown)
    booster.come_down(preset.booster, preset.booster_return, preset.touchdown)
    return joined, ship, booster


def troubled(preset: Express, routes: Routes, faults: tuple[AnyFault, ...]) -> tuple[Pilot, Pilot, Pilot]:
    """Fly one flight with what goes wrong in it."""
    missions, programme, dry_kg = routes.missions, routes.programme, preset.booster.dry_mass_kg
    upper_kg = float(upper_mass_kg(preset, missions, programme)[0])
    own_kg = preset.ship.dry_mass_kg + float(missions.cargo_kg[0])
    joined = climb_joined(preset, missions, programme, crew=crew_of(faults, preset, BOOSTER, dry_kg + upper_kg))
    ship = climb_alone(preset, missions, programme, joined, crew=crew_of(faults, preset, SHIP, own_kg, joined))
    booster = _part(preset, missions, programme, joined, crew_of(faults, preset, BOOSTER, dry_kg, joined))
    ship.come_down(preset.ship, preset.ship_return, preset.touchdown)
    booster.come_down(preset.booster, preset.booster_return, preset.touchdown)
    return joined, ship, booster


def _part(preset: Express, missions: Missions, programme: Programme, joined: Pilot, crew: Crew = Pilot) -> Pilot:
    """Return the boosters as they part from their ships."""
    state = joined.state.copy()
    state[6] -= upper_mass_kg(preset, missions, programme)
    return crew(joined.t_s, state, keep=joined.keep, wind=joined.wind)
