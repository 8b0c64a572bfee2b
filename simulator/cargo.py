"""What the container bay's sensors say, and the work on the container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.afloat import Afloat, tilt_deg
from simulator.atmosphere import GRAVITY_M_S2
from simulator.earth import FloatArray, norm
from simulator.faults.bay import with_cargo_faults
from simulator.faults.kinds import AnyFault
from simulator.heating import skin_temperature_k
from simulator.noise import Noise
from simulator.preset import Express, Hop
from simulator.truth import PHASES, Truth

CABIN_PA: Final = 101_325.0
LEAK_PA_S: Final = 0.8
FILL_S: Final = 8.0
CABIN_K: Final = 293.15
INSULATION_S: Final = 45_000.0
CABIN_HUMIDITY: Final = 45.0
SEA_HUMIDITY: Final = 72.0
HUMIDITY_PER_K: Final = 2.4
LIGHTEST_G: Final = 0.5
SHOCK_MEMORY_S: Final = 0.25


def cargo_columns(
    truth: Truth,
    noise: Noise,
    preset: Express | Hop,
    afloat: Afloat,
    jolts: Mapping[float, float],
    faults: tuple[AnyFault, ...] = (),
) -> dict[str, NDArray[np.generic]]:
    """Return the channels of the `cargo` packet, shape (n,), with what goes wrong.

    Parameters
    ----------
    truth, noise
        What is, and the errors on it.
    preset
        The mission, with the work on the container.
    afloat
        The time in the water.
    jolts
        Peak accelerations in m/s2 by mission time: separation, ignitions, splashdown, blows.
    faults
        As drawn.
    """
    t, work = truth.t_s, preset.handling
    deck_s = afloat.splash_s + preset.recovery.on_deck_s
    open_s, unload_s = deck_s + work.door_open_after_s, deck_s + work.unload_start_after_s
    closed = (t >= work.door_close_s) & (t < open_s)
    felt = np.hypot(truth.axial_m_s2, truth.lateral_m_s2)
    warm = _temperature_k(truth, preset.ship.nose_radius_m, open_s)
    mixed = 1.0 - np.exp(-np.maximum(t - open_s, 0.0) / FILL_S)
    sealed_pa = CABIN_PA - LEAK_PA_S * np.maximum(t - work.door_close_s, 0.0)
    loading = np.clip((t - work.load_start_s) / (work.load_end_s - work.load_start_s), 0.0, 1.0)
    unloading = np.clip((t - unload_s) / (work.unload_end_after_s - work.unload_start_after_s), 0.0, 1.0)
    unsteady = GRAVITY_M_S2 / np.maximum(felt, LIGHTEST_G * GRAVITY_M_S2)
    swaying = truth.phase == PHASES.index("afloat")
    tilt = np.where(swaying, tilt_deg(truth.axis, truth.position_m / norm(truth.position_m)), 0.15)
    columns: dict[str, NDArray[np.generic]] = {
        "bay_temperature_k": warm + noise.white("temperature", 0.04),
        "bay_pressure_pa": sealed_pa + mixed * (truth.static_pressure_pa - sealed_pa) + noise.white("pressure", 12.0),
        "bay_humidity_percent": CABIN_HUMIDITY
        + mixed * (SEA_HUMIDITY - CABIN_HUMIDITY)
        - HUMIDITY_PER_K * (warm - CABIN_K)
        + noise.white("humidity", 0.3),
        "shock_m_s2": _shock_m_s2(truth, noise, jolts),
        "container_acceleration_m_s2": np.abs(felt + noise.white("felt", 0.03)),
        "tilt_deg": np.abs(tilt + noise.white("tilt", 0.05)),
        "container_mass_kg": np.maximum(
            work.mass_kg * (loading - unloading) + noise.white("mass", 4.0) * unsteady, 0.0
        ),
        "door_closed": closed,
        "seal_intact": (t >= work.seal_s) & (t < deck_s + work.unseal_after_s),
        "container_locked": (t >= work.lock_s) & (t < deck_s + work.unlock_after_s),
        "supply_voltage_v": 28.0 - 3e-4 * (t - t[0]) + noise.white("supply", 0.02),
    }
    return with_cargo_faults(columns, t, faults)


def _temperature_k(truth: Truth, nose_radius_m: float, open_s: float) -> FloatArray:
    """Air in the bay: warmed by the skin through the insulation, and by the open door to the air outside."""
    step_s = float(truth.t_s[1] - truth.t_s[0])
    gained = np.cumsum(skin_temperature_k(truth, nose_radius_m) - CABIN_K) * step_s / INSULATION_S
    mixed = 1.0 - np.exp(-np.maximum(truth.t_s - open_s, 0.0) / (20.0 * FILL_S))
    return np.asarray((1.0 - mixed) * (CABIN_K + gained) + mixed * truth.air_temperature_k)


def _shock_m_s2(truth: Truth, noise: Noise, jolts: Mapping[float, float]) -> FloatArray:
    """Peaks since the last packet: engine and air noise, and single jolts that ring out."""
    level = 0.3 + 6.0 * truth.driven + 1.2e-4 * truth.dynamic_pressure_pa
    peaks = np.abs(noise.white("shock", 0.25) + 1.0) * level
    for at_s, size in jolts.items():
        first = int(np.searchsorted(truth.t_s, at_s))
        since = truth.t_s[first:] - truth.t_s[first]
        peaks[first:] = np.maximum(peaks[first:], size * np.exp(-since / SHOCK_MEMORY_S))
    return np.asarray(peaks)
