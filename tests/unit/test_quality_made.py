"""The judge's own small rockets: their physics, their sensors, and that they are the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from quality.synthetic_small import TROUBLES, made, trouble_of
from quality.synthetic_small_motion import GRAVITY_M_S2, Motor, Rocket, fly

ROCKET = Rocket((Motor(0.0, 2.0, 60.0),), 150.0, 1.0, 20.0, 5.0, 150.0, 0.0, 10.0)


def test_events_are_where_the_motion_has_them() -> None:
    truth = fly(ROCKET)
    events = truth.events_s
    assert truth.height_m[np.searchsorted(truth.t_s, events["apogee"])] == pytest.approx(truth.height_m.max(), abs=0.01)
    assert np.interp(events["meco"], truth.t_s, truth.climb_m_s) == pytest.approx(truth.climb_m_s.max(), rel=1e-3)
    # thrust passes the weight while it builds up
    assert events["liftoff"] == 0.0
    assert truth.t_s[np.flatnonzero(truth.height_m > 0.0)[0]] < 0.02
    assert len(truth.charges_s) == 2


def test_it_falls_by_its_parachute_at_the_rate_asked_for() -> None:
    truth = fly(ROCKET)
    falling = np.interp(truth.events_s["touchdown"] - 2.0, truth.t_s, truth.climb_m_s)
    assert falling == pytest.approx(-ROCKET.main_m_s, rel=0.05)
    assert truth.force_m_s2[-1] == GRAVITY_M_S2


@pytest.mark.parametrize("number", range(len(TROUBLES)), ids=TROUBLES)
def test_a_flight_is_the_same_every_time_and_has_references_in_its_record(number: int) -> None:
    log, again = made(number), made(number)
    assert log.name == trouble_of(number)
    assert np.array_equal(log.t_s, again.t_s)
    assert all(np.array_equal(values, again.columns[name], equal_nan=True) for name, values in log.columns.items())
    assert all(values.shape == log.t_s.shape for values in log.columns.values())
    assert all(log.t_s.min() - 3.0 <= one.t_s <= log.t_s.max() for one in log.references)
