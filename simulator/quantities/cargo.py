"""The container bay, the work on the container, and what goes wrong with it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.afloat import tilt_deg
from simulator.faults.cargo import Depressurisation, Overheat, SealBroken
from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.earth import FloatArray, up_and_altitude
from simulator.physics.elementary import exp, hypot
from simulator.physics.truth import PHASES
from simulator.quantities.quantity import Quantity, switch
from simulator.quantities.scene import Scene
from simulator.quantities.setting import CABIN_K

CABIN_PA: Final = 101_325.0
LEAK_PA_S: Final = 0.8
FILL_S: Final = 8.0
CABIN_HUMIDITY: Final = 45.0
SEA_HUMIDITY: Final = 72.0
HUMIDITY_PER_K: Final = 2.4
LIGHTEST_G: Final = 0.5
SHOCK_MEMORY_S: Final = 0.25
UPRIGHT_DEG: Final = 0.15
SUPPLY_V: Final = 28.0
SUPPLY_V_S: Final = 3e-4


def _mixed(scene: Scene, memory_s: float) -> FloatArray:
    """How far the air outside has come in by the open door, 0 to 1."""
    work = scene.setting.handling
    open_s = np.inf if work is None else scene.setting.deck_s + work.door_open_after_s
    return np.asarray(1.0 - exp(-np.maximum(scene.t_s - open_s, 0.0) / memory_s))


def _share(fault: Overheat | Depressurisation, t_s: FloatArray) -> FloatArray:
    """How far a fault has come, 0 to 1: up within `within_s`, and down again as fast after its end."""
    up = np.minimum(np.maximum((t_s - fault.start_s) / fault.within_s, 0.0), 1.0)
    down = np.minimum(np.maximum((t_s - fault.end_s) / fault.within_s, 0.0), 1.0)
    return np.asarray(np.minimum(up, 1.0 - down))


def _temperature_k(scene: Scene) -> FloatArray:
    """Air in the bay: warmed by the skin through the insulation, and by the open door to the air outside."""
    mixed = _mixed(scene, 20.0 * FILL_S)
    inside = CABIN_K + scene.setting.bay_warmed_k.at(scene.t_s)
    for fault in scene.setting.cargo_faults:
        if isinstance(fault, Overheat):
            inside = inside + fault.rise_k * _share(fault, scene.t_s)
    return np.asarray((1.0 - mixed) * inside + mixed * scene.truth.air_temperature_k)


def _pressure_pa(scene: Scene) -> FloatArray:
    mixed = _mixed(scene, FILL_S)
    work = scene.setting.handling
    closed_s = scene.setting.start_s if work is None else work.door_close_s
    inside = CABIN_PA - LEAK_PA_S * np.maximum(scene.t_s - closed_s, 0.0)
    for fault in scene.setting.cargo_faults:
        if isinstance(fault, Depressurisation):
            inside = inside + (np.minimum(fault.to_pa, inside) - inside) * _share(fault, scene.t_s)
    return np.asarray(inside + mixed * (scene.truth.static_pressure_pa - inside))


def _humidity_percent(scene: Scene) -> FloatArray:
    moist = CABIN_HUMIDITY + _mixed(scene, FILL_S) * (SEA_HUMIDITY - CABIN_HUMIDITY)
    return np.asarray(moist - HUMIDITY_PER_K * (_temperature_k(scene) - CABIN_K))


def _rumble_m_s2(scene: Scene) -> FloatArray:
    """Vibration of the floor from engines and air."""
    return np.asarray(0.3 + 6.0 * scene.truth.driven + 1.2e-4 * scene.truth.dynamic_pressure_pa)


def _shock_m_s2(scene: Scene) -> FloatArray:
    """Greatest blow since the last sample: rumble, and single jolts that ring out."""
    peaks = _rumble_m_s2(scene)
    for at_s, size in scene.setting.jolts.items():
        since = scene.t_s - at_s
        ringing = size * exp(-np.maximum(since - scene.step_s, 0.0) / SHOCK_MEMORY_S)
        peaks = np.where(since >= 0.0, np.maximum(peaks, ringing), peaks)
    return peaks


def _felt_m_s2(scene: Scene) -> FloatArray:
    return hypot(scene.truth.axial_m_s2, scene.truth.lateral_m_s2)


def _tilt_deg(scene: Scene) -> FloatArray:
    truth = scene.truth
    swaying = truth.phase == PHASES.index("afloat")
    return np.where(swaying, tilt_deg(truth.axis, up_and_altitude(truth.position_m)[0]), UPRIGHT_DEG)


def _mass_kg(scene: Scene) -> FloatArray:
    work, t_s = scene.setting.handling, scene.t_s
    if work is None:
        return scene.all_of(0.0)
    unload_s = scene.setting.deck_s + work.unload_start_after_s
    loaded = (t_s - work.load_start_s) / (work.load_end_s - work.load_start_s)
    unloaded = (t_s - unload_s) / (work.unload_end_after_s - work.unload_start_after_s)
    there = np.minimum(np.maximum(loaded, 0.0), 1.0) - np.minimum(np.maximum(unloaded, 0.0), 1.0)
    return np.asarray(work.mass_kg * there)


def _lightness(scene: Scene) -> FloatArray:
    """How much the load cells' errors grow as the load gets lighter, kg."""
    return np.asarray(GRAVITY_M_S2 / np.maximum(_felt_m_s2(scene), LIGHTEST_G * GRAVITY_M_S2))


def _between(scene: Scene, done: str, undone: str) -> NDArray[np.bool_]:
    """Whether one step of the work has been done, and the one that undoes it has not."""
    work = scene.setting.handling
    if work is None:
        return np.zeros(scene.t_s.shape, dtype=np.bool_)
    until_s = scene.setting.deck_s + float(getattr(work, undone))
    return np.asarray((scene.t_s >= getattr(work, done)) & (scene.t_s < until_s))


def _sealed(scene: Scene) -> NDArray[np.bool_]:
    sealed = _between(scene, "seal_s", "unseal_after_s")
    for fault in scene.setting.cargo_faults:
        if isinstance(fault, SealBroken):
            sealed = sealed & (scene.t_s < fault.start_s)
    return sealed


QUANTITIES: Final = (
    Quantity("bay_temperature_k", "Air in the container bay", _temperature_k),
    Quantity("bay_pressure_pa", "Air pressure in the container bay", _pressure_pa),
    Quantity("bay_humidity_percent", "Relative humidity in the container bay", _humidity_percent),
    Quantity(
        "shock_m_s2", "Greatest blow of the container floor since the last sample", _shock_m_s2, unrest=_rumble_m_s2
    ),
    Quantity("container_acceleration_m_s2", "Quasi-static acceleration of the container", _felt_m_s2),
    Quantity("tilt_deg", "Container floor from level; afloat as the vehicle sways", _tilt_deg),
    Quantity("container_mass_kg", "Mass on the load cells under the container", _mass_kg, unrest=_lightness),
    Quantity("supply_voltage_v", "Container power", lambda s: SUPPLY_V - SUPPLY_V_S * (s.t_s - s.setting.start_s)),
    switch("door_closed", "Bay door", lambda s: _between(s, "door_close_s", "door_open_after_s")),
    switch("seal_intact", "Customs seal loop", _sealed),
    switch("container_locked", "Container latches", lambda s: _between(s, "lock_s", "unlock_after_s")),
)
