"""A vehicle's class told from its motion: right, early enough, and what was told before it was known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

Floats = NDArray[np.float64]
ZERO_S = 100.0
PULL_M_S2 = 4.0


def launcher(channels: str, *, hz: int = 10, noise_m: float = 1.0, step_m: float = 0.0) -> Samples:
    """Return 60 s on the pad and 60 s of a climb at 4 m/s^2."""
    chance = np.random.default_rng(7)
    t_s = np.arange(-60.0, 60.0, 1.0 / hz)
    since = np.maximum(t_s, 0.0)
    climb, height = PULL_M_S2 * since, 0.5 * PULL_M_S2 * since**2
    heard_m = height + chance.normal(0.0, noise_m, t_s.size)
    columns = {
        "altitude_m": np.floor(height / step_m) * step_m if step_m else heard_m,
        "pressure_pa": 101_325.0 * np.exp(-heard_m / 8_400.0),
        "vertical_speed_m_s": climb + chance.normal(0.0, 0.5, t_s.size),
        "speed_m_s": np.abs(climb + chance.normal(0.0, 0.5, t_s.size)),
        "acceleration_m_s2": 9.80665 + np.gradient(climb, t_s) + chance.normal(0.0, 0.3, t_s.size),
    }
    letters = dict(zip("hpcsa", columns, strict=True))
    return Samples.of(t_s + ZERO_S, **{letters[letter]: columns[letters[letter]] for letter in channels})


def liftoffs(found: list[Detected]) -> list[Detected]:
    return [one for one in known_at(found) if one.type == "liftoff"]


@pytest.mark.parametrize("channels", ["h", "p", "ha", "hc", "hs", "hpcsa"])
def test_a_launchers_liftoff_is_looked_up_once_its_class_is_known(channels: str) -> None:
    (liftoff,) = liftoffs(detect(launcher(channels)))
    assert abs(liftoff.t_event_s - ZERO_S) < max(0.6, 2.0 * liftoff.sigma_s)
    assert liftoff.t_detected_s - ZERO_S < 10.0


@pytest.mark.parametrize(("channels", "latest_s"), [("h", 2.0), ("ha", 0.5), ("hc", 1.0)])
def test_a_launcher_whose_class_is_given_leaves_by_whatever_it_measures(channels: str, latest_s: float) -> None:
    (liftoff,) = liftoffs(detect(launcher(channels), "launcher"))
    assert abs(liftoff.t_event_s - ZERO_S) < max(0.3, 2.0 * liftoff.sigma_s)
    assert liftoff.t_detected_s - ZERO_S < latest_s


def test_heights_that_count_in_large_steps_tell_no_liftoff_of_a_launcher() -> None:
    assert not liftoffs(detect(launcher("h", step_m=100.0), "launcher"))


def test_a_small_rocket_with_a_receivers_speed_is_taken_for_none_else() -> None:
    chance = np.random.default_rng(7)
    t_s = np.arange(0.0, 120.0, 0.1)
    since = np.maximum(t_s - 20.0, 0.0)
    climb = np.where(since < 2.0, 60.0 * since, np.maximum(120.0 - 9.81 * (since - 2.0), -6.0))
    height = np.maximum(np.cumsum(climb) * 0.1, 0.0)
    speed = np.abs(np.where((since > 20.0) & (height <= 0.0), 0.0, climb)) + np.abs(chance.normal(0.0, 0.3, t_s.size))
    found = known_at(detect(Samples.of(t_s, altitude_m=height + chance.normal(0.0, 1.0, t_s.size), speed_m_s=speed)))
    times = {one.type: one.t_event_s for one in found}
    assert len(times) == len(found)
    assert abs(times["liftoff"] - 20.0) < 0.4
    assert abs(times["apogee"] - 34.2) < 1.0
