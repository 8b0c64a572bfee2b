"""The top of a coast: a parabola whose bend is known, through noisy heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.evidence.atmosphere import GRAVITY_M_S2
from processors.motion.medians import median_of
from processors.small.climbs import UNSURE_M_S, Climbs, with_climbs

Floats = NDArray[np.float64]

# near the top a rocket is slow: what its axis feels is gravity's share and less than 2 g of drag
MOST_DRAG_M_S2: Final = 20.0
LEAST_FALL_M_S2: Final = 6.0
# Standard air at a pad at 0 to 1400 m has 15 to 6 degrees, and rockets are flown at 10 to 40: warm air is thin, a
# barometer's metres are longer than true ones by 0 to 10 %, and heights bend by so much less than gravity.
WARM_M_S2: Final = 0.5
# that, bias of an accelerometer, and what a barometer's vents add to the bend of the heights
BIAS_M_S2: Final = 0.8
# fins and a slender body fall no faster than this; a blunt one half as fast
TERMINAL_M_S: Final = 200.0
BLUNT_M_S: Final = 100.0
ROUNDS: Final = 8
HALF: Final = 0.6745
# Tukey's biweight: what is further off than this is no noise, and does not count at all
FAR: Final = 4.685
STEPS: Final = 12
# no window reaches so far from its own zero; a search that does has gone astray
FURTHEST_S: Final = 100.0


@dataclass(frozen=True, slots=True)
class Apex:
    """The top of a coast.

    Parameters
    ----------
    t_s, sigma_s
        When, and how sure.
    height_m
        How high.
    spread_m
        Robust standard deviation of the heights about the curve.
    share
        How many of the heights count.
    bias_m_s2
        By how much the bend differs from what gravity, drag and warm air make.
    """

    t_s: float
    sigma_s: float
    height_m: float
    spread_m: float
    share: float
    bias_m_s2: float


def apex(
    t_s: Floats,
    heights_m: Floats,
    falls_m_s2: Floats | None,
    near_s: float,
    least_m: float,
    climbs: Climbs | None = None,
) -> Apex | None:
    """Fit a coast.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,), in order, about zero.
    falls_m_s2
        Shape (n,): the measured rate of climb's rate, gravity's share in it; None if there is no accelerometer: then
        drag is fitted, about that of a slender body.
    near_s
        About when the top is.
    least_m
        The noise of a height is never taken for less.
    climbs
        What the vehicle says of its climb; none if heights say it better.

    Returns
    -------
    Apex | None
        None if there are fewer than eight points, or no top.

    Notes
    -----
    Height is the double integral of a known fall, plus height, climb and a small constant fall that are fitted (and
    drag that goes with the square of the climb, without an accelerometer; and what all climbs that are told are off),
    by least squares with Tukey's weights and normal priors on what is small.

    Examples
    --------
    >>> t_s = np.linspace(-4.0, 0.5, 46)
    >>> heights = 900.0 - 4.9 * (t_s - 0.2) ** 2
    >>> heights[30] -= 700.0
    >>> round(apex(t_s, heights, None, 0.0, 0.3).t_s, 1)
    0.2
    """
    if t_s.size < ROUNDS:
        return None
    if falls_m_s2 is None:
        falls = np.full(t_s.size, -GRAVITY_M_S2)
    else:
        falls = np.clip(_middle_of_three(falls_m_s2), -GRAVITY_M_S2 - MOST_DRAG_M_S2, -LEAST_FALL_M_S2)
    climb = _integral(t_s, falls)
    columns = [np.ones(t_s.size), t_s, 0.5 * t_s * t_s]
    prior, weak = [0.0, 0.0, WARM_M_S2], [0.0, 0.0, BIAS_M_S2**-2]
    before = np.minimum(t_s - near_s, 0.0)
    if falls_m_s2 is None:
        columns.append(-(GRAVITY_M_S2**3) * before**4 / 12.0)
        prior.append(TERMINAL_M_S**-2)
        weak.append((BLUNT_M_S**-2 - TERMINAL_M_S**-2) ** -2)
    rows, wanted = np.stack(columns, axis=1), heights_m - _integral(t_s, climb)
    if climbs is not None:
        rows, wanted = with_climbs(rows, wanted, climbs, np.interp(climbs.t_s, t_s, climb), near_s, least_m)
        prior.append(0.0)
        weak.append(UNSURE_M_S**-2)
    found = _solve(rows, wanted, np.array(prior), np.array(weak), least_m, t_s.size)
    if found is None:
        return None
    beta, covariance, spread, share = found

    def rate(at_s: float) -> tuple[float, Floats]:
        row = np.zeros(beta.size)
        row[: len(columns)] = [0.0, 1.0, at_s, -(GRAVITY_M_S2**3) * min(at_s - near_s, 0.0) ** 3 / 3.0][: len(columns)]
        beyond = -GRAVITY_M_S2 * max(at_s - float(t_s[-1]), 0.0)
        return float(np.interp(at_s, t_s, climb)) + beyond + float(row @ beta), row

    top_s = near_s
    for _ in range(STEPS):
        top_s += rate(top_s)[0] / GRAVITY_M_S2
        if abs(top_s) > FURTHEST_S:
            return None
    value, row = rate(top_s)
    if abs(value) > 1.0 or not t_s[0] < top_s:
        return None
    sigma_s = max(float(row @ covariance @ row), 0.0) ** 0.5 / GRAVITY_M_S2
    powers = np.array([1.0, top_s, 0.5 * top_s**2, -(GRAVITY_M_S2**3) * min(top_s - near_s, 0.0) ** 4 / 12.0])
    height_m = float(np.interp(top_s, t_s, _integral(t_s, climb)))
    height_m += float(powers[: len(columns)] @ beta[: len(columns)])
    return Apex(top_s, sigma_s, height_m, spread, share, float(beta[2]) - WARM_M_S2)


def _solve(
    rows: Floats, wanted: Floats, prior: Floats, weak: Floats, least_m: float, heights: int
) -> tuple[Floats, Floats, float, float] | None:
    """Return coefficients, their covariance, and of the heights, which come first, spread and the share that counts."""
    # begins from absolute residuals, which wild values bend little
    weights = np.ones(wanted.size)
    spread = 0.0
    beta: Floats = prior
    normal: Floats = np.eye(prior.size)
    floor = np.diag(weak)
    for turn in range(2 * ROUNDS):
        scale = max(spread, least_m) ** -2
        weighted = scale * (rows * weights[:, None]).T
        normal = weighted @ rows + floor
        try:
            beta = np.asarray(np.linalg.solve(normal, weighted @ wanted + weak * prior))
        except np.linalg.LinAlgError:
            return None
        size: Floats = np.abs(wanted - rows @ beta)
        spread = max(median_of(size[:heights]) / HALF, least_m)
        if turn < ROUNDS:
            weights = 1.0 / np.maximum(size, least_m)
            weights /= weights.max()
        else:
            weights = np.where(size < FAR * spread, (1.0 - (np.minimum(size / (FAR * spread), 1.0)) ** 2) ** 2, 0.0)
    share = float(np.count_nonzero(weights[:heights])) / heights
    if not np.any(weights):
        return None
    return beta, np.asarray(np.linalg.pinv(normal)), spread, share


def _integral(t_s: Floats, values: Floats) -> Floats:
    steps = 0.5 * (values[1:] + values[:-1]) * np.diff(t_s)
    return np.concatenate([(0.0,), np.cumsum(steps)])


def _middle_of_three(values: Floats) -> Floats:
    known = np.interp(np.arange(values.size), np.flatnonzero(np.isfinite(values)), values[np.isfinite(values)])
    padded = np.pad(known, 1, mode="edge")
    return np.asarray(np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0))
