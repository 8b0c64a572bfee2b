"""Whatever comes over MQTT is in Kafka afterwards, good or refused with its reason, and the line goes on."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex

import mqtt5
import pytest
from conftest import Servers
from flown import running
from ingesting import NAV_OCTETS, NS, T_NS, TIMES, Kept, kept, nav, publish_raw, with_header
from servers.own import OwnMosquitto

from downrange.stack.embedded import embedded_stack
from runtime.logs import logger
from runtime.mqtt import Client, Connection, Inbound, connect
from runtime.settings import KafkaSettings, MqttSettings, Settings
from telemetry.acks import Ack, SettledMessage
from telemetry.json_codec import encode_json
from telemetry.message import JSON, SPACE_PACKETS
from telemetry.topics import Address, KafkaTopic, Kind

LOG = logger("test")
WITHIN_S = 30
LATEST = "9223372036854775808"
NO_DIGITS = "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}"
MEBIBYTE = os.urandom(1024 * 1024)
NOISE = b"\xff" * 40_000


@pytest.fixture(scope="module", params=["embedded", "real"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Ingest between both brokers, one for all tests: none of them may end it."""
    # a broker of its own: ingest answers every station on it, those of other tests too
    own = Servers(tmp_path_factory.mktemp("ingest"))
    try:
        if request.param == "real":
            mqtt_url = own.enter(OwnMosquitto(own.data_dir / "mosquitto")).url
            bootstrap = request.getfixturevalue("kafka_bootstrap")
        else:
            embedded = own.enter(embedded_stack(own.data_dir))
            mqtt_url, bootstrap = embedded.mqtt_url, embedded.kafka_bootstrap
        kafka = KafkaSettings(bootstrap=bootstrap, idempotent=request.param == "real")
        chosen = Settings(mqtt=MqttSettings(url=mqtt_url), kafka=kafka)
        own.enter(running("ingest", chosen, own.data_dir, well=True))
        yield chosen
    finally:
        own.close()


@dataclass(slots=True)
class Station:
    """A station that publishes whatever it likes and hears its acknowledgements."""

    connection: Connection
    address: Address
    _sent: int = 0
    _settled: dict[str, SettledMessage] = field(default_factory=dict)

    async def send(
        self,
        payload: bytes,
        *,
        content_type: str | None = SPACE_PACKETS,
        properties: list[tuple[str, str]] | None = None,
        kind: Kind = Kind.TELEMETRY,
    ) -> SettledMessage:
        """Publish a message and return what it is told of it."""
        self._sent += 1
        number = self._sent.to_bytes(4, "big")
        await self.connection.publish(
            self.address.topic(kind),
            payload,
            content_type=content_type,
            correlation=number,
            properties=TIMES if properties is None else properties,
        )
        return await self.told(number)

    async def told(self, number: bytes) -> SettledMessage:
        async with asyncio.timeout(WITHIN_S):
            while number.hex() not in self._settled:
                messages: list[Inbound] = await self.connection.receive(10)
                await self.connection.acknowledge(messages)
                for message in messages:
                    settled = Ack.model_validate_json(message.payload).settled
                    self._settled |= {one.correlation: one for one in settled}
        return self._settled[number.hex()]


@asynccontextmanager
async def new_station(settings: Settings) -> AsyncIterator[Station]:
    address = Address("live", f"F-{token_hex(4)}", "ship", "haiyang")
    async with connect(Client(settings.mqtt, f"station-{address.flight}"), LOG) as connection:
        await connection.subscribe(address.topic(Kind.ACK))
        yield Station(connection, address)


@pytest.fixture
async def station(settings: Settings) -> AsyncIterator[Station]:
    async with new_station(settings) as station:
        yield station


async def telemetry(settings: Settings, address: Address) -> list[Kept]:
    return await kept(settings, KafkaTopic.TELEMETRY, address.key)


async def rejected(settings: Settings, address: Address) -> list[Kept]:
    return await kept(settings, KafkaTopic.REJECTED, address.key)


async def test_a_payload_goes_on_as_it_came_with_all_that_is_known_of_it(settings: Settings, station: Station) -> None:
    payload = nav(16382, 4) + nav(7, packet="health") + nav(9, 2)
    told = await station.send(payload)
    (record,) = await telemetry(settings, station.address)
    assert record.value == payload
    ingest_ns = int(record.headers.pop("ingest_ns"))
    assert ingest_ns > 1_700_000_000 * NS
    assert record.headers == {
        "run": "live",
        "flight": station.address.flight,
        "vehicle": "ship",
        "station": "haiyang",
        "kind": "tm",
        "ert_ns": str(T_NS),
        "sent_ns": str(T_NS),
        "content-type": SPACE_PACKETS,
        "dictionary": "yuanxing-1@1",
    }
    ranges = [(safe.packet, safe.first, safe.last) for safe in told.stored]
    assert ranges == [("nav", 16382, 16383), ("nav", 0, 1), ("health", 7, 7), ("nav", 9, 10)]
    assert told.refused == ()
    assert await rejected(settings, station.address) == []


