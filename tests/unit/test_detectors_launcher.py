"""Launchers' events in made-up logs: found in time whatever is done to the rows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from booster import booster_flight, booster_rows
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

# error and latency allowed, s
ALLOWED = {
    "liftoff": (1.0, 2.0),
    "max_q": (5.0, 15.0),
    "meco": (1.0, 2.0),
    "apogee": (0.5, 8.0),
    "entry_start": (1.5, 3.0),
    "entry_end": (2.0, 2.0),
    "landing_burn_start": (2.5, 3.0),
    "touchdown": (1.5, 3.5),
}
Columns = dict[str, NDArray[Any]]


def found_in(t_s: NDArray[np.float64], columns: Columns) -> list[Detected]:
    return known_at(detect(Samples.of(t_s, **columns), "launcher"))


def check(found: list[Detected], ignored: tuple[str, ...] = ()) -> None:
    """Check that all is found in time but what is ignored, and nothing else."""
    when = booster_flight()[2]
    assert {one.type for one in found} - set(ignored) == ALLOWED.keys() - set(ignored)
    assert len(found) == len({one.type for one in found})
    for one in found:
        if one.type in when and one.type not in ignored:
            error_s, latency_s = ALLOWED[one.type]
            assert abs(one.t_event_s - when[one.type]) <= error_s, one
            assert one.t_detected_s - when[one.type] <= latency_s, one
            assert one.status == "confirmed", one


def test_a_stage_that_lands_is_read_from_pad_to_ground() -> None:
    check(found_in(*booster_rows()))


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_moves_little(seed: int) -> None:
    # the landing engine comes a second before its kink stands out
    check(found_in(*booster_rows(seed)), ignored=("landing_burn_start",))


def test_spikes_and_lost_rows_change_nothing() -> None:
    t_s, columns = booster_rows()
    chance = np.random.default_rng(3)
    wild = chance.random(t_s.size) < 0.004
    columns["speed_m_s"] = np.where(
        wild, columns["speed_m_s"] + chance.choice([-1500.0, 1500.0], t_s.size), columns["speed_m_s"]
    )
    kept = chance.random(t_s.size) > 0.15
    check(found_in(t_s[kept], {name: values[kept] for name, values in columns.items()}))


def test_a_hole_at_the_cut_off_makes_it_less_sure_and_no_other_event() -> None:
    t_s, columns = booster_rows()
    kept = (t_s < 139.5) | (t_s > 144.0)
    found = found_in(t_s[kept], {name: values[kept] for name, values in columns.items()})
    check(found, ignored=("meco",))
    (meco,) = (one for one in found if one.type == "meco")
    assert abs(meco.t_event_s - 142.0) < 2.0


def test_a_wait_on_the_pad_and_a_display_that_steps_are_no_liftoff() -> None:
    t_s = np.arange(0.0, 300.0, 0.1)
    chance = np.random.default_rng(4)
    noisy = {"speed_m_s": chance.normal(0.0, 2.0, t_s.size), "altitude_m": chance.normal(0.0, 30.0, t_s.size)}
    stepping = {"speed_m_s": np.where(t_s % 40.0 < 20.0, 0.0, 2.0), "altitude_m": np.zeros(t_s.size)}
    assert found_in(t_s, noisy) == []
    assert found_in(t_s, stepping) == []


@pytest.mark.parametrize("begin_s", [60.0, 120.0, 230.0, 330.0])
def test_a_frozen_display_and_a_leap_are_no_event(begin_s: float) -> None:
    t_s, columns = booster_rows()
    still = (t_s >= begin_s) & (t_s < begin_s + 10.0)
    frozen = {name: np.where(still, values[np.argmax(still)], values) for name, values in columns.items()}
    when = booster_flight()[2]
    near = tuple(name for name, at_s in when.items() if begin_s - 5.0 < at_s < begin_s + 20.0)
    check(found_in(t_s, frozen), ignored=(*near, "max_q"))
    leapt = {**columns, "speed_m_s": np.where(t_s >= begin_s, columns["speed_m_s"] + 300.0, columns["speed_m_s"])}
    before = [one for one in found_in(t_s, leapt) if one.t_event_s < begin_s + 5.0 and one.type != "max_q"]
    known = [name for name, at_s in when.items() if at_s < begin_s - 2.0]
    assert {one.type for one in before} - {"max_q"} <= {*known, *near}


def test_speed_alone_tells_the_cut_off() -> None:
    t_s, columns = booster_rows()
    types = [one.type for one in found_in(t_s, {"speed_m_s": columns["speed_m_s"]})]
    assert types == ["liftoff", "meco"]


@pytest.mark.parametrize("every", [2, 5])
def test_a_display_that_is_read_seldom_shows_a_liftoff_in_time(every: int) -> None:
    t_s, columns = booster_rows()
    rows = slice(None, 300, every)
    found = [one for one in detect(Samples.of(t_s[rows], **{name: values[rows] for name, values in columns.items()}),
                                   "launcher") if one.type == "liftoff"]  # fmt: skip
    when = booster_flight()[2]["liftoff"]
    assert found[0].t_detected_s - when <= 2.0
    assert all(abs(one.t_event_s - when) < 0.5 for one in found)


def test_ten_minutes_of_noise_end_without_a_liftoff() -> None:
    """What noise made look like one, at worst, is withdrawn."""
    chance = np.random.default_rng(0)
    t_s = np.arange(0.0, 600.0, 0.1)
    columns = {"speed_m_s": chance.normal(0.0, 2.0, t_s.size), "altitude_m": chance.normal(0.0, 30.0, t_s.size)}
    assert [one for one in known_at(detect(Samples.of(t_s, **columns), "launcher")) if one.status != "retracted"] == []


def test_who_leaves_a_noisy_pad_and_its_noise_is_told_as_soon_as_from_a_quiet_one() -> None:
    chance = np.random.default_rng(5)
    t_s = np.arange(0.0, 330.0, 1.0 / 30.0)
    climbs_s = np.maximum(t_s - 300.0, 0.0)
    shown = np.round(1.8 * climbs_s / 0.2778) * 0.2778 + np.where(
        climbs_s > 0.0, 0.0, chance.normal(0.0, 2.0, t_s.size)
    )
    found = detect(Samples.of(t_s, speed_m_s=shown, altitude_m=0.9 * climbs_s**2 // 100 * 100), "launcher")
    first = next(one for one in found if one.t_event_s > 299.0)
    assert 0.0 < first.t_detected_s - 300.0 < 1.6


@pytest.mark.parametrize("size", [np.abs, lambda speed: np.maximum(speed, 0.0)], ids=["its size", "cut at zero"])
def test_noise_without_a_sign_is_no_climb_and_hides_none(
    size: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    """A display shows how fast, not whither: with noise a vehicle at rest is faster than zero on the mean."""
    chance = np.random.default_rng(3)
    t_s = np.arange(0.0, 120.0, 0.1)
    columns = {"speed_m_s": size(chance.normal(0.0, 2.0, t_s.size)), "altitude_m": np.zeros(t_s.size)}
    found = detect(Samples.of(t_s, **columns), "launcher")
    assert len([one for one in found if one.t_event_s > 10.0]) <= 2
    assert known_at(found) == []
    climbs = np.where(t_s > 60.0, 2.5 * (t_s - 60.0), 0.0) + chance.normal(0.0, 2.0, t_s.size)
    columns = {"speed_m_s": size(climbs), "altitude_m": np.maximum(t_s - 60.0, 0.0) ** 2 * 1.2}
    (liftoff,) = [one for one in known_at(detect(Samples.of(t_s, **columns), "launcher")) if one.type == "liftoff"]
    assert abs(liftoff.t_event_s - 60.0) < 1.0
    assert 0.0 < liftoff.t_detected_s - 60.0 < 3.5


def test_what_noise_makes_look_like_a_liftoff_is_withdrawn_within_seconds() -> None:
    chance = np.random.default_rng(7)
    t_s = np.arange(0.0, 60.0, 0.1)
    speeds = chance.normal(0.0, 0.5, t_s.size)
    # a gust shakes the tower's antenna for two seconds
    speeds[300:320] += 3.0 * np.arange(20) / 10.0
    found = detect(Samples.of(t_s, speed_m_s=speeds, altitude_m=np.zeros(t_s.size)), "launcher")
    assert [one.status for one in found if one.type == "liftoff"] == ["provisional", "retracted"]
    assert found[1].t_detected_s - found[0].t_detected_s < 4.0
