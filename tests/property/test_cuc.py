"""Times survive the time code within half of its unit, and a code survives exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telemetry.cuc import NS_PER_S, decode_cuc, encode_cuc

COARSE = st.integers(1, 4)
FINE = st.integers(0, 3)
EPOCH_NS = st.integers(-378_691_200, 1_600_000_000).map(lambda s: s * NS_PER_S)


@given(COARSE, FINE, EPOCH_NS, st.data())
def test_a_time_comes_back_within_half_a_unit(coarse: int, fine: int, epoch_ns: int, data: st.DataObject) -> None:
    unit_ns = Fraction(NS_PER_S, 256**fine)
    since_ns = data.draw(st.integers(0, (256**coarse - 1) * NS_PER_S))
    assume(round(since_ns / unit_ns) < 256 ** (coarse + fine))
    octets = encode_cuc(np.array([epoch_ns + since_ns]), epoch_ns, coarse, fine)
    assert octets.shape == (1, coarse + fine)
    came = int(decode_cuc(octets, epoch_ns, fine)[0])
    assert abs(came - epoch_ns - since_ns) <= unit_ns / 2 + Fraction(1, 2)


@given(COARSE, FINE, EPOCH_NS, st.data())
def test_a_code_comes_back_exactly(coarse: int, fine: int, epoch_ns: int, data: st.DataObject) -> None:
    code = data.draw(st.binary(min_size=coarse + fine, max_size=coarse + fine))
    octets = np.frombuffer(code, dtype=np.uint8).reshape(1, -1)
    assert encode_cuc(decode_cuc(octets, epoch_ns, fine), epoch_ns, coarse, fine).tobytes() == code


@given(COARSE, FINE, EPOCH_NS, st.integers(1, 10**17))
def test_a_time_that_the_code_cannot_say_is_refused(coarse: int, fine: int, epoch_ns: int, beyond_ns: int) -> None:
    too_late_ns = epoch_ns + 256**coarse * NS_PER_S + beyond_ns
    assume(too_late_ns < 1 << 63)
    for t_ns in (epoch_ns - NS_PER_S - beyond_ns, too_late_ns):
        with pytest.raises(ValueError, match="octets can say"):
            encode_cuc(np.array([t_ns]), epoch_ns, coarse, fine)
