from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from flown import NS, T0_NS, fly, new_flight
from tracks import JOURNEY, booking, event, manifest, packets

from telemetry.dictionary import Registry
from telemetry.errors import PacketError
from telemetry.link import WILL
from telemetry.message import JSON, Message
from telemetry.topics import Address, Kind
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.delivery import Delivery
from tracking.flight import FlightRecord
from tracking.load import Booking
from tracking.motion import Now
from tracking.records import StateRecord, read_record, state_record
from tracking.register import Register
from tracking.sampling import Sampler
from tracking.tracker import Tracker

SAMPLER = Sampler(Registry())


def read(record: StateRecord) -> Any:
    return read_record(record.value, record.headers)


def of_type(records: list[StateRecord], kind: type[Any]) -> list[Any]:
    return [found for found in map(read, records) if isinstance(found, kind)]


def cargo(t_s: list[float], **columns: list[float]) -> bytes:
    return packets("cargo", T0_NS + (np.array(t_s) * NS).astype(np.int64), **columns)


def message(payload: bytes, ert_s: float = 1.0, **changes: Any) -> Message:
    address = changes.pop("address", Address("live", "F-1", "ship", "haiyang"))
    return Message(address, Kind.TELEMETRY, payload, T0_NS + round(ert_s * NS), dictionary="yuanxing-1", **changes)


