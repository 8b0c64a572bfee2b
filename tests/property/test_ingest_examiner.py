"""Whatever comes, every octet of it is in a record, no record is larger than Kafka takes, and nothing raises."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.examiner import HEADER_OCTETS, Examined, Examiner
from runtime.kafka import Outgoing
from runtime.mqtt import Inbound
from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry, built_in
from telemetry.errors import Reason
from telemetry.message import JSON, SPACE_PACKETS, message_from_kafka
from telemetry.topics import KafkaTopic, Kind

T_NS: Final = 1_893_456_000 * 10**9
MOST: Final = 2000
EXAMINER: Final = Examiner(Decoder(Registry()), MOST + HEADER_OCTETS)
CODEC: Final = PacketCodec(built_in("yuanxing-1"))
NAMES: Final = [channel.name for channel in CODEC.dictionary.packets["nav"].channels]
PLACED: Final = "downrange/v1/live/F-1/ship/haiyang"

packets = st.builds(
    lambda first, n, off_ns: CODEC.encode(
        "nav", np.arange(first, first + n), np.full(n, T_NS + off_ns), {name: np.zeros(n) for name in NAMES}
    ),
    st.integers(0, 16383),
    st.integers(1, 3),
    st.sampled_from([0, -(10**9), 5 * 10**9]),
)
payloads = st.one_of(
    st.lists(st.one_of(packets, st.binary(max_size=30)), max_size=5).map(b"".join),
    st.binary(max_size=30),
    st.binary(min_size=1, max_size=8).map(lambda part: part * 700),
    st.sampled_from([b"{}", b"null", b'{"state":"los","reason":"will"}', b'{"state":"aos","reason":"heartbeat"}']),
)
texts = st.one_of(st.text(max_size=20), st.text(min_size=400, max_size=700))
times = st.one_of(st.just(str(T_NS)), st.integers().map(str), texts)
properties = st.fixed_dictionaries(
    {}, optional={"ert_ns": times, "sent_ns": times, "dictionary": st.one_of(st.just("webcast"), texts)}
)
topics = st.one_of(
    st.sampled_from([f"{PLACED}/tm", f"{PLACED}/link"]),
    texts,
    st.lists(st.sampled_from(["live", "..", "", "a..b", "é", "#", "ship"]), min_size=4, max_size=4).map(
        lambda levels: "/".join(["downrange/v1", *levels, "tm"])
    ),
)
messages = st.builds(
    Inbound,
    topics,
    payloads,
    properties,
    st.one_of(st.sampled_from(["", SPACE_PACKETS, JSON]), texts),
    st.binary(max_size=40),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 65535)),
)


def header(record: Outgoing, name: str) -> str:
    return dict(record.headers)[name].decode()


def whole(records: list[Outgoing]) -> list[bytes]:
    """Return refused octets with their parts put together."""
    octets: list[bytes] = []
    for record in records:
        number = int(header(record, "part").partition("/")[0]) if "part" in dict(record.headers) else 1
        octets[len(octets) - (number > 1) :] = [b"".join([*octets[len(octets) - (number > 1) :], record.value])]
    return octets


@given(messages)
def test_every_octet_is_kept_and_nothing_raises(inbound: Inbound) -> None:
    examined = EXAMINER.examine(inbound, 1)
    forwarded = [record for record in examined.records if record.topic is KafkaTopic.TELEMETRY]
    rejected = [record for record in examined.records if record.topic is KafkaTopic.REJECTED]
    assert len(forwarded) + len(rejected) == len(examined.records) > 0
    assert len(forwarded) <= 1
    assert len(whole(rejected)) == len(examined.reasons)
    if inbound.content_type != JSON:
        assert sum(len(record.value) for record in examined.records) == len(inbound.payload)
    for record in examined.records:
        assert len(record.value) <= MOST
        assert sum(len(name) + len(value) for name, value in record.headers) < HEADER_OCTETS
        # whoever reads it finds an address and times in it
        assert message_from_kafka(record.value, record.headers).address.key == record.key
    for record in rejected:
        assert header(record, "reason") in examined.reasons
        assert header(record, "detail")
        assert inbound.topic.startswith(header(record, "topic")[:50])
    check_parts(rejected)
    check_answer(inbound, examined)


def check_parts(rejected: list[Outgoing]) -> None:
    digests = {header(record, "sha256") for record in rejected if "part" in dict(record.headers)}
    assert digests <= {hashlib.sha256(octets).hexdigest() for octets in whole(rejected)}


def check_answer(inbound: Inbound, examined: Examined) -> None:
    assert (examined.kind is None) == (examined.reasons == (Reason.BAD_TOPIC,))
    assert examined.kind is not None or not inbound.topic.startswith(PLACED)
    if not inbound.correlation or examined.kind is None:
        assert (examined.settled, examined.ack_topic) == (None, "")
        return
    assert examined.settled is not None
    assert examined.ack_topic == f"{inbound.topic.rpartition('/')[0]}/{Kind.ACK.value}"
    assert examined.settled.correlation == inbound.correlation.hex()
    assert {one.reason for one in examined.settled.refused} == set(examined.reasons)
    # what is told must be what everyone who reads it takes it for
    assert type(examined.settled).model_validate_json(examined.settled.model_dump_json()) == examined.settled
