"""Accelerometers whose axis points down tell as much as others."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Rocket, altitude_of, fly, log_of, told

from downrange.jobs.detect import detect

BUILDS_UP_S = 0.12


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("begins_s", [0.0, 0.03, 0.09])
@pytest.mark.parametrize("rest_m_s2", [-GRAVITY_M_S2, 0.0], ids=["with gravity", "without"])
def test_thrust_that_builds_up_looks_like_no_drag(every: int, begins_s: float, rest_m_s2: float) -> None:
    flight = fly(Rocket(pad_s=10.0))
    built_up = np.clip(flight.t_s / BUILDS_UP_S, 0.0, 1.0)
    pull = np.where(flight.pull_m_s2 > 0.0, flight.pull_m_s2 * built_up, flight.pull_m_s2)
    noise = np.random.default_rng(4).normal(0.0, 0.5, pull.size)
    log = log_of(flight, every, altitude_m=altitude_of(flight), acceleration_m_s2=rest_m_s2 - pull + noise)
    # the cells stand on the clock's tenths of a second
    log.t_ns[:] += round(begins_s * 1e9)
    revisions = [one for one in detect(log, "sounding") if one.type == "liftoff"]
    assert abs(revisions[0].t_event_s - begins_s) < 0.3
    assert revisions[0].t_detected_s - begins_s < 0.6
    found = told(log)
    assert [abs(one.t_event_s - begins_s) < 0.3 for one in found["liftoff"]] == [True]
    (meco,) = found["meco"]
    assert abs(meco.t_event_s - begins_s - flight.events_s["meco"]) < 0.3
    if rest_m_s2:
        # an axis on which a weight that is carried shows as -1 g is known to point down: so is the climb
        assert 150.0 < float(meco.values["vertical_speed_m_s"]) < 250.0
