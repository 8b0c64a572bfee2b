"""The judge's own hops: that they are the same every time, and that their references lie in their records."""

from __future__ import annotations

import numpy as np
import pytest
from hop_flight import Program, flown
from quality.synthetic_hop import judged_hop, made_hop


@pytest.mark.parametrize("number", range(12))
def test_a_hop_is_the_same_every_time_and_has_references_in_its_record(number: int) -> None:
    (log, _), (again, _) = made_hop(number), made_hop(number)
    assert np.array_equal(log.t_s, again.t_s)
    assert all(np.array_equal(values, again.columns[name]) for name, values in log.columns.items())
    assert all(values.shape == log.t_s.shape for values in log.columns.values())
    assert {"liftoff", "touchdown"} <= {one.event for one in log.references}
    assert all(log.t_s.min() < one.t_s < log.t_s.max() for one in log.references)


def test_events_are_where_the_motion_has_them() -> None:
    flight = flown(Program(3.0, 200.0, 25.0, 0.0, 1.5, -5.0))
    events = flight.events_s
    assert flight.height_m[np.searchsorted(flight.t_s, events["apogee"])] == pytest.approx(
        flight.height_m.max(), abs=0.1
    )
    assert flight.pull_m_s2[np.searchsorted(flight.t_s, events["meco"] + 0.5)] < -9.0
    assert flight.height_m[-1] == -5.0
    hovers = flown(Program(3.0, 50.0, 8.0, 12.0, 1.5))
    assert np.count_nonzero(hovers.height_m > 49.0) * 0.01 > 12.0
    assert "apogee" not in hovers.events_s


def test_a_hop_is_judged() -> None:
    cases = judged_hop(0)
    assert {case.perturbation for case in cases} == {"hop clean"}
    assert {"liftoff", "touchdown"} <= {case.event for case in cases}
