"""Whole flights: the tracks of their vehicles, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulator.afloat import Afloat
from simulator.express_tracks import booster_track, loaded, ship_track
from simulator.express_ways import planned, troubled
from simulator.faults.ground import held_mission, late_recovery, tip_over
from simulator.faults.kinds import AnyFault
from simulator.guidance.climb import Missions, climb_and_fall
from simulator.guidance.pilot import Pilot
from simulator.guidance.routes import Routes, find_routes
from simulator.lost import LISTENED_FOR_S, cut_short, losses_s
from simulator.mission import BOOSTER, SHIP, Mission
from simulator.physics.vehicle import Stage
from simulator.preset import Express, Hop
from simulator.profiles import profiles
from simulator.scrubbed import scrub_of, stay_on_pad
from simulator.track import Stretch, Track
from simulator.trouble import bends
from simulator.troubled import crew_of
from telemetry.errors import FlightError

NO_COURSE_DEG: Final = 0.0


@dataclass(frozen=True, slots=True)
class Flight:
    """What flew.

    Parameters
    ----------
    preset
        The mission, with what guidance had loaded into the tanks.
    tracks
        By vehicle.
    course_deg
        Launch course.
    end_s
        Mission time of the last telemetry.
    faults
        What goes wrong, as drawn.
    """

    preset: Mission
    tracks: dict[str, Track]
    course_deg: float
    end_s: int
    faults: tuple[AnyFault, ...] = ()

    def stage(self, vehicle: str) -> Stage:
        """Return what the vehicle is made of."""
        return self.preset.stage(vehicle)


def simulate_flight(preset: Mission, faults: tuple[AnyFault, ...] = ()) -> Flight:
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
    if isinstance(preset, Express):
        (flown,) = simulate_flights([preset], [faults])
        if isinstance(flown, FlightError):
            raise flown
        return flown
    mission = held_mission(preset, faults)
    stays = _scrubbed(mission, faults)
    if stays is not None:
        return stays
    if isinstance(mission, Hop):
        return _as_far_as_it_got(_hop(mission, faults))
    ways = profiles()[mission.profile].fly(mission, faults)
    end_s = ways.end_s + (LISTENED_FOR_S if any(track.lost for track in ways.tracks.values()) else 0)
    return _as_far_as_it_got(Flight(mission, ways.tracks, ways.course_deg, end_s, faults))


def simulate_flights(
    presets: Sequence[Express], faults: Sequence[tuple[AnyFault, ...]] | None = None
) -> list[Flight | FlightError]:
    """Fly many express missions at once; they may differ in vehicle, place, load and everything else.

    Parameters
    ----------
    presets
        The missions.
    faults
        What goes wrong with each, as drawn; nothing by default.

    Returns
    -------
    list
        For each the flight, the same bits as if it had been flown alone, or why the vehicle cannot do it.
    """
    flown: list[Flight | FlightError] = [FlightError("not flown")] * len(presets)
    kinds: dict[object, list[int]] = {}
    wrong = [()] * len(presets) if faults is None else faults
    missions = list(presets)
    for i, preset in enumerate(presets):
        try:
            missions[i] = held_mission(preset, wrong[i])
        except FlightError as error:
            flown[i] = error
            continue
        stays = _scrubbed(missions[i], wrong[i])
        if stays is None:
            kinds.setdefault(missions[i].flying, []).append(i)
        else:
            flown[i] = stays
    for members in kinds.values():
        together = _express([missions[i] for i in members], [wrong[i] for i in members])
        for i, flight in zip(members, together, strict=True):
            flown[i] = flight
    return flown


def _scrubbed(mission: Mission, faults: tuple[AnyFault, ...]) -> Flight | None:
    scrub = scrub_of(faults, mission)
    if scrub is None:
        return None
    tracks, end_s = stay_on_pad(mission, scrub)
    return Flight(mission, tracks, NO_COURSE_DEG, end_s, faults)


def _hop(preset: Hop, faults: tuple[AnyFault, ...]) -> Flight:
    others_kg = preset.ship.dry_mass_kg + preset.handling.mass_kg
    pilot = climb_and_fall(preset, crew_of(faults, preset, SHIP, others_kg))
    pilot.check()
    afloat = _afloat(preset, pilot, 0, SHIP, faults)
    end_s = _end_s(preset, [(pilot, afloat)], 0)
    if afloat is not None:
        pilot.float_on(preset.ship, np.array([afloat.deck_s]), np.array([float(end_s)]))
    stretches = [Stretch(leg, attached=False, carried_kg=others_kg) for leg in pilot.legs_of(0)]
    track = Track(SHIP, stretches, pilot.burns_of(0), preset.pad.place, afloat, lost=pilot.lost)
    return Flight(preset, {SHIP: track}, preset.climb.course_deg, end_s, faults)


def _express(presets: list[Express], faults: list[tuple[AnyFault, ...]]) -> list[Flight | FlightError]:
    routes = find_routes(presets[0], Missions.of(presets))
    flights: list[Flight | FlightError] = [routes.refusal(i) for i in range(len(presets))]
    wrong = np.array([bends(each) for each in faults])
    # guidance knows of no fault; a flight that has one goes its own way from there
    alone = [np.array([i]) for i in np.flatnonzero(routes.possible & wrong)]
    for chosen in [np.flatnonzero(routes.possible & ~wrong), *alone]:
        if chosen.size:
            own = [presets[i] for i in chosen]
            flown = _flown(own, routes.among(chosen), [faults[i] for i in chosen])
            for i, flight in zip(chosen, flown, strict=True):
                flights[i] = flight
    return flights


def _flown(presets: list[Express], routes: Routes, faults: list[tuple[AnyFault, ...]]) -> list[Flight | FlightError]:
    preset, programme = presets[0], routes.programme
    try:
        joined, ship, booster = troubled(preset, routes, faults[0]) if bends(faults[0]) else planned(preset, routes)
    except FlightError as error:
        return [error]
    afloat = {
        name: [_afloat(each, pilot, i, name, faults[i]) for i, each in enumerate(presets)]
        for name, pilot in ((SHIP, ship), (BOOSTER, booster))
    }
    pairs = [[(ship, afloat[SHIP][i]), (booster, afloat[BOOSTER][i])] for i in range(len(presets))]
    ends = np.array([_end_s(each, pairs[i], i) for i, each in enumerate(presets)])
    for name, pilot, stage in ((SHIP, ship, preset.ship), (BOOSTER, booster, preset.booster)):
        decks_s = np.array([each.deck_s for each in afloat[name] if each is not None])
        if not pilot.lost:
            pilot.float_on(stage, decks_s, ends.astype(np.float64))
    flights: list[Flight | FlightError] = []
    for i, each in enumerate(presets):
        try:
            joined.check(i)
            ship.check(i)
            booster.check(i)
            full = loaded(each, programme, i)
            tracks = {
                SHIP: ship_track(full, joined, ship, i, afloat[SHIP][i]),
                BOOSTER: booster_track(full, joined, booster, i, afloat[BOOSTER][i]),
            }
            course_deg = float(programme.course_deg[i]) % 360.0
            flights.append(_as_far_as_it_got(Flight(full, tracks, course_deg, int(ends[i]), faults[i])))
        except FlightError as error:
            flights.append(error)
    return flights


def _as_far_as_it_got(flight: Flight) -> Flight:
    lost_s = losses_s(flight.faults, flight.tracks)
    if not lost_s:
        return flight
    tracks = {
        vehicle: cut_short(track, lost_s[vehicle]) if vehicle in lost_s else track
        for vehicle, track in flight.tracks.items()
    }
    last_s = int(np.ceil(max(track.end_s for track in tracks.values()))) + LISTENED_FOR_S
    return replace(flight, tracks=tracks, end_s=min(flight.end_s, last_s))


def _afloat(
    preset: Express | Hop, pilot: Pilot, flight: int, vehicle: str, faults: tuple[AnyFault, ...]
) -> Afloat | None:
    if pilot.lost:
        return None
    recovery = late_recovery(preset.recovery, faults, vehicle)
    speed_m_s = -float(pilot.motion.vertical_speed_m_s[flight])
    return Afloat(float(pilot.t_s[flight]), speed_m_s, recovery, tip_over(recovery, faults, vehicle))


def _end_s(preset: Express | Hop, ends: Sequence[tuple[Pilot, Afloat | None]], flight: int) -> int:
    after_s = preset.handling.unload_end_after_s + preset.end_after_unload_s
    last_s = [
        float(pilot.t_s[flight]) + LISTENED_FOR_S if afloat is None else afloat.deck_s + after_s
        for pilot, afloat in ends
    ]
    return int(np.ceil(max(last_s)))
