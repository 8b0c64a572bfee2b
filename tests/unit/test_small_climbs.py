"""The top of a small rocket whose heights are noisier than what it says of its climb."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Rocket, altitude_of, fly, log_of, told

from processors.motion.cell import Cell
from processors.motion.kind import SOUNDING, Kind
from processors.small.apex import apex
from processors.small.climbs import Climbs

ROCKET = Rocket(pad_s=10.0)


def test_climbs_tell_a_top_that_heights_hide() -> None:
    """Heights alone know it to a third of a second at best."""
    flight = fly(ROCKET)
    climb = np.gradient(flight.height_m, flight.t_s)
    errors = []
    for seed in range(5):
        chance = np.random.default_rng(seed)
        noisy = climb + chance.normal(0.0, 6.0, climb.size)
        log = log_of(flight, 5, altitude_m=altitude_of(flight, noise_m=90.0, seed=seed), vertical_speed_m_s=noisy)
        (top,) = told(log)["apogee"]
        errors.append(top.t_event_s - flight.events_s["apogee"])
    assert float(np.std(errors)) < 0.25
    assert max(np.abs(errors)) < 0.75


@pytest.mark.parametrize("late_m_s", [-2.0, 2.0])
def test_climbs_that_are_all_wrong_do_not_move_a_top_that_heights_show(late_m_s: float) -> None:
    t_s = np.linspace(-4.0, 0.5, 46)
    heights = 900.0 - 0.5 * GRAVITY_M_S2 * (t_s - 0.2) ** 2
    climbs = Climbs(t_s, -GRAVITY_M_S2 * (t_s - 0.2) + late_m_s, 2.0)
    top = apex(t_s, heights, None, 0.0, 0.3, climbs)
    assert top is not None
    assert abs(top.t_s - 0.2) < 0.05


def test_a_filter_that_leaps_is_no_gentle_launch_while_the_pads_noise_explains_its_height() -> None:
    kind = Kind()
    for at in range(30):
        cell = Cell(at, 0, (at + 1) * 10**8, 0, 0, 0, 2, altitude_m=200.0, height_m=200.0, trusted=True)
        cell.h_m, cell.v_m_s, cell.v_sigma_m_s, cell.noise_m = 200.0, 5.0, 1.0, 10.0
        assert kind.take(cell, 130.0) == SOUNDING
    assert not kind.told
