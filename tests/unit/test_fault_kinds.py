"""Every kind of fault, alone on a hop, does what it says and nothing else; together they do not disturb each other."""

from __future__ import annotations

import functools
import json
from typing import Any, get_args

import numpy as np
import pytest

from simulator.faults import KINDS, AnyFault, parse_fault
from simulator.faults.cargo import CargoFault
from simulator.faults.clock import ClockFault
from simulator.faults.flight import FlightFault
from simulator.faults.link import LinkFault
from simulator.faults.sensor import SensorFault
from simulator.packets import Transmitter
from simulator.record import truth_json
from simulator.simulate import simulate
from telemetry.cuc import NS_PER_S

T0_NS = 1_790_000_000 * NS_PER_S
LINES = {
    "scrub": "scrub@-10",
    "pad_hold": "pad_hold@-10",
    "loss_of_vehicle": "loss_of_vehicle@70",
    "engine_out": "engine_out@40",
    "early_cutoff": "early_cutoff@30",
    "seal_broken": "seal_broken@60",
    "shock": "shock@60",
    "overheat": "overheat@60,for_s=60",
    "depressurisation": "depressurisation@60,for_s=60",
    "sensor_stuck": "sensor_stuck@60,channel=static_pressure_pa,for_s=30",
    "sensor_spike": "sensor_spike@60,channel=lateral_acceleration_m_s2,by=40",
    "sensor_drift": "sensor_drift@60,channel=heading_deg,rate_per_s=0.1,for_s=30",
    "sensor_dead": "sensor_dead@60,channel=turbopump_speed_rpm,for_s=30",
    "clock_jump": "clock_jump@60,by_s=0.4",
    "clock_drift": "clock_drift@60,ppm=500",
    "station_down": "station_down@60,for_s=20",
    "backhaul_down": "backhaul_down@60,for_s=20",
}
CARGO_EVENTS = ("shock", "temperature", "pressure", "tilt", "seal_broken")


def lines_of(*groups: object) -> list[str]:
    return [kind for kind, model in KINDS.items() if model in {one for group in groups for one in get_args(group)}]


def line(kind: str) -> str:
    return LINES.get(kind, kind)


@functools.cache
def flown(*kinds: str) -> Transmitter:
    return simulate("hop", 3, T0_NS, faults=tuple(parse_fault(line(kind)) for kind in kinds))


@functools.cache
def truth(*kinds: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(truth_json(flown(*kinds), "F"))
    return record


@functools.cache
def octets(packet: str, *kinds: str) -> bytes:
    return flown(*kinds).stream("ship", packet).octets.tobytes()


def changed_packets(*kinds: str) -> set[str]:
    return {packet for packet in flown().packet_types("ship") if octets(packet, *kinds) != octets(packet)}


def changed_channels(packet: str, *kinds: str) -> set[str]:
    ours, theirs = (flown(*each).columns("ship", packet) for each in (kinds, ()))
    return {
        name
        for name in ours
        if not np.array_equal(np.nan_to_num(np.asarray(ours[name])), np.nan_to_num(np.asarray(theirs[name])))
    }


def events(*kinds: str) -> list[tuple[str, float]]:
    return [(each["type"].rpartition(".")[2], each["t_s"]) for each in truth(*kinds)["events"]]


def test_every_kind_is_of_one_group() -> None:
    groups = (FlightFault, CargoFault, SensorFault, ClockFault, LinkFault)
    assert sorted(lines_of(*groups)) == sorted(KINDS)
    assert set(get_args(AnyFault)) == set(KINDS.values())
    assert set(LINES) <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_in_the_truth_with_what_should_be_detected(kind: str) -> None:
    (fault,) = truth(kind)["faults"]
    assert (fault["kind"], bool(fault["expected"])) == (kind, True)
    happened = {f"downrange.{group}.{name}" for group in ("flight", "cargo") for name, _ in events(kind)}
    told = {each for each in fault["expected"] if each.startswith(("downrange.flight", "downrange.cargo"))}
    assert told <= happened


@pytest.mark.parametrize("kind", lines_of(FlightFault))
def test_flight_faults_change_what_happens(kind: str) -> None:
    assert events(kind) != events()


@pytest.mark.parametrize("kind", lines_of(CargoFault))
def test_cargo_faults_change_the_bay_and_nothing_else(kind: str) -> None:
    assert changed_packets(kind) == {"cargo"}
    assert len(changed_channels("cargo", kind)) <= 2
    others = [event for event in events(kind) if event[0] not in CARGO_EVENTS]
    assert others == [event for event in events() if event[0] not in CARGO_EVENTS]
    assert truth(kind)["ledger"] == truth()["ledger"]


@pytest.mark.parametrize("kind", lines_of(SensorFault))
def test_sensor_faults_change_one_channel_and_nothing_that_is_true(kind: str) -> None:
    (packet,) = changed_packets(kind)
    assert changed_channels(packet, kind) == {line(kind).partition("channel=")[2].partition(",")[0]}
    assert events(kind) == events()
    assert truth(kind)["ledger"] == truth()["ledger"]


@pytest.mark.parametrize("kind", lines_of(ClockFault))
def test_clock_faults_change_what_packets_say_of_time_but_not_when_they_are_sent(kind: str) -> None:
    for packet in flown().packet_types("ship"):
        ours, theirs = flown(kind).stream("ship", packet), flown().stream("ship", packet)
        assert np.array_equal(ours.made_ns, theirs.made_ns)
        apart_ns = ours.t_ns - theirs.t_ns
        assert not apart_ns[theirs.t_ns < T0_NS + 59 * NS_PER_S].any()
        assert np.all(apart_ns[theirs.t_ns > T0_NS + 61 * NS_PER_S] > 0)
    assert events(kind) == events()
    assert truth(kind)["ledger"] == truth()["ledger"]


@pytest.mark.parametrize("kind", lines_of(LinkFault))
def test_link_faults_change_what_is_heard_and_nothing_on_board(kind: str) -> None:
    assert changed_packets(kind) == set()
    assert events(kind) == events()
    assert (truth(kind)["ledger"] != truth()["ledger"]) == (kind != "backhaul_down")


def test_together_they_do_not_disturb_each_other() -> None:
    sensors, bay = lines_of(SensorFault), lines_of(CargoFault)
    everything = (*sensors, *bay, *lines_of(LinkFault))
    together = flown(*everything)
    for kind in sensors:
        channel = line(kind).partition("channel=")[2].partition(",")[0]
        (packet,) = changed_packets(kind)
        ours, alone = (np.asarray(each.columns("ship", packet)[channel]) for each in (together, flown(kind)))
        assert np.array_equal(ours, alone, equal_nan=ours.dtype.kind == "f")
    assert sorted(changed_channels("cargo", *everything)) == sorted(
        {channel for kind in bay for channel in changed_channels("cargo", kind)}
    )
    found = {event for event in events(*everything) if event not in events()}
    assert found == {event for kind in bay for event in events(kind) if event not in events()}
