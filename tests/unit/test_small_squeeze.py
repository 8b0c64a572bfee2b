"""Rockets whose barometers are pressed upon by the air that they meet, before the speed of sound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from downrange.jobs.detect import detect, known_at
from processors.small.squeeze import squeeze
from telemetry.samples import Samples

Floats = NDArray[np.float64]
G_M_S2 = 9.80665


def pressed(
    thrust_m_s2: float, burn_s: float, share: float, pad_s: float, noise_m: float = 0.3
) -> tuple[Floats, Floats]:
    """Return 20 rows a second of a barometer that shows a share of the dynamic pressure below the speed of sound."""
    step_s = 0.005
    t_s = np.arange(-pad_s, 18.0, step_s)
    climb = height = 0.0
    shown = np.zeros(t_s.size)
    for i, t in enumerate(t_s.tolist()):
        density = 1.2 * np.exp(-height / 8500.0)
        if t >= 0.0:
            drag = 2.5e-4 * density * climb * abs(climb)
            climb += ((thrust_m_s2 if t < burn_s else 0.0) - G_M_S2 - drag) * step_s
            height += climb * step_s
        dynamic_pa = 0.5 * density * climb * climb if climb < 340.0 else 0.0
        shown[i] = height - share * dynamic_pa / (density * G_M_S2)
    rows = slice(None, None, 10)
    return t_s[rows], shown[rows] + np.random.default_rng(1).normal(0.0, noise_m, t_s[rows].size)


@pytest.mark.parametrize(
    ("thrust_m_s2", "burn_s", "share", "pad_s"),
    [(250.0, 1.5, 0.06, 5.0), (250.0, 1.5, 0.1, 0.3), (120.0, 3.0, 0.12, 5.0)],
)
def test_a_liftoff_that_heights_hide_is_reckoned_from_their_fall(
    thrust_m_s2: float, burn_s: float, share: float, pad_s: float
) -> None:
    t_s, heights = pressed(thrust_m_s2, burn_s, share, pad_s)
    assert heights.min() < -50.0
    (liftoff,) = (one for one in known_at(detect(Samples.of(t_s, altitude_m=heights))) if one.type == "liftoff")
    assert abs(liftoff.t_event_s) < 0.3
    assert abs(liftoff.t_event_s) < 2.0 * liftoff.sigma_s
    assert liftoff.values["acceleration_m_s2"] == pytest.approx(thrust_m_s2, rel=0.6)


def test_a_rise_without_a_fall_is_fitted() -> None:
    t_s, heights = pressed(200.0, 1.7, 0.01, 5.0)
    (liftoff,) = (one for one in known_at(detect(Samples.of(t_s, altitude_m=heights))) if one.type == "liftoff")
    assert abs(liftoff.t_event_s) < 0.1


@pytest.mark.parametrize(
    "heights",
    [
        np.r_[np.zeros(20), -5000.0, np.arange(20) * 30.0],
        np.r_[np.zeros(20), np.full(5, -50.0), np.zeros(20)],
        np.r_[np.zeros(5), -2.0 * np.arange(45), np.arange(6) * 30.0],
        np.r_[np.zeros(20), -60.0, -90.0, -60.0, np.arange(20) * 3.0],
    ],
    ids=["one wild value", "a step and back", "too slow a fall", "a slow climb"],
)
def test_other_falls_are_none(heights: Floats) -> None:
    t_s: Floats = np.linspace(0.0, 5.0, heights.size)
    assert squeeze(t_s, heights, 0.5) is None
