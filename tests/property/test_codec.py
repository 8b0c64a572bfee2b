"""What was measured comes back within a raw unit, from every packet of every dictionary; a hit packet alone is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from telemetry.calibration import Polynomial
from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Registry
from telemetry.sequence import COUNT_MODULO

T0_NS = 1_790_000_000 * 10**9
REGISTRY = Registry()
CODECS = {name: PacketCodec(dictionary) for name in REGISTRY.names() if (dictionary := REGISTRY.get(name))}
PACKETS = [(name, packet) for name, codec in CODECS.items() for packet in codec.dictionary.packets]
ROWS = 4
CUC_UNIT_NS = 60


def values_of(channel: Channel) -> st.SearchStrategy[float | int | bool]:
    if channel.kind == "bool":
        return st.booleans()
    if channel.labels is not None:
        return st.sampled_from(sorted(channel.labels))
    if channel.raw.is_float:
        return st.floats(width=32 if channel.raw.bits == 32 else 64, allow_nan=True)
    if channel.calibration is None:
        return st.integers(*channel.raw.bounds)
    low, high = sorted(channel.calibration.apply(np.array(channel.raw.bounds, dtype=np.float64)).tolist())
    return st.floats(low, high)


@st.composite
def bundles(draw: st.DrawFn, name: str, packet: str) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, Any]]:
    channels = CODECS[name].dictionary.packets[packet].channels
    first = draw(st.integers(0, 3 * COUNT_MODULO))
    t_ns = draw(st.lists(st.integers(T0_NS, T0_NS + 10**9), min_size=ROWS, max_size=ROWS))
    columns = {c.name: np.array([draw(values_of(c)) for _ in range(ROWS)]) for c in channels}
    version = CODECS[name].dictionary.version_channel
    if version in columns:
        columns[version] = np.full(ROWS, CODECS[name].dictionary.version)
    return np.arange(first, first + ROWS), np.array(t_ns), columns


@pytest.mark.parametrize(("name", "packet"), PACKETS)
@given(data=st.data())
def test_every_packet_comes_back_within_a_raw_unit(name: str, packet: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    counts, t_ns, columns = data.draw(bundles(name, packet))
    decoded = codec.decode(codec.encode(packet, counts, t_ns, columns), "ship", "haiyang", T0_NS + 10**9)
    assert decoded.refusals == ()
    (frame,) = decoded.frames
    assert (frame.packet, frame.vehicle, frame.station) == (packet, "ship", "haiyang")
    assert frame.counts.tolist() == (counts % COUNT_MODULO).tolist()
    assert np.abs(frame.t_ns - t_ns).max() <= CUC_UNIT_NS / 2
    for channel in codec.dictionary.packets[packet].channels:
        came, went = frame.columns[channel.name], columns[channel.name]
        if channel.calibration is None:
            np.testing.assert_array_equal(came, went)
        else:
            assert isinstance(channel.calibration, Polynomial)
            assert np.abs(came - went).max() <= abs(channel.calibration.coefficients[1]) * 0.5001
        assert came.dtype.isnative


@pytest.mark.parametrize(("name", "packet"), PACKETS)
@given(data=st.data())
def test_what_was_decoded_encodes_to_the_same_octets(name: str, packet: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    octets = codec.encode(packet, *data.draw(bundles(name, packet)))
    (frame,) = codec.decode(octets, "ship", "haiyang", T0_NS + 10**9).frames
    assert codec.encode(packet, frame.counts, frame.t_ns, frame.columns) == octets


@pytest.mark.parametrize("name", CODECS)
@given(data=st.data(), flipped=st.integers(1, 255))
def test_a_hit_octet_costs_its_own_packet_and_no_other(name: str, data: st.DataObject, flipped: int) -> None:
    codec = CODECS[name]
    payload = b"".join(codec.encode(packet, *data.draw(bundles(name, packet))) for packet in codec.dictionary.packets)
    runs, _ = codec.layout.split(payload)
    starts = [at for run in runs for at in range(run.start, run.stop, codec.layout.octets(run.apid))]
    hit = data.draw(st.integers(0, len(payload) - 1))
    broken = payload[:hit] + bytes([payload[hit] ^ flipped]) + payload[hit + 1 :]

    decoded = codec.decode(broken, "ship", "haiyang", T0_NS + 10**9)

    (refusal,) = decoded.refusals
    start = max(at for at in starts if at <= hit)
    stop = min((at for at in starts if at > hit), default=len(payload))
    assert (refusal.start, refusal.stop) == (start, stop)
    assert sum(len(frame) for frame in decoded.frames) == len(starts) - 1


@pytest.mark.parametrize("name", CODECS)
@given(data=st.data())
def test_inspecting_finds_what_decoding_finds(name: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    parts = [codec.encode(packet, *data.draw(bundles(name, packet))) for packet in codec.dictionary.packets]
    payload = b"".join(data.draw(st.permutations([*parts, data.draw(st.binary(max_size=40))])))
    ert_ns = data.draw(st.integers(T0_NS - 2 * 10**9, T0_NS + 2 * 10**9))
    decoded = codec.decode(payload, "ship", "haiyang", ert_ns)
    inspected = codec.inspect(payload, "ship", "haiyang", ert_ns)
    assert inspected.refusals == decoded.refusals
    assert [(f.packet, f.counts.tolist(), f.t_ns.tolist()) for f in inspected.frames] == [
        (f.packet, f.counts.tolist(), f.t_ns.tolist()) for f in decoded.frames
    ]
    assert all(not frame.columns for frame in inspected.frames)
