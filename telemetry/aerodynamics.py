"""Derived quantities of flight through air: Mach number and dynamic pressure. Vectorised over shape (n,)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemetry.atmosphere import GAMMA, density_kg_m3, sound_m_s

Floats = NDArray[np.float64]


def mach_of_speed(speed_m_s: Floats, altitude_m: Floats) -> tuple[Floats]:
    """Return the Mach number by speed over the ground and the standard atmosphere, without wind; NaN above 86 km.

    Examples
    --------
    >>> mach_of_speed(np.array([340.294]), np.array([0.0]))[0].round(4).tolist()
    [1.0]
    """
    return (speed_m_s / sound_m_s(altitude_m),)


def mach_of_pressures(dynamic_pressure_pa: Floats, static_pressure_pa: Floats) -> tuple[Floats]:
    """Return the Mach number from measured pressures: q = gamma/2 * p * M**2; NaN without static pressure.

    `q` is half the density times speed squared, not the impact pressure of a pitot tube.

    Source: NACA Report 1135 (1953), equation 30.

    Examples
    --------
    >>> mach_of_pressures(np.array([70927.5]), np.array([101325.0]))[0].round(4).tolist()
    [1.0]
    """
    static = np.where(static_pressure_pa > 0.0, static_pressure_pa, np.nan)
    return (np.sqrt(np.maximum(dynamic_pressure_pa, 0.0) / (0.5 * GAMMA * static)),)


def dynamic_pressure(speed_m_s: Floats, altitude_m: Floats) -> tuple[Floats]:
    """Return half the density times speed squared, by the standard atmosphere, without wind; NaN above 86 km.

    Examples
    --------
    >>> dynamic_pressure(np.array([100.0]), np.array([0.0]))[0].round(1).tolist()
    [6125.0]
    """
    return (0.5 * density_kg_m3(altitude_m) * speed_m_s**2,)
