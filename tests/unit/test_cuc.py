"""CCSDS 301.0-B-4, 3.2: whole seconds and binary fractions since an agency epoch, rounded to the nearest unit."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.cuc import decode_cuc, encode_cuc

EPOCH_2020_NS = 1_577_836_800 * 10**9

VECTORS = [
    # time since the epoch in ns, coarse octets, fine octets, code
    (0, 4, 3, "00000000 000000"),
    (1_000_000_000, 4, 3, "00000001 000000"),
    (1_500_000_000, 4, 2, "00000001 8000"),
    (1_250_000_000, 4, 1, "00000001 40"),
    (212_000_000_000, 1, 0, "d4"),
    # 2**-24 s is 59.6 ns: 29 ns is nearer to 0, 30 ns to 1
    (29, 4, 3, "00000000 000000"),
    (30, 4, 3, "00000000 000001"),
    # half a second is nearer to the second after it when there is no fraction
    (499_999_999, 4, 0, "00000000"),
    (500_000_000, 4, 0, "00000001"),
    # a fraction that rounds up carries into the seconds
    (1_999_999_999, 4, 2, "00000002 0000"),
    # and in a wide one from octet to octet: 1729 ns are 0x1d01ff.9 units of 2**-40 s
    (1729, 4, 5, "00000000 00001d0200"),
    (513, 4, 9, "00000000 0000089b51770d7500"),
    # 2038 is nothing special: the coarse field is unsigned
    (2_147_483_648 * 10**9, 4, 3, "80000000 000000"),
    (4_294_967_295 * 10**9, 4, 0, "ffffffff"),
]


@pytest.mark.parametrize(("since_ns", "coarse", "fine", "code"), VECTORS)
def test_times_have_the_codes_of_the_standard(since_ns: int, coarse: int, fine: int, code: str) -> None:
    octets = encode_cuc(np.array([EPOCH_2020_NS + since_ns]), EPOCH_2020_NS, coarse, fine)
    assert octets.tobytes() == bytes.fromhex(code)


@pytest.mark.parametrize(
    ("code", "fine", "since_ns"),
    [
        ("00000001 80", 1, 1_500_000_000),
        # 1/2**24 s = 59.6 ns and 3/2**24 s = 178.8 ns, to the nearest nanosecond
        ("00000000 000001", 3, 60),
        ("00000000 000003", 3, 179),
        ("00000000 ffffff", 3, 999_999_940),
    ],
)
def test_codes_have_the_nearest_time(code: str, fine: int, since_ns: int) -> None:
    octets = np.frombuffer(bytes.fromhex(code), dtype=np.uint8).reshape(1, -1)
    assert decode_cuc(octets, EPOCH_2020_NS, fine).tolist() == [EPOCH_2020_NS + since_ns]


def test_no_times_have_no_codes() -> None:
    assert encode_cuc(np.array([], dtype=np.int64), 0, 4, 3).shape == (0, 7)
    assert decode_cuc(np.zeros((0, 7), dtype=np.uint8), 0, 3).shape == (0,)


@pytest.mark.parametrize("since_ns", [-1_000_000_000, (1 << 32) * 10**9])
def test_a_time_outside_the_code_is_an_error_and_no_other_time(since_ns: int) -> None:
    with pytest.raises(ValueError, match="4\\+3 octets"):
        encode_cuc(np.array([EPOCH_2020_NS + since_ns]), EPOCH_2020_NS, 4, 3)
