"""Rows of a log that stand out of order are no clock that was set back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.onboard_clock import OnboardClock
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

BEGIN_NS = 1_000 * NS_PER_S
ROWS = 200


@given(
    rate_hz=st.sampled_from([1.0, 10.0, 30.0, 50.0]),
    moved=st.dictionaries(st.integers(0, ROWS - 1), st.floats(-1.0, 1.0), max_size=20),
    again=st.sets(st.integers(1, ROWS - 1), max_size=20),
    most=st.integers(1, 40),
)
def test_times_of_a_disordered_log_are_left_alone(
    rate_hz: float, moved: dict[int, float], again: set[int], most: int
) -> None:
    t_s = np.arange(ROWS) / rate_hz
    for at, by_s in moved.items():
        t_s[at] += by_s
    for at in sorted(again):
        t_s[at] = t_s[at - 1]
    t_ns = BEGIN_NS + np.rint(t_s * NS_PER_S).astype(np.int64)
    clock = OnboardClock()
    for first in range(0, ROWS, most):
        counts = np.arange(first, min(first + most, ROWS))
        times = np.sort(t_ns[counts])
        rows = Frame("stage", "log", "kinematics", 1, counts, times, int(times[-1]), {})
        onward = clock.onward("kinematics", rate_hz, first, rows, BEGIN_NS - NS_PER_S)
        assert onward.t_ns.tolist() == times.tolist()
    assert clock.onboard_ns(BEGIN_NS) == BEGIN_NS
