"""Detectors of small rockets' events, on flights whose truth is known, with the faults of real sensors."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Flight, Floats, Rocket, altitude_of, fly, log_of, told

from downrange.jobs.detect import Detected
from telemetry.samples import Samples

# what may be wrong, s
ALLOWED_S = {"liftoff": 0.3, "meco": 0.3, "apogee": 0.75, "touchdown": 2.0, "max_q": 5.0}
LATENCY_S = {"liftoff": 0.5, "meco": 0.5, "apogee": 2.0, "touchdown": 8.0}
SLOW = Rocket()
FAST = Rocket(push_m_s2=150.0, burn_s=3.5, terminal_m_s=350.0)


def pulls(flight: Flight, noise_m_s2: float = 0.3) -> Floats:
    # what is measured on the way down depends on how the body hangs: here it swings
    chance = np.random.default_rng(8)
    return flight.pull_m_s2 + chance.normal(0.0, noise_m_s2, flight.t_s.size)


def check(found: dict[str, list[Detected]], flight: Flight, events: tuple[str, ...]) -> None:
    for event in events:
        (one,) = found[event]
        true_s = flight.events_s[event]
        assert abs(one.t_event_s - true_s) <= ALLOWED_S[event], event
        assert one.t_detected_s - true_s <= LATENCY_S[event], event
        assert abs(one.t_event_s - true_s) <= 3.5 * one.sigma_s, event


@pytest.mark.parametrize("rocket", [SLOW, FAST], ids=["slow", "fast"])
@pytest.mark.parametrize(
    ("rest_m_s2", "sign"),
    [(0.0, 1.0), (GRAVITY_M_S2, 1.0), (-GRAVITY_M_S2, -1.0), (0.0, -1.0)],
    ids=["without gravity", "with gravity", "upside down with gravity", "upside down without"],
)
def test_acceleration_and_altitude_tell_all_events(rocket: Rocket, rest_m_s2: float, sign: float) -> None:
    flight = fly(rocket)
    acceleration = sign * pulls(flight) + rest_m_s2
    found = told(log_of(flight, altitude_m=altitude_of(flight), acceleration_m_s2=acceleration))
    assert set(found) == {"liftoff", "max_q", "meco", "apogee", "touchdown"}
    check(found, flight, ("liftoff", "meco", "apogee", "touchdown"))
    fastest_s = float(flight.t_s[np.argmax(flight.climb_m_s)])
    assert abs(found["max_q"][0].t_event_s - fastest_s) < 1.0


@pytest.mark.parametrize("every", [1, 2, 10], ids=["100 Hz", "50 Hz", "10 Hz"])
def test_altitude_alone_tells_liftoff_apogee_and_touchdown(every: int) -> None:
    flight = fly(SLOW)
    found = told(log_of(flight, every, altitude_m=altitude_of(flight)))
    check(found, flight, ("apogee", "touchdown"))
    (liftoff,) = found["liftoff"]
    assert abs(liftoff.t_event_s) < 0.3
    assert liftoff.t_detected_s < 1.0
    assert abs(found["max_q"][0].t_event_s - SLOW.burn_s) < 1.5
    assert abs(found["meco"][0].t_event_s - SLOW.burn_s) < 0.6


def test_pressure_alone_tells_apogee_and_touchdown() -> None:
    flight = fly(SLOW)
    pressure = 101_325.0 * (1.0 - 2.25577e-5 * (120.0 + altitude_of(flight))) ** 5.25588
    check(told(log_of(flight, pressure_pa=pressure)), flight, ("apogee", "touchdown"))


@pytest.mark.parametrize("mach_m", [80.0, 200.0, -150.0])
def test_a_leap_at_the_speed_of_sound_is_no_apogee(mach_m: float) -> None:
    flight = fly(FAST)
    altitude = altitude_of(flight, mach_m=mach_m)
    check(told(log_of(flight, altitude_m=altitude)), flight, ("apogee",))
    check(told(log_of(flight, altitude_m=altitude, acceleration_m_s2=pulls(flight))), flight, ("apogee",))


@pytest.mark.parametrize("ejection_m", [50.0, 300.0, 750.0])
def test_an_ejection_charge_hides_no_apogee(ejection_m: float) -> None:
    flight = fly(SLOW)
    found = told(log_of(flight, altitude_m=altitude_of(flight, ejection_m=ejection_m)))
    check(found, flight, ("apogee", "touchdown"))


@pytest.mark.parametrize("until_s", [10.0, 40.0, 80.0])
def test_a_log_that_ends_in_the_air_has_no_touchdown(until_s: float) -> None:
    flight = fly(SLOW)
    assert flight.events_s["touchdown"] > until_s
    assert "touchdown" not in told(log_of(flight, until_s=until_s, altitude_m=altitude_of(flight)))


@pytest.mark.parametrize("main_m", [100.0, 400.0])
def test_a_second_parachute_is_no_touchdown(main_m: float) -> None:
    flight = fly(Rocket(drogue_m_s=35.0, main_m_s=4.0, main_m=main_m))
    found = told(log_of(flight, altitude_m=altitude_of(flight, noise_m=2.0)))
    check(found, flight, ("touchdown",))


@pytest.mark.parametrize("ground_m", [-180.0, 120.0])
def test_the_ground_may_lie_at_any_height(ground_m: float) -> None:
    flight = fly(Rocket(ground_m=ground_m))
    check(told(log_of(flight, altitude_m=altitude_of(flight))), flight, ("touchdown",))


def test_a_pad_has_no_events_however_noisy() -> None:
    chance = np.random.default_rng(4)
    t_s = np.arange(0.0, 600.0, 0.05)
    noise_m, noise_m_s2 = chance.normal(0.0, 30.0, t_s.size), chance.normal(0.0, 1.0, t_s.size)
    assert not told(Samples.of(t_s, altitude_m=noise_m))
    assert not told(Samples.of(t_s, altitude_m=noise_m, acceleration_m_s2=noise_m_s2))


def test_setting_a_rocket_upright_and_knocking_it_is_no_liftoff() -> None:
    t_s = np.arange(0.0, 60.0, 0.01)
    # it lies until 20 s, stands from 24 s, and is knocked, by 60 g for 30 ms, at 40 s
    acceleration = GRAVITY_M_S2 * np.clip((t_s - 20.0) / 4.0, 0.0, 1.0)
    acceleration += np.where((t_s > 40.0) & (t_s < 40.03), 600.0, 0.0)
    chance = np.random.default_rng(5)
    altitude = 80.0 + chance.normal(0.0, 0.4, t_s.size) + np.where((t_s > 40.0) & (t_s < 40.3), 3.0, 0.0)
    assert not told(Samples.of(t_s, altitude_m=altitude, acceleration_m_s2=acceleration))


@pytest.mark.parametrize("seed", range(4))
def test_noise_of_thirty_metres_hides_nothing_that_an_accelerometer_sees(seed: int) -> None:
    flight = fly(SLOW)
    altitude = altitude_of(flight, noise_m=30.0, seed=seed)
    found = told(log_of(flight, 1, altitude_m=altitude, acceleration_m_s2=pulls(flight, 1.0)))
    check(found, flight, ("liftoff", "meco", "apogee"))


def test_frozen_rows_are_no_touchdown_and_no_apogee() -> None:
    flight = fly(SLOW)
    altitude = altitude_of(flight)
    top_s = flight.events_s["apogee"]
    for first_s in (top_s - 6.0, top_s + 20.0):
        held = altitude.copy()
        still = (flight.t_s >= first_s) & (flight.t_s < first_s + 4.0)
        held[still] = held[np.argmax(still)]
        check(told(log_of(flight, altitude_m=held)), flight, ("apogee", "touchdown"))


def test_a_log_that_begins_in_the_burn_reckons_back_to_liftoff() -> None:
    flight = fly(SLOW)
    after = flight.t_s >= 0.8
    altitude, pull = altitude_of(flight)[after], pulls(flight)[after]
    log = Samples.of(flight.t_s[after], altitude_m=altitude, acceleration_m_s2=pull)
    (liftoff,) = told(log)["liftoff"]
    assert abs(liftoff.t_event_s) < max(0.3, 3.0 * liftoff.sigma_s)
    assert liftoff.sigma_s < 1.0
