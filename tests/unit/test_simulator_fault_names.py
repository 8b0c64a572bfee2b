"""A fault of what the flight does not have is refused with what it has."""

from __future__ import annotations

import pytest

from simulator.fault_names import check_names
from simulator.faults import draw, parse_fault
from simulator.preset import load_preset
from simulator.simulate import simulate
from telemetry.dictionary import built_in
from telemetry.errors import FlightError


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("overheat@10,vehicle=rocket", "overheat: the flight has no vehicle 'rocket'; it has ship"),
        ("station_down@10,station=kiruna", "station_down: the flight has no station 'kiruna'; it has haiyang"),
        ("packets_lost,packet=navigation", "packets_lost: the flight has no packet 'navigation'; it has .*nav"),
    ],
)
def test_a_misspelt_name_does_not_pass_in_silence(said: str, message: str) -> None:
    with pytest.raises(FlightError, match=message):
        check_names(draw((parse_fault(said),), 1), load_preset("hop"), ("ship",), built_in("yuanxing-1"))


def test_names_that_are_there_and_faults_that_name_nothing_pass() -> None:
    said = ("overheat@10", "packets_lost", "packets_lost,packet=nav,station=haiyang")
    check_names(
        draw(tuple(parse_fault(each) for each in said), 1), load_preset("hop"), ("ship",), built_in("yuanxing-1")
    )


def test_a_flight_is_checked() -> None:
    with pytest.raises(FlightError, match="no vehicle 'booster'"):
        simulate("static_fire", 1, 0, faults=(parse_fault("shock@5,vehicle=booster"),))
