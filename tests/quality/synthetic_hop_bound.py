"""What the rows of a hop can show in time, whatever the detector: what is not to be had is not asked for.

- A **liftoff** is told when what it does to accelerations, climbs or speeds adds up to 5.5 standard deviations of what
  the pad feigns (docs/events.md), which some seconds tell to a tenth, and 2.3 more: so 99 of 100 are told, as all are
  asked of clean flights. It takes three rows, of which one may be wild. Heights show half a second of it no more than
  noise.
- A **cut-off** shows where the acceleration is less than any throttled engine leaves, again by three rows; of speeds
  the rate must be known so well that a fall is told from the least thrust.
- A **touchdown** by heights is where a line meets a level. Their errors are independent from row to row, and gusts that
  hang together for a second; the Fisher information of level, rate and time bounds the time's sigma, of which two must
  be less than what is allowed (Kay, Fundamentals of Statistical Signal Processing, volume I, 1993, section 3.9). And as
  a hop may sink at 0.7 m/s, the rest must surely be slower, by 2.5 sigmas of its rate, and 2.3 more as for liftoffs. By
  climbs or speeds it is a step: to tell it from one that is as early as allowed takes four standard deviations. Either
  takes five seconds of rest: for less it may hover on the cushion of the ground.
- An **apogee** by heights is the top of a parabola whose bend is gravity's, by climbs where a line passes zero.

A tenth of a second is gathered into a cell before it is looked at; slower rows are looked at as they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from hop_flight import GRAVITY_M_S2, Flight
from quality.flights import Floats, Log
from quality.perturb import ACCELERATION_NOISE_M_S2, HEIGHT_NOISE_M, SPEED_NOISE_M_S
from quality.rules import RULES

SIGMAS: Final = 1.1 * 5.5 + 2.3
STILL_M_S: Final = 0.7
TWICE: Final = 2.0
FEW: Final = 3
CELL_S: Final = 0.1
SLOW_S: Final = 0.15
GUST_S: Final = 1.0
# no engine of a hop throttles below a quarter of a thrust that is a tenth more than its weight
LEAST_THRUST_M_S2: Final = -7.1
RATES: Final = 2.5 + 2.3
STEADY_S: Final = 0.2
LAST_S: Final = 2.5
RESTS_S: Final = 5.0
BEFORE_S: Final = 10.0
FALL_S: Final = 4.0
MOST_ROWS: Final = 400
ROUNDED_M: Final = 0.03
CLIMB_M_S: Final = 0.2
PULL_M_S2: Final = 0.3
NOISE: Final = {"noise": 1.0, "noise x3": 3.0}
CLIMBS: Final = ("vertical_speed_m_s", "speed_m_s")
HEIGHTS: Final = ("altitude_m", "pressure_pa")


@dataclass(frozen=True, slots=True)
class Sensors:
    """Standard deviations of what is logged: heights from row to row and in gusts, climbs, accelerations."""

    height_m: float
    gusts_m: float
    climb_m_s: float
    pull_m_s2: float


def sensors_of(noise_m: float, gusts_m: float, kind: str) -> Sensors:
    """Return how well a logger measures under a perturbation."""
    times = NOISE.get(kind, 0.0)
    return Sensors(
        float(np.hypot(noise_m, times * HEIGHT_NOISE_M)),
        gusts_m,
        float(np.hypot(CLIMB_M_S, times * SPEED_NOISE_M_S)),
        float(np.hypot(PULL_M_S2, times * ACCELERATION_NOISE_M_S2)),
    )


def hidden(log: Log, flight: Flight, sensors: Sensors) -> frozenset[str]:
    """Return the events of a hop that nobody can tell in time.

    Parameters
    ----------
    log
        As it is read, perturbed; its references are the truth.
    flight
        The true motion, from liftoff at 0 s.
    sensors
        How well it is measured.
    """
    zero_s = log.reference_s("liftoff") or 0.0
    t_s = np.sort(log.t_s) - zero_s
    row_s = float(np.median(np.diff(t_s)))
    wait_s = 0.0 if row_s > SLOW_S else CELL_S
    found = set()
    for event, at_s in flight.events_s.items():
        rule = RULES["small"].get(event)
        if rule is None or event not in _SHOWS:
            continue
        rows = t_s[(t_s > at_s - BEFORE_S) & (t_s <= at_s + rule.latency_s - wait_s)]
        if not _SHOWS[event](rows, at_s, flight, log.columns, sensors):
            found.add(event)
    return frozenset(found)


def _lifts(rows: Floats, at_s: float, flight: Flight, columns: Mapping[str, Floats], sensors: Sensors) -> bool:
    after = rows[rows > at_s]
    climbs, pulls = (np.interp(after, flight.t_s, each) for each in (flight.climb_m_s, flight.pull_m_s2))
    evidence = sum(name in columns for name in CLIMBS) * float(np.sum(climbs**2)) / sensors.climb_m_s**2
    if "acceleration_m_s2" in columns:
        evidence += float(np.sum(pulls**2)) / sensors.pull_m_s2**2
    return after.size >= FEW and evidence >= SIGMAS**2


def _stops(rows: Floats, at_s: float, flight: Flight, columns: Mapping[str, Floats], sensors: Sensors) -> bool:
    after = rows[rows > at_s]
    falls = after[np.interp(after, flight.t_s, flight.pull_m_s2) < LEAST_THRUST_M_S2]
    if falls.size < FEW:
        return False
    if "acceleration_m_s2" in columns:
        return True
    channels = sum(name in columns for name in CLIMBS)
    spread = float(np.sum((falls - falls.mean()) ** 2)) * channels
    return channels > 0 and sensors.climb_m_s * RATES < (GRAVITY_M_S2 + LEAST_THRUST_M_S2) * spread**0.5


def _lands(rows: Floats, at_s: float, flight: Flight, columns: Mapping[str, Floats], sensors: Sensors) -> bool:
    rule = RULES["small"]["touchdown"]
    if not rows.size or rows[-1] < at_s + RESTS_S:
        return False
    sinks_m_s = -float(np.interp(at_s - STEADY_S, flight.t_s, flight.climb_m_s))
    steady = np.abs(flight.climb_m_s + sinks_m_s) < STEADY_S
    changes = flight.t_s[~steady & (flight.t_s < at_s - STEADY_S)]
    # what brakes to the last is taken for steady over its last seconds, which asks rather too much than too little
    since_s = min(float(changes[-1]) if changes.size else -BEFORE_S, at_s - LAST_S)
    fallen_m = float(np.interp(at_s - LAST_S, flight.t_s, flight.height_m)) - float(flight.height_m[-1])
    sinks_m_s = max(sinks_m_s, fallen_m / LAST_S)
    rows = rows[rows > since_s]
    channels = sum(name in columns for name in CLIMBS)
    either = min(np.count_nonzero((rows > at_s) & (rows < at_s + rule.error_s)), np.count_nonzero(rows < at_s))
    if channels * either * (sinks_m_s / sensors.climb_m_s) ** 2 > (TWICE * TWICE) ** 2:
        return True
    thinned = 1 + rows.size // MOST_ROWS
    rows = rows[::thinned]
    before, after = np.minimum(rows - at_s, 0.0), rows > at_s
    if np.count_nonzero(after) < FEW or np.count_nonzero(~after) < FEW or not any(name in columns for name in HEIGHTS):
        return False
    apart = np.abs(rows[:, None] - rows[None, :])
    # a row stands for those that were left out, too
    errors = np.eye(rows.size) * (sensors.height_m**2 / thinned + ROUNDED_M**2)
    errors += sensors.gusts_m**2 * np.exp(-apart / GUST_S)
    time_s = _sigma(np.stack([np.ones(rows.size), before, np.where(before < 0.0, sinks_m_s, 0.0)], axis=1), errors, 2)
    rest = np.stack([np.ones(rows.size), rows - at_s], axis=1)[after]
    rate = _sigma(rest, errors[np.ix_(after, after)], 1)
    return TWICE * time_s <= rule.error_s and RATES * rate <= STILL_M_S


def _tops(rows: Floats, at_s: float, flight: Flight, columns: Mapping[str, Floats], sensors: Sensors) -> bool:
    rule = RULES["small"]["apogee"]
    free = np.interp(rows, flight.t_s, flight.pull_m_s2) < LEAST_THRUST_M_S2
    since = rows[free & (rows > at_s - FALL_S)] - at_s
    if since.size < 2 * FEW:
        return False
    information = np.zeros((2, 2))
    if any(name in columns for name in HEIGHTS):
        gradients = np.stack([np.ones(since.size), GRAVITY_M_S2 * since], axis=1)
        apart = np.abs(since[:, None] - since[None, :])
        errors = np.eye(since.size) * (sensors.height_m**2 + ROUNDED_M**2) + sensors.gusts_m**2 * np.exp(
            -apart / GUST_S
        )
        information += gradients.T @ np.linalg.solve(errors, gradients)
    channels = sum(name in columns for name in CLIMBS)
    information[1, 1] += channels * since.size * (GRAVITY_M_S2 / sensors.climb_m_s) ** 2
    return bool(TWICE * float(np.linalg.pinv(information)[1, 1]) ** 0.5 <= rule.error_s)


def _sigma(gradients: Floats, errors: Floats, of: int) -> float:
    information = gradients.T @ np.linalg.solve(errors, gradients)
    return float(np.sqrt(np.linalg.pinv(information)[of, of]))


_SHOWS: Final = {"liftoff": _lifts, "meco": _stops, "touchdown": _lands, "apogee": _tops}
