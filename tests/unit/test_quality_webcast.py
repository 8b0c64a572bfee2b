"""Webcasts made up: they obey physics, are the same each time, and their truth is what a display can show."""

from __future__ import annotations

import numpy as np
import pytest
from quality.synthetic_webcast import SHOWN, kind_of, made_webcast
from quality.synthetic_webcast_motion import Launcher, fly

ONE = Launcher(1.35, 300.0, 145.0, 60.0, (50.0, 70.0, 0.8), 40.0, 1e5, 7.5, 8.0, 7500.0, "down", 10.0, 30.0, 6e4, 30.0,
               20.0, 11.0, 1700.0)  # fmt: skip


def test_a_coasting_stage_keeps_its_energy() -> None:
    _, first = fly(ONE)
    speeds, heights = np.array(first.speeds), np.array(first.heights)
    radius = 6_371_000.0
    energy = speeds**2 / 2.0 - 9.80665 * radius**2 / (radius + heights)
    high = (first.t_s > first.events_s["apogee"] - 10.0) & (first.t_s < first.events_s["apogee"] + 10.0)
    assert heights[high].min() > 90_000.0
    # air takes less than a hundred-thousandth there
    assert np.ptp(energy[high]) < 1e-3 * float(np.mean(speeds[high] ** 2))


def test_what_happens_comes_in_order_and_the_stage_stands_in_the_end() -> None:
    upper, first = fly(ONE)
    order = ["liftoff", "max_q", "meco", "apogee", "entry_start", "entry_end", "landing_burn_start", "touchdown"]
    times = [first.events_s[name] for name in order]
    assert times == sorted(times)
    assert list(upper.events_s) == ["liftoff", "max_q", "meco", "ses", "seco"]
    assert first.speeds[-1] == 0.0
    assert first.heights[-1] == 0.0


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_flight_is_the_same_each_time_and_counts_in_steps(number: int) -> None:
    one, again = made_webcast(number).log, made_webcast(number).log
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, again.columns[name])
    heights = one.columns["altitude_m"]
    assert np.all(heights % 100.0 == 0.0)
    assert {reference.event for reference in one.references} >= {"liftoff", "max_q"}
    assert all(reference.t_s <= one.t_s[-1] for reference in one.references)


def test_each_perturbation_has_its_row() -> None:
    assert {f"web {kind_of(number)}" for number in range(24)} == set(SHOWN)
