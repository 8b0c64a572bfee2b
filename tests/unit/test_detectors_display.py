"""Engines on displays that are read seldom, that stick, and that stand in orbit."""

from __future__ import annotations

import numpy as np
import pytest
from booster import booster_flight, booster_rows
from numpy.typing import NDArray
from quality.synthetic_webcast_motion import Launcher, fly

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

Floats = NDArray[np.float64]
ONE = Launcher(1.35, 300.0, 150.0, 60.0, (50.0, 70.0, 0.8), 40.0, 1e5, 7.5, 8.0, 7500.0, "down", 10.0, 30.0, 6e4, 30.0,
               20.0, 11.0, 1700.0)  # fmt: skip
KM_H = 1.0 / 3.6


def told(t_s: Floats, speeds: Floats, heights: Floats) -> list[Detected]:
    return detect(Samples.of(t_s, speed_m_s=speeds, altitude_m=heights), "launcher")


def ship() -> tuple[Floats, Floats, Floats, dict[str, float]]:
    """Return rows of a second stage's display, 10 a second, and when what happened."""
    upper, _ = fly(ONE)
    t_s = np.arange(0.0, float(upper.t_s[-1]), 0.1)
    speeds = np.floor(np.interp(t_s, upper.t_s, upper.speeds) / KM_H) * KM_H
    heights = np.floor(np.interp(t_s, upper.t_s, upper.heights) / 1000.0) * 1000.0
    return t_s, speeds, heights, upper.events_s


def test_a_display_that_is_read_twice_a_second_shows_engines_in_time() -> None:
    t_s, columns = booster_rows()
    rows = slice(None, None, 5)
    when = booster_flight()[2]
    found = {
        one.type: one for one in known_at(told(t_s[rows], columns["speed_m_s"][rows], columns["altitude_m"][rows]))
    }
    for name, error_s, latency_s in (("meco", 1.0, 2.0), ("entry_start", 1.5, 3.0), ("entry_end", 2.0, 2.0)):
        assert abs(found[name].t_event_s - when[name]) <= error_s
        assert found[name].t_detected_s - when[name] <= latency_s


@pytest.mark.parametrize("begin_s", [90.0, 100.5, 121.0])
def test_a_display_that_sticks_in_noise_has_no_cut_off(begin_s: float) -> None:
    t_s, columns = booster_rows()
    chance = np.random.default_rng(5)
    still = (t_s >= begin_s) & (t_s < begin_s + 1.0)
    speeds = np.where(still, columns["speed_m_s"][np.argmax(still)], columns["speed_m_s"])
    found = told(t_s, speeds + chance.normal(0.0, 1.0, t_s.size), columns["altitude_m"])
    (meco,) = [one for one in known_at(found) if one.type == "meco"]
    assert abs(meco.t_event_s - booster_flight()[2]["meco"]) < 1.0
    assert not [one for one in known_at(found) if one.type in {"ses", "seco"}]


def test_a_display_that_stands_in_orbit_shows_the_end_of_the_burn() -> None:
    t_s, speeds, heights, when = ship()
    (seco,) = [one for one in known_at(told(t_s, speeds, heights)) if one.type == "seco"]
    assert abs(seco.t_event_s - when["seco"]) < 1.0
    assert seco.t_detected_s - when["seco"] < 5.0


def test_a_display_that_stands_before_the_orbit_is_reached_and_goes_on_is_taken_back() -> None:
    t_s, speeds, heights, when = ship()
    begin_s = when["seco"] - 9.0
    still = (t_s >= begin_s) & (t_s < begin_s + 6.0)
    first = int(np.argmax(still))
    speeds, heights = (np.where(still, values[first], values) for values in (speeds, heights))
    secos = [one for one in told(t_s, speeds, heights) if one.type == "seco"]
    assert [one.status for one in secos if one.ordinal == 0] == ["provisional", "retracted"]
    (last,) = known_at(secos)
    assert abs(last.t_event_s - when["seco"]) < 1.0


def test_a_stage_whose_turning_back_was_not_seen_has_no_second_stage_start() -> None:
    """What has lost more speed than gravity takes and then gains is on its way home."""
    t_s = np.arange(0.0, 260.0, 0.1)
    rate = np.select([t_s < 140.0, t_s < 160.0, t_s < 185.0, t_s < 200.0], [14.0, -6.0, -30.0, 25.0], -3.0)
    speeds = np.cumsum(rate) * 0.1
    heights = np.interp(t_s, [0.0, 140.0, 260.0], [0.0, 70_000.0, 140_000.0])
    kept = (t_s < 158.0) | (t_s > 183.5)
    types = {one.type for one in known_at(told(t_s[kept], speeds[kept], heights[kept]))}
    assert "meco" in types
    assert not types & {"ses", "seco"}


def test_what_an_entry_burn_stopped_has_no_second_top() -> None:
    _, first = fly(ONE)
    t_s = np.arange(0.0, float(first.t_s[-1]), 0.1)
    speeds, heights = np.interp(t_s, first.t_s, first.speeds), np.interp(t_s, first.t_s, first.heights)
    tops = [one for one in known_at(told(t_s, speeds, heights)) if one.type == "apogee"]
    assert len(tops) == 1


def test_an_entry_that_begins_unseen_ends_and_its_landing_is_told() -> None:
    _, first = fly(ONE)
    when = first.events_s
    t_s = np.arange(0.0, float(first.t_s[-1]), 0.1)
    speeds, heights = np.interp(t_s, first.t_s, first.speeds), np.interp(t_s, first.t_s, first.heights)
    kept = (t_s < when["entry_start"] - 3.0) | (t_s > when["entry_start"] + 10.0)
    found = {one.type: one for one in known_at(told(t_s[kept], speeds[kept], heights[kept]))}
    assert abs(found["entry_end"].t_event_s - when["entry_end"]) < 2.0
    assert abs(found["landing_burn_start"].t_event_s - when["landing_burn_start"]) < 2.5
    kept = (t_s < when["entry_start"] - 3.0) | (t_s > when["entry_end"] + 3.0)
    found = {one.type: one for one in known_at(told(t_s[kept], speeds[kept], heights[kept]))}
    assert "landing_burn_start" in found
