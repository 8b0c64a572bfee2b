"""A log with nothing but rates of climb."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quality.flights import Log, Reference
from quality.perturb import perturbed
from small_flight import Rocket, fly

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

FLIGHT = fly(Rocket(pad_s=30.0))
# error allowed, s
ALLOWED = {"liftoff": 0.3, "max_q": 5.0, "meco": 0.5, "apogee": 0.75, "touchdown": 2.0}


def climbs(noise_m_s: float = 0.3) -> Log:
    """Return a log at 20 rows a second."""
    t_s, climb_m_s = FLIGHT.t_s[::5], FLIGHT.climb_m_s[::5]
    noisy = climb_m_s + np.random.default_rng(5).normal(0.0, noise_m_s, t_s.size)
    references = tuple(Reference(name, at_s) for name, at_s in FLIGHT.events_s.items())
    return Log("climbs", "small", t_s, {"vertical_speed_m_s": noisy}, references)


def found_in(log: Log) -> list[Detected]:
    return known_at(detect(Samples.of(log.t_s, **log.columns)))


@pytest.mark.parametrize("kind", ["clean", "noise", "spikes", "dropped", "shuffled", "pad"])
def test_the_events_of_a_small_rocket_are_found(kind: str) -> None:
    found = {one.type: one for one in found_in(perturbed(climbs(), kind, 0))}
    assert found.keys() == ALLOWED.keys()
    for name, true_s in FLIGHT.events_s.items():
        assert abs(found[name].t_event_s - true_s) < ALLOWED[name], found[name]
    top_m = float(FLIGHT.height_m.max())
    assert found["apogee"].values["height_above_pad_m"] == pytest.approx(top_m, rel=0.05)
    assert "altitude_m" not in found["apogee"].values


def test_a_climb_that_is_off_at_rest_does_not_add_up_to_a_flight() -> None:
    t_s = np.arange(0.0, 900.0, 0.05)
    drifting = 0.2 + np.random.default_rng(1).normal(0.0, 2.0, t_s.size)
    assert found_in(Log("rest", "small", t_s, {"vertical_speed_m_s": drifting})) == []


def test_where_heights_are_measured_climbs_change_nothing() -> None:
    log = climbs()
    heights = replace(log, columns={"altitude_m": FLIGHT.height_m[::5] + np.sin(np.arange(log.t_s.size))})
    both = replace(log, columns=heights.columns | {"vertical_speed_m_s": -log.columns["vertical_speed_m_s"]})
    assert found_in(both) == found_in(heights) != []
