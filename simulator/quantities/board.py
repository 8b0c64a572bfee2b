"""What the flight computer knows of itself and of the flight."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.faults.ground import count_s
from simulator.onboard_clock import clock_error_s
from simulator.physics.earth import FloatArray
from simulator.physics.elementary import exp
from simulator.physics.truth import PHASES
from simulator.quantities.quantity import Quantity, switch
from simulator.quantities.scene import Scene
from telemetry.cuc import NS_PER_S

LEGS_AFTER_LIGHT_S: Final = 2.0
TINY: Final = 1e-9
RECOVERY_STATES: Final = ("none", "afloat", "secured", "on_deck")


def made_after(rate_hz: float, since_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many packets of a rate are made up to times since the first ones."""
    return np.asarray(np.floor(since_ns * (rate_hz / NS_PER_S) + TINY) + 1, dtype=np.int64)


def counted(scene: Scene, packet: str) -> NDArray[np.int64]:
    """Return how many packets of a type the vehicle has made; none of those that it does not send."""
    rate_hz = scene.setting.rates_hz.get(packet)
    if rate_hz is None:
        return np.zeros(scene.t_s.shape, dtype=np.int64)
    since_ns = np.rint((scene.t_s - scene.setting.start_s) * NS_PER_S).astype(np.int64)
    return made_after(rate_hz, since_ns)


def _all_made(scene: Scene) -> NDArray[np.int64]:
    total = np.zeros(scene.t_s.shape, dtype=np.int64)
    for packet in scene.setting.rates_hz:
        total += counted(scene, packet)
    return total


def _since_s(scene: Scene) -> FloatArray:
    return np.asarray(scene.t_s - scene.setting.start_s)


def _mission_time_s(scene: Scene) -> FloatArray:
    count = np.minimum(count_s(scene.setting.holds, scene.t_s), scene.setting.last_count_s)
    return np.asarray(count + clock_error_s(scene.setting.clock_faults, scene.t_s))


def _nothing(scene: Scene) -> FloatArray:
    return scene.all_of(0.0)


def _recovery_state(scene: Scene) -> NDArray[np.int64]:
    afloat = scene.setting.afloat
    return np.asarray(scene.all_of(0.0) if afloat is None else afloat.state(scene.t_s), dtype=np.int64)


def _legs(scene: Scene) -> NDArray[np.bool_]:
    lit = [burn.lit_s for burn in scene.setting.track.burns if burn.purpose == "landing"]
    return np.asarray(scene.t_s >= (lit[0] + LEGS_AFTER_LIGHT_S if lit else np.inf))


QUANTITIES: Final = (
    Quantity(
        "mission_time_s", "The countdown's clock on board: it stands in a hold, and is 0 at liftoff", _mission_time_s
    ),
    Quantity("flight_phase", "Phase of the flight", lambda s: s.truth.phase, kind="label", labels=PHASES),
    Quantity(
        "recovery_state",
        "How far the recovery is",
        _recovery_state,
        kind="label",
        labels=RECOVERY_STATES,
    ),
    switch("legs_deployed", "Landing aid deployed", _legs),
    Quantity(
        "dictionary_version_count",
        "Version of the dictionary on board",
        lambda s: np.full(s.t_s.shape, s.setting.version, dtype=np.int64),
    ),
    Quantity("packets_sent_count", "Packets of all types made so far", _all_made),
    Quantity("radio_frames_count", "Radio frames sent so far, one a packet", _all_made),
    Quantity("bus_voltage_v", "Main power bus", lambda s: 28.4 - 4e-4 * _since_s(s) - 0.3 * s.truth.power),
    Quantity("battery_charge_percent", "Main battery", lambda s: 100.0 - 0.009 * _since_s(s)),
    Quantity("avionics_temperature_k", "Avionics bay", lambda s: 298.0 + 12.0 * (1.0 - exp(-_since_s(s) / 900.0))),
    Quantity("cpu_load_percent", "Flight computer", lambda s: np.where(s.truth.power > 0.0, 52.0, 38.0)),
    Quantity(
        "nothing", "What the simulator knows nothing of: 0, false, no text, the first label", _nothing, kind="nothing"
    ),
    Quantity(
        "vehicle_name", "The vehicle: ship or booster", lambda s: np.full(s.t_s.shape, s.setting.vehicle), kind="text"
    ),
)
