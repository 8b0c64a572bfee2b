"""Whatever a dictionary describes comes back: every raw type at any bit, under any calibration that has an inverse."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
from dictionaries import dictionaries, raw_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from telemetry.bits import read_bits, read_octets, signed, write_bits, write_octets
from telemetry.codec import PacketCodec
from telemetry.crc import CrcTable, crc16
from telemetry.dictionary import Dictionary
from telemetry.heap import Bundle
from telemetry.survey import PacketSurveyor, surveyed

T_NS = 1_790_000_000 * 10**9
ROWS = 3


def same(came: NDArray[Any], went: NDArray[Any]) -> bool:
    return came.tobytes() == np.ascontiguousarray(went).tobytes()


@settings(max_examples=150)
@given(dictionary=dictionaries(), data=st.data())
def test_raw_values_of_any_dictionary_come_back_bit_by_bit(dictionary: Dictionary, data: st.DataObject) -> None:
    codec, channels = PacketCodec(dictionary), dictionary.packets["drawn"].channels
    raw = {channel.name: data.draw(raw_values(channel, ROWS)) for channel in channels}
    columns = {channel.name: channel.calibrate(raw[channel.name]) for channel in channels}
    counts, t_ns = np.arange(ROWS), np.full(ROWS, T_NS)
    octets = codec.encode("drawn", counts, t_ns, columns)
    decoded = codec.decode(octets, "ship", "haiyang", T_NS)
    assert decoded.refusals == ()
    (frame,) = decoded.frames
    for channel in channels:
        # the codec reads many channels at once, a channel alone must say the same
        np.testing.assert_array_equal(frame.columns[channel.name], columns[channel.name])
        assert frame.columns[channel.name].dtype == columns[channel.name].dtype
        if channel.calibration is None and not channel.raw.is_float and channel.raw.kind != "bool":
            assert same(channel.uncalibrate(frame.columns[channel.name]), raw[channel.name])
    assert codec.encode("drawn", frame.counts, frame.t_ns, frame.columns) == octets
    assert list(frame.columns) == [channel.name for channel in channels]


@settings(max_examples=50)
@given(dictionary=dictionaries(), data=st.data())
def test_an_encoded_value_is_within_half_a_raw_unit(dictionary: Dictionary, data: st.DataObject) -> None:
    for channel in dictionary.packets["drawn"].channels:
        if channel.calibration is None or channel.raw.bits > 40:
            continue
        raw = data.draw(raw_values(channel, ROWS))
        np.testing.assert_array_equal(channel.uncalibrate(channel.calibrate(raw)), raw)


@settings(max_examples=50)
@given(dictionary=dictionaries(), data=st.data())
def test_a_frame_is_cut_and_packed_whatever_its_columns_are(dictionary: Dictionary, data: st.DataObject) -> None:
    codec, channels = PacketCodec(dictionary), dictionary.packets["drawn"].channels
    columns = {channel.name: channel.calibrate(data.draw(raw_values(channel, ROWS))) for channel in channels}
    octets = codec.encode("drawn", np.arange(ROWS), np.full(ROWS, T_NS), columns)
    (frame,) = codec.decode(octets, "ship", "haiyang", T_NS).frames
    tail = frame.select(slice(1, None))
    again = pickle.loads(pickle.dumps(tail))  # noqa: S301 -- our own octets
    for channel in channels:
        assert same(again.columns[channel.name], frame.columns[channel.name][1:])


@settings(max_examples=50)
@given(dictionary=dictionaries(), noise=st.binary(max_size=200), data=st.data())
def test_any_octets_are_read_or_refused(dictionary: Dictionary, noise: bytes, data: st.DataObject) -> None:
    codec = PacketCodec(dictionary)
    channels = dictionary.packets["drawn"].channels
    columns = {channel.name: channel.calibrate(data.draw(raw_values(channel, ROWS))) for channel in channels}
    good = codec.encode("drawn", np.arange(ROWS), np.full(ROWS, T_NS), columns)
    payload = data.draw(st.permutations([noise, good, good])) if noise else [good]
    found = codec.decode(b"".join(payload), "ship", "haiyang", T_NS)
    assert sum(len(frame) for frame in found.frames) >= len(payload) - 1
    inspected = codec.inspect(b"".join(payload), "", "", T_NS)
    assert PacketSurveyor(codec).survey(b"".join(payload), T_NS) == surveyed(inspected)


@settings(max_examples=50)
@given(dictionary=dictionaries(), noise=st.binary(max_size=60), data=st.data())
def test_payloads_decoded_together_say_what_each_says_alone(
    dictionary: Dictionary, noise: bytes, data: st.DataObject
) -> None:
    codec, channels = PacketCodec(dictionary), dictionary.packets["drawn"].channels
    bundles: list[Bundle] = []
    for number in range(data.draw(st.integers(0, 4))):
        n = data.draw(st.integers(1, 3))
        columns = {channel.name: channel.calibrate(data.draw(raw_values(channel, n))) for channel in channels}
        counts = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
        # some of them come from the future
        t_ns = T_NS + np.array(data.draw(st.lists(st.integers(0, 3 * 10**9), min_size=n, max_size=n)))
        good = codec.encode("drawn", counts, t_ns, columns)
        payload = b"".join(data.draw(st.permutations([good, noise, good])))
        bundles.append(Bundle(payload, "ship", f"station{number}", T_NS + number * 10**9))
    together = codec.decode_all(bundles)
    assert len(together) == len(bundles)
    for one, bundle in zip(together, bundles, strict=True):
        alone = codec.decode(*bundle)
        assert (one.refusals, one.version) == (alone.refusals, alone.version)
        for frame, like in zip(one.frames, alone.frames, strict=True):
            assert (frame.station, frame.ert_ns) == (like.station, like.ert_ns) == (bundle.station, bundle.ert_ns)
            assert same(frame.counts, like.counts)
            assert same(frame.t_ns, like.t_ns)
            assert frame.least_step_ns == like.least_step_ns
            steps = list(zip(np.diff(frame.counts).tolist(), np.diff(frame.t_ns).tolist(), strict=True))
            if frame.least_step_ns is not None and steps:
                assert {count for count, _ in steps} == {1}
                assert frame.least_step_ns == min(step_ns for _, step_ns in steps)
            for channel in channels:
                assert same(frame.columns[channel.name], like.columns[channel.name])


@given(offset=st.integers(0, 40), bits=st.integers(1, 64), value=st.integers(0, (1 << 64) - 1), fill=st.booleans())
def test_bits_lie_where_they_are_put(offset: int, bits: int, value: int, *, fill: bool) -> None:
    octets = np.zeros((2, 16), dtype=np.uint8)
    write_bits(octets, offset, bits, np.array([value, 0], dtype=np.uint64))
    kept = value & ((1 << bits) - 1)
    whole = int.from_bytes(octets[0].tobytes(), "big")
    assert whole == kept << (128 - offset - bits)
    if fill:
        octets ^= 0xFF
        kept ^= (1 << bits) - 1
    words = read_bits(octets, offset, bits)
    assert int(words[0]) == kept
    assert int(signed(words, bits)[0]) == (kept - (1 << bits) if kept >> (bits - 1) else kept)


@given(offset=st.integers(0, 40), values=st.binary(min_size=1, max_size=10))
def test_octets_lie_where_they_are_put(offset: int, values: bytes) -> None:
    octets = np.zeros((1, 20), dtype=np.uint8)
    write_octets(octets, offset, np.frombuffer(values, dtype=np.uint8).reshape(1, -1))
    assert int.from_bytes(octets.tobytes(), "big") == int.from_bytes(values, "big") << (160 - offset - 8 * len(values))
    assert read_octets(octets, offset, len(values)).tobytes() == values


@given(st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=5))
def test_the_crc_of_many_is_that_of_each(packets: list[bytes]) -> None:
    rows = np.frombuffer(b"".join(packets), dtype=np.uint8).reshape(-1, 9)
    assert CrcTable(9).of(rows).tolist() == [crc16(packet) for packet in packets]
