"""Events: an identity computed from what happened, and CloudEvents 1.0 on Kafka that every reader understands."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telemetry.errors import PacketError
from telemetry.events import Event, Evidence, event_from_kafka, event_to_kafka
from telemetry.vocabulary import EVENT_TYPES, DeliveryStatus, short_name

EVIDENCE = Evidence(detector="apogee", detector_version=1, parameters={"window_s": 2.0}, packet="nav", count_first=1)
APOGEE = Event(
    type="downrange.flight.apogee",
    run="live",
    flight="YX1-7",
    vehicle="ship",
    t_ns=1_790_000_000_123_456_789,
    t_sigma_s=0.02,
    detected_ns=1_790_000_002_000_000_000,
    values={"altitude_m": 120_000.5, "stable": True, "site": "sea", "count": 3},
    evidence=EVIDENCE,
)
EVENTS = st.builds(
    Event,
    type=st.sampled_from(sorted(EVENT_TYPES)),
    run=st.sampled_from(["live", "replay-1"]),
    flight=st.from_regex(r"[A-Za-z0-9]{1,9}", fullmatch=True),
    vehicle=st.sampled_from(["ship", "booster"]),
    ordinal=st.integers(0, 9),
    revision=st.integers(0, 9),
    status=st.sampled_from(["provisional", "confirmed", "retracted"]),
    t_ns=st.integers(0, 4_000_000_000 * 10**9),
    t_sigma_s=st.floats(0, 1e6),
    detected_ns=st.integers(0, 4_000_000_000 * 10**9),
    values=st.dictionaries(st.text(max_size=8), st.floats() | st.integers() | st.booleans() | st.text(max_size=8)),
    evidence=st.just(EVIDENCE),
)


def test_the_id_is_this_one_for_good() -> None:
    # literal, because a later version must find the same id for what it finds again
    assert APOGEE.id == "55ae8087f7876b9f72a1a58c029f2777"


@pytest.mark.parametrize(
    "change",
    [
        {"run": "replay-1"},
        {"flight": "YX1-8"},
        {"vehicle": "booster"},
        {"type": "downrange.flight.meco"},
        {"ordinal": 1},
        {"revision": 1},
    ],
    ids=str,
)
def test_another_event_has_another_id(change: dict[str, Any]) -> None:
    assert APOGEE.model_copy(update=change).id != APOGEE.id


def test_the_same_event_found_again_has_the_same_id() -> None:
    again = {"t_ns": 1, "t_sigma_s": 1.0, "detected_ns": 2, "values": {}, "status": "provisional"}
    assert APOGEE.model_copy(update=again).id == APOGEE.id


def test_names_that_run_together_are_different_events() -> None:
    one, other = (
        APOGEE.model_copy(update={"run": run, "flight": flight}) for run, flight in [("a", "bc"), ("ab", "c")]
    )
    assert one.id != other.id


def test_flown_again_an_event_keeps_its_identity_in_flight() -> None:
    assert APOGEE.model_copy(update={"run": "replay-1"}).identity_in_flight == APOGEE.identity_in_flight
    assert APOGEE.identity_in_flight == ("ship", "downrange.flight.apogee", 0, 0)


def test_the_record_is_a_cloud_event_in_binary_mode() -> None:
    key, value, headers = event_to_kafka(APOGEE)
    assert key == b"live/YX1-7"
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": APOGEE.id.encode(),
        "ce_source": b"/downrange/live/YX1-7/ship",
        "ce_type": b"downrange.flight.apogee",
        "ce_subject": b"ship/apogee/0",
        "ce_time": b"2026-09-21T14:13:20.123456Z",
        "content-type": b"application/json",
        "run": b"live",
        "flight": b"YX1-7",
        "vehicle": b"ship",
    }
    cloud = from_binary_event(KafkaMessage({n: v for n, v in headers if n[:3] == "ce_" or "-" in n}, None, value))
    assert (cloud.get_id(), cloud.get_type()) == (APOGEE.id, APOGEE.type)
    assert cloud.get_time() == datetime(2026, 9, 21, 14, 13, 20, 123456, tzinfo=UTC)
    assert cloud.get_data()["values"]["altitude_m"] == 120_000.5  # type: ignore[index, call-overload]  # any JSON value


@given(EVENTS)
def test_an_event_comes_back_from_its_record(event: Event) -> None:
    key, value, headers = event_to_kafka(event)
    assert key.decode() == f"{event.run}/{event.flight}"
    assert event_from_kafka(value, headers) == event


def test_values_that_json_cannot_say_are_left_out() -> None:
    values = {"altitude_m": math.nan, "speed_m_s": math.inf, "count": 3}
    event = APOGEE.model_validate(APOGEE.model_dump() | {"values": values})
    assert event.values == {"count": 3}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "downrange.flight.lunch"},
        {"ordinal": -1},
        {"t_sigma_s": -0.1},
        {"t_sigma_s": math.inf},
        {"status": "perhaps"},
    ],
    ids=str,
)
def test_a_wrong_event_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Event.model_validate(APOGEE.model_dump() | change)


_, VALUE, HEADERS = event_to_kafka(APOGEE)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, HEADERS),
        (b"", HEADERS),
        (b"\xff", HEADERS),
        (b"[" * 100_000, HEADERS),
        (VALUE.replace(b"flight.apogee", b"flight.lunch"), HEADERS),
        (VALUE, []),
        (VALUE, [(name, None) for name, _ in HEADERS]),
        (VALUE, [(name, b"\xff") for name, _ in HEADERS]),
        (VALUE, [(name, b"yesterday" if name == "ce_time" else text) for name, text in HEADERS]),
        (VALUE, [(name, b"2.0" if name == "ce_specversion" else text) for name, text in HEADERS]),
        (VALUE, [*HEADERS, ("ce_", b"")]),
    ],
    ids=["null", "empty", "binary", "deep", "type", "bare", "nulls", "garbage", "time", "version", "extension"],
)
def test_a_record_that_is_no_event_is_refused(value: bytes | None, headers: list[tuple[str, bytes | None]]) -> None:
    with pytest.raises(PacketError, match="not an event"):
        event_from_kafka(value, headers)


@given(st.binary(max_size=60), st.lists(st.tuples(st.sampled_from([n for n, _ in HEADERS]), st.binary(max_size=12))))
def test_arbitrary_records_are_read_or_refused(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(PacketError):
        event_from_kafka(value, [*HEADERS, *headers])


def test_the_vocabulary_names_every_status_of_a_delivery() -> None:
    assert {status.event_type for status in DeliveryStatus} < EVENT_TYPES
    assert short_name(DeliveryStatus.OUT_FOR_DELIVERY.event_type) == "out_for_delivery"