GOOD = nav(1)
FUTURE, OLD = nav(2, t_ns=T_NS + 2 * NS), nav(2, t_ns=T_NS - 8 * 24 * 3600 * NS)
CORRUPT = GOOD[:30] + bytes([GOOD[30] ^ 1]) + GOOD[31:]
PARTS = [
    pytest.param(CORRUPT, "bad-crc", id="corrupt CRC"),
    pytest.param(with_header(GOOD, apid=777), "unknown-apid", id="unknown APID"),
    pytest.param(with_header(nav(1, packet="health"), apid=100), "bad-length", id="length of another packet"),
    pytest.param(FUTURE, "bad-time", id="from the future"),
    pytest.param(OLD, "bad-time", id="from last week"),
    pytest.param(NOISE, "bad-header", id="noise"),
]


@pytest.mark.parametrize(("bad", "reason"), PARTS)
@pytest.mark.parametrize("place", ["first", "between", "last"])
async def test_bad_octets_are_refused_alone_and_their_neighbours_go_on(
    settings: Settings, station: Station, bad: bytes, reason: str, place: str
) -> None:
    before, after = nav(0), nav(3, 2)
    payload = {"first": bad + before + after, "between": before + bad + after, "last": before + after + bad}[place]
    told = await station.send(payload)
    (good,) = await telemetry(settings, station.address)
    (refused,) = await rejected(settings, station.address)
    assert good.value == before + after
    assert (refused.value, refused.headers["reason"]) == (bad, reason)
    assert refused.headers["detail"]
    assert (refused.headers["flight"], refused.headers["ert_ns"]) == (station.address.flight, str(T_NS))
    assert [(one.octets, one.reason) for one in told.refused] == [(len(bad), reason)]
    assert sum(safe.last - safe.first + 1 for safe in told.stored) == 3


async def test_a_packet_that_is_cut_off_is_refused_alone(settings: Settings, station: Station) -> None:
    payload = nav(0, 3)[:-10]
    await station.send(payload)
    (good,) = await telemetry(settings, station.address)
    (refused,) = await rejected(settings, station.address)
    assert good.value == payload[: 2 * NAV_OCTETS]
    assert (refused.value, refused.headers["reason"]) == (payload[2 * NAV_OCTETS :], "bad-length")


WHOLE = [
    pytest.param(b"", {}, "bad-length", id="empty"),
    pytest.param(GOOD, {"properties": []}, "bad-property", id="no receive time"),
    pytest.param(GOOD, {"properties": [("ert_ns", "NaN")]}, "bad-property", id="receive time NaN"),
    pytest.param(GOOD, {"properties": [("ert_ns", "-5")]}, "bad-property", id="receive time negative"),
    pytest.param(GOOD, {"properties": [("ert_ns", "1e18")]}, "bad-property", id="receive time no integer"),
    pytest.param(GOOD, {"properties": [("ert_ns", "")]}, "bad-property", id="receive time empty"),
    pytest.param(GOOD, {"properties": [("ert_ns", LATEST)]}, "bad-property", id="receive time past 2**63"),
    pytest.param(GOOD, {"properties": [("ert_ns", NO_DIGITS)]}, "bad-property", id="receive time in other digits"),
    pytest.param(GOOD, {"properties": [*TIMES, ("sent_ns", "now")]}, "bad-property", id="sending time no number"),
    pytest.param(GOOD, {"properties": [*TIMES, ("dictionary", "x")]}, "unknown-dictionary", id="dictionary unknown"),
    pytest.param(GOOD, {"content_type": "text/plain"}, "unknown-content-type", id="content type unknown"),
    pytest.param(b"{}", {"content_type": JSON}, "bad-json", id="JSON of the wrong shape"),
    pytest.param(b"[" * 5000, {"content_type": JSON}, "bad-json", id="JSON nested without end"),
    pytest.param(b"\xff\xfe{", {"content_type": JSON}, "bad-json", id="JSON not in UTF-8"),
    pytest.param(b"not json", {"kind": Kind.LINK}, "bad-json", id="link report no JSON"),
    pytest.param(b'{"state":"on","reason":"mask"}', {"kind": Kind.LINK}, "bad-json", id="link report with a new state"),
    pytest.param(b'{"state":"aos","reason":"heartbeat"}', {"kind": Kind.LINK}, "bad-json", id="heartbeat without time"),
    pytest.param(b"", {"kind": Kind.LINK}, "bad-json", id="link report empty"),
]


