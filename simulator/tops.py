"""When a vehicle is highest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from simulator.guidance.pilot import Burn
from simulator.physics.dynamics import Leg
from simulator.physics.motion import motion_of

LEVEL_M_S: Final = 1e-3
ASCENT_BURNS: Final = frozenset({"lift", "insertion", "boostback"})
HALVINGS: Final = 40


def apogee_s(legs: Sequence[Leg], burns: Iterable[Burn]) -> float | None:
    """Return when the coast after the last ascent burn passes its top; None of a vehicle that does not.

    By plan a leg ends there. Engines that fail may leave the top to an earlier leg, before any braking burn.
    """
    ends = (leg.ends for leg in legs if leg.phase == "coast")
    level = (float(t_s) for t_s, state in ends if abs(float(motion_of(state).vertical_speed_m_s)) < LEVEL_M_S)
    planned = next(level, None)
    if planned is not None:
        return planned
    cuts = [float(burn.cut_s) for burn in burns if burn.purpose in ASCENT_BURNS]
    brakes = [float(burn.lit_s) for burn in burns if burn.purpose not in ASCENT_BURNS]
    first_s, last_s = max(cuts, default=0.0), min(brakes, default=np.inf)
    free = [leg for leg in legs if not leg.held and first_s <= leg.start_s < leg.end_s <= last_s]
    tops = (_falls_from_s(leg) for leg in free)
    return next((top_s for top_s in tops if top_s is not None), None)


def _falls_from_s(leg: Leg) -> float | None:
    """Return when a leg passes from rising to falling; None if it does not."""
    low_s, high_s = float(leg.start_s), float(leg.end_s)
    if not _rise_m_s(leg, low_s) > 0.0 > _rise_m_s(leg, high_s):
        return None
    for _ in range(HALVINGS):
        middle_s = 0.5 * (low_s + high_s)
        low_s, high_s = (middle_s, high_s) if _rise_m_s(leg, middle_s) > 0.0 else (low_s, middle_s)
    return high_s


def _rise_m_s(leg: Leg, t_s: float) -> float:
    return float(leg.motion(leg.at(np.array([t_s]))).vertical_speed_m_s[0])
