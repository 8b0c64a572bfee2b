"""A landing by its impact: accelerations tell when, heights whether it was the ground."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Final

import numpy as np

from processors.motion.cell import Cell
from processors.motion.fits import Hinge, hinge, polynomial
from processors.motion.medians import median_of
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from processors.small.landing import around_pad_m, misfit
from telemetry.cuc import NS_PER_S

# who comes down at 4 m/s and stops within a foot is slowed by this
LEAST_M_S2: Final = 30.0
# it tumbles and is tugged by its parachute for a second or two: no wild row is followed by another one so soon
AGAIN_M_S2: Final = 10.0
AGAIN_S: Final = 0.8
TUMBLES_S: Final = 2.5
# the range of a cell's noise is normal enough; five of them are no noise
NOISES: Final = 5.0
AGAIN_NOISES: Final = 2.5
BEFORE_S: Final = 5.0
FEWEST: Final = 10
# under its parachute it swings: an impact is harder than all of that
HARDER: Final = 2.0
# cells are as long, and heights come late by as much
ABOUT_S: Final = 0.3
SURE_SIGMAS: Final = 2.0
# parachutes are set to open 90 m over the pad at the lowest (300 ft): what strikes it surely lower than this is no cord
LOWEST_M: Final = 80.0


def impact_s(cell: Cell, track: Track, between: tuple[float, float]) -> float | None:
    """Return when a body under its parachute was struck hard, and again and again thereafter; None if it was not.

    Parameters
    ----------
    cell, track
        The cell in hand, from which times count, and what came before.
    between
        The earliest and latest time at which it may have been.
    """
    first_ns = cell.t_ns + round((between[0] - BEFORE_S - AGAIN_S) * NS_PER_S)
    t_s, jolts = points(track.between(cell, first_ns, cell.t_ns), lambda one: one.jolt_m_s2, cell.t_ns)
    may = np.flatnonzero((t_s > between[0]) & (t_s < between[1]))
    if not may.size:
        return None
    hardest = int(may[np.argmax(jolts[may])])
    early = jolts[(t_s > t_s[hardest] - BEFORE_S - AGAIN_S) & (t_s < t_s[hardest] - AGAIN_S)]
    if jolts[hardest] < LEAST_M_S2 or early.size < FEWEST:
        return None
    quiet = median_of(early)
    if jolts[hardest] < max(NOISES * quiet, HARDER * float(np.max(early))):
        return None
    again = jolts > max(AGAIN_M_S2, AGAIN_NOISES * quiet)
    near = again & (np.abs(t_s - t_s[hardest]) < AGAIN_S)
    calm = again & (t_s > t_s[hardest] + TUMBLES_S)
    if np.count_nonzero(near) < 2 or np.count_nonzero(calm) > 1:  # noqa: PLR2004 -- the hardest, and another one
        return None
    return float(t_s[near][0])


def struck_ground(
    t_s: Floats, heights_m: Floats, hit_s: float, least_m_s: float, rest_m_s: float, worse: float
) -> Hinge | None:
    """Return the descent and the rest that meet at an impact; None if heights say that it was not the ground.

    Parameters
    ----------
    t_s, heights_m
        Shape (n,).
    hit_s
        When it was struck.
    least_m_s, rest_m_s
        It came down faster, and moves no faster since, as far as noise lets anyone know.
    worse
        By how much more this may misfit than the best descent and rest, in squared standard deviations.
    """
    found = hinge(t_s, heights_m, (hit_s - ABOUT_S, hit_s + ABOUT_S), (1, 0))
    after, before = t_s > hit_s + ABOUT_S, t_s < hit_s
    if found is None or min(np.count_nonzero(after), np.count_nonzero(before)) < FEWEST:
        return None
    falls, rests = (polynomial(t_s[part], heights_m[part], 1) for part in (before, after))
    if falls is None or rests is None:
        return None
    fall_m_s, fall_sigma = float(falls.coefficients[1]), sqrt(float(falls.covariance[1, 1]))
    rate_m_s, rate_sigma = float(rests.coefficients[1]), sqrt(float(rests.covariance[1, 1]))
    if fall_m_s + fall_sigma > -least_m_s or abs(rate_m_s) > rest_m_s + SURE_SIGMAS * rate_sigma:
        return None
    if around_pad_m(found, t_s, heights_m, -hit_s)[1] > LOWEST_M:
        return None
    best = hinge(t_s, heights_m, (float(t_s[FEWEST // 2]), float(t_s[-FEWEST // 2])), (1, 0))
    if best is not None and misfit(found, t_s, heights_m) - misfit(best, t_s, heights_m, found.spread) > worse:
        return None
    return replace(found, t_s=hit_s, sigma_s=ABOUT_S)
