"""From a raw value to a value in the channel's unit: polynomial, table or expression."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag, model_validator

from telemetry.expression import Token, evaluate, postfix_of
from telemetry.spline import evaluate_spline, natural_cubic

Floats = NDArray[np.float64]
FORBID: Final = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
SCALE_AND_OFFSET: Final = 2
FEWEST_SPLINE_POINTS: Final = 3


class Polynomial(RootModel[tuple[float, ...]]):
    """`[c0, c1, c2, ...]`: value = c0 + c1*x + c2*x**2 + ..."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _depends_on_x(self) -> Self:
        if len(self.root) < SCALE_AND_OFFSET or not any(self.root[1:]):
            msg = "calibration is [c0, c1, ...] with c1 not 0, or a higher coefficient"
            raise ValueError(msg)
        return self

    @property
    def coefficients(self) -> tuple[float, ...]:
        """c0, c1, ..."""
        return self.root

    @property
    def is_linear(self) -> bool:
        """Whether it is c0 + c1*x."""
        return not any(self.root[SCALE_AND_OFFSET:])

    def apply(self, raw: NDArray[Any]) -> Floats:
        """Return the values of raw values of shape (n,)."""
        x = raw.astype(np.float64)
        if self.is_linear:
            c0, c1 = self.root[:SCALE_AND_OFFSET]
            return np.asarray(x * c1 + c0)
        with np.errstate(over="ignore", invalid="ignore"):
            value = np.full(x.shape, self.root[-1])
            for c in self.root[-2::-1]:
                value = value * x + c
        return value


class Table(BaseModel):
    """`{table: [[raw, value], ...], interpolation: linear | spline}`; beyond its ends the end's value is held.

    Parameters
    ----------
    table
        Points; raw values rise.
    interpolation
        Straight lines between the points, or the natural cubic spline through them.
    """

    model_config = FORBID

    table: Annotated[tuple[tuple[float, float], ...], Field(min_length=2)]
    interpolation: Literal["linear", "spline"] = "linear"

    @model_validator(mode="after")
    def _rising(self) -> Self:
        x, _ = self._points
        if not (np.diff(x) > 0).all():
            msg = "the raw values of a table must rise from point to point"
            raise ValueError(msg)
        if self.interpolation == "spline" and len(self.table) < FEWEST_SPLINE_POINTS:
            msg = f"a spline needs {FEWEST_SPLINE_POINTS} points or more; add points or make it linear"
            raise ValueError(msg)
        return self

    @property
    def _points(self) -> tuple[Floats, Floats]:
        x, y = np.array(self.table, dtype=np.float64).T
        return x, y

    @property
    def segments(self) -> Floats:
        """Shape (k - 1, 4): between points i and i + 1, value = c0 + c1*d + c2*d**2 + c3*d**3 with d = x - raw[i]."""
        return _segments(self.table, self.interpolation)

    def apply(self, raw: NDArray[Any]) -> Floats:
        """Return the values of raw values of shape (n,)."""
        x, y = self._points
        at = raw.astype(np.float64)
        if self.interpolation == "linear":
            return np.asarray(np.interp(at, x, y))
        return evaluate_spline(x, self.segments, np.clip(at, x[0], x[-1]))


class Expression(BaseModel):
    """`{expression: "..."}` of `x`, the raw value; the grammar is that of `telemetry.expression`."""

    model_config = FORBID

    expression: str

    @model_validator(mode="after")
    def _readable(self) -> Self:
        postfix_of(self.expression)
        return self

    @property
    def postfix(self) -> tuple[Token, ...]:
        """Numbers as floats; `x`, operators and functions as text."""
        return postfix_of(self.expression)

    def apply(self, raw: NDArray[Any]) -> Floats:
        """Return the values of raw values of shape (n,); NaN or infinite where there is none."""
        return evaluate(self.postfix, raw.astype(np.float64))


def _form_of(given: object) -> str:
    if isinstance(given, Polynomial | list | tuple):
        return "a polynomial"
    if isinstance(given, Table) or (isinstance(given, dict) and "table" in given):
        return "by table"
    return "by expression"


Calibration = Annotated[
    Annotated[Polynomial, Tag("a polynomial")]
    | Annotated[Table, Tag("by table")]
    | Annotated[Expression, Tag("by expression")],
    Discriminator(_form_of),
]


@functools.lru_cache(256)
def _segments(table: tuple[tuple[float, float], ...], interpolation: str) -> Floats:
    x, y = np.array(table, dtype=np.float64).T
    if interpolation == "spline":
        return natural_cubic(x, y)
    slope = np.diff(y) / np.diff(x)
    return np.column_stack([y[:-1], slope, np.zeros_like(slope), np.zeros_like(slope)])