@pytest.mark.parametrize(("payload", "options", "reason"), WHOLE)
async def test_a_bad_message_is_kept_with_its_reason_and_the_next_one_goes_on(
    settings: Settings, station: Station, payload: bytes, options: dict[str, object], reason: str
) -> None:
    told = await station.send(payload, **options)  # type: ignore[arg-type]  # one table for all options
    (refused,) = await rejected(settings, station.address)
    assert (refused.value, refused.headers["reason"]) == (payload, reason)
    assert [(one.octets, one.reason) for one in told.refused] == [(len(payload), reason)]
    assert await telemetry(settings, station.address) == []
    await station.send(nav(5))
    assert [record.value for record in await telemetry(settings, station.address)] == [nav(5)]


async def test_lines_of_json_are_judged_one_by_one(settings: Settings, station: Station) -> None:
    channels = {"speed_m_s": 1.5, "altitude_m": None}
    good = encode_json("kinematics", 1, T_NS, channels) + b"\n"
    bad = [
        b'{"packet":"kinematics","count":2,"t_ns":NaN,"channels":{}}\n',
        encode_json("kinematics", -3, T_NS, channels),
    ]
    named = [*TIMES, ("dictionary", "webcast")]
    told = await station.send(good + bad[0] + b"\n" + good + bad[1], content_type=JSON, properties=named)
    (record,) = await telemetry(settings, station.address)
    refused = await rejected(settings, station.address)
    assert record.value.split() == [good.strip()] * 2
    assert [(one.value, one.headers["reason"]) for one in refused] == [(bad[0], "bad-json"), (bad[1], "bad-json")]
    assert [(safe.packet, safe.first, safe.last) for safe in told.stored] == [("kinematics", 1, 1)] * 2


async def test_a_channel_that_is_not_a_number_is_data(settings: Settings, station: Station) -> None:
    payload = nav(1, value=math.nan)
    assert payload != nav(1)
    told = await station.send(payload)
    assert told.refused == ()
    assert [record.value for record in await telemetry(settings, station.address)] == [payload]


async def test_a_megabyte_is_kept_in_parts_that_fit_together(settings: Settings, station: Station) -> None:
    told = await station.send(MEBIBYTE)
    parts = await rejected(settings, station.address)
    assert len(parts) > 1
    assert b"".join(part.value for part in parts) == MEBIBYTE
    assert [part.headers["part"] for part in parts] == [f"{n}/{len(parts)}" for n in range(1, len(parts) + 1)]
    assert {part.headers["sha256"] for part in parts} == {hashlib.sha256(MEBIBYTE).hexdigest()}
    assert {part.headers["reason"] for part in parts} == {"too-large"}
    assert [(one.octets, one.reason) for one in told.refused] == [(len(MEBIBYTE), "too-large")]


async def test_rubbish_that_looks_like_packets_costs_a_record_each_and_one_line_of_the_answer(
    settings: Settings, station: Station
) -> None:
    told = await station.send(CORRUPT * 3000 + nav(0))
    refused = await rejected(settings, station.address)
    assert [one.value for one in refused] == [CORRUPT] * 3000
    assert [(one.octets, one.reason) for one in told.refused] == [(len(CORRUPT) * 3000, "bad-crc")]


BAD_NAMES = ["live/..", "live/a..b", "live/.hidden", "live/-dash", f"live/{'x' * 65}", "live/a space", "live/%", "/F"]


@pytest.mark.parametrize("names", BAD_NAMES)
async def test_a_name_outside_the_rule_is_kept_under_no_flight(
    settings: Settings, names: str, station: Station
) -> None:
    payload = nav(int(token_hex(1), 16)) + token_hex(8).encode()
    topic = f"downrange/v1/{names}/ship/haiyang/tm"
    await publish_raw(settings.mqtt, f"stranger-{token_hex(4)}", topic, payload, user_properties=TIMES)
    # behind it in the broker's queue: when this one is settled, the other has been dealt with
    await station.send(nav(0))
    (found,) = [one for one in await kept(settings, KafkaTopic.REJECTED, "unknown/unknown") if one.value == payload]
    assert (found.headers["reason"], found.headers["topic"]) == ("bad-topic", topic)


async def test_retained_telemetry_is_refused_for_it_would_come_again_and_again(
    settings: Settings, station: Station
) -> None:
    topic, name = station.address.topic(Kind.TELEMETRY), f"stranger-{token_hex(4)}"
    await publish_raw(settings.mqtt, name, topic, nav(1), user_properties=TIMES, retain=True)
    await station.send(nav(0))
    await publish_raw(settings.mqtt, name, topic, b"", retain=True)
    found = [one.value for one in await telemetry(settings, station.address)]
    if found == [nav(1), nav(0)]:
        # the demo's broker does not tell subscribers of the flag, so that it is telemetry like any other
        assert not settings.kafka.idempotent
        return
    refused = [one for one in await rejected(settings, station.address) if one.value]
    assert [(one.value, one.headers["reason"]) for one in refused] == [(nav(1), "bad-property")]
    assert found == [nav(0)]


