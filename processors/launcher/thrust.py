"""What pushes a launcher along its path, besides gravity."""

from __future__ import annotations

from math import isnan, nan
from typing import Final, NamedTuple

import numpy as np

from processors.launcher.kinks import Kink, Line
from processors.launcher.means import FEWEST, Means
from processors.motion.cell import Cell
from telemetry.atmosphere import TOP_M, density_kg_m3

GRAVITY_M_S2: Final = 9.80665
EARTH_M: Final = 6_371_000.0
# mass over drag coefficient and area of stages that come back: 25 t, 10 m^2, 1; less is a parachute or a capsule
BALLISTIC_KG_M2: Final = 1_000.0
SLOWEST_M_S: Final = 20.0
# one engine at its least slows a nearly empty stage by more, and nothing else in thin air does
SLOWED_M_S2: Final = 2.0
SECOND: Final = 5


class Push(NamedTuple):
    """Acceleration along the path without gravity's share, m/s^2, before and after a kink; NaN without a climb.

    `speed_m_s` and `height_m` are those of the stage then; both are 0 without a climb.
    """

    before: float
    after: float
    speed_m_s: float
    height_m: float

    @property
    def drag_m_s2(self) -> float:
        """The most that air of this height takes from a stage of this speed."""
        density = float(density_kg_m3(np.array(min(max(self.height_m, 0.0), TOP_M))))
        return 0.5 * density * self.speed_m_s**2 / BALLISTIC_KG_M2


def gravity_m_s2(height_m: float) -> float:
    """Return gravity at a height (m)."""
    return GRAVITY_M_S2 * (EARTH_M / (EARTH_M + max(height_m, 0.0))) ** 2


def along_m_s2(cell: Cell) -> float:
    """Return what gravity takes along the path; NaN without a climb."""
    speed = max(cell.s_m_s, SLOWEST_M_S)
    if not abs(cell.v_m_s) < 1.5 * speed + 3.0 * cell.v_sigma_m_s:
        return nan
    return gravity_m_s2(cell.h_m) * min(max(cell.v_m_s / speed, -1.0), 1.0)


def push_of(kink: Kink, cell: Cell) -> Push:
    """Return what pushes on either side of a kink of speed, and what air may take of it."""
    gravity = along_m_s2(cell)
    if isnan(gravity):
        return Push(nan, nan, 0.0, 0.0)
    return Push(kink.before.rate + gravity, kink.after.rate + gravity, max(cell.s_m_s, SLOWEST_M_S), cell.h_m)


def slowed_since_s(means: Means, kink: Kink, push: Push, noise: float) -> float | None:
    """Return since when something has slowed a coasting stage before a kink; None if nothing has.

    A stage that turns back lights one engine first and the others seconds later.

    Parameters
    ----------
    means, kink, push
        Of speed; the kink is in them.
    noise
        Standard deviation of a mean.
    """
    gravity = push.before - kink.before.rate
    end, second = -sum(t_s > kink.before.last_s for t_s in means.t_s), max(means.many(SECOND), FEWEST)
    slowed: Line | None = None
    while (line := means.line(end - second, end)) is not None:
        if not line.rate + gravity < -SLOWED_M_S2 - noise / line.lever:
            # where the lines meet, one through the coast and one through what is slowed for sure
            before, after = means.line(end - 2 * second, end - second), means.line(end, min(end + second, 0))
            if slowed is None or before is None or after is None or not after.rate < before.rate:
                return None
            meet_s = after.t_s + (before.at(after.t_s) - after.value) / (after.rate - before.rate)
            return min(max(meet_s, before.t_s), after.t_s)
        slowed, end = line, end - 1
    return None
