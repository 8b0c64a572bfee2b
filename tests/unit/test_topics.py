"""Names and addresses: what may stand in a topic, a key and a folder, and what hostile names do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import AddressError, Reason
from telemetry.topics import Address, KafkaTopic, Kind, check_name, flight_key, parse_topic, partition_of

ADDRESS = Address("live", "YX1-7", "ship", "haiyang")
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True).filter(lambda name: ".." not in name)


@given(st.builds(Address, NAMES, NAMES, NAMES, NAMES), st.sampled_from(Kind))
def test_an_address_comes_back_from_its_topic(address: Address, kind: Kind) -> None:
    assert parse_topic(address.topic(kind)) == (address, kind)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a..b",
        "../etc",
        "a/b",
        "a\\b",
        "+",
        "#",
        "$SYS",
        "a b",
        "a\x00",
        "a\n",
        "-a",
        "_a",
        "é",
        "\uff21",
        "a" * 65,
        "a" * 300,
    ],
)
def test_a_hostile_name_is_refused_wherever_it_stands(name: str) -> None:
    with pytest.raises(AddressError) as caught:
        check_name(name, "flight")
    assert caught.value.reason is Reason.BAD_TOPIC
    assert len(str(caught.value)) < 400
    for at in range(4):
        names = ["live", "YX1-7", "ship", "haiyang"]
        names[at] = name
        with pytest.raises(AddressError):
            Address(*names)
        with pytest.raises(AddressError):
            parse_topic("downrange/v1/" + "/".join(names) + "/tm")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "downrange/v1/live/YX1-7/ship/haiyang",
        "downrange/v1/live/YX1-7/ship/haiyang/tm/more",
        "downrange/v1/live/YX1-7/ship/haiyang/",
        "/downrange/v1/live/YX1-7/ship/haiyang/tm",
        "downrange/v2/live/YX1-7/ship/haiyang/tm",
        "Downrange/v1/live/YX1-7/ship/haiyang/tm",
        "downrange/v1/live/YX1-7/ship/haiyang/command",
        "downrange/v1/live/YX1-7/ship/haiyang/TM",
        "downrange/v1/+/#",
        "downrange/v1/live/../../../tm",
        "x" * 300,
        "/" * 65_535,
    ],
)
def test_a_topic_that_is_none_of_ours_is_refused(topic: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_topic(topic)
    assert caught.value.reason is Reason.BAD_TOPIC
    assert len(str(caught.value)) < 400


@given(st.text() | st.lists(st.text(max_size=5), min_size=7, max_size=7).map("/".join))
def test_any_text_is_an_address_or_refused(topic: str) -> None:
    try:
        address, kind = parse_topic(topic)
    except AddressError:
        return
    assert address.topic(kind) == topic


def test_a_flight_has_one_key_and_one_partition_for_good() -> None:
    assert ADDRESS.key == flight_key("live", "YX1-7") == "live/YX1-7"
    # literal, because records that are in Kafka must be found by every later version
    assert [partition_of(key, 12) for key in ("live/YX1-7", "live/YX1-8", "replay-1/YX1-7")] == [1, 4, 11]
    assert partition_of("live/YX1-7", 1) == 0


def test_only_what_is_the_last_word_of_a_key_is_compacted() -> None:
    assert [topic for topic in KafkaTopic if topic.compacted] == [
        KafkaTopic.STATE,
        KafkaTopic.DELIVERIES,
        KafkaTopic.LIMITS,
    ]
