"""The U.S. Standard Atmosphere 1976, and its published table above 86 km."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.earth import FloatArray

GEOPOTENTIAL_RADIUS_M: Final = 6_356_766.0
GRAVITY_M_S2: Final = 9.80665
GAS_CONSTANT_J_KG_K: Final = 287.05287
HEAT_RATIO: Final = 1.4
HYDROSTATIC_K_M: Final = GRAVITY_M_S2 / GAS_CONSTANT_J_KG_K
HIGHEST_LAYER_M: Final = 86_000.0

# Base geopotential height (m), lapse rate (K/m) and temperature (K) of the seven layers: table 4 of the standard.
_BASE_M: Final = np.array([0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0])
_LAPSE_K_M: Final = np.array([-6.5e-3, 0.0, 1.0e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3])
_BASE_K: Final = np.array([288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65])
_BASE_PA: Final = np.array([101_325.0, 22_632.06, 5_474.889, 868.0187, 110.9063, 66.93887, 3.956420])
_EXPONENT: Final = np.array([0.0 if lapse == 0.0 else -HYDROSTATIC_K_M / lapse for lapse in _LAPSE_K_M])

# Above the layers, table I: geometric height (m), kinetic temperature (K), pressure (Pa), density (kg/m3).
_HIGH: Final = np.array([
    (86_000.0, 186.87, 3.7338e-1, 6.958e-6),
    (90_000.0, 186.87, 1.8359e-1, 3.416e-6),
    (95_000.0, 188.42, 7.5966e-2, 1.393e-6),
    (100_000.0, 195.08, 3.2011e-2, 5.604e-7),
    (110_000.0, 240.00, 7.1042e-3, 9.708e-8),
    (120_000.0, 360.00, 2.5382e-3, 2.222e-8),
    (130_000.0, 469.27, 1.2505e-3, 8.152e-9),
    (140_000.0, 559.63, 7.2028e-4, 3.831e-9),
    (150_000.0, 634.39, 4.5422e-4, 2.076e-9),
    (200_000.0, 854.56, 8.4736e-5, 2.541e-10),
    (300_000.0, 976.01, 8.7704e-6, 1.916e-11),
    (400_000.0, 995.83, 1.4518e-6, 2.803e-12),
    (500_000.0, 999.24, 3.0236e-7, 5.215e-13),
    (1_000_000.0, 1000.0, 7.5138e-9, 3.561e-15),
])  # fmt: skip
_HIGH_M, _HIGH_K = _HIGH[:, 0], _HIGH[:, 1]
_LOG_PRESSURE, _LOG_DENSITY = np.log(_HIGH[:, 2]), np.log(_HIGH[:, 3])


@dataclass(frozen=True, slots=True)
class Air:
    """Still air at one height or many: every field of the same shape."""

    temperature_k: FloatArray
    pressure_pa: FloatArray
    density_kg_m3: FloatArray

    @property
    def sound_speed_m_s(self) -> FloatArray:
        """Speed of sound in an ideal gas."""
        return np.asarray(np.sqrt(HEAT_RATIO * GAS_CONSTANT_J_KG_K * self.temperature_k))


def air_at(altitude_m: FloatArray) -> Air:
    """Return the air at geometric heights of any shape.

    Below 86 km the standard's seven layers, also below sea level; above, its table with pressure and density
    interpolated by their logarithms and carried on at the last slope, so that every height has an answer without a
    step of more than 0.1 %.

    References
    ----------
    U.S. Standard Atmosphere, 1976, NOAA-S/T 76-1562, equations 18, 23, 33a, 33b, 42 and table I.
    """
    height = np.asarray(altitude_m, dtype=np.float64)
    if height.ndim == 0:
        return _low(height) if height < HIGHEST_LAYER_M else _high(height)
    low, high = _low(np.minimum(height, HIGHEST_LAYER_M)), _high(np.maximum(height, HIGHEST_LAYER_M))
    inside = height < HIGHEST_LAYER_M
    return Air(
        np.where(inside, low.temperature_k, high.temperature_k),
        np.where(inside, low.pressure_pa, high.pressure_pa),
        np.where(inside, low.density_kg_m3, high.density_kg_m3),
    )


def _low(height_m: FloatArray) -> Air:
    geopotential_m = GEOPOTENTIAL_RADIUS_M * height_m / (GEOPOTENTIAL_RADIUS_M + height_m)
    layer = np.maximum(np.searchsorted(_BASE_M, geopotential_m, side="right") - 1, 0)
    rise_m = geopotential_m - _BASE_M[layer]
    temperature = _BASE_K[layer] + _LAPSE_K_M[layer] * rise_m
    pressure = _BASE_PA[layer] * np.where(
        _LAPSE_K_M[layer] == 0.0,
        np.exp(-HYDROSTATIC_K_M / _BASE_K[layer] * rise_m),
        (temperature / _BASE_K[layer]) ** _EXPONENT[layer],
    )
    return Air(temperature, pressure, pressure / (GAS_CONSTANT_J_KG_K * temperature))


def _high(height_m: FloatArray) -> Air:
    return Air(
        np.asarray(np.interp(height_m, _HIGH_M, _HIGH_K)),
        np.exp(_carried_on(height_m, _LOG_PRESSURE)),
        np.exp(_carried_on(height_m, _LOG_DENSITY)),
    )


def _carried_on(height_m: FloatArray, logarithm: FloatArray) -> FloatArray:
    slope = (logarithm[-1] - logarithm[-2]) / (_HIGH_M[-1] - _HIGH_M[-2])
    beyond_m = np.maximum(height_m - _HIGH_M[-1], 0.0)
    return np.asarray(np.interp(height_m, _HIGH_M, logarithm) + slope * beyond_m)
