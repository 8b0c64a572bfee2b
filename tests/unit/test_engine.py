"""The engine over whole simulated flights: every event of the truth, in time, and nothing else."""

from __future__ import annotations

import functools

import msgpack
import numpy as np
import pytest
from detection import NS, REGISTRY, T0_NS, Flown, detect, final, messages_of, new_engine, take, transmitter
from flown import fly

from processors.detectors.max_q import MaxQParameters
from processors.engine import DEFAULT_HOLD_NS, Engine
from simulator.happenings import Happening
from simulator.record import happenings_of
from telemetry.errors import PacketError, Reason
from telemetry.events import Event
from telemetry.quality import LedgerRow, LinkState
from telemetry.topics import Kind
from telemetry.vocabulary import short_name

LINKS = ("aos", "los")
# what a sensor read so many times a second can say: half of the distance of its rows, and more where the top is flat
TOLERANCE_S = {"max_q": 1.0, "recovered": 0.5, "splashdown": 0.5, "loaded": 0.11, "sealed": 0.11, "unloaded": 0.3}
# the detector's own delay, a bundle of 0.2 s and the slowest packet type
LATENCY_S, SLOWER_S = 1.4, {"splashdown": 2.0, "recovered": 2.0}
# half of the rows of the median and those that must lie below, ten rows a second
MAX_Q_ROWS_S = 1.3


@functools.cache
def flown(preset: str) -> Flown:
    return detect(messages_of(transmitter(preset)))


@functools.cache
def truth(preset: str) -> list[Happening]:
    return [each for each in happenings_of(transmitter(preset)) if short_name(each.type) not in LINKS]


def events(preset: str) -> list[Event]:
    return [event for event in flown(preset).events if event.name not in LINKS]


def mission_s(t_ns: int) -> float:
    return (t_ns - transmitter("hop").t0_ns) / NS


def may_take_s(preset: str, happened: Happening, name: str) -> float:
    """Return how soon an event is to be known; a station that falls silent is waited for, by the hold at most."""
    usual_s = SLOWER_S.get(name, LATENCY_S)
    if name == "max_q":
        usual_s += pressure_falls_s(preset, happened) + MAX_Q_ROWS_S
    silent_s = [mission_s(event.t_ns) for event in flown(preset).events if event.name == "los"]
    waits = any(abs(each_s - happened.t_s) <= LATENCY_S for each_s in silent_s)
    return usual_s + waits * DEFAULT_HOLD_NS / NS


def pressure_falls_s(preset: str, happened: Happening) -> float:
    """Return when after its maximum the pressure has truly fallen as far as the detector asks, and by its noise."""
    sent, t_s = transmitter(preset), happened.t_s + np.arange(0.0, 60.0, 0.1)
    pressure = sent.flight.tracks[happened.vehicle].at(t_s).dynamic_pressure_pa
    sensor = sent.dictionary.packets["nav"].channel("dynamic_pressure_pa").sensor
    noise_pa = sensor.noise if sensor else 0.0
    low = pressure < MaxQParameters().fallen_share * pressure[0] - noise_pa
    return float(t_s[low.argmax()]) - happened.t_s


presets = pytest.mark.parametrize("preset", ["hop", "express"])


@presets
def test_every_event_of_the_truth_is_found_once_and_nothing_else(preset: str) -> None:
    found = sorted({(event.vehicle, event.type, event.ordinal) for event in events(preset)})
    assert found == sorted((each.vehicle, each.type, 0) for each in truth(preset))


@presets
def test_events_are_found_when_they_happened_and_soon(preset: str) -> None:
    last = {(event.vehicle, event.type): event for event in events(preset)}
    first = {(event.vehicle, event.type): event for event in reversed(events(preset))}
    for each in truth(preset):
        event, name = last[each.vehicle, each.type], short_name(each.type)
        assert event.status == "confirmed"
        error_s = mission_s(event.t_ns) - each.t_s
        assert abs(error_s) <= TOLERANCE_S.get(name, 0.05), f"{each.vehicle} {name}: {error_s:+.3f} s"
        assert abs(error_s) <= 4.0 * event.t_sigma_s + 0.03, f"{name}: {error_s:+.3f} s is not {event.t_sigma_s} s"
        latency_s = mission_s(first[each.vehicle, each.type].detected_ns) - each.t_s
        assert latency_s <= may_take_s(preset, each, name), f"{each.vehicle} {name}: {latency_s:.2f} s"


