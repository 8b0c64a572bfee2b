"""Where packets lie in a payload, and why octets that are none are refused."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.errors import Reason
from telemetry.packets import HEADER, PacketRun, crc16

CODEC = PacketCodec(built_in("webcast"))
APID = 200
SIZE = CODEC.layout.octets(APID)


def packets(n: int, first: int = 0) -> bytes:
    t_ns = np.full(n, 1_790_000_000 * 10**9)
    columns = {"speed_m_s": np.arange(n, dtype=float), "altitude_m": np.arange(n, dtype=float)}
    return CODEC.encode("kinematics", np.arange(first, first + n), t_ns, columns)


def sealed(octets: bytes) -> bytes:
    return octets[:-2] + crc16(octets[:-2]).to_bytes(2, "big")


def with_header(first_word: int, count: int, length: int) -> bytes:
    return sealed(HEADER.pack(first_word, count, length) + packets(1)[6:])


def test_a_packet_on_the_wire_is_what_the_standard_says() -> None:
    octets = packets(1, first=5)
    version_type_flag_apid, flags_count, length = HEADER.unpack_from(octets)
    assert version_type_flag_apid == 0b000_0_1_00011001000  # version 0, telemetry, secondary header, APID 200
    assert flags_count == 0b11_00000000000101  # unsegmented, count 5
    assert length == len(octets) - 6 - 1
    assert crc16(octets) == 0
    assert SIZE == 6 + 7 + 2 * 4 + 2 == len(octets)


def test_packets_back_to_back_are_one_run() -> None:
    assert CODEC.layout.split(packets(50)) == ([PacketRun("kinematics", APID, 0, 50 * SIZE)], [])


def test_nothing_holds_nothing() -> None:
    assert CODEC.layout.split(b"") == ([], [])


@pytest.mark.parametrize(
    ("bad", "reason", "words"),
    [
        (packets(1)[:-1] + b"\x00", Reason.BAD_CRC, "APID 200"),
        (with_header(0x0800 | 201, 0xC000, SIZE - 7), Reason.UNKNOWN_APID, "201"),
        (sealed(HEADER.pack(0x0800 | APID, 0xC000, SIZE - 7 + 1) + bytes(SIZE - 5)), Reason.BAD_LENGTH, "dictionary"),
        (with_header(0x1800 | APID, 0xC000, SIZE - 7), Reason.BAD_HEADER, "telemetry"),
        (with_header(APID, 0xC000, SIZE - 7), Reason.BAD_HEADER, "secondary header"),
        (with_header(0x0800 | APID, 0x4000, SIZE - 7), Reason.BAD_HEADER, "unsegmented"),
        (with_header(0x0800 | APID, 0xC000, 60_000), Reason.BAD_LENGTH, "the header says 60007 octets"),
        (b"\x08\xc8\xc0", Reason.BAD_LENGTH, "too few"),
    ],
    ids=["crc", "apid", "length", "telecommand", "no-secondary", "segmented", "too-long", "stump"],
)
def test_a_bad_packet_is_refused_alone_with_its_reason(bad: bytes, reason: Reason, words: str) -> None:
    before = packets(2)
    after = b"" if reason is Reason.BAD_LENGTH and len(bad) < SIZE else packets(3)
    runs, refusals = CODEC.layout.split(before + bad + after)
    (refusal,) = refusals
    assert (refusal.start, refusal.stop) == (len(before), len(before) + len(bad))
    assert refusal.reason is reason
    assert words in refusal.detail
    assert sum(run.stop - run.start for run in runs) == len(before) + len(after)


def test_a_megabyte_of_noise_is_one_refusal() -> None:
    noise = np.random.default_rng(1).bytes(1_000_000)
    runs, refusals = CODEC.layout.split(noise)
    assert runs == []
    assert (refusals[0].start, refusals[-1].stop) == (0, len(noise))
    assert len(refusals) < 10
