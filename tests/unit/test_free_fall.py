"""When a stage in free fall is highest, by the speeds that are shown over an Earth that turns."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import numpy as np
import pytest

from processors.launcher.free_fall import top_of

MU_M3_S2 = 3.986004418e14
EARTH_M = 6_371_000.0
EARTH_PER_S = 7.2921e-5
STEP_S = 0.01


def coasting(top_m: float, speed_m_s: float, azimuth_deg: float, before_s: float, after_s: float) -> np.ndarray:
    """Return times from the top and speeds over ground, shape (n, 2): a point mass over a turning, round Earth."""
    latitude = 28.5 * pi / 180.0
    turning = 2.0 * EARTH_PER_S * cos(latitude) * sin(azimuth_deg * pi / 180.0)
    rows = []
    for step_s, span_s in ((-STEP_S, before_s), (STEP_S, after_s)):
        along, up, radius = speed_m_s, 0.0, EARTH_M + top_m
        for count in range(round(span_s / STEP_S)):
            rows.append((count * step_s, hypot(along, up)))
            lift = along**2 / radius + turning * along + (EARTH_PER_S * cos(latitude)) ** 2 * radius
            along += (-along * up / radius - turning * up) * step_s
            up += (lift - MU_M3_S2 / radius**2) * step_s
            radius += up * step_s
    return np.array(sorted(rows))


@pytest.mark.parametrize("azimuth_deg", [0.0, 45.0, 90.0])
@pytest.mark.parametrize("speed_m_s", [700.0, 1900.0])
def test_a_minute_before_and_some_seconds_after_the_top_say_when_it_was(speed_m_s: float, azimuth_deg: float) -> None:
    shown = coasting(118_000.0, speed_m_s, azimuth_deg, 55.0, 5.0)[::100]
    found = top_of(shown[:, 0], shown[:, 1], 118_000.0, 0.8)
    assert found is not None
    assert abs(found.t_s) < 2.0 * found.sigma_s
    assert abs(found.t_s) < 0.35


def test_a_mean_course_is_known_to_a_twentieth_of_a_second() -> None:
    shown = coasting(118_000.0, 1900.0, 35.0, 55.0, 5.0)[::100]
    found = top_of(shown[:, 0], shown[:, 1], 118_000.0, 0.8)
    assert found is not None
    assert abs(found.t_s) < 0.05
    assert abs(found.bend - 1.0) < 0.01
