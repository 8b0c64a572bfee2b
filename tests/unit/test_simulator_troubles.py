"""Faults of engines and of the landing bend the path, and every flight ends: afloat, or lost."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pytest
from detection import T0_NS, detect, messages_of

from simulator.faults import parse_fault
from simulator.faults.flight import BREAKS_UP_M_S
from simulator.fleet.fly import Flown
from simulator.fleet.schedule import Departure
from simulator.flight import Flight, simulate_flight, simulate_flights
from simulator.happenings import flight_happenings
from simulator.packets import Transmitter
from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.dynamics import Leg
from simulator.physics.laws import AlongVelocity
from simulator.physics.until import Below
from simulator.preset import Express, Hop, load_preset
from simulator.record import truth_json
from simulator.simulate import simulate
from simulator.track import Track
from simulator.trouble import BURSTS_PA, Trouble
from simulator.troubled import TroubledPilot
from telemetry.dictionary import Registry
from telemetry.errors import FlightError

EXPRESS = (
    "",
    "engine_out@250",
    "early_cutoff@292",
    "no_ignition,burn=insertion",
    "early_cutoff@-1",
    "pad_hold@-10 pad_hold@-60",
    "no_ignition,burn=landing,vehicle=booster",
    " ".join(f"engine_out@0.5,engine={number}" for number in range(1, 6)),
)


def faults_of(text: str) -> tuple[Any, ...]:
    return tuple(parse_fault(line) for line in text.split())


@functools.cache
def hop(text: str = "") -> Transmitter:
    return simulate("hop", 3, T0_NS, faults=faults_of(text))


@functools.cache
def express_flights() -> dict[str, Flight | FlightError]:
    preset = load_preset("express")
    assert isinstance(preset, Express)
    flown = simulate_flights([preset] * len(EXPRESS), [faults_of(text) for text in EXPRESS])
    return dict(zip(EXPRESS, flown, strict=True))


def express(text: str = "") -> Flight:
    flight = express_flights()[text]
    assert isinstance(flight, Flight)
    return flight


def times(flight: Flight, vehicle: str = "ship") -> dict[str, float]:
    return {each.type.rpartition(".")[2]: each.t_s for each in flight_happenings(flight) if each.vehicle == vehicle}


def record(sent: Transmitter) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(truth_json(sent, "F"))
    return found


def at(track: Track, *t_s: float) -> Any:
    return track.at(np.array(t_s))


def test_the_only_engine_out_ends_the_climb_and_lets_it_fall_into_the_sea() -> None:
    sent = hop("engine_out@40")
    track = sent.flight.tracks["ship"]
    before, after = at(track, 39.9, 40.5).thrust_n
    assert (before > 3e5, after) == (True, 0.0)
    happened = times(sent.flight)
    assert happened["meco"] == pytest.approx(40.0)
    assert happened["apogee"] < times(hop().flight)["meco"]
    assert not {"landing_burn_start", "splashdown", "recovered"} & set(happened)
    assert happened["loss_of_vehicle"] == track.end_s
    end = at(track, track.end_s)
    assert end.altitude_m[0] == pytest.approx(0.0, abs=0.1)
    assert end.speed_m_s[0] > BREAKS_UP_M_S
    pressure = np.asarray(sent.columns("ship", "propulsion")["chamber_pressure_pa"])
    late = sent.times_s("propulsion", "ship")[: pressure.size] > 40.0
    assert pressure[late].max() < 0.02 * pressure.max()


def test_an_early_cut_off_of_a_hop_makes_it_lower_and_it_lands_all_the_same() -> None:
    flight, planned = hop("early_cutoff@30").flight, hop().flight
    assert times(flight)["meco"] == pytest.approx(30.2)
    tops = [float(at(each.tracks["ship"], times(each)["apogee"]).altitude_m[0]) for each in (flight, planned)]
    assert tops[0] < tops[1] - 1_000.0
    afloat = flight.tracks["ship"].afloat
    assert afloat is not None
    assert afloat.speed_m_s == pytest.approx(1.5, abs=0.1)


def test_without_its_landing_burn_it_hits_the_water_at_terminal_speed() -> None:
    flight = hop("no_ignition,burn=landing").flight
    track = flight.tracks["ship"]
    assert track.lost
    assert "landing_burn_start" not in times(flight)
    end = at(track, track.end_s)
    aero = flight.stage("ship").descent
    drag_n = aero.drag_n(end.speed_m_s / 340.0, 0.5 * end.density_kg_m3 * end.speed_m_s * end.speed_m_s)
    assert 0.6 < float(drag_n[0] / (end.mass_kg[0] * GRAVITY_M_S2)) <= 1.0
    assert end.propellant_kg[0] == at(track, 70.0).propellant_kg[0]


@pytest.mark.parametrize(("speed_m_s", "lost"), [(4.0, False), (12.0, False), (40.0, True)])
def test_a_hard_landing_is_as_hard_as_it_says(speed_m_s: float, lost: bool) -> None:
    sent = hop(f"hard_landing,speed_m_s={speed_m_s:g}")
    track = sent.flight.tracks["ship"]
    hits_m_s = at(track, times(sent.flight)["loss_of_vehicle" if lost else "splashdown"] - 1e-6).speed_m_s[0]
    assert hits_m_s == pytest.approx(speed_m_s, abs=0.3)
    assert (track.lost, track.afloat is None) == (lost, lost)
    events = {each["type"].rpartition(".")[2] for each in record(sent)["events"]}
    assert ({"shock", "recovered"} & events) == (set() if lost else {"shock", "recovered"})


def test_a_fall_of_some_metres_is_outlived() -> None:
    flight = hop("early_cutoff@119").flight
    afloat = flight.tracks["ship"].afloat
    assert afloat is not None
    assert 3.0 < afloat.speed_m_s < BREAKS_UP_M_S


def test_the_truth_says_what_should_be_detected_of_a_fault_in_its_flight() -> None:
    expected = {
        "engine_out@40": ["meco", "loss_of_vehicle"],
        "early_cutoff@30": ["meco"],
        "early_cutoff@100": ["loss_of_vehicle"],
        "early_cutoff@119": [],
        "early_cutoff@-1": ["scrub"],
        "engine_out@-10": ["scrub"],
        "no_ignition,burn=insertion": [],
        "hard_landing,speed_m_s=40": ["loss_of_vehicle"],
    }
    for text, names in expected.items():
        (fault,) = record(hop(text))["faults"]
        told = [each.rpartition(".")[2] for each in fault["expected"] if not each.startswith("nothing: ")]
        assert (text, told) == (text, names)
        assert fault["expected"]


def test_a_fault_that_meets_no_burn_changes_nothing() -> None:
    assert times(hop("early_cutoff@75").flight) == pytest.approx(times(hop().flight), abs=1e-3)
    assert times(hop("no_ignition,burn=insertion").flight) == pytest.approx(times(hop().flight), abs=1e-3)


def test_it_falls_when_the_tanks_are_empty() -> None:
    preset = load_preset("hop")
    assert isinstance(preset, Hop)
    less = preset.ship.propellant_kg - 8_000.0
    light = preset.model_copy(update={"ship": preset.ship.model_copy(update={"propellant_kg": less})})
    with pytest.raises(FlightError, match="propellant too few"):
        simulate_flight(light)
    track = simulate_flight(light, faults_of("hard_landing,speed_m_s=2")).tracks["ship"]
    left_kg = at(track, *np.linspace(track.start_s, track.end_s, 300)).propellant_kg
    assert left_kg.min() >= 0.0
    assert left_kg[-1] < 1e-3
    cut_s = float(track.burns[-1].cut_s)
    assert cut_s < track.end_s - 1.0
    assert at(track, cut_s + 1.0).speed_m_s[0] < at(track, track.end_s).speed_m_s[0]
    assert track.lost


def test_an_engine_that_is_not_there_is_refused() -> None:
    with pytest.raises(FlightError, match="engine_out: engine=2: ship has engines 1 to 1"):
        hop("engine_out@40,engine=2")


def test_one_of_two_engines_out_means_half_the_thrust_and_a_longer_burn() -> None:
    ship = express("engine_out@250").tracks["ship"]
    before, after = at(ship, 249.9, 250.1).thrust_n
    assert after == pytest.approx(0.5 * before, rel=0.02)
    assert at(ship, 249.9, 250.1).running.tolist() == [2.0, 1.0]
    planned_s, real_s = times(express())["seco"], times(express("engine_out@250"))["seco"]
    assert real_s - 250.0 > 1.5 * (planned_s - 250.0)


def test_an_early_cut_off_of_the_ship_brings_it_down_short_of_its_target() -> None:
    planned, flight = express(), express("early_cutoff@292")
    assert times(flight)["seco"] == pytest.approx(292.2)
    ways_m = [at(each.tracks["ship"], times(each)["splashdown"]).downrange_m[0] for each in (planned, flight)]
    assert ways_m[1] < ways_m[0] - 200_000.0
    assert flight.tracks["ship"].afloat is not None
    assert flight.end_s < planned.end_s


def test_without_insertion_the_ship_falls_back_with_full_tanks_and_the_booster_comes_home() -> None:
    flight = express("no_ignition,burn=insertion")
    ship, happened = flight.tracks["ship"], times(flight)
    assert not {"ses", "seco"} & set(happened)
    assert at(ship, happened["apogee"]).propellant_kg[0] == flight.stage("ship").propellant_kg
    assert ship.lost
    assert at(ship, ship.end_s).dynamic_pressure_pa[0] == pytest.approx(BURSTS_PA, rel=1e-3)
    assert times(flight, "booster") == pytest.approx(times(express(), "booster"), abs=0.01)


def test_a_booster_without_landing_burn_is_lost_alone() -> None:
    flight = express("no_ignition,burn=landing,vehicle=booster")
    assert flight.tracks["booster"].lost
    assert times(flight) == pytest.approx(times(express()), abs=0.01)
    assert flight.end_s == express().end_s


def test_too_few_engines_to_rise_and_both_are_lost_at_once() -> None:
    flight = express(EXPRESS[-1])
    ends = {track.end_s for track in flight.tracks.values()}
    assert len(ends) == 1
    assert all(track.lost for track in flight.tracks.values())
    assert at(flight.tracks["booster"], 0.4, 0.6).running.tolist() == [9.0, 4.0]
    assert flight.end_s == int(np.ceil(ends.pop() + 60.0))


def test_among_many_flights_one_may_stay_on_its_pad_or_be_refused() -> None:
    assert set(times(express("early_cutoff@-1"), "booster")) == {"ignition", "scrub", "abort"}
    refused = express_flights()["pad_hold@-10 pad_hold@-60"]
    assert isinstance(refused, FlightError)
    assert "the countdown can be held" in str(refused)


def test_what_waits_for_something_that_does_not_come_is_lost() -> None:
    preset = load_preset("hop")
    state = np.array([[6_578_137.0], [0.0], [0.0], [0.0], [7_400.0], [0.0], [40_000.0]])
    pilot = TroubledPilot(np.array([5.0]), state, trouble=Trouble(preset.ship), empty_kg=35_000.0)
    coast = Leg("coast", AlongVelocity(0.0), preset.ship.ascent)
    pilot.fly(coast, 10.0)
    assert not pilot.over
    pilot.fly(coast, 10.0, Below(1_000.0))
    assert (pilot.over, pilot.lost, pilot.t_s.tolist()) == (True, True, [25.0])
    pilot.check()
    pilot.fly(coast, 10.0)
    assert pilot.t_s.tolist() == [25.0]


def test_an_ignition_test_ends_with_its_engine() -> None:
    flight = simulate_flight(load_preset("static_fire"), faults_of("early_cutoff@3"))
    assert flight.tracks["ship"].burns[0].ends_s == pytest.approx(3.2)
    assert not times(flight).keys() & {"meco", "abort", "scrub"}


@pytest.mark.parametrize("text", ["engine_out@40", "early_cutoff@30", "no_ignition,burn=landing", "hard_landing"])
def test_detection_invents_nothing_in_such_a_flight(text: str) -> None:
    sent = hop(text)
    happened = times(sent.flight)
    found = {
        event.name: event for event in detect(messages_of(sent)).events if event.type.startswith("downrange.flight")
    }
    assert set(found) <= set(happened)
    for name, event in found.items():
        assert (event.t_ns - T0_NS) / 1e9 == pytest.approx(happened[name], abs=1.0)


def test_a_flight_of_a_fleet_that_is_held_lifts_off_later_than_its_schedule() -> None:
    preset = load_preset("express")
    assert isinstance(preset, Express)
    # with a scrub behind the hold, so that guidance is not needed
    (flight,) = simulate_flights([preset], [faults_of("pad_hold@-10,for_s=90 scrub@-5")])
    departure = Departure("F", T0_NS, "haiyang", "tasman", 10_000.0, 3)
    dictionary = Registry().get(preset.dictionary)
    assert dictionary is not None
    assert Flown(departure, flight).transmitter(dictionary).t0_ns == T0_NS + 90 * 10**9
