"""Elementary functions that give the same bits on every machine.

numpy and the C library round theirs differently from processor to processor and from version to version. Here they are
made of what IEEE 754 rounds exactly, which is addition, multiplication, division and square root, of comparisons and of
shifts of bits, with tables worked out in decimal (`simulator.physics.elementary_tables`). Errors stay under 3 units in
the last place unless a function says otherwise. Everything broadcasts; a number gives a number.

References
----------
Tang, ACM Trans. Math. Software 15 (1989) 144 and 16 (1990) 378: table-driven exp and log; Gal and Bachelis, ibid. 17
(1991) 26: accurate tables.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.physics.elementary_tables import (
    ARCTAN_PARTS,
    CIRCLE_PARTS,
    EXP_PARTS,
    LOG_BITS,
    LOG_LEAST,
    arctans,
    circle_sines,
    exp2_fractions,
    ln2,
    log_factors,
    pi,
    split,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PI: Final = float(pi())
TINY: Final = float(np.finfo(np.float64).tiny)
LEAST_EXPONENT, LARGEST_EXPONENT = -708.0, 709.0

# A number far below 2**51 plus this is rounded to an integer, which then stands in the low bits.
_ROUND: Final = 1.5 * 2.0**52
_MANTISSA_BITS: Final = 52
_BIAS: Final = 1023

_EXP2: Final = exp2_fractions()
_LOG2: Final = split(ln2(), 32)
_EXP_STEP: Final = split(ln2() / EXP_PARTS, 32)
_EXP_PER_STEP: Final = EXP_PARTS / float(ln2())
_EXP_SHIFT: Final = EXP_PARTS.bit_length() - 1

_LOG: Final = log_factors()
_LOG_FIRST: Final = int(np.float64(LOG_LEAST).view(np.int64))
_LOG_DROP: Final = _MANTISSA_BITS - LOG_BITS
_INVERSE_LN10: Final = 0.4342944819032518

_SIN: Final = circle_sines()
_CIRCLE_STEP: Final = split(2 * pi() / CIRCLE_PARTS, 33)
_PARTS_PER_RAD: Final = CIRCLE_PARTS / (2.0 * PI)
_QUARTER: Final = CIRCLE_PARTS // 4

_ARCTAN: Final = arctans()


def exp(x: ArrayLike) -> FloatArray:
    """Exponential; arguments beyond -708 and 709 count as these."""
    x = np.minimum(np.maximum(np.asarray(x, np.float64), LEAST_EXPONENT), LARGEST_EXPONENT)
    shifted = x * _EXP_PER_STEP + _ROUND
    bits: IntArray = shifted.view(np.int64)
    whole = shifted - _ROUND
    rest = (x - whole * _EXP_STEP[0]) - whole * _EXP_STEP[1]
    more = rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0))))
    base = _EXP2[bits & (EXP_PARTS - 1)]
    power = ((bits >> _EXP_SHIFT) + _BIAS) << _MANTISSA_BITS
    result: FloatArray = (base + base * more) * power.view(np.float64)
    return result


def log(x: ArrayLike) -> FloatArray:
    """Natural logarithm of finite numbers; not a number for what is not above 0."""
    x = np.asarray(x, np.float64)[()]
    bits: IntArray = x.view(np.int64)
    exponent = (bits - _LOG_FIRST) >> _MANTISSA_BITS
    scaled = bits - (exponent << _MANTISSA_BITS)
    index = (scaled - _LOG_FIRST + (1 << (_LOG_DROP - 1))) >> _LOG_DROP
    factor = ((index << _LOG_DROP) + _LOG_FIRST).view(np.float64)
    rest = scaled.view(np.float64)
    s = (rest - factor) / (rest + factor)
    square = s * s
    series = s * (2.0 + square * (2.0 / 3.0 + square * (2.0 / 5.0)))
    known = x >= TINY
    result: FloatArray = (series + exponent * _LOG2[1] + _LOG.take(index, mode="clip")) + exponent * _LOG2[0]
    return np.where(known, result, np.nan)[()]


def log10(x: ArrayLike) -> FloatArray:
    """Logarithm to base 10."""
    return log(x) * _INVERSE_LN10


def power(x: ArrayLike, exponent: ArrayLike) -> FloatArray:
    """Positive numbers to any power; an error of 3 units in the last place grows by 2 |exponent ln x|."""
    return exp(np.asarray(exponent, np.float64) * log(x))


def sin_cos(x: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Sine and cosine together, at little more than the price of one; of angles up to 6000 rad."""
    x = np.asarray(x, np.float64)
    shifted = x * _PARTS_PER_RAD + _ROUND
    bits: IntArray = shifted.view(np.int64)
    whole = shifted - _ROUND
    rest = (x - whole * _CIRCLE_STEP[0]) - whole * _CIRCLE_STEP[1]
    square = rest * rest
    small_sin = rest + rest * square * (-1.0 / 6.0 + square * (1.0 / 120.0))
    less_cos = square * (-0.5 + square * (1.0 / 24.0))
    index = bits & (CIRCLE_PARTS - 1)
    sine, cosine = _SIN[index], _SIN[index + _QUARTER]
    return sine + (cosine * small_sin + sine * less_cos), cosine - (sine * small_sin - cosine * less_cos)


