"""One sensor that fails: no event is lost by it, and none invented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import run, simulated

from processors.detector import Finding
from processors.detectors.apogee import Apogee
from processors.detectors.ignition import Ignition
from processors.detectors.landing_burn import LandingBurn
from processors.detectors.meco import Meco

Edit = Callable[[dict[str, NDArray[Any]], NDArray[np.float64]], None]
IGNITION_S, MECO_S, APOGEE_S, LANDING_S = -2.4, 62.4, 66.636, 82.953


def last_of(findings: list[Finding]) -> float:
    return (findings[-1].t_ns - T0_NS) / NS


def between(channel: str, first_s: float, last_s: float, value: float) -> Edit:
    """Return a sensor that shows a value between two times."""

    def edit(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns[channel][(t_s > first_s) & (t_s < last_s)] = value

    return edit


@pytest.mark.parametrize("found", [(1.0, 45.0), (64.0, 86.0)], ids=["never lost", "told late"])
def test_a_dead_count_of_engines_neither_ends_nor_hides_a_burn(found: tuple[float, float]) -> None:
    flight = simulated("hop", "ship").edited("propulsion", between("engines_running_count", *found, 0.0))
    assert [last_of(run(kind, flight)) for kind in (Ignition, Meco)] == pytest.approx([IGNITION_S, MECO_S], abs=0.05)
    burns = run(LandingBurn, flight)
    assert last_of(burns) == pytest.approx(LANDING_S, abs=0.7)
    assert abs(last_of(burns) - LANDING_S) < 2.0 * burns[-1].t_sigma_s + 0.03
    assert {finding.occurrence for finding in burns} == {0}


def test_engines_that_are_only_commanded_or_only_counted_do_not_burn() -> None:
    cold = simulated("hop", "ship").edited("propulsion", between("chamber_pressure_pa", -50.0, 300.0, 0.0))
    dark = cold.edited("propulsion", between("engines_running_count", -50.0, 300.0, 0.0))
    assert run(Ignition, dark) == run(Meco, dark) == []
    still = simulated("hop", "ship").edited("propulsion", between("throttle_percent", -50.0, 300.0, 0.0))
    unlit = still.edited("propulsion", between("engines_running_count", -50.0, 300.0, 0.0))
    assert run(Ignition, unlit) == []


def test_a_speed_that_drifts_to_nothing_makes_no_second_ignition() -> None:
    def drift(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns["speed_m_s"][(t_s > 56.0) & (t_s < 75.0)] = 1.0

    flight = simulated("hop", "ship").edited("nav", drift)
    assert last_of(run(Meco, flight)) == pytest.approx(MECO_S, abs=0.05)
    broken = flight.edited("propulsion", between("chamber_pressure_pa", 57.0, 59.0, 0.0))
    broken = broken.edited("propulsion", between("engines_running_count", 57.0, 59.0, 0.0))
    assert last_of(run(Ignition, broken)) == pytest.approx(IGNITION_S, abs=0.05)


@pytest.mark.parametrize("channel", ["altitude_m", "speed_m_s"])
def test_engines_are_lit_and_stop_although_a_sensor_of_motion_is_dead(channel: str) -> None:
    flight = simulated("hop", "ship").edited("nav", between(channel, -9.0, 64.0, np.nan))
    assert [last_of(run(kind, flight)) for kind in (Ignition, Meco)] == pytest.approx([IGNITION_S, MECO_S], abs=0.05)


@pytest.mark.parametrize("value", [np.nan, 300.0], ids=["dead", "wrong"])
def test_a_landing_burn_is_one_although_vertical_speed_fails(value: float) -> None:
    flight = simulated("hop", "ship").edited("nav", between("vertical_speed_m_s", 70.0, 100.0, value))
    assert last_of(run(LandingBurn, flight)) == pytest.approx(LANDING_S, abs=0.05)


def test_an_accelerometer_that_drifts_hides_no_top() -> None:
    def drift(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        away = (t_s > 53.0) & (t_s < 70.0)
        columns["axial_acceleration_m_s2"][away] += 0.9 * (t_s[away] - 53.0)

    (top,) = run(Apogee, simulated("hop", "ship").edited("nav", drift))
    assert last_of([top]) == pytest.approx(APOGEE_S, abs=0.02)
