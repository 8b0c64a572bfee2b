"""The air, and what navigation hears through it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.physics.atmosphere import GAS_CONSTANT_J_KG_K, HEAT_RATIO
from simulator.physics.earth import FloatArray
from simulator.physics.heating import heat_flux_w_m2
from simulator.quantities.quantity import Quantity
from simulator.quantities.scene import Scene
from simulator.radio.plasma import in_plasma

SATELLITES: Final = 12.0
SATELLITES_SIGMA: Final = 1.2
SATELLITES_MEMORY_S: Final = 90.0
FEWEST_SATELLITES: Final = 4
ALIGNED_AFTER_S: Final = 5.0
NAV_MODES: Final = ("aligning", "inertial", "gnss_inertial")


def _mach(scene: Scene) -> FloatArray:
    truth = scene.truth
    return np.asarray(truth.speed_m_s / np.sqrt(HEAT_RATIO * GAS_CONSTANT_J_KG_K * truth.air_temperature_k))


def _heat_flux_w_m2(scene: Scene) -> FloatArray:
    truth = scene.truth
    return heat_flux_w_m2(truth.density_kg_m3, truth.speed_m_s, scene.setting.stage.nose_radius_m)


def _satellites(scene: Scene) -> FloatArray:
    """Satellites in view: none is heard in the plasma of the entry."""
    truth = scene.truth
    wandering = SATELLITES + SATELLITES_SIGMA * scene.wander("satellites", SATELLITES_MEMORY_S)
    plasma = in_plasma(truth.speed_m_s, truth.density_kg_m3)
    return np.where(plasma, 0.0, np.rint(np.maximum(wandering, 0.0)))


def _nav_mode(scene: Scene) -> NDArray[np.int64]:
    fixed = _satellites(scene) >= FEWEST_SATELLITES
    aligned = scene.t_s >= scene.setting.start_s + ALIGNED_AFTER_S
    return np.where(aligned, np.where(fixed, 2, 1), 0)


QUANTITIES: Final = (
    Quantity("static_pressure_pa", "Pressure of the air outside", lambda s: s.truth.static_pressure_pa),
    Quantity("dynamic_pressure_pa", "Half of density times speed squared", lambda s: s.truth.dynamic_pressure_pa),
    Quantity("air_temperature_k", "Temperature of the air outside", lambda s: s.truth.air_temperature_k),
    Quantity("air_density_kg_m3", "Density of the air outside", lambda s: s.truth.density_kg_m3),
    Quantity("mach_number", "Speed over the speed of sound", _mach),
    Quantity("heat_flux_w_m2", "Convective heating at the stagnation point of a cold wall", _heat_flux_w_m2),
    Quantity("skin_temperature_k", "The hottest skin, heated by the air", lambda s: s.setting.skin_k.at(s.t_s)),
    Quantity("gnss_satellites_count", "Satellites in view; none in the plasma of an entry", _satellites),
    Quantity("nav_mode", "Source of the navigation solution", _nav_mode, kind="label", labels=NAV_MODES),
)
