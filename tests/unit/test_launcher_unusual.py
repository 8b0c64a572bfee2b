"""Launches whose first or upper stage is unlike others, or of which parts were not seen."""

from __future__ import annotations

import numpy as np
import pytest

from downrange.jobs.detect import detect, known_at
from telemetry.samples import Samples

MECO_S, SES_S, SECO_S, END_S = 165.0, 174.5, 480.0, 510.0
STEP_S = 0.01
GRAVITY_M_S2 = 9.6


def rows(steepness_deg: float) -> Samples:
    """Return what a display shows of a launch with a cut-off at more than 3 km/s, throttled to 4 g before it."""
    t_s = np.arange(-10.0, END_S, STEP_S)
    path = np.radians(np.interp(t_s, [0.0, 15.0, MECO_S, 300.0, SECO_S], [90.0, 85.0, steepness_deg, 4.0, 0.0]))
    thrust = np.interp(t_s, [0.0, 135.0, MECO_S, MECO_S + 0.5], [14.0, 40.0, 40.0, 0.0]) * (t_s >= 0.0)
    thrust += np.interp(t_s, [SES_S, SES_S + 1.2, SECO_S - 0.3, SECO_S], [0.0, 8.0, 21.0, 0.0])
    rate = np.where(t_s < 0.0, 0.0, thrust - GRAVITY_M_S2 * np.sin(path))
    speed = np.cumsum(rate) * STEP_S
    height = np.cumsum(speed * np.sin(path)) * STEP_S
    shown = slice(None, None, 3)
    altitude = np.where(height < 100_000.0, np.floor(height / 100.0) * 100.0, np.floor(height / 1000.0) * 1000.0)
    return Samples.of(t_s[shown], speed_m_s=np.floor(speed[shown] * 3.6) * 0.277, altitude_m=altitude[shown])


@pytest.mark.parametrize("steepness_deg", [15.0, 20.0, 25.0])
def test_its_cut_off_is_not_told_again_as_that_of_the_upper_stage(steepness_deg: float) -> None:
    log = rows(steepness_deg)
    assert float(np.nanmax(log.columns["speed_m_s"])) > 3000.0
    revisions = detect(log, "launcher")
    engines = [one for one in known_at(revisions) if one.type in {"meco", "ses", "seco"}]
    assert [one.type for one in engines] == ["meco", "ses", "seco"]
    assert [one.t_event_s for one in engines] == pytest.approx([MECO_S, SES_S, SECO_S], abs=1.5)
    assert not any(one.type == "seco" and one.t_event_s < SECO_S - 5.0 for one in revisions)


@pytest.mark.parametrize("hidden_s", [(150.0, 200.0), (-20.0, 250.0)], ids=["a hole", "it begins later"])
def test_who_gets_into_orbit_after_a_cut_off_that_was_not_seen_is_no_first_stage(hidden_s: tuple[float, float]) -> None:
    log = rows(20.0)
    t_s = log.t_ns / 1e9
    seen = log.select((t_s < hidden_s[0]) | (t_s > hidden_s[1]))
    (seco,) = [one for one in known_at(detect(seen, "launcher")) if one.type in {"meco", "seco"}]
    assert seco.type == "seco"
    assert abs(seco.t_event_s - SECO_S) < 2.0


@pytest.mark.parametrize("sticks_s", [2.0, 2.4, 2.6, 2.8])
def test_a_display_that_sticks_in_noise_is_no_cut_off(sticks_s: float) -> None:
    log = rows(20.0)
    t_s, chance = log.t_ns / 1e9, np.random.default_rng(3)
    stuck = (t_s >= 120.0) & (t_s < 120.0 + sticks_s)
    for name, noise in (("speed_m_s", 2.0), ("altitude_m", 30.0)):
        values = log.columns[name]
        values[stuck] = values[stuck][0]
        values += chance.normal(0.0, noise, values.size)
    (meco,) = [one for one in known_at(detect(log, "launcher")) if one.type == "meco"]
    assert abs(meco.t_event_s - MECO_S) < 1.0


@pytest.mark.parametrize(("noise_m_s", "left_m_s2"), [(0.0, 6.5), (2.0, 6.5), (0.0, 12.0), (2.0, 12.0), (6.0, 12.0)])
def test_boosters_that_burn_out_beside_a_stage_are_not_its_cut_off(noise_m_s: float, left_m_s2: float) -> None:
    burnt_out_s, meco_s = 130.0, 230.0
    t_s = np.arange(-10.0, meco_s + 20.0, STEP_S)
    path = np.radians(np.interp(t_s, [0.0, 15.0, burnt_out_s, meco_s], [90.0, 85.0, 50.0, 20.0]))
    grows = [0.0, 95.0, burnt_out_s, burnt_out_s + 0.7, meco_s - 0.3, meco_s]
    thrust = np.interp(t_s, grows, [14.0, 28.0, 28.0, left_m_s2, left_m_s2 + 8.0, 0.0]) * (t_s >= 0.0)
    speed = np.cumsum(np.where(t_s < 0.0, 0.0, thrust - GRAVITY_M_S2 * np.sin(path))) * STEP_S
    height = np.cumsum(speed * np.sin(path)) * STEP_S
    chance, shown = np.random.default_rng(2), slice(None, None, 3)
    speed = np.floor(speed[shown] * 3.6) * 0.277
    log = Samples.of(
        t_s[shown],
        speed_m_s=speed + chance.normal(0.0, noise_m_s, speed.size),
        altitude_m=np.floor(height[shown] / 100.0) * 100.0 + chance.normal(0.0, 15.0 * noise_m_s, speed.size),
    )
    (meco,) = [one for one in known_at(detect(log, "launcher")) if one.type in {"meco", "seco"}]
    assert meco.type == "meco"
    assert abs(meco.t_event_s - meco_s) < 1.0


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("first_s", [60.0, 83.0, 100.0])
def test_what_was_seen_to_stand_and_then_to_fly_left_in_between(every: int, first_s: float) -> None:
    log = rows(20.0)
    t_s, chance = log.t_ns / 1e9, np.random.default_rng(5)
    flies = log.select((t_s > first_s) & ((t_s < 310.0) | (t_s > 313.4)))
    stands_s = np.arange(first_s - 100.0, first_s, 0.03)
    speed = np.concatenate([chance.normal(0.0, 2.0, stands_s.size), flies.columns["speed_m_s"]])
    height = np.concatenate([chance.normal(0.0, 30.0, stands_s.size), flies.columns["altitude_m"]])
    seen = Samples.of(np.concatenate([stands_s, flies.t_ns / 1e9]), speed_m_s=speed, altitude_m=height)
    assert "liftoff" not in {one.type for one in detect(seen.select(slice(None, None, every)), "launcher")}