MALFORMED = [
    pytest.param(b"/YX-PLACE/", b"/+/", id="wildcard for a flight"),
    pytest.param(b"/YX-PLACE/", b"/#/", id="wildcard for everything"),
    pytest.param(b"YX-PLACE", b"\xff\xfe-PLAC\x80", id="topic not in UTF-8"),
    pytest.param(b"YX-PLACE", b"YX\x00PLACE", id="topic with a null"),
    pytest.param(b"ert_ns", b"\xc3\x28t_ns", id="property name not in UTF-8"),
    pytest.param(str(T_NS).encode(), b"\xff" * len(str(T_NS)), id="property not in UTF-8"),
    pytest.param(SPACE_PACKETS.encode(), b"\xe2\x82" * (len(SPACE_PACKETS) // 2) + b"\xff", id="type not in UTF-8"),
]


@pytest.mark.parametrize(("there", "instead"), MALFORMED)
async def test_a_message_that_breaks_the_protocol_stops_its_sender_at_most(
    settings: Settings, station: Station, there: bytes, instead: bytes
) -> None:
    name, payload = f"stranger-{token_hex(4)}", token_hex(16).encode()
    topic = station.address.topic(Kind.TELEMETRY).replace(station.address.flight, "YX-PLACE")
    packet = mqtt5.PublishPacket(
        topic,
        payload,
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=1,
        content_type=SPACE_PACKETS,
        user_properties=[*TIMES],
    )
    octets = _replaced(packet.write(), topic.encode(), there, instead)
    reader, writer = await asyncio.open_connection(settings.mqtt.host, settings.mqtt.port)
    writer.write(mqtt5.ConnectPacket(name, clean_start=True, keep_alive=30).write())
    async with asyncio.timeout(WITHIN_S):
        (_, rest) = await reader.readexactly(2)
        await reader.readexactly(rest)
        writer.write(octets)
        # whatever the broker thinks of it, it answers: with an acknowledgement or with the end
        await reader.read(1000)
    writer.transport.abort()
    writer.close()
    await station.send(nav(0))
    assert [one.value for one in await telemetry(settings, station.address)] == [nav(0)]
    strays = [one for one in await kept(settings, KafkaTopic.REJECTED, "unknown/unknown") if one.value == payload]
    assert {one.headers["reason"] for one in strays} <= {"bad-topic"}


def _replaced(octets: bytes, topic: bytes, there: bytes, instead: bytes) -> bytes:
    """Return a PUBLISH with other octets in its place, and lengths that fit."""
    assert there in octets
    short = len(there) - len(instead)
    changed = octets.replace(there, instead)
    if there not in topic:
        assert short == 0
        return changed
    header = changed[:1] + _length(len(octets) - 1 - len(_length_octets(octets)) - short)
    return header + (len(topic) - short).to_bytes(2, "big") + changed[1 + len(_length_octets(octets)) + 2 :]


def _length_octets(octets: bytes) -> bytes:
    end = next(at for at in range(1, 5) if octets[at] < 0x80) + 1
    return octets[1:end]


def _length(number: int) -> bytes:
    low, high = number % 128, number // 128
    return bytes([low | 0x80]) + _length(high) if high else bytes([low])


async def test_link_reports_travel_with_the_telemetry_in_order(settings: Settings, station: Station) -> None:
    beat = json.dumps({"state": "aos", "reason": "heartbeat", "ert_ns": T_NS + 5}).encode()
    will = b'{"state":"los","reason":"will"}'
    await station.send(nav(0))
    told = await station.send(beat, content_type=JSON, properties=[], kind=Kind.LINK)
    await station.send(will, content_type=None, properties=[], kind=Kind.LINK)
    await station.send(nav(1))
    found = await telemetry(settings, station.address)
    assert [(one.value, one.headers["kind"]) for one in found] == [
        (nav(0), "tm"),
        (beat, "link"),
        (will, "link"),
        (nav(1), "tm"),
    ]
    assert [one.headers["ert_ns"] for one in found[1:3]] == [str(T_NS + 5), "0"]
    assert found[2].headers["content-type"] == JSON
    assert (told.stored, told.refused) == ((), ())


async def test_who_wants_no_answer_gets_none(settings: Settings, station: Station) -> None:
    await publish_raw(
        settings.mqtt, f"stranger-{token_hex(4)}", station.address.topic(Kind.TELEMETRY), nav(1), user_properties=TIMES
    )
    told = await station.send(nav(0))
    assert told.correlation == (1).to_bytes(4, "big").hex()
    assert [one.value for one in await telemetry(settings, station.address)] == [nav(1), nav(0)]
