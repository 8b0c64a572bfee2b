"""How hot the skin gets."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.earth import FloatArray
from simulator.lag import carry_on
from simulator.truth import Truth

STEFAN_BOLTZMANN_W_M2_K4: Final = 5.670374419e-8
SUTTON_GRAVES_AIR: Final = 1.7415e-4
EMISSIVITY: Final = 0.85
SKIN_MEMORY_S: Final = 12.0
ORBITAL_SINK_K: Final = 240.0


def skin_temperature_k(truth: Truth, nose_radius_m: float) -> FloatArray:
    """Return the temperature of the hottest skin, shape (n,).

    Radiative equilibrium with convective heating at the stagnation point, smoothed by the skin's heat capacity.

    References
    ----------
    Sutton and Graves, NASA TR R-376, 1971: heat flux = 1.7415e-4 sqrt(density / nose radius) speed**3 (SI).
    """
    flux = SUTTON_GRAVES_AIR * np.sqrt(truth.density_kg_m3 / nose_radius_m) * truth.speed_m_s**3
    surroundings = np.clip(truth.air_temperature_k, ORBITAL_SINK_K, 300.0)
    equilibrium: FloatArray = (flux / (EMISSIVITY * STEFAN_BOLTZMANN_W_M2_K4) + surroundings**4) ** 0.25
    step_s = float(truth.t_s[1] - truth.t_s[0])
    keep = float(np.exp(-step_s / SKIN_MEMORY_S))
    equilibrium[1:] *= 1.0 - keep
    return carry_on(equilibrium, keep)
