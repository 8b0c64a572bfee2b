"""What small rockets' logs show besides flights, and what must not be taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Rocket, altitude_of, fly, log_of, told

from downrange.jobs.detect import detect, known_at
from processors.small.apex import apex
from telemetry.samples import Samples

ROCKET = Rocket(pad_s=10.0)


def test_a_body_that_swings_under_its_parachute_does_not_lift_off() -> None:
    flight = fly(Rocket(drogue_m_s=6.0))
    chance = np.random.default_rng(2)
    after = flight.t_s > flight.events_s["apogee"] + 5.0
    # 4 g for half a second, every three seconds
    swings = 40.0 * np.clip(np.sin(2.0 * np.pi * flight.t_s / 3.0) - 0.5, 0.0, None) * 2.0
    acceleration = swings + chance.normal(0.0, 0.5, flight.t_s.size)
    log = Samples.of(flight.t_s[after], altitude_m=altitude_of(flight)[after], acceleration_m_s2=acceleration[after])
    assert set(told(log)) == {"touchdown"}


@pytest.mark.parametrize("noise_m", [0.4, 5.0])
def test_what_is_swung_by_hand_is_taken_back_and_the_flight_after_it_is_told(noise_m: float) -> None:
    flight = fly(Rocket(pad_s=40.0))
    swung = (flight.t_s > -30.0) & (flight.t_s < -29.5)
    acceleration = flight.pull_m_s2 + np.where(swung, 25.0, 0.0)
    revisions = detect(log_of(flight, altitude_m=altitude_of(flight, noise_m=noise_m), acceleration_m_s2=acceleration))
    liftoffs = [one for one in revisions if one.type == "liftoff"]
    assert [one.status for one in liftoffs] == ["provisional", "retracted", "provisional", "confirmed"]
    (liftoff,) = [one for one in known_at(revisions) if one.type == "liftoff"]
    assert abs(liftoff.t_event_s) < 0.3
    assert liftoffs[2].t_detected_s < 0.5
    (meco,) = [one for one in known_at(revisions) if one.type == "meco"]
    assert abs(meco.t_event_s - flight.events_s["meco"]) < 0.3


@pytest.mark.parametrize("climbs_m_s", [2.0, 6.0])
def test_what_is_carried_up_and_down_again_has_not_flown(climbs_m_s: float) -> None:
    t_s = np.arange(0.0, 200.0, 0.05)
    altitude = np.clip(climbs_m_s * (t_s - 30.0), 0.0, 60.0) - np.clip(climbs_m_s * (t_s - 110.0), 0.0, 60.0)
    noise = np.random.default_rng(1).normal(0.0, 0.4, t_s.size)
    assert not told(Samples.of(t_s, altitude_m=altitude + noise))


@pytest.mark.parametrize("step_m", [0.3048, 1.0])
def test_an_altimeter_that_counts_in_steps_tells_a_liftoff_as_soon(step_m: float) -> None:
    flight = fly(ROCKET)
    altitude = np.round(altitude_of(flight, noise_m=0.1) / step_m) * step_m
    (liftoff,) = told(log_of(flight, 5, altitude_m=altitude))["liftoff"]
    assert abs(liftoff.t_event_s) < 0.3
    revisions = [one for one in detect(log_of(flight, 5, altitude_m=altitude), "sounding") if one.type == "liftoff"]
    assert revisions[0].t_detected_s <= 0.5


def test_a_record_that_begins_in_the_coast_has_no_liftoff() -> None:
    flight = fly(ROCKET)
    coasts = flight.t_s > flight.events_s["meco"] + 4.0
    altitude, pull = altitude_of(flight)[coasts], flight.pull_m_s2[coasts]
    assert "liftoff" not in told(Samples.of(flight.t_s[coasts], altitude_m=altitude))
    assert "liftoff" not in told(Samples.of(flight.t_s[coasts], altitude_m=altitude, acceleration_m_s2=pull))


def test_drag_is_no_push_of_a_motor_that_points_down() -> None:
    flight = fly(Rocket(push_m_s2=200.0, burn_s=2.5, terminal_m_s=220.0))
    coasts = flight.t_s > flight.events_s["meco"] + 0.1
    assert flight.pull_m_s2[coasts][0] < -3.0 * GRAVITY_M_S2
    altitude, pull = altitude_of(flight)[coasts], flight.pull_m_s2[coasts]
    assert "liftoff" not in told(Samples.of(flight.t_s[coasts], altitude_m=altitude, acceleration_m_s2=pull))


def test_heights_without_a_top_have_none() -> None:
    t_s = np.linspace(-4.0, 0.5, 46)
    for slope_m_s in (1e4, 1e6):
        assert apex(t_s, slope_m_s * t_s, None, 0.0, 0.3) is None
        assert apex(t_s, slope_m_s * t_s * t_s, None, 0.0, 0.3) is None or slope_m_s < 0.0


def test_a_climb_in_a_hole_is_a_flight_all_the_same() -> None:
    flight = fly(Rocket(pad_s=20.0))
    top_s = flight.events_s["apogee"]
    seen = (flight.t_s < -1.0) | (flight.t_s > top_s - 2.0)
    altitude, pull = altitude_of(flight)[seen], flight.pull_m_s2[seen]
    for columns in ({}, {"acceleration_m_s2": pull}):
        found = told(Samples.of(flight.t_s[seen], altitude_m=altitude, **columns))
        assert abs(found["apogee"][0].t_event_s - top_s) < 0.75
        assert abs(found["touchdown"][0].t_event_s - flight.events_s["touchdown"]) < 2.0


def test_drag_after_frozen_rows_is_no_push_either() -> None:
    flight = fly(Rocket(pad_s=10.0, push_m_s2=120.0, burn_s=1.5, terminal_m_s=120.0))
    still = (flight.t_s > -1.0) & (flight.t_s < 1.52)
    first = int(np.argmax(still))
    altitude = altitude_of(flight)
    altitude_m = np.where(still, altitude[first], altitude)
    acceleration_m_s2 = np.where(still, flight.pull_m_s2[first], flight.pull_m_s2)
    found = told(log_of(flight, altitude_m=altitude_m, acceleration_m_s2=acceleration_m_s2))
    assert abs(found["apogee"][0].t_event_s - flight.events_s["apogee"]) < 0.75
    assert all(one.t_event_s < 3.0 for one in found.get("meco", []))


def test_a_glitch_that_stands_for_two_seconds_is_no_flight() -> None:
    t_s = np.arange(0.0, 60.0, 0.05)
    altitude = np.random.default_rng(6).normal(0.0, 0.3, t_s.size)
    rises = (t_s > 30.0) & (t_s < 30.5)
    altitude += np.where(rises, 100.0 * (t_s - 30.0) ** 2, 0.0)
    altitude[(t_s >= 30.5) & (t_s < 32.6)] = 25.0
    assert not told(Samples.of(t_s, altitude_m=altitude))
