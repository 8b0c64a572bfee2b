"""Packets with any time code: the time comes back; a packet whose time is none is refused alone, with its reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary
from telemetry.errors import Reason
from telemetry.packets import PRIMARY_HEADER_OCTETS, crc16
from telemetry.survey import PacketSurveyor, surveyed

T_NS = 1_790_000_000 * 10**9

CODES: list[dict[str, Any]] = [
    {"epoch": "2020-01-01T00:00:00Z", "coarse_octets": 4, "fine_octets": 3},
    {"epoch": "tai", "coarse_octets": 4, "fine_octets": 2, "preamble": True},
    {"epoch": "gps", "coarse_octets": 5, "fine_octets": 4, "preamble": True},
    {"epoch": "2020-01-01T00:00:00Z", "scale": "tai", "coarse_octets": 4, "fine_octets": 3},
    {"code": "cds", "epoch": "tai", "day_octets": 2, "submillisecond": "us", "preamble": True},
    {"code": "cds", "epoch": "gps", "day_octets": 3, "submillisecond": "ps"},
]


def codec_of(time: dict[str, Any]) -> PacketCodec:
    channels = [{"name": "altitude_m", "raw": "f64", "description": "height"}]
    packets = {"nav": {"apid": 1, "rate_hz": 1, "description": "nav", "channels": channels}}
    content = {"name": "any", "version": 1, "vehicle_class": "c", "description": "d", "time": time, "packets": packets}
    return PacketCodec(Dictionary.model_validate(content))


def three_packets(codec: PacketCodec) -> bytes:
    return codec.encode("nav", np.arange(3), T_NS + np.arange(3) * 1_000_000, {"altitude_m": np.arange(3.0)})


def with_time(payload: bytes, number: int, at: int, octet: int) -> bytes:
    """Return packets with one octet of the time of one of them changed, and a CRC that fits."""
    size = len(payload) // 3
    packet = bytearray(payload[number * size : (number + 1) * size - 2])
    packet[PRIMARY_HEADER_OCTETS + at] = octet
    mended = bytes(packet) + crc16(bytes(packet)).to_bytes(2, "big")
    return payload[: number * size] + mended + payload[(number + 1) * size :]


@pytest.mark.parametrize("time", CODES)
def test_times_come_back(time: dict[str, Any]) -> None:
    codec = codec_of(time)
    payload = three_packets(codec)
    decoded = codec.decode(payload, "ship", "haiyang", T_NS)
    assert decoded.refusals == ()
    assert np.abs(decoded.frames[0].t_ns - T_NS - np.arange(3) * 1_000_000).max() <= 7630
    assert decoded.frames[0].columns["altitude_m"].tolist() == [0.0, 1.0, 2.0]
    assert PacketSurveyor(codec).survey(payload, T_NS) == surveyed(decoded)


@pytest.mark.parametrize(
    ("time", "at", "octet", "detail"),
    [
        (CODES[1], 0, 0x2E, "nav count 1 has no time: the P-field is 0x2e, the dictionary says 0x1e"),
        (CODES[2], 1, 0x00, "the P-field is 0xaf00, the dictionary says 0xaf24"),
        (CODES[4], 0, 0x49, "the P-field is 0x49, the dictionary says 0x41"),
        (CODES[4], 7, 0x04, "is no cds code of a time"),
        (CODES[5], 3, 0xFF, "is no cds code of a time"),
        (CODES[3], 0, 0xFF, "was made +"),
    ],
)
def test_a_packet_whose_time_is_none_is_refused_alone(time: dict[str, Any], at: int, octet: int, detail: str) -> None:
    codec = codec_of(time)
    payload = with_time(three_packets(codec), 1, at, octet)
    decoded = codec.decode(payload, "ship", "haiyang", T_NS)
    (refusal,) = decoded.refusals
    assert (refusal.start, refusal.stop) == (len(payload) // 3, len(payload) // 3 * 2)
    assert refusal.reason is Reason.BAD_TIME
    assert detail in refusal.detail
    assert decoded.frames[0].counts.tolist() == [0, 2]
    assert PacketSurveyor(codec).survey(payload, T_NS) == surveyed(decoded)
