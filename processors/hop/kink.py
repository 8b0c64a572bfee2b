"""A change of the rate at which speed grows, in the last seconds."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np

from processors.motion.fits import hinge
from processors.motion.polynomials import Floats

# within it thrust changes evenly
WINDOW_S: Final = 3.5
# so much must be seen of what comes after
SOONEST_S: Final = 0.35
LATEST_S: Final = 2.2
FEW: Final = 4
# thrust comes and goes in about a second
MODEL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Kink:
    """When the rate changed, how sure that is, the rates before and after it, and how sure the latter is."""

    t_s: float
    sigma_s: float
    before_m_s2: float
    after_m_s2: float
    after_sigma_m_s2: float


def kink(t_s: Floats, speeds: Floats, least: float) -> Kink | None:
    """Return where two lines through the last speeds meet; None with too few on either side.

    Parameters
    ----------
    t_s, speeds
        Shape (n,), in order, the last ones about 0 s.
    least
        The noise is never taken for less.

    Examples
    --------
    >>> t_s = np.arange(-3.5, 0.05, 0.1)
    >>> round(kink(t_s, 40.0 - 9.8 * np.maximum(t_s + 0.8, 0.0), 0.1).t_s, 1)
    -0.8
    """
    found = hinge(t_s, speeds, (-LATEST_S, -SOONEST_S), (1, 1), least=least)
    if found is None:
        return None
    after = t_s > found.t_s
    n = int(np.count_nonzero(after))
    if n < FEW or t_s.size - n < FEW:
        return None
    span_s = -found.t_s * (n + 1) / n
    sigma = float(found.spread * np.sqrt(12.0 / n) / span_s)
    return Kink(found.t_s, hypot(found.sigma_s, MODEL_S), float(found.before[1]), float(found.after[1]), sigma)
