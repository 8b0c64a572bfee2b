"""A survey finds what inspecting finds, in whatever comes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS, PacketCodec
from telemetry.dictionary import Registry
from telemetry.survey import PacketSurveyor, surveyed

T0_NS = 1_790_000_000 * 10**9
REGISTRY = Registry()
CODECS = {name: PacketCodec(dictionary) for name in REGISTRY.names() if (dictionary := REGISTRY.get(name))}


@st.composite
def stretches(draw: st.DrawFn, codec: PacketCodec, times: st.SearchStrategy[int]) -> bytes:
    packet = draw(st.sampled_from(sorted(codec.dictionary.packets)))
    counts = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    t_ns = draw(st.lists(times, min_size=len(counts), max_size=len(counts)))
    columns: dict[str, Any] = {c.name: np.zeros(len(counts)) for c in codec.dictionary.packets[packet].channels}
    return codec.encode(packet, draw(st.integers(0, 16383)) + np.cumsum(counts), np.array(t_ns), columns)


@pytest.mark.parametrize("name", CODECS)
@given(data=st.data())
def test_a_survey_finds_what_inspecting_finds(name: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    near = st.integers(-200, 200)
    times = st.one_of(
        near.map(lambda off: T0_NS + off),
        near.map(lambda off: T0_NS + FUTURE_TOLERANCE_NS + off),
        near.map(lambda off: T0_NS - OLDEST_NS + off),
    )
    parts = data.draw(st.lists(st.one_of(stretches(codec, times), st.binary(max_size=20)), max_size=4))
    payload = bytearray(b"".join(parts))
    if payload and data.draw(st.booleans()):
        payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    ert_ns = T0_NS + data.draw(near)
    found = PacketSurveyor(codec).survey(bytes(payload), ert_ns)
    assert found == surveyed(codec.inspect(bytes(payload), "", "", ert_ns))


@pytest.mark.parametrize("ert_ns", [0, 1, 946684800 * 10**9, (1 << 63) - 1])
@pytest.mark.parametrize("name", CODECS)
def test_a_survey_knows_the_ends_of_time(name: str, ert_ns: int) -> None:
    codec = CODECS[name]
    packet = min(codec.dictionary.packets)
    columns: dict[str, Any] = {c.name: np.zeros(3) for c in codec.dictionary.packets[packet].channels}
    epoch_ns = codec.dictionary.epoch_ns
    payload = codec.encode(packet, np.arange(3), np.array([epoch_ns, epoch_ns + 10**9, T0_NS]), columns)
    assert PacketSurveyor(codec).survey(payload, ert_ns) == surveyed(codec.inspect(payload, "", "", ert_ns))
