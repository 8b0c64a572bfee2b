"""A message keeps everything that counts on its way through MQTT and Kafka, and a wrong record is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import AddressError, InputError, PacketError, Reason
from telemetry.message import JSON, MAX_NS, SPACE_PACKETS, KafkaHeaders, Message, message_from_kafka, read_ns
from telemetry.topics import Address, Kind, parse_topic

MESSAGE = Message(Address("live", "YX1-7", "ship", "haiyang"), Kind.TELEMETRY, b"\x00\xff", 5, 6, 7, JSON, "webcast")
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
NS = st.integers(0, MAX_NS)
MESSAGES = st.builds(
    Message,
    st.builds(Address, NAMES, NAMES, NAMES, NAMES),
    st.sampled_from(Kind),
    st.binary(max_size=100),
    NS,
    NS,
    NS,
    st.sampled_from([JSON, SPACE_PACKETS]) | st.text(max_size=20),
    st.text(max_size=20),
)


@given(MESSAGES)
def test_a_message_comes_back_from_its_record(message: Message) -> None:
    assert message_from_kafka(message.payload, message.kafka_headers()) == message


@given(MESSAGES)
def test_topic_and_user_properties_say_where_and_when(message: Message) -> None:
    assert parse_topic(message.topic) == (message.address, message.kind)
    properties = dict(message.user_properties())
    assert (read_ns(properties, "ert_ns"), read_ns(properties, "sent_ns")) == (message.ert_ns, message.sent_ns)
    assert properties.get("dictionary", "") == message.dictionary


def test_the_headers_are_those_of_the_design() -> None:
    assert dict(MESSAGE.kafka_headers()) == {
        "run": b"live",
        "flight": b"YX1-7",
        "vehicle": b"ship",
        "station": b"haiyang",
        "kind": b"tm",
        "ert_ns": b"5",
        "sent_ns": b"6",
        "ingest_ns": b"7",
        "content-type": b"application/json",
        "dictionary": b"webcast",
    }


def test_a_retried_message_says_which_refused_record_it_was() -> None:
    retried = replace(MESSAGE, retry_of="3-17", retry_packet="?", retry_reason="unknown-apid")
    headers = retried.kafka_headers()
    assert headers[-3:] == [("retry_of", b"3-17"), ("retry_packet", b"?"), ("retry_reason", b"unknown-apid")]
    assert message_from_kafka(retried.payload, headers) == retried


def changed(name: str, octets: bytes | None) -> list[tuple[str, Any]]:
    return [(header, octets if header == name else text) for header, text in MESSAGE.kafka_headers()]


@pytest.mark.parametrize("name", [name for name, _ in MESSAGE.kafka_headers() if not name.endswith("_ns")])
def test_a_missing_header_is_named(name: str) -> None:
    headers = [(header, text) for header, text in MESSAGE.kafka_headers() if header != name]
    with pytest.raises(PacketError, match=f"no header '{name}'") as caught:
        message_from_kafka(b"", headers)
    assert caught.value.reason is Reason.BAD_PROPERTY


@pytest.mark.parametrize(
    ("name", "octets", "error"),
    [
        ("run", b"../live", AddressError),
        ("flight", b"\xff", AddressError),
        ("flight", None, AddressError),
        ("kind", b"video", PacketError),
        ("kind", None, PacketError),
        ("ert_ns", b"-1", PacketError),
        ("ert_ns", b"1e9", PacketError),
        ("ert_ns", "٣".encode(), PacketError),
        ("ert_ns", str(MAX_NS + 1).encode(), PacketError),
        ("ert_ns", b"9" * 5000, PacketError),
        ("ert_ns", None, PacketError),
        ("ingest_ns", b"", PacketError),
    ],
)
def test_a_wrong_header_is_refused(name: str, octets: bytes | None, error: type[InputError]) -> None:
    with pytest.raises(error):
        message_from_kafka(b"", changed(name, octets))


def test_a_null_value_is_an_empty_payload() -> None:
    assert message_from_kafka(None, MESSAGE.kafka_headers()).payload == b""


@given(
    st.lists(st.tuples(st.sampled_from([n for n, _ in MESSAGE.kafka_headers()]), st.none() | st.binary(max_size=20)))
)
def test_arbitrary_headers_are_read_or_refused(headers: list[tuple[str, bytes | None]]) -> None:
    good: KafkaHeaders = MESSAGE.kafka_headers()
    with suppress(InputError):
        message_from_kafka(b"", [*good, *headers])


def test_an_absent_time_is_0() -> None:
    assert read_ns({}, "ert_ns") == 0
    assert read_ns({"ert_ns": str(MAX_NS)}, "ert_ns") == MAX_NS
