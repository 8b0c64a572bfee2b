"""Derived quantities of motion: load factor and flight-path angle. Vectorised over shape (n,)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STANDARD_GRAVITY_M_S2: Final = 9.80665


def load_factor(axial_acceleration_m_s2: Floats, lateral_acceleration_m_s2: Floats) -> tuple[Floats]:
    """Return the whole specific force in multiples of standard gravity.

    Examples
    --------
    >>> load_factor(np.array([3 * 9.80665]), np.array([4 * 9.80665]))[0].round(6).tolist()
    [5.0]
    """
    return (np.hypot(axial_acceleration_m_s2, lateral_acceleration_m_s2) / STANDARD_GRAVITY_M_S2,)


def flight_path_angle(speed_m_s: Floats, vertical_speed_m_s: Floats) -> tuple[Floats]:
    """Return the angle of the ground-relative velocity above the local horizon, degrees; NaN at rest.

    Examples
    --------
    >>> flight_path_angle(np.array([2.0]), np.array([1.0]))[0].round(6).tolist()
    [30.0]
    """
    speed = np.where(speed_m_s > 0.0, speed_m_s, np.nan)
    return (np.degrees(np.arcsin(np.clip(vertical_speed_m_s / speed, -1.0, 1.0))),)
