"""Packets to columns: the times that are believed, and the columns' types."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS, PacketCodec
from telemetry.dictionary import built_in
from telemetry.errors import Reason

CODEC = PacketCodec(built_in("yuanxing-1"))
ERT_NS = 1_790_000_000 * 10**9


def payload(t_ns: list[int], packet: str = "nav") -> bytes:
    columns = {channel.name: np.ones(len(t_ns)) for channel in CODEC.dictionary.packets[packet].channels}
    return CODEC.encode(packet, np.arange(len(t_ns)), np.array(t_ns), columns)


@pytest.mark.parametrize("offset_ns", [FUTURE_TOLERANCE_NS - 60, 0, -OLDEST_NS + 60])
def test_a_time_near_its_receipt_is_believed(offset_ns: int) -> None:
    assert CODEC.decode(payload([ERT_NS + offset_ns]), "ship", "haiyang", ERT_NS).refusals == ()


@pytest.mark.parametrize("offset_ns", [FUTURE_TOLERANCE_NS + 60, -OLDEST_NS - 60])
def test_a_time_far_from_its_receipt_costs_its_own_packet(offset_ns: int) -> None:
    decoded = CODEC.decode(payload([ERT_NS, ERT_NS + offset_ns, ERT_NS]), "ship", "haiyang", ERT_NS)
    (refusal,) = decoded.refusals
    size = CODEC.layout.octets(100)
    assert (refusal.start, refusal.stop, refusal.reason) == (size, 2 * size, Reason.BAD_TIME)
    assert "nav count 1 was made" in refusal.detail
    assert decoded.frames[0].counts.tolist() == [0, 2]


def test_a_payload_without_a_receipt_time_is_refused_whole() -> None:
    decoded = CODEC.decode(payload([ERT_NS, ERT_NS]), "ship", "haiyang", 0)
    assert decoded.frames == ()
    assert {refusal.reason for refusal in decoded.refusals} == {Reason.BAD_TIME}


def test_refusals_stand_in_the_order_of_the_payload() -> None:
    octets = payload([ERT_NS + 10**10]) + b"\xff" * 20 + payload([ERT_NS + 10**10], "health")
    refusals = CODEC.decode(octets, "ship", "haiyang", ERT_NS).refusals
    assert [refusal.reason for refusal in refusals] == [Reason.BAD_TIME, Reason.BAD_HEADER, Reason.BAD_TIME]
    assert [refusal.start for refusal in refusals] == sorted(refusal.start for refusal in refusals)


def test_numbers_are_float64_codes_are_whole_and_flags_are_bool() -> None:
    nav, cargo = CODEC.decode(payload([ERT_NS]) + payload([ERT_NS], "cargo"), "ship", "haiyang", ERT_NS).frames
    assert nav.columns["altitude_m"].dtype == np.float64  # f32 on the wire
    assert nav.columns["latitude_deg"].dtype == np.float64  # i32 with calibration
    assert nav.columns["nav_mode"].dtype.kind == "u"
    assert nav.columns["gnss_satellites_count"].dtype.kind == "u"
    assert cargo.columns["door_closed"].dtype == np.bool_


def test_a_frame_selects_rows_by_mask_and_by_slice() -> None:
    (frame,) = CODEC.decode(payload([ERT_NS, ERT_NS, ERT_NS]), "ship", "haiyang", ERT_NS).frames
    assert frame.select(np.array([True, False, True])).counts.tolist() == [0, 2]
    tail = frame.select(slice(1, None))
    assert (len(tail), tail.columns["altitude_m"].tolist(), tail.ert_ns) == (2, [1.0, 1.0], ERT_NS)
