"""The U.S. Standard Atmosphere 1976 up to 1000 km, from a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from simulator.physics.earth import FloatArray

GEOPOTENTIAL_RADIUS_M: Final = 6_356_766.0
GRAVITY_M_S2: Final = 9.80665
GAS_CONSTANT_J_KG_K: Final = 287.05287
HEAT_RATIO: Final = 1.4
TABLE: Final = Path(__file__).with_suffix(".csv")
"""Rows of height (m), temperature (K), pressure (Pa) and density (kg/m3), made by tests/make_atmosphere.py."""


@dataclass(frozen=True, slots=True)
class Air:
    """Air at one height or many: every field of the same shape."""

    temperature_k: FloatArray
    pressure_pa: FloatArray
    density_kg_m3: FloatArray

    @property
    def sound_speed_m_s(self) -> FloatArray:
        """Speed of sound in an ideal gas."""
        return np.asarray(np.sqrt((HEAT_RATIO * GAS_CONSTANT_J_KG_K) * self.temperature_k))


def air_at(altitude_m: FloatArray) -> Air:
    """Return the air at geometric heights of any shape; beyond 5 km below the sea and 1000 km it stays as it is there.

    Between rows the temperature and the gas constant lie on straight lines, as they do in the standard's layers, and
    the pressure on a cubic whose slopes are the weight of the air: so it errs by less than 0.1 %.

    References
    ----------
    U.S. Standard Atmosphere, 1976, NOAA-S/T 76-1562.
    """
    height = np.minimum(np.maximum(altitude_m, _HEIGHTS_M[0]), _HEIGHTS_M[-1])
    row = np.minimum(np.searchsorted(_HEIGHTS_M, height, side="right"), _HEIGHTS_M.size - 1) - 1
    base, p0, p1, p2, p3, t0, t1, r0, r1 = _ROWS[:, row]
    rise = height - base
    pressure = p0 + rise * (p1 + rise * (p2 + rise * p3))
    temperature = t0 + rise * t1
    return Air(temperature, pressure, pressure / ((r0 + rise * r1) * temperature))


def _rows(table: FloatArray) -> FloatArray:
    """Return for each stretch between rows its lower end and its coefficients, shape (9, m - 1)."""
    height, temperature, pressure, density = table
    gas = pressure / (density * temperature)
    share = GEOPOTENTIAL_RADIUS_M / (GEOPOTENTIAL_RADIUS_M + height)
    slope = -GRAVITY_M_S2 * share * share * density
    step = np.diff(height)
    mean = np.diff(pressure) / step
    first, last = slope[:-1], slope[1:]
    square = (3.0 * mean - 2.0 * first - last) / step
    cube = (first + last - 2.0 * mean) / (step * step)
    lines = [temperature[:-1], np.diff(temperature) / step, gas[:-1], np.diff(gas) / step]
    return np.array([height[:-1], pressure[:-1], first, square, cube, *lines])


_TABLE: Final = np.loadtxt(TABLE, delimiter=",", unpack=True)
_HEIGHTS_M: Final = _TABLE[0].copy()
_ROWS: Final = _rows(_TABLE)
