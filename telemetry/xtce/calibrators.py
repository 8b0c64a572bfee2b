"""Calibrations as XTCE calibrators (DefaultCalibrator and ContextCalibratorList of a data encoding)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from telemetry.calibration import Expression, Polynomial, Table
from telemetry.channels import Channel
from telemetry.expression import VARIABLE, Token
from telemetry.raw import RawType

# an expression of a raw type of at most so many bits can be written out as a table of all its values
MOST_TABLE_BITS: Final = 12
OPERATORS: Final[dict[str, str]] = {
    **{
        name: name
        for name in ("+", "-", "*", "/", "min", "max", "atan2", "abs", "sin", "cos", "tan", "asin", "acos", "atan")
    },
    "**": "^",
    "exp": "e^x",
    "log": "ln",
    "log10": "log",
}
# what the standard has no operator for: an operand before its operator
SPELLED_OUT: Final[dict[str, tuple[float, str]]] = {"neg": (-1.0, "*"), "sqrt": (0.5, "^")}


def add_calibrators(encoding: Element, channel: Channel, *, math_as_table: bool) -> str | None:
    """Append the calibrators of a channel to its data encoding.

    Parameters
    ----------
    encoding
        An IntegerDataEncoding or FloatDataEncoding.
    channel
        The channel.
    math_as_table
        Write an expression as a table of all raw values, for readers without MathOperationCalibrator.

    Returns
    -------
    str | None
        What could not be written, or None.
    """
    calibration = channel.calibration
    match calibration:
        case Polynomial():
            _polynomial(SubElement(encoding, "DefaultCalibrator"), calibration.coefficients)
        case Table(interpolation="linear"):
            _table(SubElement(encoding, "DefaultCalibrator"), calibration.table, channel.raw)
        case Table():
            _spline(encoding, channel, calibration)
        case Expression() if not math_as_table:
            _math(SubElement(encoding, "DefaultCalibrator"), calibration.postfix)
        case Expression() if channel.raw.is_whole and channel.raw.bits <= MOST_TABLE_BITS:
            low, high = channel.raw.bounds
            raw = np.arange(low, high + 1)
            values = calibration.apply(raw)
            if not np.isfinite(values).all():
                return f"channel {channel.name!r}: the expression has no value for some raw values, a table needs all"
            _table(
                SubElement(encoding, "DefaultCalibrator"),
                list(zip(raw.tolist(), values.tolist(), strict=True)),
                channel.raw,
            )
        case Expression():
            return f"channel {channel.name!r}: an expression of {channel.raw} makes too long a table; it stands raw"
    return None


def _polynomial(parent: Element, coefficients: tuple[float, ...] | list[float]) -> None:
    polynomial = SubElement(parent, "PolynomialCalibrator")
    for exponent, coefficient in enumerate(coefficients):
        if coefficient or len(coefficients) == 1:
            SubElement(polynomial, "Term", {"coefficient": repr(float(coefficient)), "exponent": str(exponent)})


def _table(parent: Element, table: tuple[tuple[float, float], ...] | list[tuple[float, float]], raw: RawType) -> None:
    spline = SubElement(parent, "SplineCalibrator", {"order": "1", "extrapolate": "false"})
    for x, y in with_held_ends(table, raw):
        SubElement(spline, "SplinePoint", {"raw": repr(float(x)), "calibrated": repr(float(y))})


def with_held_ends(
    table: tuple[tuple[float, float], ...] | list[tuple[float, float]], raw: RawType
) -> list[tuple[float, float]]:
    """Return a table's points with more of them beyond its ends, so that no reader needs to extrapolate.

    The last lies above every raw value: some readers do not find a value at the last point itself.

    Examples
    --------
    >>> with_held_ends([(10, 1.5), (255, 2.0)], RawType("unsigned", 8))
    [(0.0, 1.5), (10, 1.5), (255, 2.0), (256.0, 2.0)]
    """
    if raw.is_float:
        widest = float(np.finfo(raw.dtype).max) / 4
        low, high = -widest, widest
    else:
        low, high = float(raw.bounds[0]), float(raw.bounds[1]) + 1.0
    points = list(table)
    if points[0][0] > low:
        points.insert(0, (low, points[0][1]))
    if points[-1][0] < high:
        points.append((high, points[-1][1]))
    return points


def _spline(encoding: Element, channel: Channel, table: Table) -> None:
    """Write a natural cubic spline as what it is: a polynomial for each stretch of raw values.

    SplineCalibrator of order 3 leaves open which spline is meant, and readers implement orders 0 and 1.
    """
    ends = [x for x, _ in table.table]
    _polynomial(SubElement(encoding, "DefaultCalibrator"), [table.table[-1][1]])
    contexts = SubElement(encoding, "ContextCalibratorList")
    # the first that matches is taken, so one comparison a stretch is enough
    _stretch(contexts, channel, ends[0], [table.table[0][1]])
    for start, end, segment in zip(ends[:-1], ends[1:], table.segments.tolist(), strict=True):
        _stretch(contexts, channel, end, _about_zero(segment, start))


def _stretch(contexts: Element, channel: Channel, below: float, coefficients: list[float]) -> None:
    context = SubElement(contexts, "ContextCalibrator")
    # whole raw values are compared with whole numbers; x < 2.5 is x < 3
    value = str(math.ceil(below)) if channel.raw.is_whole else repr(below)
    SubElement(
        SubElement(context, "ContextMatch"),
        "Comparison",
        {"parameterRef": channel.name, "useCalibratedValue": "false", "comparisonOperator": "<", "value": value},
    )
    _polynomial(SubElement(context, "Calibrator"), coefficients)


def _about_zero(segment: list[float], start: float) -> list[float]:
    """Expand c0 + c1*(x - start) + ... into powers of x, exactly until the last rounding."""
    c0, c1, c2, c3 = (Fraction(c) for c in segment)
    a = Fraction(start)
    exact = (c0 - c1 * a + c2 * a**2 - c3 * a**3, c1 - 2 * c2 * a + 3 * c3 * a**2, c2 - 3 * c3 * a, c3)
    return [float(c) for c in exact]


def _math(parent: Element, postfix: tuple[Token, ...]) -> None:
    operation = SubElement(parent, "MathOperationCalibrator")
    for token in postfix:
        if isinstance(token, float):
            SubElement(operation, "ValueOperand").text = repr(token)
        elif token == VARIABLE:
            SubElement(operation, "ThisParameterOperand")
        elif token in SPELLED_OUT:
            operand, operator = SPELLED_OUT[token]
            SubElement(operation, "ValueOperand").text = repr(operand)
            SubElement(operation, "Operator").text = operator
        else:
            SubElement(operation, "Operator").text = OPERATORS[token]
