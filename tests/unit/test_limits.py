"""Limits of the dictionary: hysteresis, counts, flight phases; and which channels are stale."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from detection import DECODER, NS, T0_NS, Flown, detect, messages_of, new_engine, seen, take, transmitter
from numpy.typing import NDArray
from recorded import Recorded, run, simulated

from processors.detector import Finding
from processors.detectors.limits import Limits
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.events import Event
from telemetry.message import Message
from telemetry.topics import Kind
from telemetry.vocabulary import WATCH_EVENTS

VOLTS = "bus_voltage_v"
TANK = "oxidizer_tank_pressure_pa"
Edit = Callable[[dict[str, NDArray[Any]], NDArray[np.float64]], None]


def hop() -> Recorded:
    return simulated("hop", "ship")


def set_to(name: str, packet: str, *values: tuple[float, float, float]) -> Recorded:
    """Return the hop with a channel held at (value, from, to) in mission seconds."""

    def hold(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        for value, first_s, last_s in values:
            columns[name][(t_s >= first_s - 0.001) & (t_s < last_s - 0.001)] = value

    return hop().edited(packet, hold)


def told(findings: Iterable[Finding]) -> list[tuple[str, float, object, object]]:
    return [
        (one.type.rsplit(".", 1)[-1], round((one.t_ns - T0_NS) / NS, 1), one.values["level"], one.values["side"])
        for one in findings
    ]


@pytest.mark.parametrize(("preset", "vehicle"), [("hop", "ship"), ("express", "ship"), ("express", "booster")])
def test_an_undisturbed_flight_passes_no_limit(preset: str, vehicle: str) -> None:
    assert run(Limits, simulated(preset, vehicle)) == []


def test_a_limit_is_raised_by_its_count_and_cleared_by_its_own_beyond_the_hysteresis() -> None:
    # warning below 25, clear at 26, 3 and 5 samples, one a second
    between = set_to(VOLTS, "health", (24.0, 50, 54), (25.5, 54, 60), (24.5, 60, 61), (27.0, 61, 65), (25.5, 65, 66))
    assert told(run(Limits, between)) == [("raised", 50.0, "warning", "below"), ("cleared", 66.0, "warning", "below")]
    assert told(run(Limits, set_to(VOLTS, "health", (24.0, 50, 52), (25.1, 52, 53), (24.0, 53, 55)))) == []
    assert told(run(Limits, set_to(VOLTS, "health", (21.0, 50, 60)))) == [
        ("raised", 50.0, "warning", "below"),
        ("raised", 50.0, "critical", "below"),
        ("cleared", 60.0, "warning", "below"),
        ("cleared", 60.0, "critical", "below"),
    ]


def test_what_it_says_is_enough_to_act_on() -> None:
    raised, cleared = run(Limits, set_to(VOLTS, "health", (24.0, 40, 50)))
    about = {"channel": VOLTS, "level": "warning", "side": "below", "limit": 25.0, "clear": 26.0}
    assert raised.values == about | {"value": 24.0, "phase": "ascent"}
    assert cleared.values == about | {"value": pytest.approx(28.15, abs=0.2), "phase": "ascent", "reason": "values"}
    assert raised.count_first is not None
    assert raised.count_last == raised.count_first + 2
    assert raised.packet == "health"


def phase_at(t_s: float) -> str:
    health = hop().frames["health"]
    labels = hop().airframe.channels["flight_phase"].labels or {}
    row = int(np.searchsorted(health.t_ns, T0_NS + t_s * NS, side="right")) - 1
    return labels[int(health.columns["flight_phase"][row])]


def test_a_limit_with_phases_counts_only_in_them_and_is_cleared_by_leaving_them() -> None:
    low = set_to(TANK, "propulsion", (240e3, -45, 1000))
    found = run(Limits, low)
    assert [kind for kind, *_ in told(found)] == ["raised", "cleared", "raised", "cleared"]
    for raised, cleared in (found[:2], found[2:]):
        assert raised.values["phase"] in {"ascent", "landing_burn"}
        assert cleared.values["reason"] == "phase"
        assert cleared.values["phase"] not in {"ascent", "boostback", "entry", "landing_burn"}
        assert "value" not in cleared.values
        assert phase_at((raised.t_ns - T0_NS) / NS) == raised.values["phase"]
        assert cleared.t_ns in hop().frames["health"].t_ns
    # on the pad, coasting and afloat nothing burns
    assert told(run(Limits, set_to(TANK, "propulsion", (240e3, 64, 75), (240e3, 130, 1000)))) == []


def test_before_the_vehicle_has_told_its_phase_a_limit_of_phases_says_nothing() -> None:
    low = set_to(TANK, "propulsion", (240e3, 20, 30))
    silent = Recorded(low.airframe, {name: frame for name, frame in low.frames.items() if name != "health"})
    assert run(Limits, silent) == []
    assert run(Limits, low) != []


@functools.cache
def sent() -> list[Message]:
    """Return what the stations send of the hop from before ignition to after apogee."""
    return [each for each in messages_of(transmitter("hop")) if -5 * NS < each.ert_ns - T0_NS < 70 * NS]


def without(message: Message, packets: set[str], first_s: float, last_s: float, edit: Edit | None = None) -> Message:
    """Return the message without packets of some types made between two mission times, or with them edited."""
    if message.kind is not Kind.TELEMETRY:
        return message
    codec = PacketCodec(built_in("yuanxing-1"))
    octets = b""
    for frame in codec.decode(message.payload, "ship", "s", message.ert_ns).frames:
        t_s = (frame.t_ns - T0_NS) / NS
        inside = (t_s >= first_s) & (t_s < last_s) & (frame.packet in packets)
        columns: dict[str, NDArray[Any]] = {name: values.copy() for name, values in frame.columns.items()}
        if edit is not None and inside.any():
            edit(columns, np.where(inside, t_s, np.nan))
            inside = np.zeros(len(frame), dtype=np.bool_)
        kept = ~inside
        if kept.any():
            columns = {name: values[kept] for name, values in columns.items()}
            octets += codec.encode(frame.packet, frame.counts[kept], frame.t_ns[kept], columns)
    return replace(message, payload=octets)


def changed(packets: set[str], first_s: float, last_s: float, edit: Edit | None = None) -> list[Message]:
    return [
        message
        for message in (without(each, packets, first_s, last_s, edit) for each in sent())
        if message.payload or message.kind is Kind.LINK
    ]


def watched(events: Iterable[Event]) -> list[tuple[str, float, str, object]]:
    return sorted(
        (
            (one.name, round((one.t_ns - T0_NS) / NS), str(one.values["channel"]), one.values.get("reason"))
            for one in events
            if one.type in WATCH_EVENTS
        ),
        key=lambda one: (one[1], one),
    )


def test_a_packet_type_that_stops_is_stale_while_the_others_come() -> None:
    flown = detect(changed({"cargo"}, 30, 50))
    channels = ["bay_pressure_pa", "bay_temperature_k", "supply_voltage_v"]
    assert watched(flown.events) == [
        *(("stale", 35, name, "silence") for name in channels),
        *(("fresh", 50, name, None) for name in channels),
    ]


def test_a_sensor_without_a_usable_value_is_told_from_a_packet_that_does_not_come() -> None:
    def break_it(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns["altitude_m"][np.isfinite(t_s)] = np.nan

    flown = detect(changed({"nav"}, 30, 40, break_it))
    assert watched(flown.events) == [("stale", 32, "altitude_m", "sensor"), ("fresh", 40, "altitude_m", None)]


def test_a_sensor_without_power_rests_at_the_bottom_of_its_range_and_is_stale() -> None:
    def cut_off(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns[TANK][np.isfinite(t_s)] = 0.0
        columns["chamber_pressure_pa"][np.isfinite(t_s)] = 0.0

    # an engine may well have no pressure; a tank with a lower limit may not
    assert watched(detect(changed({"propulsion"}, 40, 50, cut_off)).events) == [
        ("stale", 42, TANK, "sensor"),
        ("fresh", 50, TANK, None),
    ]


def test_a_vehicle_that_falls_silent_under_a_station_with_lock_is_stale() -> None:
    flown = detect(changed({"nav", "propulsion", "cargo", "health"}, 30, 60))
    names = {name for kind, _, name, _ in watched(flown.events) if kind == "stale"}
    assert {"altitude_m", "bus_voltage_v", "bay_temperature_k"} <= names
    assert {reason for kind, _, _, reason in watched(flown.events) if kind == "stale"} == {"silence"}
    stale = [event for event in flown.events if event.name == "stale"]
    # known while it is silent, not only when the vehicle speaks again
    assert all(event.detected_ns <= event.t_ns + 4 * NS for event in stale)


def test_what_nobody_hears_is_not_stale() -> None:
    gone = [message for message in sent() if not 30 * NS <= message.ert_ns - T0_NS < 60 * NS]
    assert watched(detect(gone).events) == []

    def deaf(message: Message) -> Message:
        if message.kind is Kind.LINK and 30 * NS <= message.ert_ns - T0_NS < 60 * NS:
            return replace(message, payload=message.payload.replace(b'"aos"', b'"los"'))
        return message

    lost = [deaf(message) for message in changed({"nav", "propulsion", "cargo", "health"}, 30, 60)]
    assert watched(detect(lost).events) == []


def hurt() -> list[Message]:
    """Return a hop on which cargo stops for a while and the bus is low for another."""

    def low(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns[VOLTS][np.isfinite(t_s)] = 21.0

    return [without(message, {"health"}, 20, 40, low) for message in changed({"cargo"}, 30, 50)]


@functools.cache
def undisturbed() -> Flown:
    return detect(hurt())


def test_snapshots_and_doubled_messages_change_nothing() -> None:
    messages, events, engine = hurt(), list[Event](), new_engine()
    assert len(watched(undisturbed().events)) == 10
    for first, last in pairwise([*range(0, len(messages), 307), len(messages)]):
        events += detect([*messages[max(first - 5, 0) : last], *messages[max(first, last - 3) : last]], engine).events
        snapshot = engine.snapshot()
        engine = new_engine()
        engine.restore(snapshot)
        assert engine.snapshot() == snapshot
    assert seen(events) == seen(undisturbed().events)


def test_how_the_flight_is_cut_changes_nothing() -> None:
    engine, events = new_engine(), list[Event]()
    for message in hurt():
        if message.kind is Kind.LINK:
            events += take(engine, message).events
            continue
        dictionary = DECODER.dictionary_of(message)
        assert dictionary is not None
        for frame in DECODER.decode(message).frames:
            for row in range(len(frame)):
                events += engine.take_frames(message, [frame.select(slice(row, row + 1))], dictionary, {}).events
    assert seen(events) == seen(undisturbed().events)
