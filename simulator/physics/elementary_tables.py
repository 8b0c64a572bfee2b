"""Tables of elementary functions to the last bit, worked out in decimal arithmetic when the simulator is loaded.

`decimal` rounds as its specification says, with no part of the C library: every machine gets the same tables.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 45
ENOUGH: Final = Decimal(10) ** -DIGITS

EXP_PARTS: Final = 256
"""How finely `exp` divides a factor of two."""
CIRCLE_PARTS: Final = 1024
"""How finely `sin` and `cos` divide the circle."""
ARCTAN_PARTS: Final = 64
"""How finely `arctan2` divides the ratios from 0 to 1."""
LOG_BITS: Final = 7
"""Bits behind the point of the factors that `log` takes out."""
LOG_LEAST: Final = 0.6875
"""Where the factors begin; they end at twice that."""


def exp2_fractions() -> NDArray[np.float64]:
    """Return 2 ** (i / 256), shape (256,)."""
    with localcontext(prec=DIGITS):
        step = Decimal(2).ln() / EXP_PARTS
        return np.array([float((i * step).exp()) for i in range(EXP_PARTS)])


def log_factors() -> NDArray[np.float64]:
    """Return the logarithms of the factors of `LOG_BITS` bits from `LOG_LEAST` to twice that."""
    below = np.arange(LOG_LEAST, 1.0, 2.0 ** -(LOG_BITS + 1))
    above = np.arange(1.0, 2.0 * LOG_LEAST + 2.0**-LOG_BITS, 2.0**-LOG_BITS)
    with localcontext(prec=DIGITS):
        return np.array([float(Decimal(factor).ln()) for factor in [*below.tolist(), *above.tolist()]])


def circle_sines() -> NDArray[np.float64]:
    """Return sin(2 pi i / 1024) for a circle and a quarter, shape (1280,): the cosine stands 256 further on."""
    quarter = CIRCLE_PARTS // 4
    with localcontext(prec=DIGITS):
        step = pi() / (CIRCLE_PARTS // 2)
        rising = [float(_sin(i * step)) for i in range(quarter + 1)]
    half = rising + rising[-2:0:-1]
    circle = np.array(half + [-value for value in half])
    circle[CIRCLE_PARTS // 2] = 0.0
    return np.concatenate([circle, circle[:quarter]])


def arctans() -> NDArray[np.float64]:
    """Return arctan(i / 64) for i from 0 to 64, shape (65,)."""
    with localcontext(prec=DIGITS):
        return np.array([float(_arctan(Decimal(i) / ARCTAN_PARTS)) for i in range(ARCTAN_PARTS + 1)])


def split(value: Decimal, bits: int) -> tuple[float, float]:
    """Return a number as a sum of two, of which the first has so few bits that small integers times it are exact."""
    with localcontext(prec=DIGITS):
        mantissa, exponent = np.frexp(float(value))
        first = float(np.ldexp(np.floor(mantissa * 2.0**bits), int(exponent) - bits))
        return first, float(value - Decimal(first))


def pi() -> Decimal:
    """Return pi, by Machin's formula."""
    with localcontext(prec=DIGITS + 5):
        return 16 * _arctan_small(Decimal(1) / 5) - 4 * _arctan_small(Decimal(1) / 239)


def ln2() -> Decimal:
    """Return the natural logarithm of 2."""
    with localcontext(prec=DIGITS):
        return Decimal(2).ln()


def _sin(x: Decimal) -> Decimal:
    term = total = x
    n = 1
    while abs(term) > ENOUGH:
        n += 2
        term = -term * x * x / (n * (n - 1))
        total += term
    return total


def _arctan(x: Decimal) -> Decimal:
    halved = x / (1 + (1 + x * x).sqrt())
    quartered = halved / (1 + (1 + halved * halved).sqrt())
    return 4 * _arctan_small(quartered)


def _arctan_small(x: Decimal) -> Decimal:
    power = total = x
    n = 1
    while abs(power) > ENOUGH:
        n += 2
        power = -power * x * x
        total += power / n
    return total
