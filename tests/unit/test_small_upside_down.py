"""Accelerometers whose axis points down, or that count in coarse steps, tell as much as others."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import GRAVITY_M_S2, Rocket, altitude_of, fly, log_of, told

from downrange.jobs.detect import detect
from telemetry.samples import Samples

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


def test_equal_medians_of_many_coarse_rows_are_not_frozen() -> None:
    flight = fly(Rocket(pad_s=20.0, push_m_s2=37.0, burn_s=2.0))
    t_s = np.arange(-20.0, 30.0, 0.001)
    pull = np.interp(t_s, flight.t_s, flight.pull_m_s2)
    noise = np.random.default_rng(1).normal(0.0, 0.6, t_s.size)
    step_m_s2 = 0.48
    acceleration = (np.round((pull + noise) / step_m_s2) + 20.0) * step_m_s2
    altitude = np.round(np.interp(t_s, flight.t_s, flight.height_m))
    (liftoff,) = told(Samples.of(t_s, altitude_m=altitude, acceleration_m_s2=acceleration))["liftoff"]
    assert abs(liftoff.t_event_s) < 0.1
    assert liftoff.sigma_s < 0.1
