"""The top of a small rocket whose heights are noisier than what it says of its climb."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Rocket, altitude_of, fly, log_of, told

from processors.motion.cell import Cell
from processors.motion.kind import SOUNDING, Kind
from processors.small.apex import apex
from processors.small.climbs import Climbs
from telemetry.samples import Samples

ROCKET = Rocket(pad_s=10.0)


def test_climbs_tell_a_top_that_heights_hide() -> None:
    """A pad on a hot day: metres of its barometer are a tenth too long, and nobody says so."""
    t_s = np.linspace(-10.0, 1.0, 111)
    errors = []
    for seed in range(20):
        chance = np.random.default_rng(seed)
        heights = 900.0 - 0.45 * GRAVITY_M_S2 * (t_s - 0.2) ** 2 + chance.normal(0.0, 64.0, t_s.size)
        climbs = Climbs(t_s, -0.9 * GRAVITY_M_S2 * (t_s - 0.2) + chance.normal(0.0, 4.2, t_s.size), 4.2)
        tops = (apex(t_s, heights, None, 0.0, 64.0, told) for told in (None, climbs))
        errors.append([top.t_s - 0.2 for top in tops if top is not None])
    alone_s, both_s = np.sqrt(np.mean(np.square(errors), axis=0))
    assert both_s < 0.7 * alone_s
    assert both_s < 0.2


def test_the_climb_of_an_altimeter_is_read_where_its_heights_are_noisy() -> None:
    flight = fly(ROCKET)
    top_s = flight.events_s["apogee"]
    # heights come late, climbs do not: what is told lies between
    late = np.interp(flight.t_s - 0.6, flight.t_s, altitude_of(flight, noise_m=0.0))
    noisy = late + np.random.default_rng(1).normal(0.0, 60.0, late.size)
    found = {}
    for name, climb in (("alone", np.full(late.size, np.nan)), ("both", np.gradient(flight.height_m, flight.t_s))):
        (top,) = told(log_of(flight, 5, top_s + 6.0, altitude_m=noisy, vertical_speed_m_s=climb))["apogee"]
        found[name] = top.t_event_s - top_s
    assert found["both"] < found["alone"] - 0.1


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


@pytest.mark.parametrize(("every", "burn_s"), [(10, 0.7), (100, 3.0)])
def test_a_short_burn_and_rare_heights_leave_a_max_q(every: int, burn_s: float) -> None:
    """When heights are first over the noise, it may be past: who stood on a pad had none before that."""
    flight = fly(Rocket(pad_s=15.0, push_m_s2=120.0, burn_s=burn_s))
    log = log_of(flight, every, flight.events_s["apogee"] + 15.0, altitude_m=altitude_of(flight, noise_m=0.5))
    (most,) = told(log)["max_q"]
    assert abs(most.t_event_s - burn_s) < 2.5


def test_who_coasts_when_the_record_begins_has_no_max_q() -> None:
    flight = fly(ROCKET)
    coasts = flight.t_s > flight.events_s["meco"] + 1.0
    assert "max_q" not in told(Samples.of(flight.t_s[coasts][::10], altitude_m=altitude_of(flight)[coasts][::10]))


def test_a_max_q_at_the_first_look_is_as_sure_as_the_others() -> None:
    """Heights stand still until the burn is nearly over: the pressure falls from then on."""
    flight = fly(Rocket(pad_s=20.0))
    altitude = altitude_of(flight)
    altitude[flight.t_s < 2.0] = altitude[0]
    for most in told(log_of(flight, 5, flight.events_s["apogee"] + 10.0, altitude_m=altitude)).get("max_q", ()):
        assert most.sigma_s < 5.0
        assert abs(most.t_event_s - 3.0) < 2.0
