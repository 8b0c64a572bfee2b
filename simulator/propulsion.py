"""What the engines' and tanks' sensors say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.noise import Noise
from simulator.truth import Truth


def propulsion_columns(truth: Truth, noise: Noise, full_kg: float, filled_s: float) -> dict[str, NDArray[np.generic]]:
    """Return the channels of the `propulsion` packet, shape (n,).

    Parameters
    ----------
    truth, noise
        What is, and the errors on it.
    full_kg
        Propellant at the start: a warming, emptying tank's temperatures follow from what is left.
    filled_s
        Mission time since which the tanks warm.
    """
    burning = truth.power > 0.0
    used = 1.0 - truth.propellant_kg / full_kg
    on_board_s = truth.t_s - filled_s
    pressurised = np.where(burning, 1.0, 0.97)
    return {
        "chamber_pressure_pa": truth.chamber_pressure_pa * (1.0 + noise.white("chamber", 0.004))
        + noise.white("chamber_zero", 4e3),
        "thrust_n": truth.thrust_n * (1.0 + noise.white("thrust", 0.006)),
        "throttle_percent": 100.0 * truth.throttle,
        "engines_running_count": truth.running,
        "propellant_mass_kg": truth.propellant_kg * (1.0 + noise.drift("level", 0.001, 30.0))
        + noise.white("level", 15.0),
        "oxidizer_tank_pressure_pa": 3.2e5 * pressurised
        + noise.drift("lox_tank", 2.5e3, 5.0)
        + noise.white("lox_tank", 300.0),
        "fuel_tank_pressure_pa": 2.8e5 * pressurised
        + noise.drift("fuel_tank", 2.5e3, 5.0)
        + noise.white("fuel_tank", 300.0),
        "oxidizer_temperature_k": 91.0 + 2.5 * used + 6e-4 * on_board_s + noise.white("lox", 0.03),
        "fuel_temperature_k": 111.5 + 3.0 * used + 7e-4 * on_board_s + noise.white("fuel", 0.03),
        "turbopump_speed_rpm": truth.turbopump_rpm * (1.0 + noise.white("pump", 0.002)),
        "gimbal_pitch_deg": np.where(burning, noise.drift("gimbal_pitch", 0.5, 1.5), 0.0)
        + noise.white("gimbal_pitch", 0.005),
        "gimbal_yaw_deg": np.where(burning, noise.drift("gimbal_yaw", 0.4, 1.5), 0.0)
        + noise.white("gimbal_yaw", 0.005),
        "igniter_on": truth.igniting,
        "stage_attached": truth.attached,
    }
