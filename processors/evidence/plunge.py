"""When a stage that comes down on water has touched it first."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.evidence.signals import seconds_from
from telemetry.cuc import NS_PER_S

STEP_S: Final = 0.02
# the speed and how it settles, what is lost of it by drag and by buoyancy, and when that begins
UNKNOWNS: Final = 5
FEWEST_ROWS: Final = 10


def first_touch(
    t_ns: NDArray[np.int64], speed_m_s: NDArray[np.float64], first_ns: int, last_ns: int
) -> tuple[int, float] | None:
    """Return when water took hold of a stage that sank steadily, and the standard uncertainty of that in seconds.

    Drag slows it from the first touch on, in proportion to time at first; buoyancy grows with depth, so it takes speed
    in proportion to the square of time. How large both are is not known, but neither pushes down. So the speed is
    `v0 + a (t - t0) + b (t - t0)^2` after t0, with a and b not negative. Before t0 it is a line: engines that settle a
    descent are not done with it yet, and what they still take would otherwise be taken for the water's. Each t0 counts
    by how well it fits: the shape of the curve says little of its beginning, and a line that is led back from where the
    speed is half is a tenth of a second late.

    Parameters
    ----------
    t_ns, speed_m_s
        Shape (n,): from the steady descent until half of the speed is lost; vertical speed, downwards negative.
    first_ns, last_ns
        Between which times it was.

    Returns
    -------
    tuple or None
        None with too few rows, or where it does not slow down.

    References
    ----------
    Likelihood of a changepoint, the linear parameters at their best: Seber and Wild, Nonlinear Regression, 1989,
    chapter 9.

    Examples
    --------
    >>> t_s = np.arange(0.0, 2.5, 0.02)
    >>> after = np.maximum(t_s - 1.8, 0.0)
    >>> noise = 0.05 * np.sin(97.0 * np.arange(len(t_s)))
    >>> speed = -1.5 + 0.5 * after + 1.0 * after**2 + noise
    >>> at_ns, sigma_s = first_touch((t_s * 1e9).astype(np.int64), speed, 10**9, 22 * 10**8)
    >>> bool(abs(at_ns / 1e9 - 1.8) < 2.0 * sigma_s), sigma_s < 0.15
    (True, True)
    """
    if len(t_ns) < FEWEST_ROWS or last_ns <= first_ns:
        return None
    t_s = seconds_from(t_ns, first_ns)
    times = np.arange(0.0, (last_ns - first_ns) / NS_PER_S, STEP_S)
    left = np.array([_misfit(t_s - at_s, speed_m_s) for at_s in times])
    best = float(left.min())
    if not np.isfinite(best):
        return None
    variance = max(best / (len(t_ns) - UNKNOWNS), 1e-12)
    weights = np.exp((best - left) / (2.0 * variance))
    weights /= weights.sum()
    at_s = float(np.sum(weights * times))
    spread_s = float(np.sqrt(np.sum(weights * (times - at_s) ** 2)))
    return first_ns + round(at_s * NS_PER_S), float(np.hypot(spread_s, STEP_S / 12**0.5))


def _misfit(since_s: NDArray[np.float64], speed_m_s: NDArray[np.float64]) -> float:
    """Return the least sum of squares of drag, buoyancy or both; infinity if all of them push down."""
    after_s = np.maximum(since_s, 0.0)
    falling = (np.ones_like(since_s), np.minimum(since_s, 0.0))
    found = [float("inf")]
    for shape in ((after_s, after_s**2), (after_s,), (after_s**2,)):
        design = np.column_stack((*falling, *shape))
        coefficients, _, rank, _ = np.linalg.lstsq(design, speed_m_s, rcond=None)
        if rank == design.shape[1] and bool((coefficients[len(falling) :] >= 0.0).all()):
            found.append(float(np.sum((speed_m_s - design @ coefficients) ** 2)))
    return min(found)