@presets
def test_events_carry_where_the_vehicle_was(preset: str) -> None:
    by_type = {(event.vehicle, event.type): event for event in events(preset)}
    for each in truth(preset):
        values = by_type[each.vehicle, each.type].values
        if "altitude_m" in each.values and short_name(each.type) != "max_q":
            speed = abs(float(each.values["speed_m_s"]))
            for name in ("altitude_m", "downrange_m"):
                assert abs(float(values[name]) - float(each.values[name])) <= 12.0 + 0.25 * speed, (each, values)


@presets
def test_the_ledger_balances_and_says_what_was_sent(preset: str) -> None:
    sent = transmitter(preset)
    rows: dict[tuple[str, ...], LedgerRow] = {row.identity: row for row in flown(preset).engine.ledger()}
    assert {(vehicle, packet) for _, _, vehicle, packet in rows} == {
        (vehicle, packet) for vehicle in sent.flight.tracks for packet in sent.packet_types(vehicle)
    }
    for (_, _, vehicle, packet), row in rows.items():
        assert row.balanced
        assert row.sent == sent.sent(vehicle)[packet]
        assert row.duplicate > 0


def test_quality_is_told_once_a_second_of_flight() -> None:
    told = [record for record in flown("hop").quality if isinstance(record, LedgerRow) and record.packet == "nav"]
    seconds = [record.as_of_ns // NS for record in told]
    assert len(seconds) == len(set(seconds))
    assert {record.type for record in flown("hop").quality} == {"ledger", "gap", "link"}
    assert {record.station for record in flown("hop").quality if isinstance(record, LinkState)} == {"haiyang", "relay"}


def test_signal_is_found_and_lost_where_the_mask_is_passed() -> None:
    found = [(e.vehicle, e.name, e.values["station"]) for e in flown("express").events if e.name in LINKS]
    assert sorted(found) == [
        ("booster", "aos", "haiyang"),
        ("booster", "aos", "relay"),
        ("booster", "los", "haiyang"),
        ("ship", "aos", "haiyang"),
        ("ship", "aos", "relay"),
        ("ship", "aos", "tasman"),
        ("ship", "los", "haiyang"),
    ]
    (lost,) = [event for event in flown("express").named("los") if event.values["station"] == "haiyang"]
    assert lost.t_sigma_s == 0.0


def test_evidence_names_the_rule_and_the_rows() -> None:
    (apogee,) = flown("hop").named("apogee")
    evidence = apogee.evidence
    assert (evidence.detector, evidence.packet) == ("apogee", "nav")
    assert evidence.parameters["fall_m_s"] == 0.3
    assert evidence.count_first is not None
    assert evidence.count_last is not None
    assert 0 < evidence.count_last - evidence.count_first < 500
    rows_s = (evidence.count_last / 50) + transmitter("hop").flight.preset.countdown.start_s
    assert abs(rows_s - mission_s(apogee.t_ns)) < 1.0
    assert list(evidence.topic_offsets) == ["downrange.telemetry-0"]


def test_a_clock_that_is_a_century_ahead_is_a_clock_like_others() -> None:
    """A CUC time of four octets reaches 2156; 2**62 ns is 2116, and no end of time."""
    now, ahead = (detect(fly("F", 20, t0_ns=t0_ns)).events for t0_ns in (T0_NS, 5 * 10**18))
    found = [
        [(e.vehicle, e.type, e.t_ns - t0_ns) for e in events] for events, t0_ns in ((now, T0_NS), (ahead, 5 * 10**18))
    ]
    assert len(found[0]) > 20
    assert found[0] == found[1]


def test_a_snapshot_of_another_version_is_refused() -> None:
    snapshot = msgpack.unpackb(new_engine().snapshot())
    snapshot["version"] = 99
    with pytest.raises(PacketError, match="version 99") as caught:
        new_engine().restore(msgpack.packb(snapshot))
    assert caught.value.reason is Reason.UNKNOWN_VERSION


def test_the_state_of_a_flight_stays_small() -> None:
    """It ends where one station alone hears it: the rows of some seconds are kept, for what may have been overtaken."""
    assert len(flown("express").engine.snapshot()) < 300_000


def test_packets_that_come_late_are_seen_after_all() -> None:
    messages = messages_of(transmitter("hop"))
    heard = [message for message in messages if message.address.station == "haiyang"]
    lost = [
        index
        for index, message in enumerate(heard)
        if message.kind is Kind.TELEMETRY and 20.0 < mission_s(message.ert_ns) < 25.0
    ]
    kept = [message for index, message in enumerate(heard) if index not in lost]
    at = next(i for i, message in enumerate(kept) if mission_s(message.ert_ns) > 40.0)
    late = detect([*kept[:at], *(heard[index] for index in lost), *kept[at:]])
    rows = {row.packet: row for row in late.engine.ledger()}
    in_time = {row.packet: row for row in detect(heard).engine.ledger()}
    assert {packet: row.unique for packet, row in rows.items()} == {p: row.unique for p, row in in_time.items()}
    assert (rows["nav"].late, rows["nav"].rerun, rows["nav"].held) == (0, len(lost) * 10, 0)
    assert final(late.events) == final(detect(heard).events)


def test_at_the_end_of_a_recording_nothing_waits_for_more() -> None:
    messages = [
        m for m in messages_of(transmitter("hop")) if m.address.station == "haiyang" and mission_s(m.ert_ns) < 9
    ]
    lost = [m for m in messages if m.kind is Kind.TELEMETRY and -4 < mission_s(m.ert_ns) < 4]
    cut = detect([*(message for message in messages if message not in lost), *lost])
    assert sum(row.held or 0 for row in cut.engine.ledger()) > 400
    assert final(cut.events) != final(detect(messages).events)
    assert final([*cut.events, *cut.engine.settle().events]) == final(detect(messages).events)
    assert not cut.engine.settle().events


def test_a_dump_that_breaks_a_detector_is_late_and_the_flight_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        m for m in messages_of(transmitter("hop")) if m.address.station == "haiyang" and mission_s(m.ert_ns) < 9
    ]
    lost = [m for m in messages if m.kind is Kind.TELEMETRY and -4 < mission_s(m.ert_ns) < 0]
    kept = [m for m in messages if m not in lost]
    at = next(i for i, message in enumerate(kept) if mission_s(message.ert_ns) > 2)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("processors.vehicle.see_again", broken)
    flown_on = detect([*kept[:at], *lost, *kept[at:]])
    rows = {row.packet: row for row in flown_on.engine.ledger()}
    assert (rows["nav"].late, rows["nav"].rerun, rows["nav"].held) == (200, 0, 4)
    assert all(row.balanced for row in rows.values())
    assert final(flown_on.events) == final(detect(kept).events)


