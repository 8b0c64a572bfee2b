"""Whether a hop rises, and since when, by what its channels show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import Final

import numpy as np

from processors.hop.gauge import CLIMB, HEIGHT, PULL, REST_S, Gauge
from processors.hop.onset import Floats, Onset, onset
from processors.motion.cell import Cell
from processors.motion.fits import polynomial

# what is not in the noise: a cell; filters on board and displays; a barometer's bay, and engines that come slowly
MODEL_S: Final = (0.05, 0.1, 0.1)
FEW: Final = 5
LAST: Final = 3
CHANNELS: Final[dict[str, Callable[[Cell], float]]] = {
    "height": lambda cell: cell.height_m,
    "climb": lambda cell: cell.vertical_speed_m_s,
    "speed": lambda cell: cell.speed_m_s,
    "pull": lambda cell: cell.pull_m_s2,
}


@dataclass(frozen=True, slots=True)
class RiseThresholds:
    """Thresholds, beside those of `processors.hop.gauge`.

    Parameters
    ----------
    least_m_s2, most_m_s2
        A hop's thrust is 1.1 to 1.8 times its weight; what pulls harder is a small rocket.
    rise_m
        The blast of the engines moves a barometer by less.
    again_sigmas
        How surely the rise is more than nothing when wild values weigh less.
    drifts_m_s, drifts_m_s2
        At rest heights rise by less; speeds are less, and accelerations.
    longest_s, shortest_s
        When it may have begun, before now.
    air_m, air_m_s, air_sigmas
        It is in the air when it is so high, or so fast, and over the noise.
    share
        It was no rise if it is surely lower than this share of where the rise would have it.
    throttles_s
        By then its engines may throttle back: to gain no more says nothing.
    """

    least_m_s2: float = 0.6
    most_m_s2: float = 9.0
    rise_m: float = 1.0
    again_sigmas: float = 4.5
    drifts_m_s: float = 0.4
    drifts_m_s2: float = 3.0
    longest_s: float = 5.0
    shortest_s: float = 0.2
    air_m: float = 3.0
    air_m_s: float = 2.0
    air_sigmas: float = 5.0
    share: float = 0.3
    throttles_s: float = 2.0


def first_rise(gauges: Iterable[Gauge], limits: RiseThresholds) -> Onset | None:
    """Return the surest rise that gauges show, in seconds before their last values; None if none leaves a rest."""
    rises = []
    for gauge in gauges:
        t_s, values = gauge.points()
        low_s = max(-max(limits.longest_s, 3.0 * gauge.step_s), float(t_s[0]) + REST_S / 2.0)
        found = onset(t_s, values, gauge.order, (low_s, -limits.shortest_s), gauge.coloured())
        if found is not None and found.sigmas > limits.again_sigmas and _leaves(gauge, found, limits):
            rises.append(_with_model(gauge, found))
    return min(rises, key=lambda each: each.sigma_s, default=None)


def rise_again(gauge: Gauge, t_s: Floats, values: Floats, around_s: float, limits: RiseThresholds) -> Onset | None:
    """Return the rise of a gauge's later values about 0 s; None if there are too few, or it shows none."""
    if np.count_nonzero(t_s > 0.0) < FEW:
        return None
    between = (max(-around_s, float(t_s[0]) + REST_S / 2.0), min(around_s, float(t_s[-1]) - limits.shortest_s))
    found = onset(t_s, values, gauge.order, between, gauge.coloured())
    return None if found is None or found.sigmas < limits.again_sigmas else _with_model(gauge, found)


def flies(gauge: Gauge, over: Floats, limits: RiseThresholds) -> bool:
    """Return whether it is surely in the air by its last values over the level at rest, shape (n,)."""
    least = (limits.least_m_s2, limits.air_m_s, limits.air_m)[gauge.order]
    return float(np.median(over)) - limits.air_sigmas * _sigma(gauge, over) > least


def stays(gauge: Gauge, over: Floats, pull_m_s2: float, since_s: float, limits: RiseThresholds) -> bool:
    """Return whether its last values are surely less than a rise of so much, since so long, would have them."""
    if since_s > limits.throttles_s and gauge.order == PULL:
        return False
    # the values are those of the last second
    then_s = max(since_s - 0.5, 0.0)
    wanted = limits.share * pull_m_s2 * (1.0, then_s, 0.5 * then_s * then_s)[gauge.order]
    return float(np.median(over)) + 3.0 * _sigma(gauge, over) < wanted


def _sigma(gauge: Gauge, values: Floats) -> float:
    # a median errs by a quarter more than a mean
    return 1.25 * gauge.coloured() / sqrt(values.size)


def _leaves(gauge: Gauge, found: Onset, limits: RiseThresholds) -> bool:
    """Return whether it rested before, and rises as a hop does."""
    t_s, values = gauge.points()
    rest = t_s < found.t_s
    n = int(np.count_nonzero(rest))
    if n < FEW or found.t_s - t_s[0] < REST_S / 2.0:
        return False
    level = float(np.median(values[rest]))
    if np.min(values[-LAST:]) <= level or not limits.least_m_s2 < found.pull_m_s2 < limits.most_m_s2:
        return False
    noise = 3.0 * gauge.coloured() / sqrt(n)
    if gauge.order != HEIGHT:
        return abs(level) < (limits.drifts_m_s if gauge.order == CLIMB else limits.drifts_m_s2) + noise
    if float(np.median(values[-LAST:])) - level < limits.rise_m:
        return False
    line = polynomial(t_s[rest], values[rest], 1)
    slope = 0.0 if line is None else abs(float(line.coefficients[1]))
    # a slope's sigma is that of a mean times sqrt(12) over the span
    return slope < limits.drifts_m_s + noise * sqrt(12.0) / max(float(np.ptp(t_s[rest])), 1.0)


def _with_model(gauge: Gauge, found: Onset) -> Onset:
    return replace(found, sigma_s=hypot(found.sigma_s, MODEL_S[gauge.order]))
