"""What truly happened in a flight, and when: the yardstick of detection.

========================  =============================================================================================
ignition, meco            Chamber pressure of the engines that lift the vehicle passes half of what is commanded,
                          upwards and, for good, downwards. Of the booster; of a vehicle that flies alone. One that
                          stays on its pad has no meco.
ses, seco                 The same for the ship's ascent burn.
entry_start, entry_end    The same for a braking burn before the dense air.
landing_burn_start        The same for the landing burn; its end is the splashdown.
liftoff                   First upward motion. Of every vehicle.
max_q                     Greatest dynamic pressure between liftoff and meco; of one that sinks by then, and in ever
                          denser air has no greatest, before that rise. Of every vehicle, joined or not.
stage_separation          Booster and ship are no longer joined. Of both.
apogee                    Vertical speed passes zero downwards for the first time after the last ascent burn.
splashdown                Altitude 0 is reached.
recovered                 The recovery ship has it on deck.
loss_of_vehicle           It breaks up, hits the water too hard, or never comes back; its telemetry ends.
hold, scrub               The countdown stands; it ends without a liftoff. Of every vehicle.
abort                     Engines that were lit for a liftoff that does not come stop. Of the vehicle that has them.
blackout_start, _end      In the plasma of the entry nobody hears it who has it in view.
loaded                    The container's latches close on its load.
sealed                    The customs seal is closed, behind the closed door.
unloaded                  The container's mass falls below 5 % of the load.
seal_broken               The customs seal opens before the ship is recovered; opening it afterwards is procedure.
shock, tilt, ...          A limit of the dictionary is passed for as many samples as it asks for; the time is the
                          first of them.
========================  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.faults.cargo import SealBroken
from simulator.faults.ground import holds_of
from simulator.flight import Flight
from simulator.mission import SHIP
from simulator.radio.spans import Spans
from simulator.scrubbed import scrub_of
from simulator.track import Track
from telemetry.vocabulary import CargoEvent, FlightEvent

Value = float | str

BURN_EVENTS: Mapping[str, tuple[FlightEvent, FlightEvent | None]] = {
    "lift": (FlightEvent.IGNITION, FlightEvent.MECO),
    "insertion": (FlightEvent.SES, FlightEvent.SECO),
    "boostback": (FlightEvent.BOOSTBACK_START, FlightEvent.BOOSTBACK_END),
    "entry": (FlightEvent.ENTRY_START, FlightEvent.ENTRY_END),
    "landing": (FlightEvent.LANDING_BURN_START, None),
}
EMPTY_SHARE = 0.05
JUST_BEFORE_S = 1e-6
LOOKS, LOOK_POINTS = 5, 200
GLANCED = ("altitude_m", "speed_m_s", "vertical_speed_m_s", "latitude_deg", "longitude_deg", "downrange_m")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened.

    Parameters
    ----------
    type
        As in the vocabulary.
    vehicle
        Whom it concerns.
    t_s
        Mission time.
    values
        Figures with their units in the names.
    """

    type: str
    vehicle: str
    t_s: float
    values: Mapping[str, Value] = field(default_factory=dict)


def flight_happenings(flight: Flight) -> list[Happening]:
    """Return what the vehicles did, in order of time."""
    lifts = [burn.ends_s for track in flight.tracks.values() for burn in track.burns if burn.purpose == "lift"]
    happened = [each for track in flight.tracks.values() for each in _of_vehicle(track, min(lifts, default=np.inf))]
    happened += [each for track in flight.tracks.values() for each in _of_countdown(flight, track)]
    for track in flight.tracks.values():
        if track.lost:
            kind, t_s = FlightEvent.LOSS_OF_VEHICLE, track.end_s
            happened.append(Happening(kind.value, track.vehicle, t_s, _values(track, kind, t_s)))
    return sorted(happened, key=lambda each: (each.t_s, each.vehicle, each.type))


def handling_happenings(flight: Flight) -> list[Happening]:
    """Return the work on the container, if there is one."""
    work, afloat = flight.preset.handling, flight.tracks[SHIP].afloat
    if work is None:
        return []
    end_s = min(float(flight.end_s), flight.tracks[SHIP].end_s)
    deck_s = np.inf if afloat is None else afloat.deck_s
    emptying_s = work.unload_end_after_s - work.unload_start_after_s
    empty_s = deck_s + work.unload_start_after_s + (1.0 - EMPTY_SHARE) * emptying_s
    times = {CargoEvent.LOADED: work.lock_s, CargoEvent.SEALED: work.seal_s, CargoEvent.UNLOADED: empty_s}
    broken = [fault.start_s for fault in flight.faults if isinstance(fault, SealBroken) and fault.start_s < deck_s]
    if broken:
        times[CargoEvent.SEAL_BROKEN] = min(broken)
    load = {"container_mass_kg": work.mass_kg}
    return [Happening(kind.value, SHIP, t_s, load) for kind, t_s in times.items() if t_s < end_s]