def sin(x: ArrayLike) -> FloatArray:
    """Sine of angles in rad."""
    return sin_cos(x)[0]


def cos(x: ArrayLike) -> FloatArray:
    """Cosine of angles in rad."""
    return sin_cos(x)[1]


def tan(x: ArrayLike) -> FloatArray:
    """Tangent of angles in rad."""
    sine, cosine = sin_cos(x)
    result: FloatArray = sine / cosine
    return result


def arctan2(y: ArrayLike, x: ArrayLike) -> FloatArray:
    """Angle of the point (x, y) from the x axis, -pi to pi; 0 for the origin. A sign of zero counts in `y` only."""
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    up, along = np.abs(y), np.abs(x)
    larger, smaller = np.maximum(np.maximum(up, along), TINY), np.minimum(up, along)
    shifted = smaller / larger * ARCTAN_PARTS + _ROUND
    index: IntArray = shifted.view(np.int64) & (2 * ARCTAN_PARTS - 1)
    ratio = (shifted - _ROUND) * (1.0 / ARCTAN_PARTS)
    rest = (smaller - ratio * larger) / (larger + ratio * smaller)
    square = rest * rest
    series = rest - rest * square * (1.0 / 3.0 - square * (1.0 / 5.0 - square * (1.0 / 7.0)))
    angle = _ARCTAN.take(index, mode="clip") + series
    angle = np.where(up > along, 0.5 * PI - angle, angle)
    angle = np.where(x < 0.0, PI - angle, angle)
    result: FloatArray = np.copysign(angle, y)
    return result


def arctan(x: ArrayLike) -> FloatArray:
    """Angle of a tangent, -pi/2 to pi/2."""
    return arctan2(x, 1.0)


def arcsin(x: ArrayLike) -> FloatArray:
    """Angle of a sine from -1 to 1; what rounding has put beyond counts as these."""
    x = np.minimum(np.maximum(np.asarray(x, np.float64), -1.0), 1.0)
    return arctan2(x, np.sqrt((1.0 - x) * (1.0 + x)))


def arccos(x: ArrayLike) -> FloatArray:
    """Angle of a cosine from -1 to 1; what rounding has put beyond counts as these."""
    x = np.minimum(np.maximum(np.asarray(x, np.float64), -1.0), 1.0)
    return arctan2(np.sqrt((1.0 - x) * (1.0 + x)), x)


def hypot(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """Length of the hypotenuse, for numbers whose squares are finite."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    result: FloatArray = np.sqrt(x * x + y * y)
    return result


def interpolate(x: ArrayLike, xs: FloatArray, ys: FloatArray) -> FloatArray:
    """Straight lines between points with rising `xs`, shape (m,), and `ys`, shape (..., m); flat outside."""
    x = np.asarray(x, np.float64)
    index = np.minimum(np.maximum(np.searchsorted(xs, x, side="right") - 1, 0), xs.size - 2)
    first = xs[index]
    share = np.minimum(np.maximum((x - first) / (xs[index + 1] - first), 0.0), 1.0)
    low = ys[..., index]
    result: FloatArray = low + share * (ys[..., index + 1] - low)
    return result
