"""XTCE calibrators as calibrations of a dictionary, in its units."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from telemetry.expression import LONGEST
from telemetry.xtce.calibrators import OPERATORS
from telemetry.xtce.document import Node
from telemetry.xtce.units import Conversion

HIGHEST_EXPONENT: Final = 20
LINEAR: Final = 1
CUBIC: Final = 3
# operators of the standard as they stand in an expression
SHUFFLES: Final = {"swap": (2, (1, 0)), "dup": (1, (0, 0)), "over": (2, (0, 1, 0)), "drop": (1, ())}
INFIX: Final = {"+": "+", "-": "-", "*": "*", "/": "/", "^": "**"}
FUNCTIONS: Final = {spelled: name for name, spelled in OPERATORS.items() if name.isidentifier()}
ONE_OPERAND: Final = frozenset(FUNCTIONS.values()) - {"min", "max", "atan2"}


class UnsayableError(Exception):
    """A calibrator that has no form in a dictionary."""


def calibration_of(encoding: Node, conversion: Conversion) -> Any:
    """Return a data encoding's calibration as a dictionary writes it, in the dictionary's unit; None if there is none.

    Raises
    ------
    UnsayableError
        If the dictionary has no words for it.
    """
    calibrator = encoding.first("DefaultCalibrator")
    form = next(iter(calibrator.children), None) if calibrator is not None else None
    if form is None:
        return None if conversion.is_same else [conversion.offset, conversion.factor]
    match form.tag:
        case "PolynomialCalibrator":
            return _polynomial(form, conversion)
        case "SplineCalibrator":
            return _table(form, conversion)
        case "MathOperationCalibrator":
            return _expression(form, conversion)
    raise UnsayableError(f"{form.tag} is no calibrator")


def scaled(encoding: Node | None, calibration: Any) -> Any:
    """Return a time's `scale` and `offset` as calibration, if they say more than the raw value."""
    if encoding is None or calibration is not None:
        return calibration
    scale, offset = _float(encoding.get("scale", "1")), _float(encoding.get("offset", "0"))
    return None if (scale, offset) == (1.0, 0.0) else [offset, scale]


def _polynomial(form: Node, conversion: Conversion) -> list[float]:
    coefficients: dict[int, float] = {}
    for term in form.all("Term"):
        exponent = int(_float(term.get("exponent", "0")))
        if not 0 <= exponent <= HIGHEST_EXPONENT:
            raise UnsayableError(f"a polynomial of order {exponent}")
        coefficients[exponent] = coefficients.get(exponent, 0.0) + _float(term.get("coefficient"))
    ordered = [coefficients.get(i, 0.0) * conversion.factor for i in range(max(coefficients, default=0) + 1)]
    ordered[0] += conversion.offset
    if not any(ordered[1:]):
        raise UnsayableError("a polynomial that does not depend on the raw value")
    return ordered


def _table(form: Node, conversion: Conversion) -> dict[str, Any]:
    order = int(_float(form.get("order", "1")))
    points = sorted((_float(point.get("raw")), _float(point.get("calibrated"))) for point in form.all("SplinePoint"))
    if order not in {LINEAR, CUBIC}:
        raise UnsayableError(f"a spline of order {order}; there are linear tables and natural cubic splines")
    if len(points) <= 1 or any(one[0] == other[0] for one, other in pairwise(points)):
        raise UnsayableError("a table with two values for one raw value, or fewer than two points")
    if form.flag("extrapolate"):
        raise UnsayableError("a table that goes on beyond its ends; add points for the raw values that occur")
    table = [[x, y * conversion.factor + conversion.offset] for x, y in points]
    return {"table": table, **({"interpolation": "spline"} if order == CUBIC else {})}


def _expression(form: Node, conversion: Conversion) -> dict[str, str]:
    stack: list[str] = []
    for token in form.children:
        if token.tag == "ValueOperand":
            number = _float(token.text)
            stack.append(repr(number) if number >= 0 else f"({number!r})")
        elif token.tag == "ThisParameterOperand":
            stack.append("x")
        elif token.tag == "Operator" and token.text.strip() == "y^x":
            _operate(stack, "swap")
            _operate(stack, "^")
        elif token.tag == "Operator":
            _operate(stack, token.text.strip())
        else:
            raise UnsayableError(f"{token.tag} in a calibrator: an expression knows its own raw value only")
    if len(stack) != 1:
        raise UnsayableError("a calculation that does not leave one value")
    value = stack.pop()
    if not conversion.is_same:
        value = f"{value} * {conversion.factor!r} + {conversion.offset!r}"
    return {"expression": value.removeprefix("(").removesuffix(")") if _wrapped(value) else value}


def _operate(stack: list[str], operator: str) -> None:
    try:
        if operator in SHUFFLES:
            taken, order = SHUFFLES[operator]
            operands = [stack.pop() for _ in range(taken)][::-1]
            stack.extend(operands[i] for i in order)
        elif operator == "1/x":
            stack.append(f"(1.0 / {stack.pop()})")
        elif operator in INFIX:
            second = stack.pop()
            stack.append(f"({stack.pop()} {INFIX[operator]} {second})")
        elif FUNCTIONS.get(operator) in ONE_OPERAND:
            stack.append(f"{FUNCTIONS[operator]}({stack.pop()})")
        elif operator in FUNCTIONS:
            second = stack.pop()
            stack.append(f"{FUNCTIONS[operator]}({stack.pop()}, {second})")
        else:
            raise UnsayableError(f"operator {operator!r}, which expressions have not")
    except IndexError:
        raise UnsayableError(f"operator {operator!r} without its operands") from None
    if stack and len(stack[-1]) > LONGEST:
        raise UnsayableError(f"an expression of more than {LONGEST} characters")


def _wrapped(text: str) -> bool:
    """Whether one pair of parentheses stands around all of a text."""
    depth = 0
    for i, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text.startswith("(") and i == len(text) - 1
    return False


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UnsayableError(f"{text[:40]!r} is no number") from None
