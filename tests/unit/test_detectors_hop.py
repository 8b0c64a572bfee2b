"""Detectors of hops' events, on flights whose truth is known."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hop_flight import Flight, Program, flown, fly, gusty, log_of

from downrange.jobs.detect import Detected, detect, known_at
from processors.detector import Finding
from processors.detectors.small_apogee import SmallApogee
from processors.motion.cell import Cell
from processors.motion.track import Track
from telemetry.samples import Samples

ZERO_S = 100.0
# what may be wrong, s, and how late it may be told
ALLOWED_S = {"liftoff": 0.3, "meco": 0.3, "apogee": 0.75, "landing_burn_start": 2.5, "touchdown": 2.0}
LATENCY_S = {"liftoff": 0.5, "meco": 0.5, "apogee": 2.0, "landing_burn_start": 3.0, "touchdown": 8.0}

falling = functools.cache(fly)


@functools.cache
def hovering(ground_m: float = 0.0) -> Flight:
    return fly(hovers=True, ground_m=ground_m)


@functools.cache
def low() -> Flight:
    return flown(Program(4.0, 60.0, 8.0, 20.0, 1.2))


def told(log: Samples) -> dict[str, list[Detected]]:
    found: dict[str, list[Detected]] = {}
    for one in known_at(detect(log, "hop")):
        found.setdefault(one.type, []).append(one)
    return found


def check(found: dict[str, list[Detected]], flight: Flight, *events: str) -> None:
    for event in events:
        (one,) = found[event]
        true_s = ZERO_S + flight.events_s[event]
        assert abs(one.t_event_s - true_s) <= ALLOWED_S[event], event
        assert one.t_detected_s - true_s <= LATENCY_S[event], event
        assert abs(one.t_event_s - true_s) <= 3.5 * one.sigma_s, event


@pytest.mark.parametrize("channels", ["ha", "pa", "hca"])
@pytest.mark.parametrize("noise_m", [0.3, 1.0])
def test_acceleration_and_height_tell_all_events(channels: str, noise_m: float) -> None:
    flight = falling()
    found = told(log_of(flight, channels, noise_m=noise_m))
    assert set(found) == set(ALLOWED_S)
    check(found, flight, *ALLOWED_S)


@pytest.mark.parametrize("channels", ["hs", "hc"])
def test_speed_and_height_tell_all_events(channels: str) -> None:
    flight = falling()
    found = told(log_of(flight, channels, noise_m=0.3))
    check(found, flight, "liftoff", "apogee", "landing_burn_start", "touchdown")
    (meco,) = found["meco"]
    assert abs(meco.t_event_s - ZERO_S - flight.events_s["meco"]) < 0.3
    assert meco.t_detected_s - ZERO_S - flight.events_s["meco"] < 1.0


@pytest.mark.parametrize("channels", ["h", "p"])
@pytest.mark.parametrize(("noise_m", "latest_s"), [(0.3, 1.3), (1.0, 1.9), (3.0, 3.0)])
def test_heights_alone_tell_liftoff_as_soon_as_it_shows(channels: str, noise_m: float, latest_s: float) -> None:
    flight = falling()
    found = told(log_of(flight, channels, noise_m=noise_m))
    (liftoff,) = found["liftoff"]
    assert abs(liftoff.t_event_s - ZERO_S) < max(0.3, 2.0 * liftoff.sigma_s)
    assert liftoff.t_detected_s - ZERO_S < latest_s
    assert liftoff.status == "confirmed"
    check(found, flight, "apogee", "touchdown")


@pytest.mark.parametrize("ground_m", [0.0, -12.0])
@pytest.mark.parametrize(("noise_m", "gusts_m"), [(0.3, 0.0), (1.0, 0.0), (3.0, 0.0), (0.3, 0.5)])
def test_who_hovers_and_sinks_slowly_has_not_landed(ground_m: float, noise_m: float, gusts_m: float) -> None:
    flight = hovering(ground_m)
    log = log_of(flight, "h", noise_m=noise_m, gusts_m=gusts_m)
    check(told(log), flight, "touchdown")
    touched_s = ZERO_S + flight.events_s["touchdown"]
    assert not [one for one in detect(log, "hop") if one.type == "touchdown" and one.t_detected_s < touched_s]


@pytest.mark.parametrize(
    ("channels", "hz", "noise_m"), [("h", 20, 1.0), ("ha", 10, 0.3), ("hs", 10, 1.0), ("p", 5, 0.3)]
)
def test_who_hovers_has_no_apogee(channels: str, hz: int, noise_m: float) -> None:
    log = log_of(hovering(), channels, hz=hz, noise_m=noise_m)
    assert "apogee" not in {one.type for one in detect(log, "hop")}


@pytest.mark.parametrize("channels", ["h", "hs", "hc", "ha", "p"])
def test_a_low_hop_is_told_from_a_small_rocket(channels: str) -> None:
    flight = low()
    found = known_at(detect(log_of(flight, channels, noise_m=0.3), "auto"))
    # once it is known to hop, what was missed is looked up
    assert sorted(one.type for one in found) == ["liftoff", "touchdown"]
    for one in found:
        assert abs(one.t_event_s - ZERO_S - flight.events_s[one.type]) < max(ALLOWED_S[one.type], 3.0 * one.sigma_s)


def test_what_stops_its_engine_before_it_is_known_to_hop_has_its_cut_off_all_the_same() -> None:
    flight = falling()
    found = {one.type: one for one in known_at(detect(log_of(flight, "hs", noise_m=0.3), "auto"))}
    assert set(found) == set(ALLOWED_S)
    for event, allowed_s in ALLOWED_S.items():
        assert abs(found[event].t_event_s - ZERO_S - flight.events_s[event]) < allowed_s, event


def test_what_was_told_of_a_small_rocket_is_taken_back_when_it_hops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def falsely(self: SmallApogee, cell: Cell, _: Track) -> tuple[Finding, ...]:
        if type(self) is not SmallApogee or self.state.done or cell.h_m < 15.0:
            return ()
        self.state.done = True
        return (self.finding("downrange.flight.apogee", cell.t_ns, 0.1, cell, cell.count_first, {}),)

    monkeypatch.setattr(SmallApogee, "on_cell", falsely)
    found = detect(log_of(low(), "h", noise_m=0.3), "auto")
    assert [(one.ordinal, one.status) for one in found if one.type == "apogee"] == [(0, "confirmed"), (0, "retracted")]
    assert sorted(one.type for one in known_at(found)) == ["liftoff", "touchdown"]


@pytest.mark.parametrize("climb_m_s", [1.5, 3.0])
def test_a_slow_climb_from_the_pad_is_no_weather(climb_m_s: float) -> None:
    flight = flown(Program(2.0, 60.0, climb_m_s, 10.0, 1.2))
    found = told(log_of(flight, "ha", noise_m=0.3))
    check(found, flight, "liftoff", "touchdown")


def test_engines_that_never_stop_have_no_cut_off_and_no_landing_burn() -> None:
    for channels in ("ha", "hs", "hc"):
        assert not told(log_of(hovering(), channels, noise_m=0.3)).keys() & {"meco", "landing_burn_start"}


def test_a_log_that_ends_in_the_air_has_no_touchdown() -> None:
    flight = hovering()
    log = log_of(flight, "ha")
    short = log.select(log.t_ns < round((ZERO_S + flight.events_s["touchdown"] - 1.0) * 1e9))
    assert "touchdown" not in told(short)


@pytest.mark.parametrize(("noise_m", "gusts_m"), [(3.0, 0.0), (0.5, 1.0)])
def test_a_pad_has_no_events_however_noisy_and_gusty(noise_m: float, gusts_m: float) -> None:
    t_s = np.arange(0.0, 300.0, 0.1)
    chance = np.random.default_rng(9)
    altitude = 12.0 + gusty(t_s.size, noise_m, gusts_m, 0.1, 7)
    vibrates = chance.normal(0.0, 0.5, t_s.size)
    assert not detect(Samples.of(t_s, altitude_m=altitude, acceleration_m_s2=vibrates), "hop")


def test_wild_rows_move_nothing() -> None:
    flight = falling()
    log = log_of(flight, "ha")
    chance = np.random.default_rng(2)
    columns = {name: values.copy() for name, values in log.columns.items()}
    for name, size in (("altitude_m", 20_000.0), ("acceleration_m_s2", 1_500.0)):
        wild = chance.random(log.t_ns.size) < 0.002
        columns[name][wild] += chance.choice([-size, size], int(np.count_nonzero(wild)))
    check(told(Samples.of(log.t_ns / 1e9, **columns)), flight, *ALLOWED_S)


def test_a_rise_that_comes_to_nothing_is_taken_back() -> None:
    # a crane lifts it by 2 m, at 2 m/s^2, and it hangs there
    t_s = np.arange(0.0, 90.0, 0.05)
    since = np.clip(t_s - 60.0, 0.0, 2.0)
    height = np.where(since < 1.0, since**2, 2.0 - (2.0 - since) ** 2)
    altitude = height + np.random.default_rng(3).normal(0.0, 0.2, t_s.size)
    found = detect(Samples.of(t_s, altitude_m=altitude), "hop")
    assert not known_at(found)


def test_where_it_stands_up_again_it_had_not_landed() -> None:
    # it hovers 2 m over its pad for 9 s, as low as a landing, and climbs again
    t_s = np.arange(0.0, 160.0, 0.05)
    at_s, at_m = (0, 40, 48, 78, 87, 95, 140, 160), (0, 0, 60, 2, 2, 60, 0, 0)
    altitude = np.interp(t_s, at_s, at_m) + np.random.default_rng(3).normal(0.0, 0.3, t_s.size)
    found = detect(Samples.of(t_s, altitude_m=altitude), "hop")
    (last,) = (one for one in known_at(found) if one.type == "touchdown")
    assert abs(last.t_event_s - 140.0) < 2.0
    assert [one.status for one in found if one.type == "touchdown"].count("retracted") == 1


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_steady_sink_in_gusts_ends_where_sigma_says(seed: int) -> None:
    flight = flown(Program(3.0, 60.0, 8.0, 5.0, 1.8))
    (touchdown,) = told(log_of(flight, "h", noise_m=0.3, gusts_m=0.7, seed=seed))["touchdown"]
    error_s = abs(touchdown.t_event_s - ZERO_S - flight.events_s["touchdown"])
    assert error_s < 2.5 * touchdown.sigma_s
    assert touchdown.sigma_s < 1.5


def test_a_fast_descent_before_the_sink_does_not_move_the_touchdown() -> None:
    # 6 m/s to 15 m, then 1.8 m/s
    flight = flown(Program(3.0, 60.0, 8.0, 5.0, 1.8))
    (touchdown,) = told(log_of(flight, "h", noise_m=0.1))["touchdown"]
    assert abs(touchdown.t_event_s - ZERO_S - flight.events_s["touchdown"]) < 0.3


def test_a_top_that_comes_out_of_a_hole_is_told_by_climbs() -> None:
    flight = falling()
    log = log_of(flight, "hc", noise_m=0.5)
    top_s = ZERO_S + flight.events_s["apogee"]
    since_s = log.t_ns / 1e9 - top_s
    (apogee,) = told(log.select((since_s < -5.5) | (since_s > -0.4)))["apogee"]
    assert abs(apogee.t_event_s - top_s) < 0.2
    assert apogee.t_detected_s - top_s < 2.0


def test_a_short_coast_between_burns_has_its_apogee_by_heights() -> None:
    flight = flown(Program(4.0, 290.0, 25.0, 0.0, 1.3))
    (apogee,) = told(log_of(flight, "h", hz=10, noise_m=1.0))["apogee"]
    assert abs(apogee.t_event_s - ZERO_S - flight.events_s["apogee"]) < 0.5


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_hop_of_26_metres_is_told_from_a_small_rocket_in_a_metre_of_noise(seed: int) -> None:
    flight = flown(Program(3.0, 26.0, 7.0, 10.0, 1.2))
    found = {one.type: one for one in known_at(detect(log_of(flight, "h", noise_m=1.0, seed=seed), "auto"))}
    assert set(found) == {"liftoff", "touchdown"}
    assert abs(found["touchdown"].t_event_s - ZERO_S - flight.events_s["touchdown"]) < 2.0


def test_what_hops_out_of_a_frozen_stretch_is_no_small_rocket() -> None:
    flight = flown(Program(3.0, 150.0, 13.0, 17.0, 1.8))
    log = log_of(flight, "hca", noise_m=0.5)
    since_s = log.t_ns / 1e9 - ZERO_S
    stuck = (since_s > -2.0) & (since_s < 8.0)
    first = int(np.argmax(stuck))
    columns = {name: np.where(stuck, values[first], values) for name, values in log.columns.items()}
    found = known_at(detect(Samples.of(log.t_ns / 1e9, **columns), "auto"))
    assert "apogee" not in {one.type for one in found}
    (touchdown,) = (one for one in found if one.type == "touchdown")
    assert abs(touchdown.t_event_s - ZERO_S - flight.events_s["touchdown"]) < 2.0


@pytest.mark.parametrize("channels", ["hs", "ha"])
def test_a_liftoff_by_speed_or_acceleration_is_told_in_half_a_second_after_seconds_on_the_pad(channels: str) -> None:
    log = log_of(falling(), channels, noise_m=0.5)
    short = log.select(log.t_ns > round((ZERO_S - 7.0) * 1e9))
    (liftoff,) = told(short)["liftoff"]
    assert abs(liftoff.t_event_s - ZERO_S) < 0.3
    assert liftoff.t_detected_s - ZERO_S < 0.51


def test_noise_of_a_hundred_metres_has_no_max_q() -> None:
    flight = flown(Program(2.6, 900.0, 38.0, 0.0, 1.2))
    for seed in range(1, 4):
        assert "max_q" not in {one.type for one in detect(log_of(flight, "h", noise_m=90.0, seed=seed), "auto")}
