"""Elementary functions: close to the truth, and the same bits with vector units on and off."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.physics import elementary

Reals = NDArray[np.float64]
# extended precision, with 11 bits more than what is tested
Long = NDArray[np.longdouble]
COUNT: Final = 100_000
MOST_ULPS: Final = 3.0
# the groups in which numpy 2.4 dispatches on x86-64, and the single features of the versions before
UNITS: Final = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR", "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_ICL"
PRINT_BITS: Final = """
import hashlib, sys
import numpy as np
from simulator.physics import elementary as e
r = np.random.default_rng(7)
x, y = r.random((2, 200_000)) * 2.0 - 1.0
near, far = x * 6.3, x * 600.0
found = [e.exp(far), e.log(abs(far) + 1e-9), e.log10(abs(x) + 1e-9), *e.sin_cos(near), e.tan(near), e.arctan2(x, y),
         e.arcsin(x), e.arccos(x), e.hypot(x, y), e.power(abs(far) + 1e-9, y), e.arctan(far),
         e.interpolate(x, np.arange(-4.0, 5.0) / 4.0, r.random(9))]
print(hashlib.sha256(np.array(found).tobytes()).hexdigest())
"""


def ulps(got: Reals, wanted: Long, least: float = 0.0) -> float:
    """Return the largest error in units of the last place, of the wanted value or of `least`."""
    size = np.spacing(np.maximum(np.abs(wanted.astype(np.float64)), least))
    return float(np.max(np.abs(got.astype(np.longdouble) - wanted) / size))


def long(values: Reals) -> Long:
    return values.astype(np.longdouble)


def uniform(low: float, high: float) -> Reals:
    return np.random.default_rng(3).uniform(low, high, COUNT)


@pytest.mark.parametrize("reach", [1e-3, 1.0, 30.0, 700.0])
def test_exponentials_are_close(reach: float) -> None:
    x = uniform(-reach, reach)
    assert ulps(elementary.exp(x), np.exp(long(x))) < MOST_ULPS


@pytest.mark.parametrize(("low", "high"), [(1e-300, 1e-290), (0.5, 2.0), (0.999_999, 1.000_001), (1.0, 1e9)])
def test_logarithms_are_close_and_closest_to_one_too(low: float, high: float) -> None:
    x = uniform(low, high)
    assert ulps(elementary.log(x), np.log(long(x))) < MOST_ULPS
    assert ulps(elementary.log10(x), np.log10(long(x))) < MOST_ULPS + 1.0


@pytest.mark.parametrize("reach", [1e-6, 0.8, 7.0, 6_000.0])
def test_sines_and_cosines_are_close(reach: float) -> None:
    x = uniform(-reach, reach)
    sine, cosine = elementary.sin_cos(x)
    # beside a zero the error stays that of a thousandth
    assert ulps(sine, np.sin(long(x)), min(reach, 1e-3) * 1e-3) < MOST_ULPS
    assert ulps(cosine, np.cos(long(x)), 1e-3) < MOST_ULPS
    assert np.array_equal(elementary.sin(x), sine)
    assert np.array_equal(elementary.cos(x), cosine)
    assert np.abs(elementary.tan(x) * cosine - sine).max() < 1e-15


def test_angles_of_points_are_close_in_every_octant() -> None:
    x, y = uniform(-1.0, 1.0), np.random.default_rng(4).uniform(-1.0, 1.0, COUNT)
    for scale in (1e-12, 1.0, 1e12):
        assert ulps(elementary.arctan2(y * scale, x), np.arctan2(long(y * scale), long(x))) < MOST_ULPS
    assert ulps(elementary.arctan(y), np.arctan(long(y))) < MOST_ULPS
    assert ulps(elementary.arcsin(x), np.arcsin(long(x))) < MOST_ULPS
    assert ulps(elementary.arccos(x), np.arccos(long(x))) < MOST_ULPS


@pytest.mark.parametrize("exponent", [-1.7, 0.25, 1.0 / 3.0, 3.0])
def test_powers_are_as_close_as_they_say(exponent: float) -> None:
    x = uniform(1e-3, 1e3)
    assert ulps(elementary.power(x, exponent), np.power(long(x), np.longdouble(exponent))) < 3.0 + 14.0 * abs(exponent)


def test_corners_have_their_values() -> None:
    e = elementary
    assert [e.exp(0.0), e.log(1.0), e.sin(0.0), e.cos(0.0), e.arctan2(0.0, 0.0)] == [1.0, 0.0, 0.0, 1.0, 0.0]
    corners = [e.arctan2(*point) for point in ((1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 1.0))]
    assert corners == pytest.approx([math.pi / 2, -math.pi / 2, math.pi, math.pi / 4], rel=1e-16)
    assert [e.arcsin(1.0 + 1e-15), e.arccos(-1.0 - 1e-15)] == pytest.approx([math.pi / 2, math.pi])
    assert np.isnan(e.log([0.0, -1.0, math.nan])).all()
    assert np.isnan(e.exp(math.nan))
    assert e.exp([1e6, -1e6]).tolist() == [e.exp(709.0), e.exp(-708.0)]
    assert e.interpolate([-1.0, 0.25, 9.0], np.array([0.0, 1.0]), np.array([2.0, 6.0])).tolist() == [2.0, 3.0, 6.0]
    two = e.interpolate([0.5, 0.25], np.array([0.0, 1.0]), np.array([[2.0, 6.0], [0.0, 1.0]]))
    assert two.tolist() == [[4.0, 3.0], [0.5, 0.25]]


@pytest.mark.parametrize("function", [elementary.exp, elementary.log, elementary.sin, elementary.arcsin])
def test_shapes_are_kept_and_no_input_is_changed(function: Callable[[Reals], Reals]) -> None:
    x = np.full((3, 2), 0.5)
    assert function(x).shape == (3, 2)
    assert np.array_equal(x, np.full((3, 2), 0.5))
    assert float(function(np.asarray(0.5))) == function(x)[0, 0]


def test_bits_are_the_same_with_vector_units_on_and_off() -> None:
    def bits(off: str) -> str:
        command = [sys.executable, "-c", PRINT_BITS]
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": off}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    assert len({bits(off) for off in ("", *UNITS)}) == 1


def test_bits_are_those_of_every_other_machine() -> None:
    done = subprocess.run([sys.executable, "-c", PRINT_BITS], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "a3444a23a16a8e91dba050178b6c8fc628d1a84806a2770eb8be291e8850306c"
