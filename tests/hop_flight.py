"""Hops made up: what they do is prescribed, and integrated; sensors have noise, gusts and wild rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.samples import Samples

Floats = NDArray[np.float64]
GRAVITY_M_S2: Final = 9.80665
STEP_S: Final = 0.01
PAD_S: Final = 45.0
REST_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Flight:
    """The true motion, shape (n,), from liftoff at 0 s, and when things happened."""

    t_s: Floats
    height_m: Floats
    climb_m_s: Floats
    pull_m_s2: Floats
    events_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Program:
    """What a hop does: how fast it climbs and how high, for how long it hovers there, how fast it sinks."""

    pull_m_s2: float = 4.0
    top_m: float = 600.0
    climb_m_s: float = 30.0
    hover_s: float = 0.0
    sinks_m_s: float = 1.5
    ground_m: float = 0.0


class _Falling:
    """Climbs, stops its engine at some height, falls, lights it again, and sinks slowly from 20 m on."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.phase, self.since_s = "climb", 0.0

    def rate(self, t: float, h: float, v: float, events: dict[str, float]) -> float:
        program = self.program
        if self.phase == "climb" and h > program.top_m:
            self._turn("coast", "meco", t, events)
        if self.phase == "coast":
            if v < 0.0:
                events.setdefault("apogee", t)
            if v < 0.0 and v * v / 10.0 > h - 20.0 - program.ground_m:
                self._turn("burn", "landing_burn_start", t, events)
        if self.phase == "burn" and v > -0.7 - program.sinks_m_s:
            self.phase = "sink"
        if self.phase == "climb":
            return program.pull_m_s2 * min(t / 0.15, 1.0) if v < program.climb_m_s else 0.0
        if self.phase == "coast":
            return -GRAVITY_M_S2 * min((t - self.since_s) / 0.3, 1.0) - 0.0005 * v * abs(v)
        if self.phase == "burn":
            return -GRAVITY_M_S2 + (5.0 + GRAVITY_M_S2) * min((t - self.since_s) / 0.6, 1.0)
        return max(-3.0, min(3.0, 2.0 * (-program.sinks_m_s - v)))

    def _turn(self, phase: str, event: str, t: float, events: dict[str, float]) -> None:
        self.phase, self.since_s = phase, t
        events[event] = t


class _Hovering:
    """Climbs, hovers, and comes down at three times the speed that it sinks with from 15 m on."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.until_s = 0.0

    def rate(self, t: float, h: float, v: float, _: dict[str, float]) -> float:
        program = self.program
        if not self.until_s:
            self.until_s = t + program.hover_s if h > program.top_m - 0.3 else 0.0
            wanted = min(program.climb_m_s, max(0.0, (program.top_m - h) * 0.4))
            return max(-2.0, min(program.pull_m_s2, 2.0 * (wanted - v)))
        if t < self.until_s:
            return max(-1.0, min(1.0, -2.0 * v - 0.5 * (h - program.top_m)))
        wanted = -program.sinks_m_s * (3.3 if h > 15.0 + program.ground_m else 1.0)
        return max(-2.0, min(2.0, 1.5 * (wanted - v)))


def fly(*, hovers: bool = False, pull_m_s2: float = 4.0, ground_m: float = 0.0) -> Flight:
    """Return a hop that lands at a height over its pad, or under it."""
    if hovers:
        return flown(Program(pull_m_s2, 100.0, 8.0, 20.0, 1.2, ground_m))
    return flown(Program(pull_m_s2, ground_m=ground_m))


def flown(program: Program) -> Flight:
    """Return what becomes of a program; one that hovers never stops its engines."""
    pilot, ground_m = (_Hovering if program.hover_s else _Falling)(program), program.ground_m
    events, rows = {"liftoff": 0.0}, []
    t, h, v = -PAD_S, 0.0, 0.0
    while t < events.get("touchdown", 1e9) + REST_S:
        landed = "touchdown" in events
        pull = 0.0 if t < 0.0 or landed else pilot.rate(t, h, v, events)
        v = 0.0 if t < 0.0 or landed else v + pull * STEP_S
        h += v * STEP_S
        if t > 5.0 and not landed and h <= ground_m:
            events["touchdown"], h = t, ground_m
        rows.append((t, h, v, pull))
        t += STEP_S
    t_s, height, climb, pulls = np.array(rows).T
    return Flight(t_s, height, climb, pulls, events)


def gusty(n: int, noise_m: float, gusts_m: float, step_s: float, seed: int) -> Floats:
    """Return what a barometer errs by: from row to row, and in gusts of a second."""
    chance = np.random.default_rng(seed)
    stays = exp(-step_s)
    kicks = chance.normal(0.0, gusts_m * sqrt(1.0 - stays * stays), n)
    gusts = np.zeros(n)
    for at in range(1, n):
        gusts[at] = stays * gusts[at - 1] + kicks[at]
    return gusts + chance.normal(0.0, noise_m, n)


def log_of(
    flight: Flight, channels: str, *, hz: int = 20, noise_m: float = 1.0, gusts_m: float = 0.0, seed: int = 1
) -> Samples:
    """Return a log of some channels by their first letters: height, pressure, climb, speed, acceleration."""
    every = round(1.0 / (hz * STEP_S))
    t_s, height, climb, pull = (
        each[::every] for each in (flight.t_s, flight.height_m, flight.climb_m_s, flight.pull_m_s2)
    )
    chance = np.random.default_rng(seed)
    heard_m = height + 12.0 + gusty(t_s.size, noise_m, gusts_m, every * STEP_S, seed)
    columns = {
        "altitude_m": heard_m,
        "pressure_pa": 101_325.0 * (1.0 - heard_m / 44_330.77) ** (1.0 / 0.190263),
        "vertical_speed_m_s": climb + chance.normal(0.0, 0.1 + 0.15 * noise_m, t_s.size),
        "speed_m_s": np.abs(climb + chance.normal(0.0, 0.1 + 0.2 * noise_m, t_s.size)),
        "acceleration_m_s2": GRAVITY_M_S2 + pull + chance.normal(0.0, 0.1 + 0.1 * noise_m, t_s.size),
    }
    letters = dict(zip("hpcsa", columns, strict=True))
    return Samples.of(t_s + 100.0, **{letters[letter]: columns[letters[letter]] for letter in channels})
