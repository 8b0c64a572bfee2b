"""Small rockets made up: their motion is integrated, their sensors have the faults that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, detect, known_at
from telemetry.samples import Samples

Floats = NDArray[np.float64]
GRAVITY_M_S2: Final = 9.80665
SOUND_M_S: Final = 335.0
STEP_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Rocket:
    """What flies, from liftoff at 0: thrust over mass, how drag and parachutes slow it, where the ground is."""

    pad_s: float = 5.0
    push_m_s2: float = 70.0
    burn_s: float = 3.0
    terminal_m_s: float = 180.0
    drogue_m_s: float = 22.0
    main_m_s: float = 6.0
    main_m: float = 200.0
    chute_s: float = 0.8
    ground_m: float = 0.0
    rest_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Flight:
    """The true motion, shape (n,), and when things happened."""

    t_s: Floats
    height_m: Floats
    climb_m_s: Floats
    pull_m_s2: Floats
    events_s: dict[str, float]


def fly(rocket: Rocket) -> Flight:
    """Integrate a flight until it has rested for a while."""
    rows: list[tuple[float, float, float, float]] = []
    events = {"liftoff": 0.0, "meco": rocket.burn_s}
    t, h, v, rest_s = -rocket.pad_s, 0.0, 0.0, 0.0
    while rest_s < rocket.rest_s:
        slowest = rocket.terminal_m_s
        if "apogee" in events and t > events["apogee"] + rocket.chute_s:
            slowest = rocket.drogue_m_s if h > rocket.main_m + rocket.ground_m else rocket.main_m_s
        push = rocket.push_m_s2 + GRAVITY_M_S2 if 0.0 <= t < rocket.burn_s else 0.0
        a = push - GRAVITY_M_S2 - np.clip(GRAVITY_M_S2 * v * abs(v) / slowest**2, -300.0, 300.0)
        landed = "apogee" in events and h <= rocket.ground_m
        if t < 0.0 or landed:
            a, v = 0.0, 0.0
            rest_s += STEP_S if landed else 0.0
            if landed:
                events.setdefault("touchdown", t)
        rows.append((t, h, v, a))
        v += a * STEP_S
        h += v * STEP_S
        if v < 0.0 and t > rocket.burn_s:
            events.setdefault("apogee", t)
        t += STEP_S
    t_s, height, climb, pull = np.array(rows).T
    return Flight(t_s, height, climb, pull, events)


def altitude_of(
    flight: Flight, *, noise_m: float = 0.4, mach_m: float = 0.0, ejection_m: float = 0.0, seed: int = 3
) -> Floats:
    """Return what a barometer shows: it errs at the speed of sound, and when a charge ejects the parachute."""
    near_sound = np.exp(-(((np.abs(flight.climb_m_s) - SOUND_M_S) / 25.0) ** 2))
    since = flight.t_s - flight.events_s["apogee"] - 0.2
    blast = np.where(since > 0.0, np.exp(-since / 0.4), 0.0)
    chance = np.random.default_rng(seed)
    return flight.height_m - mach_m * near_sound - ejection_m * blast + chance.normal(0.0, noise_m, flight.t_s.size)


def log_of(flight: Flight, every: int = 2, until_s: float = np.inf, **columns: Floats) -> Samples:
    """Return every so many rows of some columns."""
    kept = np.flatnonzero(flight.t_s <= until_s)[::every]
    return Samples.of(flight.t_s[kept], **{name: values[kept] for name, values in columns.items()})


def told(log: Samples) -> dict[str, list[Detected]]:
    """Return what stands of a log in the end, by type."""
    found: dict[str, list[Detected]] = {}
    for one in known_at(detect(log, "sounding")):
        found.setdefault(one.type, []).append(one)
    return found
