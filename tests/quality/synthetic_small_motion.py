"""How small rockets move, made up: one dimension, thrust, drag, parachutes and ground. The truth of synthetic flights.

It shares nothing with the detectors, nor with the simulator: a judge of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GRAVITY_M_S2: Final = 9.80665
SOUND_M_S: Final = 335.0
# density falls to 1/e over this height
SCALE_HEIGHT_M: Final = 9_000.0
ASCENT_STEP_S: Final = 0.005
DESCENT_STEP_S: Final = 0.04
LONGEST_S: Final = 3_000.0
BEFORE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Motor:
    """One burn.

    Parameters
    ----------
    start_s
        When it is lit, after the first one.
    burn_s, thrust_m_s2
        How long it burns, and its mean thrust over the mass.
    rise_s, fall_s
        How long thrust takes to build up and to die away.
    sag
        By what share the thrust is less at the end and more at the beginning.
    """

    start_s: float
    burn_s: float
    thrust_m_s2: float
    rise_s: float = 0.05
    fall_s: float = 0.1
    sag: float = 0.2

    def of(self, t_s: float) -> float:
        """Return thrust over mass at a time."""
        since = t_s - self.start_s
        if not 0.0 < since < self.burn_s + self.fall_s:
            return 0.0
        shape = 1.0 + self.sag * (1.0 - 2.0 * min(since / self.burn_s, 1.0))
        left = min((self.burn_s + self.fall_s - since) / self.fall_s, 1.0)
        return self.thrust_m_s2 * shape * min(since / self.rise_s, 1.0) * left


@dataclass(frozen=True, slots=True)
class Rocket:
    """What flies.

    Parameters
    ----------
    motors
        In order of time.
    terminal_m_s
        At which it falls without a parachute, at the ground and slower than sound.
    apogee_delay_s
        From the top to the charge; below zero for one that comes early.
    drogue_m_s, main_m_s, main_m
        Rates of descent, and the height over the pad at which the main parachute opens.
    ground_m
        Where it comes to rest, over the pad.
    rest_s
        How long it is recorded afterwards.
    """

    motors: tuple[Motor, ...]
    terminal_m_s: float
    apogee_delay_s: float
    drogue_m_s: float
    main_m_s: float
    main_m: float
    ground_m: float
    rest_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened: shape (n,) each, and the times of events.

    `force_m_s2` is what an accelerometer feels along the way up: thrust and drag over mass, and the ground's push.
    """

    t_s: Floats
    height_m: Floats
    climb_m_s: Floats
    force_m_s2: Floats
    events_s: dict[str, float]
    charges_s: tuple[float, ...]


def drag_share(mach: float) -> float:
    """Return the coefficient of drag over that of slow air: it rises by 60 % at the speed of sound."""
    # shock waves begin
    if mach < 0.8:
        return 1.0
    return 1.0 + 0.6 * exp(-(((mach - 1.1) / 0.2) ** 2)) + (0.25 if mach > 1.1 else 0.0)


class _Flight:
    """One on its way; times count from when the first motor is lit."""

    def __init__(self, rocket: Rocket) -> None:
        self.rocket = rocket
        self.events: dict[str, float] = {}
        self.charges: list[float] = []
        self.most_q = 0.0
        self.main_s = LONGEST_S

    def slowest_m_s(self, t: float, h: float) -> float:
        """Return the speed at which it would fall now; each parachute has a charge."""
        rocket, top_s = self.rocket, self.events.get("apogee", LONGEST_S)
        opened_s = top_s + rocket.apogee_delay_s
        slowest = rocket.terminal_m_s
        if t > opened_s:
            slowest = _filling(slowest, rocket.drogue_m_s, t - opened_s)
            if not self.charges:
                self.charges.append(t)
        if h < rocket.main_m and t > opened_s + 1.0:
            self.main_s = min(self.main_s, t)
            if len(self.charges) == 1 and rocket.main_m_s < rocket.drogue_m_s:
                self.charges.append(t)
            slowest = _filling(slowest, min(rocket.main_m_s, rocket.drogue_m_s), t - self.main_s)
        return slowest

    def force_m_s2(self, t: float, h: float, v: float, step: float) -> float:
        """Return what is felt: thrust and drag over mass, and the pad's push."""
        thrust = sum(motor.of(t) for motor in self.rocket.motors)
        slow = (v / self.slowest_m_s(t, h)) ** 2
        drag = GRAVITY_M_S2 * exp(-h / SCALE_HEIGHT_M) * drag_share(abs(v) / SOUND_M_S) * slow
        force = thrust - copysign(min(drag, 0.5 * abs(v) / step), v)
        if "liftoff" in self.events:
            return force
        if force > GRAVITY_M_S2:
            self.events["liftoff"] = t
        return max(force, GRAVITY_M_S2)

    def happens(self, t: float, h: float, v: float, a: float) -> None:
        """Take note of what happens now."""
        events = self.events
        if "liftoff" in events and a < 0.0:
            events.setdefault("meco", t)
        q = exp(-h / SCALE_HEIGHT_M) * v * abs(v)
        if "apogee" not in events and q > self.most_q:
            events["max_q"], self.most_q = t, q
        if v < 0.0 and "meco" in events:
            events.setdefault("apogee", t)


def fly(rocket: Rocket) -> Truth:
    """Integrate a flight from `BEFORE_S` before the motor is lit until it has rested; time 0 is the first motion."""
    rows: list[tuple[float, float, float, float]] = [(-BEFORE_S, 0.0, 0.0, GRAVITY_M_S2)]
    flight, (t, h, v) = _Flight(rocket), (0.0, 0.0, 0.0)
    events = flight.events
    while t < LONGEST_S and not ("apogee" in events and h <= rocket.ground_m):
        step = ASCENT_STEP_S if t < events.get("apogee", LONGEST_S) + 3.0 else DESCENT_STEP_S
        force = flight.force_m_s2(t, h, v, step)
        a = force - GRAVITY_M_S2
        rows.append((t, h, v, force))
        flight.happens(t, h, v, a)
        v, h, t = v + a * step, h + (v + 0.5 * a * step) * step, t + step
    events["touchdown"] = t
    ground_m = rocket.ground_m
    rows.append((t, ground_m, 0.0, GRAVITY_M_S2 - v / 0.05))
    rows += [(at, ground_m, 0.0, GRAVITY_M_S2) for at in (t + 0.1, t + rocket.rest_s)]
    zero = events["liftoff"]
    t_s, height, climb, felt = np.array(rows).T
    times = {name: at - zero for name, at in events.items()}
    return Truth(t_s - zero, height, climb, felt, times, tuple(at - zero for at in flight.charges))


def _filling(before_m_s: float, after_m_s: float, since_s: float) -> float:
    share = min(since_s / 0.5, 1.0)
    return float((before_m_s**-2 * (1.0 - share) + after_m_s**-2 * share) ** -0.5)
