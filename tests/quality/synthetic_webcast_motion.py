"""How launchers made up move: two stages over a round Earth, and a first stage that comes back, or not.

Independent of the product: no code of detectors, filters or the simulator. Point masses in the plane, thrust along a
program, drag by a table of the atmosphere; what matters is that speeds and heights hang together as physics says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import cos, exp, hypot, pi, sin, sqrt
from typing import Final

import numpy as np
from quality.flights import Floats

STEP_S: Final = 0.05
EARTH_M: Final = 6_371_000.0
GRAVITY_M_S2: Final = 9.80665
EARTH_PER_S: Final = 7.292e-5
# km and kg/m^3, U.S. Standard Atmosphere 1976, table I
AIR: Final = (
    (0, 1.2250), (2, 1.0066), (4, 0.81935), (6, 0.66011), (8, 0.52579), (10, 0.41351), (11, 0.36480), (12, 0.31194),
    (14, 0.22786), (16, 0.16647), (18, 0.12165), (20, 0.08891), (25, 0.04008), (30, 0.01841), (40, 0.003996),
    (50, 0.001027), (60, 3.097e-4), (70, 8.283e-5), (80, 1.846e-5), (90, 3.416e-6), (100, 5.60e-7), (120, 2.22e-8),
)  # fmt: skip
AIR_STEP_M: Final = 250.0
# thrust dies away as an exponential with this time, and comes as one
CUT_S: Final = 0.15
LIT_S: Final = 0.35
DIES_S: Final = 2.0
STANDS_S: Final = 15.0
# of the speed at its beginning, what an entry burn leaves at least
ENTRY_SHARE: Final = 0.5
# stages part where there is little air, so that the first one comes higher than this; a weak launcher climbs steeper
LEAST_TOP_M: Final = 90_000.0
STEEPER: Final = 0.95
STEEPEST_DEG: Final = 35.0
# of its mass at the parting, what is left of a second stage without propellant
DRY: Final = 0.06


_LOGS: Final = np.interp(
    np.arange(0.0, 120_001.0, AIR_STEP_M), [1000.0 * km for km, _ in AIR], np.log([density for _, density in AIR])
).tolist()


def density_of(height_m: float) -> float:
    """Return the air's density (kg/m^3); higher than 120 km that of 120 km."""
    place = min(max(height_m / AIR_STEP_M, 0.0), len(_LOGS) - 1.001)
    at = int(place)
    return exp(_LOGS[at] + (_LOGS[at + 1] - _LOGS[at]) * (place - at))


@dataclass(frozen=True, slots=True)
class Launcher:
    """What flies: thrust over weight, times, and what the first stage does afterwards.

    `back` is `boostback`, `down` (it lands down range) or `expended` (it falls); accelerations in m/s^2. `latitude_deg`
    and `azimuth_deg` say where it starts and where it goes: the Earth turns below it.
    """

    thrust: float
    impulse_s: float
    burns_s: float
    lean_deg: float
    bucket: tuple[float, float, float]
    most_m_s2: float
    ballistic_kg_m2: float
    upper_m_s2: float
    ignites_s: float
    orbit_m_s: float
    back: str
    turns_s: float
    turns_m_s2: float
    entry_m: float
    entry_m_s2: float
    entry_s: float
    landing_m_s2: float
    stage_kg_m2: float
    latitude_deg: float = 28.5
    azimuth_deg: float = 0.0


@dataclass(slots=True)
class Track:
    """Speed (m/s) and height (m) of one vehicle in steps of 0.05 s from liftoff, and when what happened to it."""

    speeds: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    events_s: dict[str, float] = field(default_factory=dict)

    @property
    def t_s(self) -> Floats:
        """Times since liftoff, shape (n,)."""
        return np.arange(len(self.speeds), dtype=np.float64) * STEP_S

    def copy(self) -> Track:
        """Return one that may go its own way."""
        return Track([*self.speeds], [*self.heights], dict(self.events_s))


@dataclass(slots=True)
class Body:
    """A point mass: along the ground and up."""

    x: float = 0.0
    h: float = 0.0
    vx: float = 0.0
    vy: float = 0.0
    push: float = 0.0
    latitude_deg: float = 28.5
    azimuth_deg: float = 0.0
    turning_per_s: float = field(init=False)
    centrifugal_m_s2: float = field(init=False)

    def __post_init__(self) -> None:
        """See how the Earth turns below it."""
        share = cos(self.latitude_deg * pi / 180.0)
        self.turning_per_s = 2.0 * EARTH_PER_S * share * sin(self.azimuth_deg * pi / 180.0)
        self.centrifugal_m_s2 = (EARTH_PER_S * share) ** 2 * EARTH_M

    @property
    def weight_m_s2(self) -> float:
        """What draws it down: gravity, less its path's bend and the turning of the ground over which it is shown."""
        radius = EARTH_M + self.h
        gravity = GRAVITY_M_S2 * (EARTH_M / radius) ** 2
        return gravity - self.vx**2 / radius - self.turning_per_s * self.vx - self.centrifugal_m_s2

    @property
    def speed(self) -> float:
        """Over ground, m/s."""
        return hypot(self.vx, self.vy)

    def step(self, push_m_s2: float, lean: float, drag_m_s2: float, track: Track) -> None:
        """Move on under a push, `lean` from upright (rad), and a drag; engines come up and die away."""
        lag_s = LIT_S if push_m_s2 > self.push else CUT_S
        self.push += (push_m_s2 - self.push) * (1.0 - exp(-STEP_S / lag_s))
        radius, speed = EARTH_M + self.h, max(self.speed, 1e-6)
        turns = self.turning_per_s * self.vy
        ax = self.push * sin(lean) - drag_m_s2 * self.vx / speed - self.vx * self.vy / radius - turns
        ay = self.push * cos(lean) - drag_m_s2 * self.vy / speed - self.weight_m_s2
        self.vx += ax * STEP_S
        self.vy += ay * STEP_S
        self.x += self.vx * STEP_S
        self.h = max(self.h + self.vy * STEP_S, 0.0)
        track.speeds.append(self.speed)
        track.heights.append(self.h)

    def air_pa(self) -> float:
        """Dynamic pressure."""
        return 0.5 * density_of(self.h) * self.speed**2


