"""A stage that turns back, by the speed and altitude of a display."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

STEP_S = 1.0 / 30.0
LIFTOFF_S, MECO_S, FIRST_S, ALL_S, ONE_S, END_S, LAST_S = 3.0, 145.0, 161.0, 166.0, 206.0, 210.0, 232.0
RAMP_S = 0.6
Floats = NDArray[np.float64]


def display(*, one_m_s2: float = 5.0, all_m_s2: float = 33.0, last_m_s2: float = 8.0) -> tuple[Floats, Floats, Floats]:
    """Return times, speeds and altitudes of a stage whose engines push it back along the ground after its ascent."""
    t_s = np.arange(0.0, LAST_S, STEP_S)
    ascent = np.where((t_s >= LIFTOFF_S) & (t_s < MECO_S), 4.0 + (t_s - LIFTOFF_S) * 0.11, 0.0)
    lean = np.clip((t_s - 15.0) / 90.0, 0.0, 0.85)
    back = np.interp(
        t_s,
        [FIRST_S, FIRST_S + RAMP_S, ALL_S, ALL_S + RAMP_S, ONE_S, ONE_S + RAMP_S, END_S, END_S + RAMP_S],
        [0.0, one_m_s2, one_m_s2, all_m_s2, all_m_s2, last_m_s2, last_m_s2, 0.0],
    )
    falls = np.where(t_s >= MECO_S, 9.5, 0.0)
    climb = np.cumsum(ascent * np.cos(lean) - falls) * STEP_S
    along = np.cumsum(ascent * np.sin(lean) - back) * STEP_S
    speed = np.floor(np.hypot(climb, along) / 0.277) * 0.277
    altitude = np.cumsum(climb) * STEP_S
    return t_s, speed, np.floor(altitude / 100.0) * 100.0


def found(t_s: Floats, speed: Floats, altitude: Floats) -> dict[str, list[Detected]]:
    named: dict[str, list[Detected]] = {}
    for each in known_at(detect(Samples.of(t_s, speed_m_s=speed, altitude_m=altitude))):
        named.setdefault(each.type, []).append(each)
    return named


def test_it_begins_with_the_first_engine_and_ends_with_the_last() -> None:
    named = found(*display())
    (meco,), (start,), (end,) = named["meco"], named["boostback_start"], named["boostback_end"]
    assert abs(meco.t_event_s - MECO_S) < 0.5
    assert abs(start.t_event_s - FIRST_S) < 1.0
    assert start.t_detected_s < ALL_S + 3.0
    assert abs(end.t_event_s - END_S) < 1.0
    assert end.t_detected_s < END_S + 5.0
    assert {each.status for each in (start, end)} == {"confirmed"}


@pytest.mark.parametrize("last_m_s2", [4.0, 27.0])
def test_its_end_is_not_told_while_it_pushes_across_its_path(last_m_s2: float) -> None:
    t_s, speed, altitude = display(last_m_s2=last_m_s2)
    burning = t_s < END_S - 0.5
    assert "boostback_end" not in found(t_s[burning], speed[burning], altitude[burning])


def test_a_stage_that_only_coasts_has_none() -> None:
    named = found(*display(one_m_s2=0.0, all_m_s2=0.0, last_m_s2=0.0))
    assert "meco" in named
    assert not {"boostback_start", "boostback_end"} & named.keys()
