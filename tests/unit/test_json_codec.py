"""JSON packets of simple devices: the same frames, and a reason for each line that is none."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS, PacketCodec
from telemetry.dictionary import Dictionary, built_in
from telemetry.errors import Reason
from telemetry.frames import Decoded
from telemetry.json_codec import JsonCodec, encode_json

ERT_NS = 1_790_000_000 * 10**9
GOOD: dict[str, Any] = {
    "packet": "nav",
    "count": 7,
    "t_ns": ERT_NS,
    "channels": {"altitude_m": 12, "gnss_satellites_count": 9, "nav_mode": "inertial"},
}


def decode(*packets: Any) -> Decoded:
    payload = b"\n".join(json.dumps(packet).encode() for packet in packets)
    return JsonCodec(built_in("yuanxing-1")).decode(payload, "ship", "haiyang", ERT_NS)


def channels(**given: Any) -> dict[str, Any]:
    return GOOD | {"channels": GOOD["channels"] | given}


def test_an_object_is_one_row() -> None:
    (frame,) = decode(GOOD).frames
    assert (frame.packet, frame.apid, frame.counts.tolist(), frame.t_ns.tolist()) == ("nav", 100, [7], [ERT_NS])
    assert frame.columns["altitude_m"].tolist() == [12.0]
    assert frame.columns["gnss_satellites_count"].tolist() == [9]
    assert frame.columns["nav_mode"].tolist() == [1]


def test_a_number_left_out_or_null_is_not_known() -> None:
    (frame,) = decode(channels(speed_m_s=None)).frames
    assert math.isnan(frame.columns["speed_m_s"][0])
    assert math.isnan(frame.columns["latitude_deg"][0])


def test_an_object_over_several_lines_is_one_object() -> None:
    payload = json.dumps(GOOD, indent=2).encode()
    assert len(JsonCodec(built_in("yuanxing-1")).decode(payload, "ship", "haiyang", ERT_NS).frames) == 1


def test_columns_have_the_same_types_as_from_binary_packets() -> None:
    (frame,) = decode(channels(nav_mode=2)).frames
    types = {name: column.dtype.name for name, column in frame.columns.items()}
    assert (types["altitude_m"], types["gnss_satellites_count"], types["nav_mode"]) == ("float64", "uint8", "uint8")


@pytest.mark.parametrize(
    ("packet", "reason", "words"),
    [
        ([], Reason.BAD_JSON, "should be an object"),
        (GOOD | {"packet": "navigation"}, Reason.BAD_JSON, "none of: nav, propulsion, cargo, health"),
        (GOOD | {"count": 16384}, Reason.BAD_JSON, "count"),
        (GOOD | {"count": "7"}, Reason.BAD_JSON, "count"),
        (GOOD | {"count": True}, Reason.BAD_JSON, "count"),
        (GOOD | {"t_ns": 1.5}, Reason.BAD_JSON, "t_ns"),
        (GOOD | {"t_ns": 1 << 63}, Reason.BAD_JSON, "t_ns"),
        (GOOD | {"more": 1}, Reason.BAD_JSON, "more"),
        ({"packet": "nav"}, Reason.BAD_JSON, "required"),
        (GOOD | {"t_ns": ERT_NS + FUTURE_TOLERANCE_NS + 1}, Reason.BAD_TIME, "+1.000 s"),
        (GOOD | {"t_ns": ERT_NS - OLDEST_NS - 1}, Reason.BAD_TIME, "-604800.000 s"),
        (channels(altitude_ft=1), Reason.BAD_JSON, "no channel 'altitude_ft'"),
        (channels(altitude_m="high"), Reason.BAD_JSON, "'altitude_m' cannot be 'high': it is a number"),
        (channels(altitude_m=True), Reason.BAD_JSON, "cannot be 'True'"),
        (channels(altitude_m=10**400), Reason.BAD_JSON, "it is a number"),
        (channels(gnss_satellites_count=256), Reason.BAD_JSON, "fits u8"),
        (channels(gnss_satellites_count=-1), Reason.BAD_JSON, "fits u8"),
        (channels(gnss_satellites_count=1.5), Reason.BAD_JSON, "fits u8"),
        (channels(gnss_satellites_count=None), Reason.BAD_JSON, "is missing"),
        (channels(nav_mode="sleepy"), Reason.BAD_JSON, "one of aligning, inertial, gnss_inertial"),
        (channels(nav_mode=3), Reason.BAD_JSON, "one of aligning"),
        (channels(altitude_m="x" * 100_000), Reason.BAD_JSON, "x" * 80),
        (channels(**{"y" * 100_000: 1}), Reason.BAD_JSON, "y" * 80),
    ],
)
def test_a_wrong_packet_is_refused_with_its_reason(packet: Any, reason: Reason, words: str) -> None:
    decoded = decode(packet)
    (refusal,) = decoded.refusals
    assert decoded.frames == ()
    assert refusal.reason is reason
    assert words in refusal.detail
    assert len(refusal.detail) < 500


def test_a_bad_line_does_not_cost_its_neighbours() -> None:
    decoded = decode(GOOD, GOOD | {"count": -1}, GOOD)
    assert [len(frame) for frame in decoded.frames] == [1, 1]
    (refusal,) = decoded.refusals
    line = len(json.dumps(GOOD)) + 1
    assert refusal.start == line


TEXTS = Dictionary.model_validate(
    {
        "name": "texts",
        "version": 1,
        "vehicle_class": "any",
        "description": "",
        "time": {"epoch": "2020-01-01T00:00:00Z", "coarse_octets": 4, "fine_octets": 3},
        "packets": {
            "about": {
                "apid": 1,
                "rate_hz": 1,
                "description": "",
                "channels": [
                    {"name": "software", "raw": "str4", "description": ""},
                    {"name": "digest", "raw": "bytes2", "description": ""},
                    {"name": "step_count", "raw": "i5", "description": ""},
                    {"raw": "spare3"},
                ],
            }
        },
    }
)


def about(**given: Any) -> Decoded:
    told = {"software": "v1é", "digest": "00ff", "step_count": -16} | given
    return JsonCodec(TEXTS).decode(encode_json("about", 1, ERT_NS, told), "ship", "haiyang", ERT_NS)


def test_text_and_octets_are_read_and_fit_the_packet() -> None:
    (frame,) = about().frames
    assert frame.columns["software"].tolist() == ["v1é"]
    assert frame.columns["digest"].tobytes() == b"\0\xff"
    octets = PacketCodec(TEXTS).encode("about", frame.counts, frame.t_ns, frame.columns)
    (again,) = PacketCodec(TEXTS).decode(octets, "ship", "haiyang", ERT_NS).frames
    for name, values in frame.columns.items():
        assert again.columns[name].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"software": "v1.é"}, "a text of at most 4 octets of UTF-8"),
        ({"software": "v\0"}, "a text of at most 4"),
        ({"software": "\ud800"}, "JSON"),
        ({"software": 5}, "a text of at most 4"),
        ({"software": None}, "'software' is missing"),
        ({"digest": "00"}, "2 octets in hex"),
        ({"digest": "xyz!"}, "2 octets in hex"),
        ({"digest": 1}, "2 octets in hex"),
        ({"step_count": 16}, "a whole number that fits i5"),
    ],
)
def test_text_and_octets_that_do_not_fit_are_refused(given: dict[str, Any], words: str) -> None:
    (refusal,) = about(**given).refusals
    assert refusal.reason is Reason.BAD_JSON
    assert words in refusal.detail or words == "JSON"
