"""A countdown that stands or ends, a fleet that is late, a fall in the water, a vehicle that is lost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from detection import T0_NS, detect

from simulator.faults import parse_fault
from simulator.faults.ground import late_recovery
from simulator.lost import TUMBLES_FOR_S
from simulator.packets import Transmitter
from simulator.plans import Recovery
from simulator.radio.downlink import COARSEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.record import truth_json
from simulator.simulate import simulate
from telemetry.cuc import NS_PER_S
from telemetry.errors import FlightError
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.topics import Kind


def flown(*lines: str, preset: str = "hop") -> Transmitter:
    return simulate(preset, 3, T0_NS, faults=tuple(parse_fault(line) for line in lines))


def messages(sent: Transmitter) -> list[Message]:
    links = make_links(sent, load_stations(("haiyang",)), "live", "F")
    return list(in_line(ticks(sent, links, COARSEST_BUNDLE_S)))


def truth(sent: Transmitter) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(truth_json(sent, "F"))
    return record


def times(sent: Transmitter, vehicle: str = "ship") -> dict[str, int]:
    """Return when each event truly was, Unix ns."""
    events = [each for each in truth(sent)["events"] if each["vehicle"] == vehicle]
    return {each["type"].rpartition(".")[2]: each["t_ns"] for each in events}


@pytest.fixture(scope="module")
def nominal() -> Transmitter:
    return flown()


@pytest.fixture(scope="module")
def held() -> Transmitter:
    return flown("pad_hold@-20,for_s=60", "pad_hold@-5,for_s=30")


def test_a_hold_makes_everything_behind_it_later_and_nothing_before(nominal: Transmitter, held: Transmitter) -> None:
    plan, real = times(nominal), times(held)
    record = truth(held)
    assert (record["t0_ns"], record["liftoff_ns"]) == (T0_NS, T0_NS + 90 * NS_PER_S)
    assert record["start_ns"] == T0_NS - 45 * NS_PER_S
    assert real["hold"] == T0_NS + (60 - 5) * NS_PER_S
    starts = [each["t_ns"] - T0_NS for each in record["events"] if each["type"].endswith(".hold")]
    assert starts == [-20 * NS_PER_S, 55 * NS_PER_S]
    for event in plan:
        late_s = 0 if event in {"loaded", "sealed"} else 90
        assert real[event] - plan[event] == pytest.approx(late_s * NS_PER_S, abs=1_000), event


def test_the_clock_on_board_stands_in_a_hold(held: Transmitter) -> None:
    count_s = np.asarray(held.columns("ship", "health")["mission_time_s"], dtype=np.float64)
    planned_s = (held.stream("ship", "health").t_ns - T0_NS) / NS_PER_S
    before, within, behind = planned_s < -20.0, (planned_s >= -20.0) & (planned_s <= 40.0), planned_s > 85.0
    assert count_s[before] == pytest.approx(planned_s[before], abs=1e-3)
    assert count_s[within] == pytest.approx(np.full(np.count_nonzero(within), -20.0), abs=1e-3)
    assert count_s[behind] == pytest.approx(planned_s[behind] - 90.0, abs=1e-3)


def test_a_held_flight_is_detected_like_any_other(held: Transmitter) -> None:
    found = {event.name: event.t_ns for event in detect(messages(held)).events if "flight" in event.type}
    real = times(held)
    for event in ("ignition", "liftoff", "meco", "apogee", "splashdown"):
        assert found[event] == pytest.approx(real[event], abs=NS_PER_S), event


@pytest.mark.parametrize("at_s", [-50, -2])
def test_a_hold_is_between_the_first_telemetry_and_the_ignition(at_s: int) -> None:
    with pytest.raises(FlightError, match="between -45 and ignition at -3 s"):
        flown(f"pad_hold@{at_s}")


def test_a_late_fleet_recovers_later_and_all_behind_it_is_later(nominal: Transmitter) -> None:
    late = flown("recovery_delayed,by_s=40")
    plan, real = times(nominal), times(late)
    shifted = {"recovered", "unloaded"}
    for event in plan:
        assert real[event] - plan[event] == pytest.approx(40e9 * (event in shifted), abs=1_000), event
    assert late.flight.end_s == nominal.flight.end_s + 40
    states = np.asarray(late.columns("ship", "health")["recovery_state"])
    plan_states = np.asarray(nominal.columns("ship", "health")["recovery_state"])
    assert np.count_nonzero(states == 1) == np.count_nonzero(plan_states == 1) + 40


def test_only_the_vehicle_that_is_meant_waits_for_its_fleet() -> None:
    plan, late = (
        Recovery(secured_s=60, on_deck_s=120, deck_height_m=8),
        [parse_fault("recovery_delayed,by_s=9,vehicle=booster")],
    )
    assert late_recovery(plan, late, "ship") == plan
    assert late_recovery(plan, late * 2, "booster") == Recovery(secured_s=78, on_deck_s=138, deck_height_m=8)


def test_a_fall_in_the_water_tilts_the_container_until_it_is_on_deck(nominal: Transmitter) -> None:
    fallen = flown("tip_over,after_s=20,within_s=5,tilt_deg=80")
    afloat = fallen.flight.tracks["ship"].afloat
    assert afloat is not None
    t_s = fallen.times_s("cargo", "ship") - afloat.splash_s
    tilt = np.asarray(fallen.columns("ship", "cargo")["tilt_deg"], dtype=np.float64)
    upright = np.asarray(nominal.columns("ship", "cargo")["tilt_deg"], dtype=np.float64)
    same = t_s < 19.0
    assert np.array_equal(tilt[same], upright[same])
    assert tilt[(t_s > 26.0) & (t_s < 55.0)].min() > 70.0
    assert tilt[t_s > 121.0].max() < 5.0
    raised = [each for each in truth(fallen)["events"] if each["type"] == "downrange.cargo.tilt"]
    assert raised
    found = [event for event in detect(messages(fallen)).events if event.type == "downrange.cargo.tilt"]
    assert [event.t_ns for event in found] == [each["t_ns"] for each in raised]


def test_a_fall_on_deck_is_refused() -> None:
    with pytest.raises(FlightError, match="on deck after 120 s"):
        flown("tip_over,after_s=130")


@pytest.mark.parametrize(
    ("line", "at_s", "events"),
    [
        ("scrub@-10,for_s=30", -10.0, ["loaded", "sealed", "scrub"]),
        ("scrub@-1", -1.0, ["loaded", "sealed", "ignition", "abort", "scrub"]),
        ("no_ignition", -1.5, ["loaded", "sealed", "scrub"]),
    ],
)
def test_a_scrubbed_flight_stays_on_its_pad(line: str, at_s: float, events: list[str]) -> None:
    sent = flown(line)
    record = truth(sent)
    assert sorted(each["type"].rpartition(".")[2] for each in record["events"]) == sorted(events)
    assert times(sent)["scrub"] == T0_NS + round(at_s * NS_PER_S)
    lasts_s = 30 if "for_s" in line else 60
    assert record["end_ns"] == pytest.approx(T0_NS + (at_s + lasts_s) * NS_PER_S, abs=NS_PER_S)
    nav = sent.columns("ship", "nav")
    assert np.ptp(np.asarray(nav["altitude_m"], dtype=np.float64)) < 20.0
    clock = np.asarray(sent.columns("ship", "health")["mission_time_s"], dtype=np.float64)
    assert clock.max() == pytest.approx(at_s, abs=1.0)
    chamber = np.asarray(sent.columns("ship", "propulsion")["chamber_pressure_pa"], dtype=np.float64)
    assert (chamber.max() > 5e6) == ("ignition" in events)


def test_of_a_scrubbed_flight_nothing_but_its_countdown_is_detected() -> None:
    sent = flown("scrub@-10")
    found = [event.name for event in detect(messages(sent)).events if "link" not in event.type]
    assert [name for name in found if name not in {"stale", "fresh"}] == ["loaded", "sealed", "scrub"]


def test_a_stack_that_stays_keeps_both_its_vehicles_and_their_tanks_full() -> None:
    sent = flown("scrub@-10", preset="express")
    assert set(sent.flight.tracks) == {"ship", "booster"}
    preset = sent.flight.preset
    for vehicle in ("ship", "booster"):
        held = sent.columns(vehicle, "propulsion")
        assert bool(np.all(held["stage_attached"]))
        mass = np.asarray(held["propellant_mass_kg"], dtype=np.float64)
        assert mass == pytest.approx(np.full(mass.size, preset.stage(vehicle).propellant_kg), rel=0.02)
        assert "stage_separation" not in times(sent, vehicle)


def test_a_lost_vehicle_ends_and_so_does_its_telemetry(nominal: Transmitter) -> None:
    lost = flown("loss_of_vehicle@80")
    plan, real = times(nominal), times(lost)
    assert real == {event: t_ns for event, t_ns in plan.items() if t_ns < T0_NS + 80 * NS_PER_S} | {
        "loss_of_vehicle": T0_NS + 80 * NS_PER_S
    }
    for packet in ("nav", "health"):
        whole, part = nominal.stream("ship", packet), lost.stream("ship", packet)
        assert part.t_ns[-1] <= T0_NS + 80 * NS_PER_S < part.t_ns[-1] + NS_PER_S
        if packet == "nav":
            # but for its last moments, in which it tumbles
            same = len(part.octets) - round(TUMBLES_FOR_S * 50) - 1
            assert part.octets[:same].tobytes() == whole.octets[:same].tobytes()
    beats = [LinkReport.model_validate_json(each.payload) for each in messages(lost) if each.kind is Kind.LINK]
    assert beats[-1].state == "los"
    assert beats[-1].ert_ns == T0_NS + 140 * NS_PER_S


def test_joined_vehicles_are_lost_together() -> None:
    lost = flown("loss_of_vehicle@30,vehicle=booster", preset="express")
    assert times(lost, "ship")["loss_of_vehicle"] == times(lost, "booster")["loss_of_vehicle"] == T0_NS + 30 * NS_PER_S
    assert "max_q" not in times(lost)
    assert lost.duration_ns == (45 + 30 + 60) * NS_PER_S


def test_a_vehicle_is_lost_only_while_it_is_there() -> None:
    with pytest.raises(FlightError, match="ship is there between -45 and"):
        flown("loss_of_vehicle@5000")


def test_a_countdown_that_ends_leaves_the_phase_aborted_and_lit_engines_an_abort() -> None:
    cold, hot = flown("scrub@-10"), flown("scrub@-0.5")
    phases = cold.columns("ship", "health")["flight_phase"]
    count_s = np.asarray(cold.columns("ship", "health")["mission_time_s"], dtype=np.float64)
    assert set(phases[count_s < -10.0].tolist()) == {0}
    assert phases[-1] == 9
    assert times(cold).keys() & {"ignition", "meco", "abort"} == set()
    assert times(hot).keys() & {"ignition", "meco", "abort"} == {"ignition", "abort"}


def test_what_breaks_up_tumbles_before_and_what_comes_down_does_not(nominal: Transmitter) -> None:
    rate = np.abs(np.asarray(flown("loss_of_vehicle@30").columns("ship", "nav")["pitch_rate_deg_s"], dtype=np.float64))
    assert (rate[-20:] > 80.0).all()
    assert np.abs(np.asarray(nominal.columns("ship", "nav")["pitch_rate_deg_s"])).max() < 60.0
