"""Calibrations as XTCE calibrators (the DefaultCalibrator of a data encoding)."""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from telemetry.calibration import Expression, Polynomial, Table
from telemetry.channels import Channel
from telemetry.expression import VARIABLE, Token
from telemetry.raw import RawType

# an expression of a raw type of at most so many bits can be written out as a table of all its values
MOST_TABLE_BITS: Final = 12
MOST_POINTS: Final = 1 << MOST_TABLE_BITS
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
            return _spline(encoding, channel, calibration)
        case Expression() if not math_as_table:
            _math(SubElement(encoding, "DefaultCalibrator"), calibration.postfix)
        case Expression() if channel.raw.is_whole and channel.raw.bits <= MOST_TABLE_BITS:
            low, high = channel.raw.bounds
            points = _points(calibration, np.arange(low, high + 1))
            if not np.isfinite(points).all():
                return f"channel {channel.name!r}: the expression has no value for some raw values, a table needs all"
            _table(SubElement(encoding, "DefaultCalibrator"), points, channel.raw)
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


def _spline(encoding: Element, channel: Channel, table: Table) -> str | None:
    """Write a natural cubic spline as a table of all raw values between its ends, or of many.

    SplineCalibrator of order 3 leaves open which spline is meant, and readers implement orders 0 and 1. Polynomials for
    stretches of raw values would be exact, but Yamcs does not hold a ContextMatch against the value that is calibrated.
    """
    first, last = table.table[0][0], table.table[-1][0]
    steps = np.arange(np.ceil(first), np.floor(last) + 1) if last - first < MOST_POINTS else np.array([])
    if not channel.raw.is_whole or not steps.size:
        steps = np.linspace(first, last, MOST_POINTS)
    knots = np.array([x for x, _ in table.table])
    points = _points(table, np.unique(np.concatenate([knots, steps])))
    _table(SubElement(encoding, "DefaultCalibrator"), points, channel.raw)
    raw, values = np.array(points).T
    between = np.rint((raw[1:] + raw[:-1]) / 2) if channel.raw.is_whole else (raw[1:] + raw[:-1]) / 2
    off = np.abs(np.interp(between, raw, values) - table.apply(between))
    if (off <= np.spacing(np.abs(values[1:]).astype(np.float32))).all():
        return None
    return (
        f"channel {channel.name!r}: its spline stands as {len(points)} points, at most {off.max():.2g} off between them"
    )


def _points(calibration: Table | Expression, raw: NDArray[Any]) -> list[tuple[float, float]]:
    return list(zip(raw.tolist(), calibration.apply(raw).tolist(), strict=True))


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
