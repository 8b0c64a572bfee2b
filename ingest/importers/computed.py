"""Whether an acceleration was measured, or worked out from heights. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# thrust, surely; a rocket that leaves its rail with less does not fly straight
THRUST_M_S2: Final = 15.0
# rows under thrust that tell
FEWEST: Final = 12
# a motor shakes what it pushes by more than this from row to row, whatever measures it
STEADY_M_S2: Final = 0.1
# and is at its thrust, or burnt out, within a fifth of a second: more than 4 of its peaks in a second
SLOW_PER_S: Final = 4.0
# the weights of a fourth difference, 1, 4, 6, 4, 1, squared and added up
FOURTH: Final = 70.0


def is_computed(t_s: Floats, acceleration_m_s2: Floats) -> bool:
    """Return whether an acceleration is as smooth and as slow as only a filter makes it.

    AltosLib differentiates the barometer's speed where a device has no accelerometer (EasyMini, TeleMini) or did not
    send its readings, and smooths it over a second with what came later: its liftoff comes early and its burnout late.
    Both are looked at, as made-up flights are smooth and some motors slow: the noise from row to row, by fourth
    differences, which a smooth curve hardly has; and the fastest change.

    Parameters
    ----------
    t_s, acceleration_m_s2
        Shape (n,), in the file's order; NaN is not measured.

    Examples
    --------
    >>> t_s = np.arange(0.0, 4.0, 0.01)
    >>> bell = 60.0 * np.exp(-(((t_s - 2.0) / 0.6) ** 2))
    >>> is_computed(t_s, bell), is_computed(t_s, np.where(abs(t_s - 2.0) < 0.6, 60.0, -9.8))
    (True, False)
    >>> is_computed(t_s, bell + np.random.default_rng(1).normal(0.0, 0.3, t_s.size))
    False
    """
    there = np.isfinite(acceleration_m_s2)
    t_s, values = t_s[there], acceleration_m_s2[there]
    if not values.size:
        return False
    # slow sensors' rows are repeated
    new = np.r_[True, (np.diff(t_s) > 0) & (np.diff(values) != 0)]
    t_s, values = t_s[new], values[new]
    pushed = values[2:-2] > THRUST_M_S2
    if np.count_nonzero(pushed) < FEWEST:
        return False
    fourth = np.diff(values, 4)[pushed]
    noise_m_s2 = 1.4826 * float(np.median(np.abs(fourth))) / FOURTH**0.5
    fastest = float(np.max(np.abs(np.diff(values)) / np.diff(t_s)))
    return noise_m_s2 < STEADY_M_S2 and fastest < SLOW_PER_S * float(np.max(values))