def test_a_message_shows_position_and_condition() -> None:
    telemetry, report = list(fly("F-1", 1, stations=["haiyang"]))
    sample = SAMPLER.sample(telemetry, with_position=True)
    assert sample is not None
    assert sample.position is not None
    assert sample.position.t_ns == pytest.approx(T0_NS + 49 * NS // 50, abs=100)
    assert sample.position.altitude_m is not None
    assert sample.condition is not None
    assert sample.condition.temperature_k is not None
    beat = SAMPLER.sample(report, with_position=True)
    assert beat is not None
    assert (beat.ert_ns, beat.is_telemetry, beat.position, beat.condition) == (T0_NS + NS, False, None, None)


def test_a_position_that_is_not_wanted_is_not_decoded() -> None:
    sample = SAMPLER.sample(next(fly("F-1", 1)), with_position=False)
    assert sample is not None
    assert sample.position is None
    assert sample.condition is not None


def test_the_hardest_jolt_of_all_packets_counts_not_the_last() -> None:
    payload = cargo([0.0, 0.2, 0.4], shock_m_s2=[5.0, 120.0, 4.0], tilt_deg=[1.0, 2.0, 3.0])
    sample = SAMPLER.sample(message(payload), with_position=True)
    assert sample is not None
    assert sample.condition is not None
    shock = sample.condition.shock_m_s2
    assert shock is not None
    assert (shock.last, shock.low, shock.high) == (4.0, 4.0, 120.0)


def test_values_that_cannot_be_show_nothing() -> None:
    payload = cargo([0.0, 0.2], shock_m_s2=[float("nan"), 3000.0], bay_temperature_k=[100.0, 290.0])
    sample = SAMPLER.sample(message(payload), with_position=True)
    assert sample is not None
    assert sample.condition is not None
    assert sample.condition.shock_m_s2 is None
    assert sample.condition.temperature_k is not None
    assert sample.condition.temperature_k.low == pytest.approx(290)


def test_json_devices_are_read_by_channel_names() -> None:
    channels = {"speed_m_s": 100.0, "altitude_m": 2000.0}
    row = {"packet": "kinematics", "count": 0, "t_ns": T0_NS, "channels": channels}
    text = json.dumps(row).encode()
    given = Message(
        Address("live", "F-1", "ship", "webcast"),
        Kind.TELEMETRY,
        text,
        T0_NS + NS,
        content_type=JSON,
        dictionary="webcast",
    )
    sample = SAMPLER.sample(given, with_position=True)
    assert sample is not None
    assert sample.position is not None
    assert (sample.position.altitude_m, sample.position.speed_m_s) == (2000.0, 100.0)
    assert sample.position.latitude_deg is None


@pytest.mark.parametrize(
    "odd",
    [
        message(b"noise" * 100),
        message(b""),
        message(cargo([0.0])[:-1] + b"\x00"),
        Message(Address("live", "F-1", "ship", "a"), Kind.TELEMETRY, b"{", 1, dictionary="nobody"),
        Message(Address("live", "F-1", "ship", "a"), Kind.TELEMETRY, b"[[]]", 1, content_type=JSON),
    ],
)
def test_octets_that_are_no_packets_show_nothing(odd: Message) -> None:
    sample = SAMPLER.sample(odd, with_position=True)
    assert sample is not None
    assert (sample.position, sample.condition) == (None, None)


@pytest.mark.parametrize("payload", [WILL.model_dump_json(exclude_none=True).encode(), b"noise"])
def test_a_link_report_without_a_time_is_no_sample(payload: bytes) -> None:
    assert (
        SAMPLER.sample(Message(Address("live", "F-1", "ship", "a"), Kind.LINK, payload, 0), with_position=True) is None
    )


def test_deliveries_are_written_when_something_happened_and_the_present_once_a_second() -> None:
    tracker = Tracker(SAMPLER)
    tracker.take_booking(booking(manifest()), 0)
    first = tracker.due(everything=False)
    assert [record.type.value for record in first] == ["delivery"] * 3 + ["flight"]
    assert tracker.due(everything=True) == []
    tracker.take_event(event(CargoEvent.LOADED))
    tracker.take_event(event(CargoEvent.LOADED))
    assert {d.status for d in of_type(tracker.due(everything=False), Delivery)} == {DeliveryStatus.LOADED}
    tracker.take_event(event(CargoEvent.LOADED))
    assert tracker.due(everything=True) == []
    for tenths in range(1, 41):
        payload = cargo([tenths / 10 - 0.05])
        tracker.take_message(message(payload, tenths / 10), tenths)
        written = of_type(tracker.due(everything=False), Now)
        assert len(written) == (1 if tenths % 10 == 1 else 0)


def test_what_is_not_written_yet_holds_the_offset_back() -> None:
    tracker = Tracker(SAMPLER)
    for offset, ert_s in ((10, 1.0), (11, 1.2), (12, 1.4)):
        tracker.take_message(message(cargo([ert_s - 0.1]), ert_s), offset)
        tracker.due(everything=False)
    assert tracker.unsaved_from(tracker) == 11
    assert tracker.due(everything=True)
    assert tracker.unsaved_from(tracker) is None


def test_a_shock_between_two_writes_is_not_lost_by_a_crash() -> None:
    tracker = Tracker(SAMPLER)
    written = Register()
    shocks = {10: 1.0, 11: 90.0, 12: 2.0}
    for offset, shock in shocks.items():
        tracker.take_message(message(cargo([offset / 10], shock_m_s2=[shock]), offset / 10 + 0.1), offset)
        for record in tracker.due(everything=False):
            written.put(read(record))
    again = Tracker(SAMPLER)
    again.restore(written)
    safe = tracker.unsaved_from(tracker)
    for offset, shock in shocks.items():
        if safe is not None and offset >= safe:
            again.take_message(message(cargo([offset / 10], shock_m_s2=[shock]), offset / 10 + 0.1), offset)
    (now,) = of_type(again.due(everything=True), Now)
    assert now.condition.shock_m_s2.high == 90.0


def test_a_replay_is_tracked_only_when_it_is_booked() -> None:
    tracker = Tracker(SAMPLER)
    replay: Any = {"run": "replay-1"}
    tracker.take_event(event(FlightEvent.LIFTOFF, **replay))
    tracker.take_message(message(cargo([0.0]), address=Address("replay-1", "F-1", "ship", "a")), 0)
    assert tracker.due(everything=True) == []
    tracker.take_booking(booking(manifest(**replay)), 0)
    tracker.take_event(event(FlightEvent.LIFTOFF, **replay))
    records = tracker.due(everything=True)
    assert {d.status for d in of_type(records, Delivery)} == {DeliveryStatus.DEPARTED}
    assert {record.flight for record in records} == {"replay-1/F-1"}


def test_only_the_vehicle_with_the_container_matters() -> None:
    tracker = Tracker(SAMPLER)
    tracker.take_message(message(cargo([0.0]), address=Address("live", "F-1", "booster", "a")), 0)
    assert tracker.due(everything=True) == []


def test_a_live_flight_is_followed_before_anyone_books_on_it() -> None:
    tracker = Tracker(SAMPLER)
    for kind, t_s in JOURNEY:
        tracker.take_event(event(kind, t_s))
    (record,) = of_type(tracker.due(everything=False), FlightRecord)
    assert len(record.milestones) == len(JOURNEY)


def test_a_member_that_takes_over_goes_on_where_the_other_was() -> None:
    one, written = Tracker(SAMPLER), Register()
    flight = new_flight()
    one.take_booking(booking(manifest(flight)), 3)
    for offset, given in enumerate(fly(flight, 30)):
        one.take_message(given, offset)
    one.take_event(event(CargoEvent.LOADED, flight=flight))
    for record in one.due(everything=True):
        written.put(read(record))
    other = Tracker(SAMPLER)
    other.restore(written)
    assert list(other) == [f"live/{flight}"]
    for tracker in (one, other):
        tracker.take_event(event(FlightEvent.LIFTOFF, flight=flight))
    assert sorted(one.due(everything=True), key=lambda r: r.key) == sorted(
        other.due(everything=True), key=lambda r: r.key
    )
    one.forget([f"live/{flight}"])
    assert list(one) == []


def test_records_are_found_by_key_and_type() -> None:
    tracker = Tracker(SAMPLER)
    given = booking(manifest())
    tracker.take_booking(given, 0)
    records = tracker.due(everything=False)
    assert [record.key for record in records] == [
        *(f"live/F-1/{code}" for code in given.codes.values()),
        "live/F-1/flight",
    ]
    assert state_record(given).key == "live/F-1/manifest"
    assert isinstance(read(state_record(given)), Booking)


@pytest.mark.parametrize("headers", [[], [("type", b"delivery")], [("type", b"nothing")]])
def test_a_record_of_another_shape_is_refused(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(PacketError):
        read_record(b"{}", headers)


def test_the_register_finds_a_delivery_by_its_code_only() -> None:
    register = Register()
    given = booking(manifest())
    tracker = Tracker(SAMPLER)
    tracker.take_booking(given, 0)
    for record in tracker.due(everything=False):
        register.put(read(record))
    code = given.codes["P-1"]
    tracked = register.track(code)
    assert tracked is not None
    assert tracked.delivery.parcel.parcel == "P-1"
    assert register.track("P-1") is None
    register.forget("live/F-1", code)
    assert register.track(code) is None
    assert len(list(register.deliveries("F-1"))) == 2
