"""A made-up stage that flies up, coasts, burns for the entry and lands, as its own log shows it."""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

STEP_S: Final = 0.1
PAD_S: Final = 2.0
BURN_S: Final = 140.0
GRAVITY_M_S2: Final = 9.80665
BALLISTIC_KG_M2: Final = 1_200.0
ENTRY_M: Final = 60_000.0
ENTRY_M_S2: Final = 32.0
ENTRY_S: Final = 18.0
LANDING_M: Final = 5_000.0
LANDING_M_S2: Final = 10.0


@functools.cache
def booster_flight() -> tuple[NDArray[np.float64], dict[str, NDArray[Any]], dict[str, float]]:
    """Return times, speed and altitude of a flight, and when what happened."""
    speeds, heights = [0.0] * round(PAD_S / STEP_S), [0.0] * round(PAD_S / STEP_S)
    along, climb, height = 0.0, 0.1, 0.0
    when: dict[str, float] = {"liftoff": PAD_S, "meco": PAD_S + BURN_S}
    while height > 0.0 or len(speeds) < 100:
        now_s = len(speeds) * STEP_S
        speed = max(float(np.hypot(along, climb)), 1e-6)
        ballistic = BALLISTIC_KG_M2 * (8.0 if now_s < PAD_S + BURN_S else 1.0)
        push = -1.225 * float(np.exp(-height / 7_200.0)) * speed**2 / (2.0 * ballistic)
        lean = 0.0 if now_s < 15.0 else min((now_s - 15.0) / 110.0, 1.0) * 0.8
        up, ahead = climb / speed, along / speed
        if now_s < PAD_S + BURN_S:
            up, ahead, push = float(np.cos(lean)), float(np.sin(lean)), push + 13.0 + 0.14 * (now_s - PAD_S)
        elif climb < 0.0:
            when.setdefault("apogee", now_s)
            if height < ENTRY_M and now_s < when.setdefault("entry_start", now_s) + ENTRY_S:
                push, when["entry_end"] = push - ENTRY_M_S2, now_s + STEP_S
            stops_m_s2 = speed**2 / (2.0 * max(height, 1.0))
            if "landing_burn_start" in when or (height < LANDING_M and stops_m_s2 > LANDING_M_S2):
                when.setdefault("landing_burn_start", now_s)
                push = -stops_m_s2 - GRAVITY_M_S2
            if "landing_burn_start" in when and (speed < 1.0 or climb > -1.0):
                break
        along += (push * ahead) * STEP_S
        climb += (push * up - GRAVITY_M_S2) * STEP_S
        height += climb * STEP_S
        speeds.append(float(np.hypot(along, climb)))
        heights.append(max(height, 0.0))
    when["touchdown"] = len(speeds) * STEP_S
    stood = round(6.0 / STEP_S)
    speed_m_s, altitude_m = np.array(speeds + [0.0] * stood), np.array(heights + [0.0] * stood)
    t_s = np.arange(speed_m_s.size, dtype=np.float64) * STEP_S
    return t_s, {"speed_m_s": speed_m_s, "altitude_m": altitude_m}, when


def booster_rows(seed: int | None = None) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]]]:
    """Return the flight as rows of a log in steps of a display, with noise of 2 m/s and 30 m if a seed is given."""
    t_s, columns, _ = booster_flight()
    noise = np.zeros(t_s.size) if seed is None else np.random.default_rng(seed).normal(0.0, 1.0, t_s.size)
    return t_s, {
        "speed_m_s": np.floor(columns["speed_m_s"] / 0.277) * 0.277 + 2.0 * noise,
        "altitude_m": np.floor(columns["altitude_m"] / 100.0) * 100.0 - 30.0 * noise,
    }