def test_a_station_that_was_cut_off_brings_its_events_afterwards() -> None:
    """Nobody else hears the vehicle: what comes in a burst twenty seconds later, in its order, is no late data."""
    messages = messages_of(transmitter("hop"))
    heard = [message for message in messages if message.address.station == "haiyang" and message.kind is Kind.TELEMETRY]
    beats = [message for message in messages if message.address.station == "relay" and message.kind is Kind.LINK]
    back_ns = transmitter("hop").t0_ns + 15 * NS
    order = [
        (
            back_ns
            if message.kind is Kind.TELEMETRY and back_ns - 20 * NS < message.ert_ns < back_ns
            else message.ert_ns,
            i,
        )
        for i, message in enumerate([*heard, *beats])
    ]
    flown_late = detect([*heard, *beats][i] for _, i in sorted(order))
    for name in ("ignition", "liftoff"):
        event, direct = flown_late.named(name)[-1], flown("hop").named(name)[-1]
        assert event.ordinal == direct.ordinal == 0
        assert abs(event.t_ns - direct.t_ns) < 0.02 * NS
    assert all(row.late < 5 for row in flown_late.engine.ledger())


def test_refused_packets_stand_in_the_books() -> None:
    engine = Engine("live", "F", REGISTRY)
    engine.take_refusal("ship", "nav", "bad-crc")
    engine.take_refusal("ship", "?", "bad-length")
    first = next(message for message in messages_of(transmitter("hop")) if message.kind is Kind.TELEMETRY)
    take(engine, first)
    rows = {row.packet: row for row in engine.ledger()}
    assert (rows["nav"].rejected, rows["?"].rejected) == (1, 1)
    assert rows["nav"].received == rows["nav"].unique + 1
    assert all(row.balanced for row in rows.values())
