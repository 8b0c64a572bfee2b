"""JSON packets: the same values as the binary ones, and nothing that a device can send raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.dictionary import built_in
from telemetry.json_codec import JsonCodec, encode_json

T_NS = 1_790_000_000 * 10**9
DICTIONARY = built_in("yuanxing-1")
CODEC = JsonCodec(DICTIONARY)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@st.composite
def nearly_packets(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(DICTIONARY.packets)))
    channels = {channel.name: draw(LEAVES) for channel in DICTIONARY.packets[name].channels if draw(st.booleans())}
    packet = {"packet": name, "count": 1, "t_ns": T_NS, "channels": channels}
    return packet | draw(st.dictionaries(st.sampled_from([*packet, "more"]), ANYTHING, max_size=1))


PAYLOADS = st.lists((ANYTHING | nearly_packets()).map(lambda value: json.dumps(value).encode()), max_size=4).map(
    b"\n".join
)


def covered(payload: bytes) -> None:
    decoded = CODEC.decode(payload, "ship", "haiyang", T_NS)
    for refusal in decoded.refusals:
        assert 0 <= refusal.start <= refusal.stop <= len(payload)
        assert len(refusal.detail) < 500
    for frame in decoded.frames:
        assert len(frame) == 1
        assert all(column.dtype.kind in "fiub" for column in frame.columns.values())


@given(PAYLOADS)
def test_arbitrary_json_never_raises(payload: bytes) -> None:
    covered(payload)


@given(st.binary(max_size=400))
def test_arbitrary_octets_never_raise(payload: bytes) -> None:
    covered(payload)


@pytest.mark.parametrize("payload", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, b'"' * 10_000, b"\n" * 10_000])
def test_deep_and_long_json_never_raises(payload: bytes) -> None:
    covered(payload)


@given(
    st.integers(0, 16383),
    st.fixed_dictionaries({"speed_m_s": st.floats(-1e6, 1e6), "altitude_m": st.floats(allow_nan=True)}),
)
def test_what_was_encoded_comes_back(count: int, channels: dict[str, Any]) -> None:
    line = encode_json("kinematics", count, T_NS, channels)
    decoded = JsonCodec(built_in("webcast")).decode(line + b"\n" + line, "ship", "haiyang", T_NS)
    assert decoded.refusals == ()
    assert [frame.counts.tolist() for frame in decoded.frames] == [[count], [count]]
    for name, value in channels.items():
        assert str(decoded.frames[1].columns[name][0]) == str(value)


@given(st.lists(st.booleans(), min_size=2, max_size=6))
def test_a_bad_line_is_refused_alone(good: list[bool]) -> None:
    line = encode_json("kinematics", 1, T_NS, {})
    payload = b"\n".join(line if is_good else b"{broken" for is_good in good)
    decoded = JsonCodec(built_in("webcast")).decode(payload, "ship", "haiyang", T_NS)
    assert len(decoded.frames) == sum(good)
    assert [payload[r.start : r.stop].strip() for r in decoded.refusals] == [b"{broken"] * good.count(False)
