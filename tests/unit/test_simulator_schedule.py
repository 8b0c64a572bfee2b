"""The schedule of a fleet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.fleet.ports import load_ports
from simulator.fleet.schedule import make_schedule
from telemetry.errors import FlightError

FIRST_NS = 1_893_456_000 * 10**9
FULL_KG = 10_000.0


def test_liftoffs_are_as_many_an_hour_as_asked_for() -> None:
    schedule = make_schedule(40, 20.0, FIRST_NS, 1, load_ports(), FULL_KG)
    assert schedule[0].liftoff_ns == FIRST_NS
    assert set(np.diff([each.liftoff_ns for each in schedule])) == {180 * 10**9}


def test_a_longer_schedule_begins_with_the_shorter_one() -> None:
    ports = load_ports()
    assert (
        make_schedule(12, 20.0, FIRST_NS, 7, ports, FULL_KG)
        == make_schedule(200, 20.0, FIRST_NS, 7, ports, FULL_KG)[:12]
    )
    assert make_schedule(12, 20.0, FIRST_NS, 8, ports, FULL_KG) != make_schedule(12, 20.0, FIRST_NS, 7, ports, FULL_KG)


def test_every_zone_is_served_and_no_container_is_overloaded() -> None:
    ports = load_ports()
    schedule = make_schedule(400, 20.0, FIRST_NS, 1, ports, FULL_KG)
    assert {each.landing for each in schedule} == set(ports.landing)
    assert {each.origin for each in schedule} == set(ports.launch)
    assert all(0.4 * FULL_KG <= each.load_kg <= FULL_KG for each in schedule)
    assert len({each.flight for each in schedule}) == len({each.seed for each in schedule}) == 400


@pytest.mark.parametrize(("flights", "rate_per_h"), [(0, 20.0), (3, 0.0)])
def test_an_empty_schedule_is_refused(flights: int, rate_per_h: float) -> None:
    with pytest.raises(FlightError, match="at least one flight"):
        make_schedule(flights, rate_per_h, FIRST_NS, 1, load_ports(), FULL_KG)


def test_a_list_of_ports_that_is_wrong_names_the_key(tmp_path: Path) -> None:
    path = tmp_path / "ports.yaml"
    path.write_text("launch: {a: {en: A, zh: A, latitude_deg: 91, longitude_deg: 0}}\nlanding: {}\n")
    with pytest.raises(FlightError, match=r"launch\.a\.latitude_deg"):
        load_ports(path)
