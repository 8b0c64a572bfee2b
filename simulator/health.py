"""What the flight computer says of itself and of the vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.afloat import Afloat
from simulator.heating import skin_temperature_k
from simulator.noise import Noise
from simulator.truth import PHASES, Truth

LEGS_AFTER_LIGHT_S: Final = 2.0


def health_columns(
    truth: Truth,
    noise: Noise,
    labels: Mapping[int, str],
    version: int,
    nose_radius_m: float,
    made: Mapping[str, NDArray[np.int64]],
    afloat: Afloat,
    landing_lit_s: float,
) -> dict[str, NDArray[np.generic]]:
    """Return the channels of the `health` packet, shape (n,).

    Parameters
    ----------
    truth, noise
        What is, and the errors on it.
    labels
        The dictionary's codes of `flight_phase`.
    version
        The dictionary's.
    nose_radius_m
        Of the blunt end.
    made
        Packets made so far, by counter channel.
    afloat
        The time in the water.
    landing_lit_s
        When the landing engines are lit.
    """
    codes = {label: code for code, label in labels.items()}
    since = truth.t_s - truth.t_s[0]
    counters: dict[str, NDArray[np.generic]] = dict(made)
    return counters | {
        "flight_phase": np.array([codes[phase] for phase in PHASES])[truth.phase],
        "dictionary_version_count": np.full(truth.t_s.shape, version),
        "mission_time_s": truth.t_s,
        "bus_voltage_v": 28.4 - 4e-4 * since - 0.3 * truth.power + noise.white("bus", 0.02),
        "battery_charge_percent": 100.0 - 0.009 * since,
        "avionics_temperature_k": 298.0 + 12.0 * (1.0 - np.exp(-since / 900.0)) + noise.white("avionics", 0.05),
        "skin_temperature_k": skin_temperature_k(truth, nose_radius_m) + noise.white("skin", 1.0),
        "cpu_load_percent": 38.0 + 14.0 * (truth.power > 0.0) + noise.white("cpu", 2.0),
        "radio_frames_count": sum(made.values()),
        "legs_deployed": truth.t_s >= landing_lit_s + LEGS_AFTER_LIGHT_S,
        "recovery_state": afloat.state(truth.t_s),
    }
