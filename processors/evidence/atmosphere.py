"""The density of the air, for vehicles that do not measure it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M: Final = 6_356_766.0
GRAVITY_M_S2: Final = 9.80665
GAS_J_KG_K: Final = 287.053
# base of each layer: geopotential altitude in m, temperature in K, lapse rate in K/m
LAYERS: Final = (
    (0.0, 288.15, -0.0065),
    (11_000.0, 216.65, 0.0),
    (20_000.0, 216.65, 0.001),
    (32_000.0, 228.65, 0.0028),
    (47_000.0, 270.65, 0.0),
    (51_000.0, 270.65, -0.0028),
    (71_000.0, 214.65, -0.002),
)
SEA_LEVEL_PA: Final = 101_325.0


def density_kg_m3(altitude_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of the standard atmosphere at altitudes of shape (n,); above 86 km it runs on as below.

    References
    ----------
    U.S. Standard Atmosphere, 1976, equations 18, 23, 33 and 42.

    Examples
    --------
    >>> density_kg_m3(np.array([0.0, 11_019.0, 30_000.0])).round(4).tolist()
    [1.225, 0.3639, 0.0184]
    """
    height = EARTH_RADIUS_M * altitude_m / (EARTH_RADIUS_M + altitude_m)
    density = np.zeros_like(height)
    pressure_pa = SEA_LEVEL_PA
    for index, (base_m, base_k, lapse) in enumerate(LAYERS):
        inside = height >= base_m if index else np.ones_like(height, dtype=np.bool_)
        temperature = np.maximum(base_k + lapse * (height - base_m), 1.0)
        pressure = pressure_pa * _ratio(height - base_m, temperature, base_k, lapse)
        density = np.where(inside, pressure / (GAS_J_KG_K * temperature), density)
        if index + 1 < len(LAYERS):
            top_m, top_k, _ = LAYERS[index + 1]
            pressure_pa *= float(_ratio(np.array(top_m - base_m), np.array(top_k), base_k, lapse))
    return density


def _ratio(
    rise_m: NDArray[np.float64], temperature_k: NDArray[np.float64], base_k: float, lapse: float
) -> NDArray[np.float64]:
    """Return pressure over the pressure at a layer's base."""
    if lapse == 0.0:
        return np.exp(-GRAVITY_M_S2 * rise_m / (GAS_J_KG_K * base_k))
    return np.asarray((temperature_k / base_k) ** (-GRAVITY_M_S2 / (GAS_J_KG_K * lapse)))
