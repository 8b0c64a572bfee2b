"""What happens to the container, and what only seems to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import Recorded, run, simulated

from processors.cargo.loaded import Loaded
from processors.cargo.power import Power
from processors.cargo.pressure import Pressure
from processors.cargo.seal_broken import SealBroken
from processors.cargo.sealed import Sealed
from processors.cargo.shock import Shock
from processors.cargo.temperature import Temperature
from processors.cargo.tilt import Tilt
from processors.cargo.unloaded import Unloaded
from processors.detector import Detector, Finding
from processors.limits.detector import LimitDetector

LIMITS: dict[type[LimitDetector], float] = {
    Temperature: 320.0,
    Pressure: 60e3,
    Shock: 200.0,
    Tilt: 50.0,
    Power: 20.0,
}
every_limit = pytest.mark.parametrize("kind", LIMITS, ids=lambda kind: kind.__name__)


def hop() -> Recorded:
    return simulated("hop", "ship")


def held(name: str, value: float, first_s: float, rows: int) -> Recorded:
    """Return the hop with a channel of the cargo packet held at a value for some rows."""

    def hold(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        at = int(np.searchsorted(t_s, first_s - 1e-6))
        columns[name][at : at + rows] = value

    return hop().edited("cargo", hold)


def mission_s(finding: Finding) -> float:
    return (finding.t_ns - T0_NS) / NS


@every_limit
def test_an_undisturbed_flight_passes_no_limit(kind: type[LimitDetector]) -> None:
    assert run(kind, hop()) == run(kind, simulated("express", "ship")) == []


@every_limit
def test_a_limit_needs_as_many_rows_as_the_dictionary_says(kind: type[LimitDetector]) -> None:
    limits = hop().airframe.channels[kind.channel].limits
    needed = min(limit.raise_count for limit in limits)
    assert run(kind, held(kind.channel, LIMITS[kind], 50.0, needed - 1)) == []
    found = run(kind, held(kind.channel, LIMITS[kind], 50.0, needed))
    assert found
    for finding in found:
        assert mission_s(finding) == pytest.approx(50.0, abs=0.001)
        assert finding.values[kind.channel] == pytest.approx(LIMITS[kind])
        assert finding.values["level"] in {"watch", "warning", "critical"}


@every_limit
def test_a_limit_is_raised_again_only_after_it_has_cleared(kind: type[LimitDetector]) -> None:
    limits = hop().airframe.channels[kind.channel].limits
    once = len(run(kind, held(kind.channel, LIMITS[kind], 50.0, 40)))
    clear_rows = max(limit.clear_count for limit in limits)

    def twice(pause: int) -> int:
        def hold(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
            at = int(np.searchsorted(t_s, 50.0 - 1e-6))
            columns[kind.channel][at : at + 40] = LIMITS[kind]
            columns[kind.channel][at + 40 + pause : at + 80 + pause] = LIMITS[kind]

        return len(run(kind, hop().edited("cargo", hold)))

    assert twice(min(limit.clear_count for limit in limits) - 1) == once
    assert twice(clear_rows) == 2 * once


@every_limit
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0e9, 1.0e9])
def test_a_dead_sensor_raises_nothing(kind: type[LimitDetector], value: float) -> None:
    assert run(kind, held(kind.channel, value, 20.0, 300)) == []


@pytest.mark.parametrize("kind", [Temperature, Pressure, Power])
def test_a_sensor_without_power_raises_nothing(kind: type[LimitDetector]) -> None:
    assert run(kind, held(kind.channel, 0.0, 20.0, 300)) == []


def test_a_seal_that_breaks_on_the_way_is_found_and_again_when_it_breaks_again() -> None:
    def breaks(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        for first_s, last_s in ((30.0, 35.0), (60.0, 60.3), (90.0, 95.0)):
            columns["seal_intact"][(t_s >= first_s) & (t_s < last_s)] = False

    found = run(SealBroken, hop().edited("cargo", breaks))
    assert [round(mission_s(finding)) for finding in found] == [30, 90]


@pytest.mark.parametrize("preset", ["hop", "express"])
def test_a_seal_that_is_opened_on_deck_is_procedure(preset: str) -> None:
    ship = simulated(preset, "ship")
    assert not ship.frames["cargo"].columns["seal_intact"][-1]
    assert run(SealBroken, ship) == []


def test_an_open_door_or_an_unlocked_container_is_not_sealed() -> None:
    for name in ("door_closed", "container_locked", "seal_intact"):
        assert run(Sealed, held(name, 0.0, -45.0, 10**6)) == []
    assert len(run(Sealed, hop())) == 1


def test_an_empty_container_is_not_loaded_however_well_locked() -> None:
    assert run(Loaded, held("container_mass_kg", 3.0, -45.0, 10**6)) == []
    assert run(Unloaded, held("container_mass_kg", 3.0, -45.0, 10**6)) == []


def test_a_container_that_was_loaded_before_telemetry_began_says_so() -> None:
    ship = hop()
    began = Recorded(ship.airframe, {name: frame.select(frame.t_ns > T0_NS) for name, frame in ship.frames.items()})
    for kind in (Loaded, Sealed):
        (found,) = run(kind, began)
        assert found.values["already"] is True
        assert found.t_ns == began.frames["cargo"].t_ns[0]


@pytest.mark.parametrize("kind", [Unloaded])
def test_nothing_is_unloaded_before_the_recovery(kind: type[Detector]) -> None:
    assert run(kind, held("container_mass_kg", 0.0, 50.0, 25)) == run(kind, hop())
