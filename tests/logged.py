"""Logs made up for the laws: columns of the dictionary `log` at some rate, the same every time."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.frames import Frame
from telemetry.samples import CHANNELS

Floats = NDArray[np.float64]
NS: Final = 10**9
GRAVITY_M_S2: Final = 9.80665
LIFTOFF_S: Final = 8.0
BURNOUT_S: Final = 11.0
CHUTE_S: Final = 1.0


@functools.cache
def small_rocket() -> tuple[Floats, dict[str, Floats]]:
    """Return times and columns of a small rocket: 8 s on the pad, a burn of 3 s, apogee, a parachute, and the ground.

    Altitude is noisy by 0.5 m and shows the charge that ejects the parachute as a spike of 150 m.
    """
    t_s = np.arange(0.0, 110.0, 0.02)
    height, climb, pull = np.zeros_like(t_s), np.zeros_like(t_s), np.zeros_like(t_s)
    h, v, top_s = 0.0, 0.0, np.inf
    for i, now in enumerate(t_s.tolist()):
        thrust = 60.0 + GRAVITY_M_S2 if LIFTOFF_S <= now < BURNOUT_S else 0.0
        if v < 0.0 and now < top_s and h > 50.0:
            top_s = now
        drag = 0.0007 if now < top_s + CHUTE_S else 0.02
        a = thrust - GRAVITY_M_S2 - drag * v * abs(v)
        if h <= 0.0 and (now < LIFTOFF_S or v < 0.0):
            h, v, a = 0.0, 0.0, 0.0
        v += a * 0.02
        h += v * 0.02
        height[i], climb[i], pull[i] = h, v, a
    chance = np.random.default_rng(6)
    since = t_s - top_s - CHUTE_S
    spike = np.where((since > 0.0) & (since < 1.0), -150.0 * np.exp(-since / 0.3), 0.0)
    altitude = 212.0 + height + spike + chance.normal(0.0, 0.5, t_s.size)
    return t_s, {"altitude_m": altitude, "acceleration_m_s2": pull + chance.normal(0.0, 0.4, t_s.size)}


def log_frame(t_s: Floats, columns: dict[str, Floats], vehicle: str, t0_ns: int) -> Frame:
    """Return rows as the one frame of a log, in the order of the file."""
    order_ns = np.maximum.accumulate(t0_ns + np.rint(t_s * NS).astype(np.int64))
    order_ns = np.maximum.accumulate(order_ns - np.arange(t_s.size)) + np.arange(t_s.size)
    whole = {name: columns.get(name, np.full(t_s.size, np.nan)) for name in CHANNELS} | {"log_time_s": t_s}
    return Frame(vehicle, "log", "samples", 201, np.arange(t_s.size), order_ns, int(order_ns[-1]), whole)
