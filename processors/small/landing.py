"""How well a descent and a rest fit, and how much of it gusts may feign."""

from __future__ import annotations

from typing import Final

import numpy as np

from processors.motion.fits import Hinge
from processors.motion.polynomials import Floats

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


def _residuals(found: Hinge, t_s: Floats, heights_m: Floats) -> Floats:
    since = t_s - found.t_s
    before, after = (np.polynomial.polynomial.polyval(since, each) for each in (found.before, found.after))
    return np.asarray(heights_m - np.where(since < 0.0, before, after))
