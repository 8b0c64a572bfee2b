"""Hops made up, clean and perturbed: `make quality` judges what is told of them.

Each number is another flight, the same every time: what it does (`hop_flight.Program`), which channels are logged, how
well and how often, and one of the perturbations of recorded flights. All that happened is known, so any other claim is
false. Every fourth has its class given; of the others it is told from the motion, which takes up to 20 s: what has
happened by then is not asked in time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from hop_flight import GRAVITY_M_S2, PAD_S, Flight, Program, flown, gusty
from quality.claims import heard
from quality.flights import Floats, Log, Reference
from quality.perturb import HEIGHT_NOISE_M, KINDS, perturbed
from quality.score import Case, Judge
from quality.synthetic_hop_bound import hidden, sensors_of

Chance = np.random.Generator
CLEAN: Final = "clean"
# as the table calls them
HOPPED: Final = tuple(f"hop {kind}" for kind in (CLEAN, *KINDS))
SIGMA_S: Final = 0.02
# heights alone show half a second of a rise at 1 to 5 m/s^2 no more than their noise; docs/events.md has the figures
SHOWS_RISE: Final = frozenset({"acceleration_m_s2", "vertical_speed_m_s", "speed_m_s"})
# a curve through heights tells a top or a landing within a second where it is so many times their noise over ground
TIMES_NOISE: Final = 25.0
LOGGERS: Final = {
    "altimeter": ("altitude_m",),
    "barometer": ("pressure_pa",),
    "computer": ("altitude_m", "acceleration_m_s2"),
    "full": ("altitude_m", "vertical_speed_m_s", "acceleration_m_s2"),
    "picture": ("altitude_m", "speed_m_s"),
    "satellite": ("altitude_m", "vertical_speed_m_s", "speed_m_s"),
}


@dataclass(frozen=True, slots=True)
class Logger:
    """How it is logged: what, how often, with what noise, gusts, and how far weather moves a barometer in an hour."""

    channels: tuple[str, ...]
    hz: int
    noise_m: float
    gusts_m: float
    drift_m_h: float
    rests_at_m_s2: float
    pad_s: float


def kind_of(number: int) -> str:
    """Return the perturbation of a flight; every third is clean."""
    return CLEAN if number % 3 == 0 else tuple(KINDS)[number % 8]


def class_of(number: int) -> str:
    """Return the class that is given for a flight."""
    return "hop" if number % 4 == 0 else "auto"


def judged_hop(number: int) -> list[Case]:
    """Return every case of one flight."""
    kind = kind_of(number)
    program, logger, _ = _drawn(number)
    log, unasked = made_hop(number)
    changed = perturbed(log, kind, number)
    if kind.startswith("noise"):
        # nothing is asked of noise that hides the flight
        times = 3.0 if kind.endswith("x3") else 1.0
        top_m = float(np.ptp(log.columns["altitude_m"])) if "altitude_m" in log.columns else 0.0
        low = top_m < TIMES_NOISE * times * HEIGHT_NOISE_M
        unasked |= {"liftoff", "meco", "landing_burn_start"} | ({"apogee", "touchdown"} if low else set())
    if class_of(number) == "auto":
        unasked |= {"liftoff", "meco"}
    unasked |= hidden(changed, flown(program), sensors_of(logger.noise_m, logger.gusts_m, kind))
    cases = Judge(changed, None, f"hop {kind}", number).cases(heard(changed, class_of(number)))
    return [replace(case, blind=case.blind or case.event in unasked) for case in cases]


def made_hop(number: int) -> tuple[Log, frozenset[str]]:
    """Return a flight's log, and the events that its channels do not show in time."""
    program, logger, chance = _drawn(number)
    flight = flown(program)
    every = round(100 / logger.hz)
    kept = flight.t_s[::every] > -logger.pad_s
    t_s = flight.t_s[::every][kept]
    table = _columns(flight, logger, every, int(chance.integers(1 << 30)))
    columns = {name: table[name][kept] for name in logger.channels}
    zero_s = float(chance.choice([0.0, logger.pad_s, 1000.0]))
    references = tuple(Reference(name, t + zero_s, SIGMA_S) for name, t in flight.events_s.items())
    shows = SHOWS_RISE & columns.keys()
    unasked = frozenset() if shows else frozenset({"liftoff", "meco", "landing_burn_start"})
    name = f"{'hovers' if program.hover_s else 'falls'} {program.top_m:.0f} m, {'+'.join(n[:2] for n in columns)}"
    return Log(name, "small", t_s + zero_s, columns, references), unasked


def _drawn(number: int) -> tuple[Program, Logger, Chance]:
    """Return what flies, how it is logged, and the chance that draws the rest."""
    chance = np.random.default_rng([6_2311, number])
    return _program(chance), _logger(chance), chance


def _program(chance: Chance) -> Program:
    uniform = chance.uniform
    ground_m = float(chance.choice([0.0, 0.0, uniform(-15.0, 3.0)]))
    pull_m_s2, sinks_m_s = uniform(1.0, 5.0), uniform(1.0, 2.0)
    if chance.random() < 0.4:
        top_m = float(np.exp(uniform(np.log(150.0), np.log(1_500.0))))
        return Program(pull_m_s2, top_m, uniform(20.0, 45.0), 0.0, sinks_m_s, ground_m)
    top_m = float(np.exp(uniform(np.log(25.0), np.log(500.0))))
    return Program(pull_m_s2, top_m, uniform(4.0, 15.0), uniform(1.0, 40.0), sinks_m_s, ground_m)


def _logger(chance: Chance) -> Logger:
    uniform = chance.uniform
    return Logger(
        LOGGERS[str(chance.choice(list(LOGGERS)))],
        int(chance.choice([5, 10, 20, 50])),
        noise_m=float(np.exp(uniform(np.log(0.1), np.log(1.5)))),
        gusts_m=float(chance.choice([0.0, uniform(0.1, 1.0)])),
        drift_m_h=uniform(-10.0, 10.0),
        rests_at_m_s2=float(chance.choice([0.0, GRAVITY_M_S2])),
        pad_s=uniform(6.0, PAD_S),
    )


def _columns(flight: Flight, logger: Logger, every: int, seed: int) -> dict[str, Floats]:
    chance = np.random.default_rng(seed)
    t_s, height, climb, pull = (
        each[::every] for each in (flight.t_s, flight.height_m, flight.climb_m_s, flight.pull_m_s2)
    )
    errors = gusty(t_s.size, logger.noise_m, logger.gusts_m, float(t_s[1] - t_s[0]), seed)
    heard_m = height + errors + t_s * logger.drift_m_h / 3_600.0 + chance.uniform(0.0, 300.0)
    return {
        "altitude_m": np.round(heard_m, 1),
        "pressure_pa": np.round(101_325.0 * (1.0 - heard_m / 44_330.77) ** (1.0 / 0.190263), 1),
        "vertical_speed_m_s": np.round(climb + chance.normal(0.0, 0.2, t_s.size), 2),
        "speed_m_s": np.abs(np.round(climb + chance.normal(0.0, 0.2, t_s.size), 1)),
        "acceleration_m_s2": np.round(logger.rests_at_m_s2 + pull + chance.normal(0.0, 0.3, t_s.size), 2),
    }
