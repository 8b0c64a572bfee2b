"""How hard the air heats, and how hot the skin gets."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.physics.earth import FloatArray
from simulator.physics.elementary import exp
from simulator.physics.lag import carry_on
from simulator.physics.truth import Truth

STEFAN_BOLTZMANN_W_M2_K4: Final = 5.670374419e-8
SUTTON_GRAVES_AIR: Final = 1.7415e-4
EMISSIVITY: Final = 0.85
SKIN_MEMORY_S: Final = 12.0
ORBITAL_SINK_K: Final = 240.0


def heat_flux_w_m2(density_kg_m3: FloatArray, airspeed_m_s: FloatArray, nose_radius_m: float) -> FloatArray:
    """Return the estimate of the convective heat flux at the stagnation point of a cold wall, shape (...).

    References
    ----------
    Sutton and Graves, NASA TR R-376, 1971: 1.7415e-4 sqrt(density / nose radius) speed**3 (SI), for air.
    """
    cube = airspeed_m_s * airspeed_m_s * airspeed_m_s
    return np.asarray(SUTTON_GRAVES_AIR * np.sqrt(density_kg_m3 / nose_radius_m) * cube)


def skin_temperature_k(truth: Truth, nose_radius_m: float) -> FloatArray:
    """Return the temperature of the hottest skin, shape (n,).

    Radiative equilibrium with the heat flux of the stagnation point, smoothed by the skin's heat capacity.
    """
    flux = heat_flux_w_m2(truth.density_kg_m3, truth.speed_m_s, nose_radius_m)
    surroundings = np.minimum(np.maximum(truth.air_temperature_k, ORBITAL_SINK_K), 300.0)
    squared = surroundings * surroundings
    equilibrium = np.sqrt(np.sqrt(flux / (EMISSIVITY * STEFAN_BOLTZMANN_W_M2_K4) + squared * squared))
    step_s = float(truth.t_s[1] - truth.t_s[0])
    keep = float(exp(-step_s / SKIN_MEMORY_S))
    equilibrium[1:] *= 1.0 - keep
    return carry_on(equilibrium, keep)
