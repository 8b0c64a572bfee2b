"""The highest point of a hop."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.detectors.small_apogee import SmallApogee, SmallApogeeParameters
from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.pad import GRAVITY_M_S2
from processors.motion.polynomials import Floats
from processors.motion.track import Track, points
from processors.small.apex import Apex
from processors.small.heights import measured_m
from telemetry.cuc import NS_PER_S

# no engine of a hop throttles below a quarter of its thrust, so what is driven over its top falls by less than this
FALLS_M_S2: Final = -6.0
SURE_SIGMAS: Final = 2.0
# a coast may be as short as this; a longer one is surer where heights are noisy
SHORT_S: Final = 2.0
LEAST_M: Final = 0.3
# accelerations that tell by themselves: a median of so many is no wild value
FEW: Final = 3
# of many looks at a hover one bends by three sigmas and more: so the bend must be known better than this
BEND_SIGMA_M_S2: Final = 1.5
# climbs that fall by gravity, and what air adds at a hop's speed, are measured; of two wild rows in ten a line knows
CLIMBS: Final = 6
CLIMBS_S: Final = 2.5
LEAST_S: Final = 0.8
OFF_M_S2: Final = 1.5
LEAST_M_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class HopApogeeParameters(SmallApogeeParameters):
    """Thresholds, as of a small rocket.

    Parameters
    ----------
    after_s
        A hop has no parachute: it falls for seconds.
    least_s
        So the shortest coast before the top is shorter.
    part_s, shorter_s
        Its engines may have burned until a moment before: then only the last part of the window is a free fall.
    """

    after_s: float = 2.5
    least_s: float = 1.0
    part_s: float = 3.5
    shorter_s: float = 2.5


class HopApogee(SmallApogee):
    """The climb (m/s) of a hop whose engines are off passes zero.

    Time: as of a small rocket's coast, or where climbs that fall by gravity pass zero. A hop's must be a free fall for
    sure, by its climbs or accelerations where there are any, else by how the heights bend: of the heights at which a
    vehicle hovers none is the highest for sure.

    Failure modes: none where engines burn over the top, nor where heights are too noisy to tell a fall from a hover.

    References
    ----------
    As of `processors.small.apex`.

    Examples
    --------
    >>> HopApogee.classes
    frozenset({'hop'})
    """

    version: ClassVar[int] = 2
    classes: ClassVar[frozenset[str]] = frozenset({"hop"})
    parameters_type: ClassVar[type] = HopApogeeParameters
    looks_back: ClassVar[bool] = True

    def _top(self, cell: Cell, track: Track) -> tuple[int, Apex] | None:
        cells = track.between(cell, cell.t_ns - round(CLIMBS_S * NS_PER_S), cell.t_ns)
        top = _by_climbs(*points(cells, lambda one: np.nan if one.stale_s else one.vertical_speed_m_s, cell.t_ns), cell)
        return super()._top(cell, track) if top is None else (cell.t_ns + round(top.t_s * NS_PER_S), top)

    def _fit(self, cells: list[Cell], origin_ns: int, near_s: float) -> Apex | None:
        limits = self.parameters
        for part_s in (inf, limits.part_s, limits.shorter_s):
            part = [one for one in cells if cells[-1].t_ns - one.t_ns < part_s * NS_PER_S]
            top = super()._fit(part, origin_ns, near_s) if part else None
            if top is not None and _falls_freely(part, origin_ns, min(top.t_s, 0.0)):
                return top
        return None

    def _fallen(self, cell: Cell, track: Track) -> tuple[Finding, ...]:  # noqa: ARG002 -- a fall alone tells no coast
        return ()


def _by_climbs(t_s: Floats, climbs_m_s: Floats, cell: Cell) -> Apex | None:
    """Return where climbs that fall by gravity pass zero; None if they do not, or have not yet."""
    if t_s.size < CLIMBS or t_s[-1] - t_s[0] < LEAST_S:
        return None
    line = polynomial(t_s, climbs_m_s, 1, LEAST_M_S)
    if line is None or not line.value(float(t_s[-1]))[0] < 0.0:
        return None
    rate, sigma = float(line.coefficients[1]), float(line.covariance[1, 1]) ** 0.5
    zero = line.zero(0.0)
    if abs(rate + GRAVITY_M_S2) + sigma > OFF_M_S2 or zero is None or zero[0] < -2.0 * CLIMBS_S:
        return None
    height_m = cell.h_m + 0.5 * GRAVITY_M_S2 * zero[0] ** 2
    return Apex(zero[0], zero[1], height_m, line.spread, 1.0, rate + GRAVITY_M_S2)


def _falls_freely(cells: list[Cell], origin_ns: int, top_s: float) -> bool:
    """Return whether it surely was in free fall about the top."""
    pulls_s, pulls = points(cells, lambda one: np.nan if one.stale_s else one.pull_m_s2, origin_ns)
    about = pulls_s > top_s - SHORT_S / 2.0
    if np.count_nonzero(about) >= FEW:
        return bool(float(np.median(pulls[about])) < FALLS_M_S2)
    t_s, heights = points(cells, measured_m, origin_ns)
    return any(_bends(t_s[part] - top_s, heights[part]) for part in (t_s > top_s - SHORT_S, t_s < np.inf))


def _bends(t_s: np.typing.NDArray[np.float64], heights: np.typing.NDArray[np.float64]) -> bool:
    bend = polynomial(t_s, heights, 2, LEAST_M)
    if bend is None:
        return False
    sigma = float(bend.covariance[2, 2]) ** 0.5
    if 2.0 * sigma > BEND_SIGMA_M_S2:
        return False
    return bool(2.0 * (float(bend.coefficients[2]) + SURE_SIGMAS * sigma) < FALLS_M_S2)
