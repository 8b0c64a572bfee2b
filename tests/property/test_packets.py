"""Splitting a payload accounts for every octet once, whatever the payload is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.packets import HEADER, crc16

CODEC = PacketCodec(built_in("yuanxing-1"))
T_NS = np.array([1_790_000_000 * 10**9])


def good_packet(packet: str, count: int) -> bytes:
    channels = CODEC.dictionary.packets[packet].channels
    return CODEC.encode(packet, np.array([count]), T_NS, {channel.name: np.zeros(1) for channel in channels})


def well_formed(first_word: int, count: int, body: bytes) -> bytes:
    head = HEADER.pack(first_word, count, len(body) + 1) + body
    return head + crc16(head).to_bytes(2, "big")


GOOD = st.builds(good_packet, st.sampled_from(sorted(CODEC.dictionary.packets)), st.integers(0, 16383))
STRANGE = st.builds(well_formed, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=80))
TRUNCATED = st.builds(lambda octets, keep: octets[:keep], GOOD, st.integers(1, 48))
NOISE = st.binary(max_size=200)


def ranges(payload: bytes) -> list[tuple[int, int]]:
    runs, refusals = CODEC.layout.split(payload)
    return sorted([(run.start, run.stop) for run in runs] + [(r.start, r.stop) for r in refusals])


@given(st.lists(GOOD | STRANGE | TRUNCATED | NOISE, max_size=12).map(b"".join))
def test_every_octet_is_in_one_run_or_one_refusal(payload: bytes) -> None:
    at = 0
    for start, stop in ranges(payload):
        assert start == at < stop
        at = stop
    assert at == len(payload)


@given(st.lists(GOOD | STRANGE | TRUNCATED | NOISE, max_size=12).map(b"".join))
def test_every_octet_of_a_run_belongs_to_a_packet_whose_crc_is_right(payload: bytes) -> None:
    for run in CODEC.layout.split(payload)[0]:
        size = CODEC.layout.octets(run.apid)
        assert (run.stop - run.start) % size == 0
        assert all(crc16(payload[at : at + size]) == 0 for at in range(run.start, run.stop, size))


@given(st.lists(st.tuples(NOISE, GOOD), min_size=1, max_size=6))
def test_good_packets_survive_noise_before_and_between_them(parts: list[tuple[bytes, bytes]]) -> None:
    payload, places = b"", []
    for noise, packet in parts:
        payload += noise
        places.append((len(payload), len(payload) + len(packet)))
        payload += packet
    covered = {at for run in CODEC.layout.split(payload)[0] for at in range(run.start, run.stop)}
    assert covered == {at for start, stop in places for at in range(start, stop)}


@given(st.lists(GOOD, min_size=1, max_size=8), st.data())
def test_a_payload_that_breaks_off_loses_its_last_packet_only(packets: list[bytes], data: st.DataObject) -> None:
    keep = data.draw(st.integers(1, len(packets[-1]) - 1))
    whole = b"".join(packets[:-1])
    runs, refusals = CODEC.layout.split(whole + packets[-1][:keep])
    assert sum(run.stop - run.start for run in runs) == len(whole)
    assert [(refusal.start, refusal.stop) for refusal in refusals] == [(len(whole), len(whole) + keep)]