def fly(one: Launcher) -> tuple[Track, Track]:
    """Return the second stage and the first one, the same until the first has burnt out."""
    while True:
        upper, first = _fly(one)
        if max(first.heights) > LEAST_TOP_M or one.lean_deg < STEEPEST_DEG:
            for track in (upper, first):
                # as the references of recorded flights have it: when speed is greatest
                begin = round(one.burns_s / STEP_S)
                near = track.speeds[begin : begin + round(DIES_S / STEP_S)]
                track.events_s["meco"] = (begin + near.index(max(near))) * STEP_S
            return upper, first
        one = replace(one, lean_deg=one.lean_deg * STEEPER)


def _fly(one: Launcher) -> tuple[Track, Track]:
    body = Body(push=one.thrust * GRAVITY_M_S2, latitude_deg=one.latitude_deg, azimuth_deg=one.azimuth_deg)
    track = Track()
    track.events_s["liftoff"] = 0.0
    mass, most_pa = 1.0, 0.0
    flow = one.thrust / one.impulse_s * STEP_S
    while (now_s := len(track.speeds) * STEP_S) < one.burns_s:
        first_s, last_s, share = one.bucket
        throttle = share if first_s < now_s < last_s else 1.0
        throttle = min(throttle, one.most_m_s2 * mass / (one.thrust * GRAVITY_M_S2))
        mass -= flow * throttle
        lean = pi / 180.0 * one.lean_deg * min(max((now_s - 10.0) / (one.burns_s - 10.0), 0.0), 1.0)
        body.step(one.thrust * GRAVITY_M_S2 * throttle / mass, lean, body.air_pa() / one.ballistic_kg_m2 / mass, track)
        if body.air_pa() > most_pa:
            most_pa, track.events_s["max_q"] = body.air_pa(), now_s
    track.events_s["meco"] = one.burns_s
    first = track.copy()
    _comes_back(one, replace(body), first)
    _goes_on(one, body, track)
    return track, first


def _goes_on(one: Launcher, body: Body, track: Track) -> None:
    """Fly the second stage into its orbit, and a minute along it."""
    mass = 1.0
    while (now_s := len(track.speeds) * STEP_S) < one.burns_s + one.ignites_s:
        body.step(0.0, 0.0, 0.0, track)
    track.events_s["ses"] = now_s
    while body.speed < one.orbit_m_s and body.h > 0.0 and mass > DRY:
        push = one.upper_m_s2 / mass
        mass -= one.upper_m_s2 / (348.0 * GRAVITY_M_S2) * STEP_S
        up = (body.weight_m_s2 - body.vy / 60.0) / push
        up = min(max(up, -0.3), 0.7)
        body.step(push, pi / 2.0 - np.arcsin(up), 0.0, track)
    track.events_s["seco"] = len(track.speeds) * STEP_S
    for _ in range(round(60.0 / STEP_S)):
        body.step(0.0, 0.0, 0.0, track)


def _comes_back(one: Launcher, body: Body, track: Track) -> None:
    """Fly the first stage to the ground."""
    turns, burning, braked, lands, slowed_m_s = one.back == "boostback", False, False, False, 0.0
    while body.h > 0.0 and len(track.speeds) < 1200 / STEP_S:
        now_s = len(track.speeds) * STEP_S
        events, push, lean = track.events_s, 0.0, 0.0
        retro = float(np.arctan2(-body.vx, -body.vy))
        if turns and now_s > one.burns_s + one.turns_s:
            events.setdefault("boostback_start", now_s)
            push, lean = one.turns_m_s2, -pi / 2.0
            falls_s = (body.vy + sqrt(max(body.vy**2 + 2.0 * GRAVITY_M_S2 * body.h, 0.0))) / GRAVITY_M_S2
            if body.vx < -body.x / falls_s:
                turns = False
                events["boostback_end"] = now_s
        if body.vy < 0.0:
            events.setdefault("apogee", now_s)
            burning = body.h < one.entry_m and one.back != "expended"
        if burning and now_s < events.setdefault("entry_start", now_s) + one.entry_s:
            # propellant is left for the landing: it brakes to what the air can take on, no further
            slowed_m_s = slowed_m_s or ENTRY_SHARE * body.speed
            braked = braked or body.speed < slowed_m_s
            if not braked:
                push, lean, events["entry_end"] = one.entry_m_s2, retro, now_s
        stops_m_s2 = body.speed**2 / (2.0 * max(body.h, 1.0))
        drag = body.air_pa() / one.stage_kg_m2
        # what the engine takes is on top of the air's
        lands = lands or (burning and body.h < 8_000.0 and stops_m_s2 > drag - GRAVITY_M_S2 + one.landing_m_s2)
        if lands:
            events.setdefault("landing_burn_start", now_s)
            push, lean = max(stops_m_s2 - drag + GRAVITY_M_S2, 0.0), retro
            if body.h < 1.0 or body.speed < 1.0 or body.vy > -0.5:
                break
        body.step(push, lean, drag, track)
    if lands:
        track.events_s["touchdown"] = len(track.speeds) * STEP_S
        count = round(STANDS_S / STEP_S)
        track.speeds += [0.0] * count
        track.heights += [0.0] * count
