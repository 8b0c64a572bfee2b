"""When speed is least in free fall."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.launcher.thrust import EARTH_M, gravity_m_s2
from processors.motion.medians import quantile_of
from processors.motion.polynomials import weighted_fit

Floats = NDArray[np.float64]

# 2 omega: the Earth's turning bends a path over ground, by its speed to the east and this
TURNING_PER_S: Final = 1.458e-4
# launches go from 10 degrees west of north to due east, one way as often as another, at a latitude of 30 degrees:
# share of speed that goes along the equator, and its standard deviation
EAST: Final = 0.5
EAST_SIGMA: Final = 0.3
# what the Earth's turning takes of gravity at that latitude, a hundred kilometres up
CENTRIFUGAL_M_S2: Final = 0.026
# gravity of a height that is a kilometre wrong, and an ellipsoid's, to a thousandth
LEAST_SHARE: Final = 0.003
FEWEST: Final = 12
# of the speeds: one that is misread is no top
SLOWEST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Top:
    """The least speed of a free fall.

    Parameters
    ----------
    t_s, sigma_s
        When, and how sure that is.
    speed_m_s
        How slow.
    spread_m_s
        What the speeds are off the law, robustly.
    bend, bend_sigma
        How the square of speed bends, as a share of what gravity does, by the speeds alone; and how sure that is.
    """

    t_s: float
    sigma_s: float
    speed_m_s: float
    spread_m_s: float
    bend: float
    bend_sigma: float


def top_of(t_s: Floats, speeds: Floats, height_m: float, noise: float, most_spread: float = inf) -> Top | None:
    """Return the least of speeds in free fall near its top; None if they are no free fall or have no least.

    Parameters
    ----------
    t_s, speeds
        Shape (n,): times near zero, and speeds over ground (m/s).
    height_m
        Of the top.
    noise
        Standard deviation of a speed.
    most_spread
        What the speeds may be off the law, in noises; more is no free fall.

    Notes
    -----
    Energy is conserved: `v^2 = v_top^2 + g g' (t - t_top)^2`, with gravity g and what the path's own bend leaves of it,
    `g' = g - v_top^2 / r`, give or take what the turning of the Earth does. That is known before any measurement, and
    goes into the least squares as one more of them. Further down gravity is greater and the fall is longer: the square
    grows by `1 + 2/3 g / r (t - t_top)^2` more, to the next order, a third of a percent in a minute. That is taken off
    by where a first fit has the top: left in, it would draw the top of a stage that has just passed it to the past.

    Examples
    --------
    >>> t_s = np.arange(-40.0, 5.0)
    >>> found = top_of(t_s, np.sqrt(300.0**2 + (9.43 * (t_s - 1.0)) ** 2), 120_000.0, 0.1)
    >>> abs(found.t_s - 1.0) < 0.1
    True
    """
    if t_s.size < FEWEST:
        return None
    slowest = max(quantile_of(speeds, SLOWEST), 1.0)
    gravity = gravity_m_s2(height_m) - CENTRIFUGAL_M_S2
    turning = TURNING_PER_S * slowest
    bend = gravity * (gravity - slowest**2 / (EARTH_M + height_m) - EAST * turning)
    if bend <= 0.0:
        return None
    share = LEAST_SHARE + EAST_SIGMA * turning / gravity
    weights = 1.0 / (2.0 * np.maximum(speeds, slowest) * noise)
    rows = np.stack([np.ones(t_s.size), t_s, t_s**2], axis=1) * weights[:, None]
    prior = np.array([[0.0, 0.0, 1.0 / (share * bend)]])
    known = np.concatenate([rows, prior])
    first = weighted_fit(known, np.append(speeds**2 * weights, 1.0 / share), 1.0, most_spread)
    near = None if first is None or first.coefficients[2] <= 0.0 else first.zero(0.0, order=1)
    if near is None:
        return None
    since_s = t_s - near[0]
    squares = speeds**2 - bend * since_s**4 * 2.0 / 3.0 * gravity / (EARTH_M + height_m)
    fit = weighted_fit(known, np.append(squares * weights, 1.0 / share), 1.0, most_spread)
    free = weighted_fit(rows, squares * weights, 1.0)
    found = None if fit is None or fit.coefficients[2] <= 0.0 else fit.zero(0.0, order=1)
    if fit is None or free is None or found is None:
        return None
    least = max(fit.value(found[0])[0], 0.0) ** 0.5
    bend_sigma = float(np.sqrt(free.covariance[2, 2])) / bend
    bent = float(free.coefficients[2]) / bend
    return Top(found[0], found[1], least, fit.spread * noise, bent, bend_sigma)
