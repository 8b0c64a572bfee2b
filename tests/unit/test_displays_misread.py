"""Displays that are read once a second, in whole kilometres, and misread at first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from booster import booster_rows
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, detect, known_at
from processors.motion.restart import Refused
from telemetry.samples import Samples

Columns = dict[str, NDArray[Any]]


def read_seldom(first_s: float, step_m: float) -> tuple[NDArray[np.float64], Columns]:
    """Return the booster's flight as its display is read each second, each reading written twice."""
    t_s, columns = booster_rows()
    seconds = np.arange(first_s, t_s[-1], 1.0)
    at = np.searchsorted(t_s, seconds)
    read = {name: values[at] for name, values in columns.items()}
    read["altitude_m"] = np.floor(read["altitude_m"] / step_m) * step_m
    twice = np.sort(np.concatenate([seconds, seconds + 0.5]))
    return twice, {name: np.repeat(values, 2) for name, values in read.items()}


def found_in(t_s: NDArray[np.float64], columns: Columns) -> dict[str, Detected]:
    return {one.type: one for one in known_at(detect(Samples.of(t_s, **columns), "launcher"))}


def test_a_wrong_level_of_the_pad_leaves_the_air_alone() -> None:
    right = found_in(*read_seldom(0.0, 100.0))["max_q"]
    t_s, columns = read_seldom(0.0, 100.0)
    # the decimal point was read in another place until it had climbed
    columns["altitude_m"][t_s < 25.0] += 6000.0
    wrong = found_in(t_s, columns)["max_q"]
    assert wrong.t_event_s == pytest.approx(right.t_event_s, abs=2.0)
    assert wrong.values["dynamic_pressure_pa"] == pytest.approx(right.values["dynamic_pressure_pa"], rel=0.1)


def test_altitudes_misread_at_first_are_given_up_however_seldom_they_come() -> None:
    t_s, columns = read_seldom(75.0, 1000.0)
    columns["altitude_m"][:4] = 1000.0
    assert "max_q" not in found_in(t_s, columns)


def test_what_is_refused_may_come_once_a_second_and_curve() -> None:
    refused = Refused()
    again = [refused.take(t, 20_000.0 + 300.0 * t + 10.0 * t * t, 29.0, 2.0) for t in (0.0, 1.0, 2.0, 3.0, 4.0)][-1]
    assert again is not None
    assert again[0] == pytest.approx(21_360.0, abs=100.0)
    assert again[1] == pytest.approx(340.0, abs=1.0)
    wild = Refused()
    assert all(wild.take(float(i), z, 29.0, 2.0) is None for i, z in enumerate([0.0, 2e4, -2e4, 2e4, 0.0, -2e4]))
    rare = Refused()
    assert all(rare.take(3.0 * i, 100.0 * i, 29.0, 2.0) is None for i in range(9))
