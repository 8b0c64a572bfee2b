"""Versions of a dictionary: each packet is read by the one on board, and one that nobody knows is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.examiner import Examined, Examiner
from ingest.versions import MOST_VEHICLES, VersionsOnBoard
from runtime.mqtt import Inbound
from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary, Registry, load_dictionary
from telemetry.errors import DictionaryError, Reason
from telemetry.json_codec import encode_json
from telemetry.link import LinkReport
from telemetry.message import JSON, SPACE_PACKETS, Message
from telemetry.survey import PacketSurveyor, surveyed
from telemetry.topics import Address, Kind

T_NS = 1_790_000_000 * 10**9
ADDRESS = Address("live", "S-1", "rocket", "haiyang")
TEXT = """\
name: sounding
version: {version}
vehicle_class: sounding
description: ""
version_channel: version_count
time: {{epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}}
packets:
  nav:
    apid: 10
    rate_hz: 50
    description: ""
    channels:
{nav}
  health:
    apid: 11
    rate_hz: 1
    description: ""
    channels:
      - {{raw: spare4}}
      - {{name: version_count, raw: u12, description: ""}}
{health}
"""
ALTITUDE = '      - {name: altitude_m, raw: f32, description: ""}'
SPEED = '      - {name: speed_m_s, raw: f32, description: ""}'
CHARGE = '      - {name: battery_charge_percent, raw: u8, description: ""}'
VERSIONS = {
    1: TEXT.format(version=1, nav=ALTITUDE, health=""),
    2: TEXT.format(version=2, nav=SPEED, health=CHARGE),
    7: TEXT.format(version=7, nav=SPEED, health=""),
}


def folder_of(tmp_path: Path, *versions: int) -> Path:
    for version in versions:
        (tmp_path / f"sounding-{version}.yaml").write_text(VERSIONS[version])
    return tmp_path


def dictionary(tmp_path: Path, version: int) -> Dictionary:
    path = tmp_path / "elsewhere.txt"
    path.write_text(VERSIONS[version])
    return load_dictionary(path)


def packets(of: Dictionary, packet: str, n: int = 1) -> bytes:
    columns: dict[str, Any] = {channel.name: np.full(n, 5.0) for channel in of.packets[packet].channels}
    columns["version_count"] = np.full(n, of.version)
    return PacketCodec(of).encode(packet, np.arange(n), np.full(n, T_NS), columns)


def examine(examiner: Examiner, payload: bytes, named: str = "sounding", vehicle: str = "rocket") -> Examined:
    topic = replace(ADDRESS, vehicle=vehicle).topic(Kind.TELEMETRY)
    properties = {"ert_ns": str(T_NS), "dictionary": named}
    inbound = Inbound(topic, payload, properties, SPACE_PACKETS, correlation=b"", retain=False, packet_id=1)
    return examiner.examine(inbound, T_NS)


def kept(examined: Examined) -> list[tuple[str, str, bytes]]:
    """Return topic, dictionary, and octets of each record."""
    return [
        (record.topic.value.split(".")[1], dict(record.headers)["dictionary"].decode(), record.value or b"")
        for record in examined.records
    ]


def test_a_registry_holds_versions_beside_one_another(tmp_path: Path) -> None:
    registry = Registry((folder_of(tmp_path, 1, 2),))
    assert registry.versions("sounding") == (1, 2)
    assert registry.versions("apollo") == ()
    newest, older = registry.get("sounding"), registry.get("sounding@1")
    assert newest is not None
    assert older is not None
    assert (newest.version, older.version) == (2, 1)
    assert registry.get("sounding@2") is newest
    assert registry.get("sounding@3") is None
    assert registry.names().count("sounding") == 1
    (tmp_path / "again.yaml").write_text(VERSIONS[2])
    with pytest.raises(DictionaryError, match="'sounding' already of version 2; choose another name or version"):
        Registry((tmp_path,))


def test_packets_of_a_version_that_is_not_the_dictionarys_are_refused_alone(tmp_path: Path) -> None:
    one, seven = dictionary(tmp_path, 1), dictionary(tmp_path, 7)
    codec = PacketCodec(one)
    payload = packets(one, "health") + packets(seven, "health", 2) + packets(one, "health")
    decoded = codec.decode(payload, "rocket", "haiyang", T_NS)
    assert [refusal.reason for refusal in decoded.refusals] == [Reason.UNKNOWN_VERSION] * 2
    assert "health says version 7 of dictionary 'sounding', this is version 1" in decoded.refusals[0].detail
    assert "DOWNRANGE_DICTIONARY_DIR" in decoded.refusals[0].detail
    assert [len(frame) for frame in decoded.frames] == [2]
    assert decoded.version == 1
    assert PacketSurveyor(codec).survey(payload, T_NS) == surveyed(codec.inspect(payload, "", "", T_NS))


def test_a_packet_that_grew_says_its_version_too(tmp_path: Path) -> None:
    one, two = dictionary(tmp_path, 1), dictionary(tmp_path, 2)
    decoded = PacketCodec(one).decode(packets(two, "health"), "rocket", "haiyang", T_NS)
    assert [refusal.reason for refusal in decoded.refusals] == [Reason.UNKNOWN_VERSION]
    assert decoded.version == 2
    damaged = packets(two, "health")[:-1] + b"\0"
    assert PacketCodec(one).decode(damaged, "rocket", "haiyang", T_NS).refusals[0].reason is Reason.BAD_CRC


def test_a_packet_without_the_version_channel_says_nothing(tmp_path: Path) -> None:
    one = dictionary(tmp_path, 1)
    decoded = PacketCodec(one).decode(packets(one, "nav"), "rocket", "haiyang", T_NS)
    assert (decoded.version, decoded.refusals) == (None, ())


def test_the_version_on_board_reads_every_packet_of_the_vehicle(tmp_path: Path) -> None:
    examiner = Examiner(Decoder(Registry((folder_of(tmp_path, 1, 2),))), 1_000_000)
    one = dictionary(tmp_path, 1)
    # until the vehicle has said anything, the newest version counts
    assert kept(examine(examiner, packets(one, "nav"))) == [("telemetry", "sounding@2", packets(one, "nav"))]
    both = packets(one, "nav") + packets(one, "health")
    assert kept(examine(examiner, both)) == [("telemetry", "sounding@1", both)]
    assert kept(examine(examiner, packets(one, "nav"))) == [("telemetry", "sounding@1", packets(one, "nav"))]
    # another vehicle has said nothing yet
    assert kept(examine(examiner, packets(one, "nav"), vehicle="other"))[0][1] == "sounding@2"


def test_an_unknown_version_refuses_every_packet_of_the_vehicle_until_it_says_a_known_one(tmp_path: Path) -> None:
    examiner = Examiner(Decoder(Registry((folder_of(tmp_path, 1, 2),))), 1_000_000)
    two, seven = dictionary(tmp_path, 2), dictionary(tmp_path, 7)
    both = packets(seven, "nav") + packets(seven, "health")
    for payload in (both, packets(seven, "nav")):
        examined = examine(examiner, payload)
        assert kept(examined) == [("rejected", "sounding@7", payload)]
        assert examined.reasons == (Reason.UNKNOWN_VERSION,)
        detail = dict(examined.records[0].headers)["detail"].decode()
        assert "known in version 1, 2, not in 7, which the vehicle or its station says" in detail
    assert kept(examine(examiner, packets(two, "nav"), vehicle="other"))[0][0] == "telemetry"
    back = packets(two, "health") + packets(two, "nav")
    assert kept(examine(examiner, back)) == [("telemetry", "sounding@2", back)]
    assert kept(examine(examiner, packets(two, "nav"))) == [("telemetry", "sounding@2", packets(two, "nav"))]


def test_a_station_may_name_the_version(tmp_path: Path) -> None:
    examiner = Examiner(Decoder(Registry((folder_of(tmp_path, 1, 2),))), 1_000_000)
    one = dictionary(tmp_path, 1)
    assert kept(examine(examiner, packets(one, "nav"), "sounding@1"))[0][:2] == ("telemetry", "sounding@1")
    assert examine(examiner, packets(one, "nav"), "sounding@3").reasons == (Reason.UNKNOWN_VERSION,)
    assert examine(examiner, packets(one, "nav"), "apollo@1").reasons == (Reason.UNKNOWN_DICTIONARY,)
    # what the vehicle says counts more
    two = dictionary(tmp_path, 2)
    assert kept(examine(examiner, packets(two, "health"), "sounding@1"))[0][:2] == ("telemetry", "sounding@2")
    assert kept(examine(examiner, packets(two, "nav"), "sounding@1"))[0][:2] == ("telemetry", "sounding@2")


def test_json_says_its_version_too(tmp_path: Path) -> None:
    decoder = Decoder(Registry((folder_of(tmp_path, 1, 2),)))
    lines = [
        encode_json("health", 1, T_NS, {"version_count": 7}),
        encode_json("health", 2, T_NS, {"version_count": 1}),
    ]
    message = Message(ADDRESS, Kind.TELEMETRY, b"\n".join(lines), T_NS, content_type=JSON, dictionary="sounding@1")
    decoded = decoder.decode(message)
    assert [refusal.reason for refusal in decoded.refusals] == [Reason.UNKNOWN_VERSION]
    assert [frame.counts.tolist() for frame in decoded.frames] == [[2]]
    assert decoded.version == 1


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    watch = VersionsOnBoard(Decoder(Registry((folder_of(tmp_path, 1, 2),))))
    one = packets(dictionary(tmp_path, 1), "health")
    for i in range(MOST_VEHICLES + 3):
        watch.survey(Message(replace(ADDRESS, flight=f"S-{i}"), Kind.TELEMETRY, one, T_NS, dictionary="sounding"))
    assert len(watch) == MOST_VEHICLES


def test_records_of_the_topic_are_read_by_the_version_that_they_name(tmp_path: Path) -> None:
    decoder = Decoder(Registry((folder_of(tmp_path, 1, 2),)))
    nav = packets(dictionary(tmp_path, 1), "nav")
    message = Message(ADDRESS, Kind.TELEMETRY, nav, T_NS, dictionary="sounding@1")
    assert list(decoder.decode(message).frames[0].columns) == ["altitude_m"]
    assert list(decoder.decode(replace(message, dictionary="sounding")).frames[0].columns) == ["speed_m_s"]


def test_one_of_several_members_does_not_guess_what_another_may_have_heard(tmp_path: Path) -> None:
    one, two = dictionary(tmp_path, 1), dictionary(tmp_path, 2)
    decoder = Decoder(Registry((folder_of(tmp_path, 1, 2),)))
    member = Examiner(decoder, 1_000_000, shared=True)
    refused = examine(member, packets(one, "nav"))
    assert refused.reasons == (Reason.UNKNOWN_VERSION,)
    assert b"let its station name it, as sounding@2" in dict(refused.records[0].headers)["detail"]
    assert kept(examine(member, packets(one, "nav"), named="sounding@1"))[0][:2] == ("telemetry", "sounding@1")
    for vehicle, on_board in (("rocket", one), ("other", two)):
        for packet in ("health", "nav"):
            found = kept(examine(member, packets(on_board, packet), vehicle=vehicle))
            assert found == [("telemetry", on_board.reference, packets(on_board, packet))]
    # of one version there is nothing to guess
    (tmp_path / "sounding-1.yaml").unlink()
    alone = Examiner(Decoder(Registry((tmp_path,))), 1_000_000, shared=True)
    assert kept(examine(alone, packets(two, "nav")))[0][:2] == ("telemetry", "sounding@2")


def test_what_a_station_says_of_its_full_store_is_handed_on(tmp_path: Path) -> None:
    examiner = Examiner(Decoder(Registry((folder_of(tmp_path, 1),))), 1_000_000)
    report = LinkReport(state="aos", reason="heartbeat", ert_ns=T_NS, full_s=2.5).model_dump_json(exclude_none=True)
    inbound = Inbound(ADDRESS.topic(Kind.LINK), report.encode(), {}, JSON, correlation=b"", retain=False, packet_id=1)
    assert examiner.examine(inbound, T_NS).full_s == 2.5
