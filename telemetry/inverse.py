"""The inverse of a calibration, found numerically: from values to the raw values that give them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.calibration import Calibration, Polynomial, Table
from telemetry.raw import RawType

Floats = NDArray[np.float64]
# the codes of a raw type up to this size are all looked at; of a larger one, this many steps
ALL_CODES: Final = 1 << 16
STEPS: Final = 1 << 12
LARGEST_FLOAT: Final = 1e9
SMALLEST_FLOAT: Final = 1e-6
FLAT: Final = 1e-15
HALVINGS: Final = 80


class Inverse:
    """From values to raw values of one calibration over the stretch where it rises or falls all the way.

    Parameters
    ----------
    calibration
        The calibration.
    raw
        The raw type; its bounds are where the search ends.
    wanted
        The channel's range, for a calibration that turns round inside the bounds: the stretch that covers it is used.

    Raises
    ------
    ValueError
        If no stretch, or more than one, gives every value that is wanted.
    """

    def __init__(self, calibration: Calibration, raw: RawType, wanted: tuple[float, float] | None) -> None:
        self._apply: Callable[[NDArray[Any]], Floats] = calibration.apply
        self._line = calibration.root[:2] if isinstance(calibration, Polynomial) and calibration.is_linear else None
        if self._line is not None:
            return
        knots = _knots(calibration, raw)
        values = self._apply(knots)
        start, stop = _stretch(values, wanted)
        self._knots, self._values = knots[start:stop], values[start:stop]
        if self._values[0] > self._values[-1]:
            self._knots, self._values = self._knots[::-1], self._values[::-1]
        self._exhaustive = raw.is_whole and raw.bounds[1] - raw.bounds[0] < ALL_CODES

    def __call__(self, values: Floats) -> Floats:
        """Return the raw values of shape (n,), not rounded yet; a value that none gives gets the nearest end's."""
        if self._line is not None:
            c0, c1 = self._line
            return np.asarray((values - c0) / c1)
        held = np.clip(values, self._values[0], self._values[-1])
        right = np.clip(np.searchsorted(self._values, held), 1, self._values.size - 1)
        low, high = self._knots[right - 1], self._knots[right]
        if self._exhaustive:
            nearer = held - self._values[right - 1] < self._values[right] - held
            return np.asarray(np.where(np.isnan(values), np.nan, np.where(nearer, low, high)))
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            below = self._apply(middle) < held
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(np.where(np.isnan(values), np.nan, high))


@functools.lru_cache(1024)
def inverse_of(calibration: Calibration, raw: RawType, wanted: tuple[float, float] | None) -> Inverse:
    """Return the inverse of a calibration, made once."""
    return Inverse(calibration, raw, wanted)


def _knots(calibration: Calibration, raw: RawType) -> Floats:
    """Return raw values, rising, close enough together to see where a calibration turns round."""
    points = np.array(calibration.table)[:, 0] if isinstance(calibration, Table) else None
    if raw.is_float:
        if points is not None:
            return np.union1d(points, np.linspace(points[0], points[-1], STEPS))
        grid = np.geomspace(SMALLEST_FLOAT, LARGEST_FLOAT, STEPS)
        return np.concatenate([-grid[::-1], [0.0], grid])
    low, high = raw.bounds
    if points is not None:
        low, high = max(low, math.ceil(points[0])), min(high, math.floor(points[-1]))
    if high - low < ALL_CODES:
        return np.arange(low, high + 1, dtype=np.float64)
    steps = np.linspace(low, high, STEPS)
    return np.unique(np.rint(steps if points is None else np.union1d(steps, np.clip(points, low, high))))


def _stretch(values: Floats, wanted: tuple[float, float] | None) -> tuple[int, int]:
    """Return the slice over which values rise or fall all the way: the only one, or the one with all that is wanted."""
    stretches = _monotone(values)
    if len(stretches) > 1 and wanted is None:
        msg = "the calibration turns round: two raw values give one value; give the channel a range where it does not"
        raise ValueError(msg)
    if len(stretches) > 1 and wanted is not None:
        stretches = [(start, stop) for start, stop in stretches if _covers(values[start:stop], wanted)]
    if len(stretches) == 1:
        return stretches[0]
    if stretches:
        msg = "the calibration gives the values of the range from two stretches of raw values; it must rise or fall"
    else:
        msg = "no stretch of raw values over which the calibration only rises or falls gives the whole range; narrow it"
    raise ValueError(msg)


def _monotone(values: Floats) -> list[tuple[int, int]]:
    """Return the longest slices over which finite values rise, or fall; a flat part belongs to what is before it."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.diff(np.where(np.isfinite(values), values, np.nan))
        # what differs by rounding only is flat
        steps[np.abs(steps) <= FLAT * np.abs(values[1:])] = 0.0
        ways = np.sign(steps)
    slices: list[tuple[int, int]] = []
    start, way = 0, 0.0
    for at in [*np.flatnonzero(np.diff(ways, prepend=np.nan) != 0).tolist(), ways.size]:
        now = float(ways[at]) if at < ways.size else math.nan
        if now == 0.0 or (way == 0.0 and not math.isnan(now)):
            way = way or now
        elif now != way:
            if way:
                slices.append((start, at + 1))
            start, way = (at + 1, 0.0) if math.isnan(now) else (at, now)
    return slices


def _covers(values: Floats, wanted: tuple[float, float]) -> bool:
    low, high = sorted((float(values[0]), float(values[-1])))
    return low <= wanted[0] and wanted[1] <= high
