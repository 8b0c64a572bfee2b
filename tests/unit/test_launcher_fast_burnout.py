"""A first stage that burns out as fast as an upper stage flies."""

from __future__ import annotations

import numpy as np
import pytest

from downrange.jobs.detect import detect, known_at
from telemetry.samples import Samples

MECO_S, SES_S, END_S = 165.0, 174.5, 260.0
STEP_S = 0.01
GRAVITY_M_S2 = 9.6


def rows(steepness_deg: float) -> Samples:
    """Return what a display shows of a launch with a cut-off at more than 3 km/s, throttled to 4 g before it."""
    t_s = np.arange(-10.0, END_S, STEP_S)
    path = np.radians(np.interp(t_s, [0.0, 15.0, MECO_S, END_S], [90.0, 85.0, steepness_deg, 8.0]))
    thrust = np.interp(t_s, [0.0, 135.0, MECO_S, MECO_S + 0.5], [14.0, 40.0, 40.0, 0.0]) * (t_s >= 0.0)
    thrust += np.interp(t_s, [SES_S, SES_S + 1.2], [0.0, 8.0])
    rate = np.where(t_s < 0.0, 0.0, thrust - GRAVITY_M_S2 * np.sin(path))
    speed = np.cumsum(rate) * STEP_S
    height = np.cumsum(speed * np.sin(path)) * STEP_S
    shown = slice(None, None, 3)
    altitude = np.where(height < 100_000.0, np.floor(height / 100.0) * 100.0, np.floor(height / 1000.0) * 1000.0)
    return Samples.of(t_s[shown], speed_m_s=np.floor(speed[shown] * 3.6) * 0.277, altitude_m=altitude[shown])


@pytest.mark.parametrize("steepness_deg", [15.0, 20.0, 25.0])
def test_its_cut_off_is_not_told_again_as_that_of_the_upper_stage(steepness_deg: float) -> None:
    log = rows(steepness_deg)
    assert float(np.nanmax(log.columns["speed_m_s"])) > 3000.0
    revisions = detect(log, "launcher")
    assert "seco" not in {one.type for one in revisions}
    found = {one.type: one.t_event_s for one in known_at(revisions)}
    assert found["meco"] == pytest.approx(MECO_S, abs=1.0)
    assert found["ses"] == pytest.approx(SES_S, abs=2.0)
