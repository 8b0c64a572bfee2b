"""One sensor that fails: no event is lost by it, and none invented."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import Recorded, run, simulated

from processors.detector import Finding
from processors.detectors.apogee import Apogee
from processors.detectors.ignition import Ignition
from processors.detectors.landing_burn import LandingBurn
from processors.detectors.meco import Meco
from processors.detectors.splashdown import Splashdown
from processors.evidence.climb import Climb
from processors.frames import join_frames
from telemetry.frames import Frame

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


def mended(flight: Recorded, cuts_s: tuple[float, ...] = ()) -> Recorded:
    """Return a flight as detectors see it, cut at some mission times on the way."""
    climb, nav, parts = Climb(flight.airframe), flight.frames["nav"], list[Frame]()
    for first_s, last_s in pairwise((-np.inf, *cuts_s, np.inf)):
        t_s = (nav.t_ns - T0_NS) / NS
        parts.append(climb.mended(nav.select((t_s >= first_s) & (t_s < last_s))))
        climb, state = Climb(flight.airframe), climb.snapshot()
        climb.restore(state)
    return Recorded(flight.airframe, flight.frames | {"nav": join_frames(parts)})


FAILURES: dict[str, Edit] = {
    "dead": between("vertical_speed_m_s", 65.0, 100.0, np.nan),
    "stuck": between("vertical_speed_m_s", 60.0, 110.0, 61.0),
    "drifts": lambda columns, t_s: np.add.at(
        columns["vertical_speed_m_s"], (t_s > 48.7) & (t_s < 98.0), 7.1 * (t_s[(t_s > 48.7) & (t_s < 98.0)] - 48.7)
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_where_vertical_speed_fails_altitude_tells_the_climb(name: str) -> None:
    flight = simulated("hop", "ship").edited("nav", FAILURES[name])
    seen = mended(flight)
    found = [last_of(run(kind, seen)) for kind in (Ignition, Meco, Apogee, LandingBurn)]
    assert found == pytest.approx([IGNITION_S, MECO_S, APOGEE_S, LANDING_S], abs=0.15)
    assert len(run(Splashdown, seen)) == 1


def test_a_landing_without_vertical_speed_is_found_by_altitude() -> None:
    flight = simulated("hop", "ship")
    (true,) = run(Splashdown, flight)
    (found,) = run(Splashdown, mended(flight.edited("nav", between("vertical_speed_m_s", 105.0, 150.0, np.nan))))
    assert abs(found.t_ns - true.t_ns) < 2.0 * found.t_sigma_s * NS < NS


def test_how_a_flight_is_cut_makes_no_difference_to_what_is_mended() -> None:
    flight = simulated("hop", "ship").edited("nav", FAILURES["dead"]).edited("nav", between("speed_m_s", 30, 40, 0.0))
    whole, cut = (
        mended(flight, cuts_s).frames["nav"].columns["vertical_speed_m_s"] for cuts_s in ((), (31.1, 65.5, 66.0))
    )
    assert np.array_equal(whole, cut, equal_nan=True)
    assert np.isfinite(whole).all()


def test_what_measures_well_is_left_as_it_is() -> None:
    flight = simulated("hop", "ship")
    for channel, value in (("speed_m_s", 0.0), ("altitude_m", 0.0)):
        edited = flight.edited("nav", between(channel, 30.0, 60.0, value))
        seen = mended(edited).frames["nav"].columns["vertical_speed_m_s"]
        assert np.abs(seen - edited.frames["nav"].columns["vertical_speed_m_s"]).max() < 0.5


def test_an_accelerometer_that_drifts_hides_no_top() -> None:
    def drift(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        away = (t_s > 53.0) & (t_s < 70.0)
        columns["axial_acceleration_m_s2"][away] += 0.9 * (t_s[away] - 53.0)

    (top,) = run(Apogee, simulated("hop", "ship").edited("nav", drift))
    assert last_of([top]) == pytest.approx(APOGEE_S, abs=0.02)
