"""How well a descent and a rest fit, and how much of it gusts may feign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final

import numpy as np

from processors.motion.cell import Cell
from processors.motion.fits import Hinge, hinge
from processors.motion.medians import median_of
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from telemetry.cuc import NS_PER_S

FEW: Final = 5
# heights of which the pad's is the median, if the record begins five seconds before liftoff
PAD: Final = 10
MEDIAN: Final = 1.25
# of normal errors, 13 in a hundred are larger
UNSURE: Final = 1.5

# what is wild counts no more than so many standard deviations
WILD: Final = 3.0
# a gust lasts a second, which is ten cells
MOST_ALIKE: Final = 0.8


def misfit(found: Hinge, t_s: Floats, heights_m: Floats, spread_m: float = 0.0) -> float:
    """Return the squared residuals over the noise: the fit's own, or another one's."""
    return float(np.sum(np.minimum(np.abs(_residuals(found, t_s, heights_m)) / (spread_m or found.spread), WILD) ** 2))


def together(found: Hinge, t_s: Floats, heights_m: Floats) -> float:
    """Return how many heights in succession say the same, as gusts make them: (1 + r) / (1 - r), r from neighbours.

    References
    ----------
    Bayley and Hammersley, The effective number of independent observations in an autocorrelated time series, 1946.
    """
    residuals = np.clip(_residuals(found, t_s, heights_m), -WILD * found.spread, WILD * found.spread)
    scale = float(residuals @ residuals)
    if not scale > 0.0:
        return 1.0
    alike = min(max(float(residuals[1:] @ residuals[:-1]) / scale, 0.0), MOST_ALIKE)
    return (1.0 + alike) / (1.0 - alike)


def only_slower(found: Hinge, t_s: Floats, heights_m: Floats, near_s: float) -> float:
    """Return by how much better a descent fits that only becomes slower, before that, in squared residuals."""
    other = hinge(t_s, heights_m, (float(t_s[FEW]), -near_s), (1, 1))
    return 0.0 if other is None else misfit(found, t_s, heights_m) - misfit(other, t_s, heights_m, found.spread)


def sigma_of(found: Hinge, t_s: Floats, after: int, alike: float) -> float:
    """Return the standard deviation of the time: level and descent are each as sure as their heights are many."""
    # the end of a line is half as sure as its middle
    ends = 1.0 / after + 4.0 / max(int(np.count_nonzero(t_s < found.t_s)), 1)
    return max(found.sigma_s, found.spread / abs(float(found.before[1])) * sqrt(ends)) * sqrt(alike)


def around_pad_m(found: Hinge, t_s: Floats, heights_m: Floats, near_s: float) -> tuple[float, float]:
    """Return how far from the pad's height it rests, on either side, at least and at most.

    Parameters
    ----------
    found
        The descent and the rest.
    t_s, heights_m
        What it was fitted to, times before now, shape (n,).
    near_s
        It has rested for so long at least.
    """
    rest = heights_m[t_s > min(found.t_s, -near_s)]
    level_m = max(abs(median_of(rest)), abs(float(found.after[0])))
    # a median errs by a quarter more than a mean; and the pad's own height was learnt from some heights, too
    unsure_m = UNSURE * MEDIAN * found.spread * sqrt(1.0 / rest.size + 1.0 / PAD)
    return level_m - unsure_m, level_m + unsure_m


def stays_behind(parts_m: Sequence[float], least_m: float) -> bool:
    """Return whether the last heights stay behind the descent before them.

    Parameters
    ----------
    parts_m
        The medians of four stretches: the earliest, and the three that follow one another up to now.
    least_m
        What noise does not do.
    """
    early_m, then_m, middle_m, now_m = parts_m
    # two thirds of the descent's pace already say that it ends; and it may have ended a while ago
    ends = then_m - middle_m > least_m and middle_m - now_m < 0.7 * (then_m - middle_m)
    return ends or (early_m - then_m > least_m and then_m - now_m < 0.5 * (early_m - then_m))


def seen_for(
    cell: Cell, track: Track, measured: Callable[[Cell], float], window_s: float, hole_s: float, holes_s: float
) -> tuple[Floats, Floats]:
    """Return times before a cell and heights, shape (n,), over a window that is longer by the holes in it.

    Parameters
    ----------
    cell, track
        The cell in hand, and what came before.
    measured
        The height of a cell, NaN if there is none.
    window_s
        How long heights are seen in all.
    hole_s, holes_s
        Longer than this without one is a hole; and so much in holes is looked past.
    """
    t_s, heights = np.zeros(0), np.zeros(0)
    # where there are no holes the first look back has them all
    for past_s in (2.0 * hole_s, holes_s):
        first_ns = cell.t_ns - round((window_s + past_s) * NS_PER_S)
        t_s, heights = points(track.between(cell, first_ns, cell.t_ns), measured, cell.t_ns)
        if t_s.size < FEW:
            continue
        steps = np.diff(t_s)
        seen_s = np.concatenate([np.cumsum(np.where(steps > hole_s, 0.0, steps)[::-1])[::-1], [0.0]])
        if seen_s[0] > window_s:
            kept = seen_s <= window_s
            return t_s[kept], heights[kept]
    return t_s, heights


def _residuals(found: Hinge, t_s: Floats, heights_m: Floats) -> Floats:
    since = t_s - found.t_s
    before, after = (np.polynomial.polynomial.polyval(since, each) for each in (found.before, found.after))
    return np.asarray(heights_m - np.where(since < 0.0, before, after))