def blackout_happenings(track: Track, spans: Spans) -> list[Happening]:
    """Return the blackouts of a vehicle."""
    kinds = (FlightEvent.BLACKOUT_START, FlightEvent.BLACKOUT_END)
    edges = [pair for span in spans for pair in zip(kinds, (span.start_s, span.end_s), strict=True)]
    there = [(kind, t_s) for kind, t_s in edges if np.isfinite(t_s) and t_s < track.end_s]
    return [Happening(kind.value, track.vehicle, t_s, _values(track, kind, t_s)) for kind, t_s in there]


def _of_vehicle(track: Track, meco_s: float) -> list[Happening]:
    times: list[tuple[FlightEvent, float]] = []
    if track.liftoff_s is not None:
        times += [(FlightEvent.LIFTOFF, track.liftoff_s), (FlightEvent.MAX_Q, _max_q_s(track, meco_s))]
    for burn in track.burns:
        if burn.cut_s < burn.begins_s:
            continue
        begins, ends = BURN_EVENTS[burn.purpose]
        times.append((begins, burn.begins_s))
        if burn.purpose == "lift" and track.liftoff_s is None:
            ends = FlightEvent.ABORT if track.stretches[-1].leg.phase == "aborted" else None
        if ends is not None:
            times.append((ends, burn.ends_s))
    if track.separation_s is not None:
        times.append((FlightEvent.STAGE_SEPARATION, track.separation_s))
    if track.apogee_s is not None:
        times.append((FlightEvent.APOGEE, track.apogee_s))
    if track.afloat is not None:
        times.append((FlightEvent.SPLASHDOWN, track.afloat.splash_s))
        times.append((FlightEvent.RECOVERED, track.afloat.deck_s))
    elif track.touchdown_s is not None:
        times.append((FlightEvent.TOUCHDOWN, track.touchdown_s))
    there = [(kind, t_s) for kind, t_s in times if t_s < track.end_s]
    return [Happening(kind.value, track.vehicle, t_s, _values(track, kind, t_s)) for kind, t_s in there]


def _of_countdown(flight: Flight, track: Track) -> list[Happening]:
    times = [(FlightEvent.HOLD, hold.start_s) for hold in holds_of(flight.faults)]
    scrub = scrub_of(flight.faults, flight.preset)
    if scrub is not None:
        times = [(kind, t_s) for kind, t_s in times if t_s < scrub.at_s] + [(FlightEvent.SCRUB, scrub.at_s)]
    return [Happening(kind.value, track.vehicle, t_s, _values(track, kind, t_s)) for kind, t_s in times]


def _max_q_s(track: Track, meco_s: float) -> float:
    """Look ever closer around the largest: a hundred times as close each time; infinity if it is lost before."""
    first_s, last_s = 0.0, min(meco_s, track.end_s)
    if np.isfinite(meco_s) and meco_s < track.end_s and track.glance(np.array([meco_s]))["vertical_speed_m_s"][0] < 0.0:
        looks_s = meco_s * np.arange(LOOK_POINTS + 1) / LOOK_POINTS
        rises = np.diff(track.dynamic_pressure_pa(looks_s)) > 0.0
        # up to where the last rise begins
        last_s = float(looks_s[LOOK_POINTS - int(np.argmin(rises[::-1]))]) if not rises.all() else last_s
    for _ in range(LOOKS):
        looks_s = first_s + (last_s - first_s) * np.arange(LOOK_POINTS + 1) / LOOK_POINTS
        at = int(np.argmax(track.dynamic_pressure_pa(looks_s)))
        first_s, last_s = float(looks_s[max(at - 1, 0)]), float(looks_s[min(at + 1, LOOK_POINTS)])
    return np.inf if last_s == track.end_s else 0.5 * (first_s + last_s)


def _values(track: Track, kind: FlightEvent, t_s: float) -> dict[str, Value]:
    # on the ground it stands still already
    at_s = np.array([t_s - JUST_BEFORE_S if kind is FlightEvent.TOUCHDOWN else t_s])
    whole = track.glance(at_s)
    values: dict[str, Value] = {name: float(whole[name][0]) for name in GLANCED}
    if kind is FlightEvent.MAX_Q:
        values["dynamic_pressure_pa"] = float(whole["dynamic_pressure_pa"][0])
    return values
