"""Measured values made ready to be drawn: in order, with their holes, thinned to the picture's width. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from downrange.report.model import Floats, Span

NEIGHBOURS: Final = 9
HOLE_STEPS: Final = 3.0
WIDTH_PX: Final = 1500
RATE_WINDOW_S: Final = 2.0
FULL_SHARE: Final = 0.75
SPIKE_SHARE: Final = 0.002
SPIKE_REACH: Final = 1.0


def in_order(t_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return what was measured in order of time, each time once: of what came twice, what came first.

    Parameters
    ----------
    t_s, values
        Shape (n,); NaN and infinity are no measurements.

    Examples
    --------
    >>> t_s, values = in_order(np.array([2.0, 1.0, 2.0, 3.0]), np.array([20.0, 10.0, 99.0, np.nan]))
    >>> t_s.tolist(), values.tolist()
    ([1.0, 2.0], [10.0, 20.0])
    """
    good = np.isfinite(values)
    once, first = np.unique(t_s[good], return_index=True)
    return once, values[good][first]


def holes_of(t_s: Floats, span_s: float) -> tuple[Span, ...]:
    """Return where nothing was measured: steps of three times those around them, and wide enough to be seen.

    What is compared is the median of nine steps before and of nine after, whichever is longer: a log that goes over
    from 20 to 1 rows a second under its parachute has no holes for that.

    Parameters
    ----------
    t_s
        Shape (n,), rising.
    span_s
        Of the whole axis.

    Examples
    --------
    >>> holes_of(np.array([0.0, 1.0, 2.0, 3.0, 13.0, 14.0, 15.0]), 15.0)
    (Span(start_s=3.0, end_s=13.0),)
    """
    steps = np.diff(t_s)
    wide = np.flatnonzero(steps > max(span_s / WIDTH_PX, 0.0))
    found: list[Span] = []
    for index in wide.tolist():
        around = (steps[max(index - NEIGHBOURS, 0) : index], steps[index + 1 : index + 1 + NEIGHBOURS])
        usual = [float(np.median(side)) for side in around if side.size]
        if usual and steps[index] > HOLE_STEPS * max(usual):
            found.append(Span(float(t_s[index]), float(t_s[index + 1])))
    return tuple(found)


def segments(t_s: Floats, holes: tuple[Span, ...]) -> NDArray[np.int64]:
    """Return for each time between which holes it lies, shape (n,)."""
    return np.searchsorted(np.array([hole.end_s for hole in holes]), t_s, side="right").astype(np.int64)


def drawn(t_s: Floats, values: Floats, holes: tuple[Span, ...], shown: Span) -> tuple[Floats, Floats]:
    """Return a line to draw: per picture column the first, least, greatest and last value, NaN in each hole.

    So a spike of one sample is seen however long the flight, and no line leads across a hole.
    """
    inside = (t_s >= shown.start_s) & (t_s <= shown.end_s)
    t_s, values = t_s[inside], values[inside]
    if not t_s.size:
        return t_s, values
    length_s = max(shown.end_s - shown.start_s, 1e-9)
    part = segments(t_s, holes)
    group = part * (WIDTH_PX + 1) + ((t_s - shown.start_s) / length_s * WIDTH_PX).astype(np.int64)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1])
    ends = np.concatenate([starts[1:], [t_s.size]]) - 1
    by_value = np.lexsort((values, group))
    keep = np.unique(np.concatenate([starts, ends, by_value[starts], by_value[ends]]))
    t_s, values, part = t_s[keep], values[keep], part[keep]
    breaks = np.flatnonzero(np.diff(part)) + 1
    return np.insert(t_s, breaks, t_s[breaks]), np.insert(values, breaks, np.nan)


def rate_of(t_s: Floats, values: Floats, holes: tuple[Span, ...]) -> tuple[Floats, Floats]:
    """Return the mean rate of change over two seconds around each time; none near holes and ends.

    Parameters
    ----------
    t_s, values
        Shape (n,), times rising.
    holes
        Across which no rate is known.
    """
    half_s = RATE_WINDOW_S / 2.0
    first = np.searchsorted(t_s, t_s - half_s, side="left")
    last = np.searchsorted(t_s, t_s + half_s, side="right") - 1
    part, long_s = segments(t_s, holes), t_s[last] - t_s[first]
    known = (long_s >= FULL_SHARE * RATE_WINDOW_S) & (part[first] == part[last])
    rate = (values[last] - values[first])[known] / long_s[known]
    return t_s[known], rate


def value_at(t_s: Floats, values: Floats, holes: tuple[Span, ...], at_s: float) -> float | None:
    """Return the value at a time between two measurements; none before, after, or in a hole.

    Examples
    --------
    >>> value_at(np.array([0.0, 1.0]), np.array([5.0, 7.0]), (), 0.5)
    6.0
    """
    if not t_s.size or not t_s[0] <= at_s <= t_s[-1] or any(hole.start_s < at_s < hole.end_s for hole in holes):
        return None
    return float(np.interp(at_s, t_s, values))


def reach_of(values: list[Floats]) -> tuple[float, float, int]:
    """Return what an axis should hold, and how many values lie beyond it.

    One spike of 20 km must not press a flight of 300 m flat: what lies further out than the range of 99.6 % of the
    values is left out, if that is what stretches the axis.
    """
    whole = np.concatenate([each for each in values if each.size] or [np.zeros(1)])
    low, high = np.quantile(whole, [SPIKE_SHARE, 1.0 - SPIKE_SHARE])
    reach = SPIKE_REACH * max(high - low, 1e-9)
    least, most = float(whole.min()), float(whole.max())
    bottom = least if least >= low - reach else float(low)
    top = most if most <= high + reach else float(high)
    return bottom, top, int(((whole < bottom) | (whole > top)).sum())
