"""US Standard Atmosphere 1976 up to 86 km, vectorised: what derived channels need of it.

Source: U.S. Standard Atmosphere, 1976 (NOAA-S/T 76-1562), tables 3 and 4, equations 18, 23, 33a, 33b, 42 and 50.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOP_M: Final = 86_000.0
GAMMA: Final = 1.4
_EARTH_RADIUS_M: Final = 6_356_766.0
_GRAVITY_M_S2: Final = 9.80665
_GAS_J_KG_K: Final = 8314.32 / 28.9644
# geopotential height, temperature and temperature gradient at the base of each layer
_BASES_M: Final = np.array([0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0])
_BASE_K: Final = np.array([288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65])
_LAPSE_K_M: Final = np.array([-0.0065, 0.0, 0.001, 0.0028, 0.0, -0.0028, -0.002])


def _pressure(h: Floats, layer: NDArray[np.int64], base_pa: Floats) -> Floats:
    above, base_k, lapse = h - _BASES_M[layer], _BASE_K[layer], _LAPSE_K_M[layer]
    level = np.exp(-_GRAVITY_M_S2 * above / (_GAS_J_KG_K * base_k))
    bent = (1.0 + lapse * above / base_k) ** (-_GRAVITY_M_S2 / (_GAS_J_KG_K * np.where(lapse == 0.0, 1.0, lapse)))
    return np.asarray(base_pa[layer] * np.where(lapse == 0.0, level, bent))


def _temperature(h: Floats, layer: NDArray[np.int64]) -> Floats:
    return np.asarray(_BASE_K[layer] + _LAPSE_K_M[layer] * (h - _BASES_M[layer]))


def _base_pressures() -> Floats:
    base_pa = np.full(_BASES_M.size, 101_325.0)
    for i in range(1, _BASES_M.size):
        base_pa[i] = _pressure(_BASES_M[i : i + 1], np.array([i - 1]), base_pa)[0]
    return base_pa


_BASE_PA: Final = _base_pressures()


def temperature_k(altitude_m: Floats) -> Floats:
    """Return the temperature at geometric altitudes of shape (n,); NaN above 86 km, the law of the ground below 0."""
    return _temperature(*_layered(altitude_m))


def density_kg_m3(altitude_m: Floats) -> Floats:
    """Return the density at geometric altitudes of shape (n,); NaN above 86 km."""
    h, layer = _layered(altitude_m)
    return np.asarray(_pressure(h, layer, _BASE_PA) / (_GAS_J_KG_K * _temperature(h, layer)))


def sound_m_s(altitude_m: Floats) -> Floats:
    """Return the speed of sound at geometric altitudes of shape (n,); NaN above 86 km."""
    return np.asarray(np.sqrt(GAMMA * _GAS_J_KG_K * temperature_k(altitude_m)))


def _layered(altitude_m: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return geopotential height and layer."""
    h = _EARTH_RADIUS_M * altitude_m / (_EARTH_RADIUS_M + altitude_m)
    h = np.where(altitude_m <= TOP_M, h, np.nan)
    return h, np.maximum(np.searchsorted(_BASES_M, np.nan_to_num(h), side="right") - 1, 0)
