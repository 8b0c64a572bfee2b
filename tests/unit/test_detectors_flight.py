"""What flight detectors must not find, and what they do with poor records."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import CLASSES, Recorded, fitting, flights, found_of, run, simulated, webcast

from processors.airframe import Airframe
from processors.detector import Detector, Finding
from processors.detectors.apogee import Apogee
from processors.detectors.ignition import Ignition
from processors.detectors.landing_burn import LandingBurn
from processors.detectors.launcher_apogee import LauncherApogee
from processors.detectors.launcher_engines import LauncherEngines
from processors.detectors.launcher_liftoff import LauncherLiftoff
from processors.detectors.liftoff import Liftoff
from processors.detectors.meco import Meco
from processors.detectors.splashdown import Splashdown
from processors.detectors.stage_separation import StageSeparation
from processors.registry import detectors_for
from telemetry.dictionary import built_in
from telemetry.frames import Frame

TEN_MINUTES_S = 600.0
Edit = Callable[[dict[str, NDArray[Any]], NDArray[np.float64]], None]


@functools.cache
def pad(seed: int, gusts: float = 1.0) -> Recorded:
    """Return ten minutes on the pad, with the noise of the instruments, `gusts` times it, and loading."""
    chance = np.random.default_rng(seed)
    airframe = Airframe("ship", built_in("yuanxing-1"))
    frames = {}
    for packet, rate_hz in airframe.rates_hz.items():
        t_s = np.arange(0.0, TEN_MINUTES_S, 1.0 / rate_hz)
        definition = airframe.dictionary.packets[packet]
        columns: dict[str, NDArray[Any]] = {channel.name: np.zeros(t_s.size) for channel in definition.channels}
        for name in columns.keys() & {"altitude_m", "vertical_speed_m_s", "velocity_east_m_s", "speed_m_s"}:
            columns[name] = gusts * chance.normal(0.0, 0.3 if name == "altitude_m" else 0.05, t_s.size)
        if packet == "nav":
            columns["speed_m_s"] = np.abs(columns["speed_m_s"])
            columns["altitude_m"] += 12.0
            columns["axial_acceleration_m_s2"] = chance.normal(9.81, 0.05, t_s.size)
            columns["dynamic_pressure_pa"] = np.abs(chance.normal(60.0, 20.0 * gusts, t_s.size))
        if packet == "propulsion":
            columns["chamber_pressure_pa"] = np.abs(chance.normal(0.0, 4e3 * gusts, t_s.size))
            columns["stage_attached"] = np.ones(t_s.size, dtype=np.bool_)
            columns["engines_running_count"] = np.zeros(t_s.size, dtype=np.int64)
        if packet == "cargo":
            columns |= {"bay_temperature_k": chance.normal(293.0, 0.05, t_s.size)}
            columns |= {"bay_pressure_pa": np.full(t_s.size, 101e3), "supply_voltage_v": np.full(t_s.size, 28.0)}
        t_ns = T0_NS + np.rint(t_s * NS).astype(np.int64)
        frames[packet] = Frame("ship", "s", packet, definition.apid, np.arange(t_s.size), t_ns, int(t_ns[-1]), columns)
    return Recorded(airframe, frames)


def all_findings(flight: Recorded) -> list[Finding]:
    return [finding for found in found_of(flight).values() for finding in found]


def mission_s(finding: Finding) -> float:
    return (finding.t_ns - T0_NS) / NS


@pytest.mark.parametrize("gusts", [1.0, 5.0])
@pytest.mark.parametrize("seed", range(3))
def test_ten_minutes_on_the_pad_are_no_flight(seed: int, gusts: float) -> None:
    assert all_findings(pad(seed, gusts)) == []


def test_engines_that_stop_on_the_pad_are_an_ignition_and_no_cut_off() -> None:
    def static_fire(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        lit = (t_s > 100.0) & (t_s < 105.0)
        columns["chamber_pressure_pa"][lit] = 1.0e7
        columns["engines_running_count"][lit] = 9

    found = all_findings(pad(1).edited("propulsion", static_fire))
    assert {(finding.type, finding.occurrence) for finding in found} == {("downrange.flight.ignition", 0)}
    assert [finding.status for finding in found] == ["provisional", "confirmed"]
    assert all(abs(mission_s(finding) - 100.0) < 0.05 for finding in found)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_or_two_wrong_readings_are_no_event(rows: int) -> None:
    def wrong(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        at = slice(int(np.searchsorted(t_s, 100.0)), int(np.searchsorted(t_s, 100.0)) + rows)
        for name, value in {
            "chamber_pressure_pa": 1.0e7,
            "engines_running_count": 9,
            "stage_attached": False,
            "vertical_speed_m_s": 900.0,
            "dynamic_pressure_pa": 90e3,
            "altitude_m": 9_000.0,
            "speed_m_s": 900.0,
            "shock_m_s2": 0.0,
            "seal_intact": True,
            "container_locked": True,
            "recovery_state": 3,
            "container_mass_kg": 9_000.0,
        }.items():
            if name in columns:
                columns[name][at] = value

    flight = pad(2)
    for packet in flight.frames:
        if packet != "health" or rows == 1:
            flight = flight.edited(packet, wrong)
    assert all_findings(flight) == []


def test_no_detector_finds_a_second_flight_in_one() -> None:
    for name, flight in flights().items():
        for kind, found in found_of(flight).items():
            last = {
                (each.type, -number if each.occurrence is None else each.occurrence): each
                for number, each in enumerate(found, start=1)
            }
            types = [each.type for each in last.values() if each.status != "retracted"]
            flown = [each for each in types if each.startswith("downrange.flight")]
            assert len(flown) == len(set(flown)), (name, kind)


def test_joined_stages_light_only_the_boosters_engines() -> None:
    ship, booster = simulated("express", "ship"), simulated("express", "booster")
    assert run(Ignition, ship) == run(Meco, ship) == []
    assert {finding.occurrence for finding in run(Ignition, booster)} == {0}
    assert len(run(Meco, booster)) == 1
    assert len(run(StageSeparation, ship)) == len(run(StageSeparation, booster)) == 1
    assert run(StageSeparation, simulated("hop", "ship")) == []


def test_the_better_instruments_are_used() -> None:
    names = {type(detector).__name__ for detector in detectors_for(Airframe("ship", built_in("yuanxing-1")))}
    assert not [name for name in names if name.startswith(("Launcher", "Small"))]
    assert "SealBroken" in names
    booster = {type(detector).__name__ for detector in detectors_for(Airframe("booster", built_in("yuanxing-1")))}
    assert booster == {name for name in names if name in {kind.__name__ for kind in CLASSES}} - {
        kind.__name__ for kind in CLASSES if kind.__module__.startswith("processors.cargo")
    }
    stage = {type(detector).__name__ for detector in detectors_for(Airframe("stage", built_in("webcast")))}
    log = {type(detector).__name__ for detector in detectors_for(Airframe("vehicle", built_in("log")))}
    assert {"LauncherLiftoff", "LauncherMaxQ", "LauncherEngines", "LauncherApogee", "LauncherTouchdown"} <= stage
    assert stage - log == set()


def test_a_dip_under_thrust_is_no_apogee() -> None:
    def dip(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        hover = (t_s > 30.0) & (t_s < 34.0)
        columns["vertical_speed_m_s"][hover] = 4.0 - 4.0 * (t_s[hover] - 30.0)

    (found,) = run(Apogee, simulated("hop", "ship").edited("nav", dip))
    assert mission_s(found) > 60.0


def test_telemetry_that_begins_in_flight_claims_no_liftoff() -> None:
    hop = simulated("hop", "ship")
    began = Recorded(
        hop.airframe, {name: frame.select(frame.t_ns > T0_NS + 5 * NS) for name, frame in hop.frames.items()}
    )
    assert run(Liftoff, began) == run(Ignition, began) == []
    assert len(run(Apogee, began)) == len(run(Splashdown, began)) == 1


@pytest.mark.parametrize(("kind", "true_s"), [(Ignition, -2.4), (Meco, 62.4002), (LandingBurn, 82.9527)])
def test_the_ramp_of_pressure_tells_burns_better_than_the_distance_of_rows(kind: type[Detector], true_s: float) -> None:
    found = run(kind, simulated("hop", "ship"))[-1]
    assert found.status == "confirmed"
    assert abs(mission_s(found) - true_s) < 0.01
    assert found.t_sigma_s < 0.012


@pytest.mark.parametrize("hole_s", [(60.0, 72.0), (66.2, 80.0), (63.0, 66.9)])
def test_a_top_in_a_hole_is_provisional_and_its_sigma_covers_the_hole(hole_s: tuple[float, float]) -> None:
    hop = simulated("hop", "ship")
    nav = hop.frames["nav"]
    t_s = (nav.t_ns - T0_NS) / NS
    holed = Recorded(hop.airframe, hop.frames | {"nav": nav.select((t_s < hole_s[0]) | (t_s > hole_s[1]))})
    (found,), (true,) = run(Apogee, holed), run(Apogee, hop)
    assert found.status == "provisional"
    assert found.t_sigma_s == pytest.approx((hole_s[1] - hole_s[0]) / 12**0.5, abs=0.02)
    assert abs(found.t_ns - true.t_ns) < 2.0 * found.t_sigma_s * NS


@pytest.mark.parametrize("until_s", [122.5, 125.6, 126.0, 127.0])
def test_a_splashdown_in_a_hole_is_provisional_and_its_sigma_covers_the_hole(until_s: float) -> None:
    hop = simulated("hop", "ship")
    nav = hop.frames["nav"]
    t_s = (nav.t_ns - T0_NS) / NS
    holed = Recorded(hop.airframe, hop.frames | {"nav": nav.select((t_s < 107.0) | (t_s > until_s))})
    (found,), (true,) = run(Splashdown, holed), run(Splashdown, hop)
    assert (found.status, true.status) == ("provisional", "confirmed")
    assert abs(found.t_ns - true.t_ns) < 2.0 * found.t_sigma_s * NS < 20.0 * NS


@pytest.mark.parametrize("lost_s", [0.5, 1.0, 2.0])
def test_a_gap_at_an_event_widens_its_uncertainty(lost_s: float) -> None:
    hop = simulated("hop", "ship")
    (meco,) = run(Meco, hop)
    gap = np.abs(hop.frames["propulsion"].t_ns - meco.t_ns) < lost_s / 2 * NS
    holed = Recorded(hop.airframe, hop.frames | {"propulsion": hop.frames["propulsion"].select(~gap)})
    (found,) = run(Meco, holed)
    assert abs(found.t_ns - meco.t_ns) <= lost_s / 2 * NS
    assert found.t_sigma_s == pytest.approx(lost_s / 12**0.5, abs=0.05)


def test_a_made_up_webcast_is_read_to_a_fraction_of_a_second() -> None:
    liftoff, meco, apogee = (run(kind, webcast())[-1] for kind in (LauncherLiftoff, LauncherEngines, LauncherApogee))
    assert {each.status for each in (liftoff, meco, apogee)} == {"confirmed"}
    assert abs(mission_s(liftoff) - 3.0) < 0.2
    assert abs(mission_s(meco) - 153.0) < 0.3
    climb_at_cut_off = 0.55 * sum(3.0 + (step / 30) * 0.12 for step in range(150 * 30)) / 30
    assert abs(mission_s(apogee) - (153.0 + climb_at_cut_off / 9.5)) < 0.3


@pytest.mark.parametrize("frozen_s", [(60.0, 75.0), (100.0, 101.5), (148.0, 151.0)])
def test_a_frozen_display_is_no_cut_off(frozen_s: tuple[float, float]) -> None:
    def freeze(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        held = (t_s > frozen_s[0]) & (t_s < frozen_s[1])
        for values in columns.values():
            values[held] = values[np.flatnonzero(held)[0]]

    found = run(LauncherEngines, webcast().edited("kinematics", freeze))
    assert {finding.type for finding in found} <= {"downrange.flight.meco"}
    assert all(abs(mission_s(finding) - 153.0) < 1.0 for finding in found)


def test_every_detector_tells_its_thresholds_and_documents_itself() -> None:
    for kind in CLASSES:
        detector = kind(next(iter(fitting(kind).values())).airframe)
        text = kind.__doc__ or ""
        assert all(isinstance(value, float | int | str | bool) for value in detector.parameter_values.values())
        assert all(section in text for section in ("Failure modes:", "References", "Examples", ">>>")), kind
        documented = "".join(base.__doc__ or "" for base in kind.parameters_type.__mro__)
        missing = [name for name in detector.parameter_values if name not in documented]
        assert not missing, (kind, missing)
