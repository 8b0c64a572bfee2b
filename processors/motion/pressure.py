"""Height from static pressure."""

from __future__ import annotations

from math import exp, log
from typing import Final

SEA_LEVEL_PA: Final = 101_325.0
# troposphere: h = T0 / L (1 - (p / p0)^(R L / g)); then 216.65 K throughout, R T / g = 6341.62 m
SCALE_M: Final = 44_330.77
POWER: Final = 0.190263
TROPOPAUSE_M: Final = 11_000.0
TROPOPAUSE_PA: Final = 22_632.06
ISOTHERMAL_M: Final = 6_341.62


def height_of(pressure_pa: float) -> float:
    """Return the height (m) at which the standard atmosphere has a pressure (Pa, > 0); from 20 km on it errs by 1 %.

    Source: U.S. Standard Atmosphere, 1976 (NOAA-S/T 76-1562), equations 33a and 33b.

    Examples
    --------
    >>> round(height_of(101325.0)), round(height_of(54019.9)), round(height_of(12044.6))
    (0, 5000, 15000)
    """
    if pressure_pa > TROPOPAUSE_PA:
        return SCALE_M * (1.0 - exp(POWER * log(pressure_pa / SEA_LEVEL_PA)))
    return TROPOPAUSE_M + ISOTHERMAL_M * log(TROPOPAUSE_PA / pressure_pa)
