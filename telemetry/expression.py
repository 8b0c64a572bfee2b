"""Calibration expressions: a closed grammar over one variable, read into postfix form, never run as Python."""

from __future__ import annotations

import ast
import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Token = float | str
VARIABLE: Final = "x"
LONGEST: Final = 500
BINARY: Final[dict[str, Callable[..., Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "min": np.minimum,
    "max": np.maximum,
    "atan2": np.arctan2,
}
UNARY: Final[dict[str, Callable[..., Any]]] = {
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
}
_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
_ARGUMENTS: Final = {name: 1 for name in UNARY if name != "neg"} | {"min": 2, "max": 2, "atan2": 2}


@functools.lru_cache(1024)
def postfix_of(expression: str) -> tuple[Token, ...]:
    """Read an expression: numbers, `x`, `+ - * / **`, parentheses and the functions named above.

    Parameters
    ----------
    expression
        For example `"3.3 * x / 4096"`.

    Returns
    -------
    tuple[Token, ...]
        Postfix form: numbers as floats; the variable, operators and functions as text.

    Raises
    ------
    ValueError
        If it is none; the message names the part that is not understood.

    Examples
    --------
    >>> postfix_of("sqrt(x + 1) * -2")
    ('x', 1.0, '+', 'sqrt', 2.0, 'neg', '*')
    """
    if len(expression) > LONGEST:
        msg = f"an expression has at most {LONGEST} characters"
        raise ValueError(msg)
    try:
        # Python warns of habits that it will refuse; here they are refused anyway
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        msg = f"expression {expression[:80]!r} cannot be read: {error}"
        raise ValueError(msg) from error
    tokens = tuple(_tokens(tree.body))
    if VARIABLE not in tokens:
        msg = f"expression {expression[:80]!r} does not depend on {VARIABLE}"
        raise ValueError(msg)
    return tokens


def evaluate(postfix: tuple[Token, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of an expression at raw values of shape (n,); NaN or infinite where it has none."""
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for token in postfix:
            if isinstance(token, float):
                stack.append(token)
            elif token == VARIABLE:
                stack.append(x)
            elif token in UNARY:
                stack.append(UNARY[token](stack.pop()))
            else:
                second = stack.pop()
                stack.append(BINARY[token](stack.pop(), second))
    return np.asarray(stack.pop(), dtype=np.float64)


def _tokens(node: ast.expr) -> list[Token]:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            tokens: list[Token] = [_finite(value)]
        case ast.Name(id=name) if name == VARIABLE:
            tokens = [VARIABLE]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            tokens = [*_tokens(left), *_tokens(right), _OPERATORS[type(op)]]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            tokens = [*_tokens(operand), "neg"]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            tokens = _tokens(operand)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if _ARGUMENTS.get(name) == len(args):
            tokens = [*(token for arg in args for token in _tokens(arg)), name]
        case _:
            known = ", ".join(sorted(_ARGUMENTS))
            msg = f"{ast.unparse(node)[:80]!r} is no part of an expression: use numbers, x, + - * / **, ( ) and {known}"
            raise ValueError(msg)
    return tokens


def _finite(number: float) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        msg = "a number in the expression is too large"
        raise ValueError(msg)
    return value
