"""Engines and tanks."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.physics.earth import FloatArray
from simulator.quantities.quantity import Quantity, switch
from simulator.quantities.scene import Scene

TANK_PA: Final = 2.5e3
TANK_MEMORY_S: Final = 5.0
GIMBAL_MEMORY_S: Final = 1.5
OFF_SHARE: Final = 0.97
PERCENT: Final = 100.0


def _used(scene: Scene) -> FloatArray:
    return np.asarray(1.0 - scene.truth.propellant_kg / scene.setting.stage.propellant_kg)


def _tank_pa(scene: Scene, name: str, full_pa: float) -> FloatArray:
    """Ullage held by the engines' pressurisation, less firmly without them."""
    held = np.where(scene.truth.power > 0.0, full_pa, full_pa * OFF_SHARE)
    return np.asarray(held + TANK_PA * scene.wander(name, TANK_MEMORY_S))


def _warming_k(scene: Scene, cold_k: float, emptying_k: float, rate_k_s: float) -> FloatArray:
    """Temperature of a tank that empties and warms since it was filled."""
    return np.asarray(cold_k + emptying_k * _used(scene) + rate_k_s * (scene.t_s - scene.setting.start_s))


def _gimbal_deg(scene: Scene, name: str, sigma_deg: float) -> FloatArray:
    return np.where(scene.truth.power > 0.0, sigma_deg * scene.wander(name, GIMBAL_MEMORY_S), 0.0)


QUANTITIES: Final = (
    Quantity("chamber_pressure_pa", "Mean over the running engines", lambda s: s.truth.chamber_pressure_pa),
    Quantity("thrust_n", "Thrust of the vehicle's own engines", lambda s: s.truth.thrust_n),
    Quantity("throttle_percent", "Commanded throttle", lambda s: PERCENT * s.truth.throttle),
    Quantity("engines_running_count", "Engines above half of commanded chamber pressure", lambda s: s.truth.running),
    Quantity("turbopump_speed_rpm", "Oxidizer turbopump of engine 1", lambda s: s.truth.turbopump_rpm),
    Quantity("gimbal_pitch_deg", "Mean gimbal angle in pitch", lambda s: _gimbal_deg(s, "gimbal_pitch", 0.5)),
    Quantity("gimbal_yaw_deg", "Mean gimbal angle in yaw", lambda s: _gimbal_deg(s, "gimbal_yaw", 0.4)),
    Quantity("propellant_mass_kg", "Usable propellant", lambda s: s.truth.propellant_kg),
    Quantity("propellant_percent", "Usable propellant of a full load", lambda s: PERCENT * (1.0 - _used(s))),
    Quantity("propellant_flow_kg_s", "Propellant that the engines take", lambda s: -s.rate(s.wide.propellant_kg)),
    Quantity("mass_kg", "Whole mass of what flies together", lambda s: s.truth.mass_kg),
    Quantity("oxidizer_tank_pressure_pa", "Oxidizer tank ullage", lambda s: _tank_pa(s, "lox_tank", 3.2e5)),
    Quantity("fuel_tank_pressure_pa", "Fuel tank ullage", lambda s: _tank_pa(s, "fuel_tank", 2.8e5)),
    Quantity("oxidizer_temperature_k", "Oxidizer at the pump inlet", lambda s: _warming_k(s, 91.0, 2.5, 6e-4)),
    Quantity("fuel_temperature_k", "Fuel at the pump inlet", lambda s: _warming_k(s, 111.5, 3.0, 7e-4)),
    switch("engine_on", "Whether any of the vehicle's own engines burns", lambda s: s.truth.power > 0.0),
    switch("igniter_on", "Igniter energised", lambda s: s.truth.igniting),
    switch("stage_attached", "Whether booster and ship are joined", lambda s: s.truth.attached),
)
