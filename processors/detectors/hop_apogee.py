"""The highest point of a hop."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from processors.detector import Finding
from processors.detectors.small_apogee import SmallApogee
from processors.motion.cell import Cell
from processors.motion.fits import polynomial
from processors.motion.track import Track, points
from processors.small.apex import Apex
from processors.small.heights import measured_m

# no engine of a hop throttles below a quarter of its thrust, so what is driven over its top falls by less than this
FALLS_M_S2: Final = -6.0
SURE_SIGMAS: Final = 2.0
# a coast may be as short as this; a longer one is surer where heights are noisy
SHORT_S: Final = 2.0
LEAST_M: Final = 0.3
# accelerations that tell by themselves: a median of so many is no wild value
FEW: Final = 3


class HopApogee(SmallApogee):
    """The climb (m/s) of a hop whose engines are off passes zero.

    Time: as of a small rocket's coast. A hop's must be a free fall for sure, by its accelerations where there are any,
    else by how the heights bend: of the heights at which a vehicle hovers none is the highest for sure.

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
    looks_back: ClassVar[bool] = True

    def _fit(self, cells: list[Cell], origin_ns: int, near_s: float) -> Apex | None:
        top = super()._fit(cells, origin_ns, near_s)
        return top if top is not None and _falls_freely(cells, origin_ns, min(top.t_s, 0.0)) else None

    def _fallen(self, cell: Cell, track: Track) -> tuple[Finding, ...]:  # noqa: ARG002 -- a fall alone tells no coast
        return ()


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
    return bool(2.0 * (float(bend.coefficients[2]) + SURE_SIGMAS * sigma) < FALLS_M_S2)
