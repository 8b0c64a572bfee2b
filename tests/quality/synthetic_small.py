"""Small rockets made up, with the troubles that their logs have: `make quality` judges what is told of them.

Each number is another flight, the same every time. Half of what it is made of is what flies (`_rocket`), half is how it
is logged: which channels, how often, and one trouble a flight. All that happened is known, so any other claim is false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from quality.claims import heard
from quality.flights import Floats, Log, Reference
from quality.score import Case, Judge
from quality.synthetic_small_bound import shows_liftoff
from quality.synthetic_small_motion import GRAVITY_M_S2, Motor, Rocket, Truth, fly
from quality.synthetic_small_sensors import Sensors, accelerations, heights, pressures, satellite_heights

Chance = np.random.Generator
# as the table calls them all
MADE_UP: Final = "made"
# what truth is known to
SIGMA_S: Final = 0.02
# a second stage or a motor lit in the air makes the end of the first burn the one that is meant
ASKED: Final = ("liftoff", "max_q", "meco", "apogee", "touchdown")
# rows further apart than this cannot tell within half a second
SLOW_S: Final = 0.15
# a reference that long before the first row is none: who claims it has made it up
LONG_BEFORE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Logger:
    """What is written: how often, and which channels."""

    rate_hz: float
    channels: tuple[str, ...]


LOGGERS: Final = {
    "altimeter": (("altitude_m",), (10.0, 20.0, 50.0)),
    "barometer": (("pressure_pa",), (10.0, 20.0, 50.0, 100.0)),
    "computer": (("altitude_m", "acceleration_m_s2"), (20.0, 50.0, 100.0, 400.0)),
    "raw": (("pressure_pa", "acceleration_m_s2"), (50.0, 100.0, 200.0)),
    "full": (("altitude_m", "vertical_speed_m_s", "acceleration_m_s2", "pressure_pa"), (10.0, 50.0, 100.0)),
    "satellite": (("satellite_m",), (1.0, 5.0)),
}
TROUBLES: Final = (
    "none", "mach", "ejection", "holes", "stale", "ends in air", "begins in air", "pad", "two clocks", "staged",
    "air start", "drogueless", "weak", "ballistic", "tree", "gusts", "slow", "early charge", "dropped", "brown-out",
)  # fmt: skip


def trouble_of(number: int) -> str:
    """Return the trouble of a flight."""
    return TROUBLES[number % len(TROUBLES)]


def judged_small(number: int) -> list[Case]:
    """Return every case of one flight."""
    log, truth, lag_s = _made(number)
    cases = Judge(log, None, MADE_UP, number).cases(heard(log))
    # burn-out is asked for where acceleration is measured, and neither it nor liftoff within half a row
    pulls = "acceleration_m_s2" in log.columns
    slow = float(np.median(np.diff(log.t_s))) > SLOW_S
    unasked = ({"meco"} if not pulls else set()) | ({"liftoff", "meco"} if slow else set())
    unasked |= {"liftoff"} if not pulls and not shows_liftoff(log, truth, lag_s) else set()
    return [replace(case, blind=True) if case.event in unasked else case for case in cases]


def made(number: int) -> Log:
    """Return a flight's log."""
    return _made(number)[0]


def _made(number: int) -> tuple[Log, Truth, float]:
    """Return a flight's log, what flew, and by how much its heights come late."""
    chance = np.random.default_rng([6_1803, number])
    trouble = trouble_of(number)
    truth = fly(_rocket(trouble, chance))
    kind = "satellite" if trouble == "slow" else str(chance.choice([name for name in LOGGERS if name != "satellite"]))
    channels, rates = LOGGERS[kind]
    rate_hz = float(chance.choice(rates))
    sensors = _sensors(trouble, chance)
    before_s = 600.0 if trouble == "pad" else float(chance.uniform(4.0, 30.0))
    if trouble == "pad":
        rate_hz = min(rate_hz, 50.0)
    t_s = np.arange(-before_s, truth.t_s[-1], 1.0 / rate_hz) + chance.uniform(0.0, 1.0 / rate_hz)
    t_s = t_s + chance.uniform(-0.1, 0.1, t_s.size) / rate_hz
    table = _columns(truth, sensors, t_s, chance)
    columns = {("altitude_m" if name == "satellite_m" else name): table[name] for name in channels}
    offset_s = float(chance.choice([0.0, 0.0, before_s, 1000.0]))
    log = Log(trouble, "small", t_s, columns, ())
    log = _TROUBLES.get(trouble, _untouched)(log, truth, chance)
    last_s = float(np.max(log.t_s))
    known = [Reference(name, truth.events_s[name] + offset_s, SIGMA_S) for name in ASKED if name in truth.events_s]
    first_s = float(np.min(log.t_s)) - LONG_BEFORE_S
    references = tuple(one for one in known if first_s <= one.t_s - offset_s <= last_s)
    blind = tuple((first + offset_s, last + offset_s) for first, last in log.blind_s)
    return replace(log, t_s=log.t_s + offset_s, references=references, blind_s=blind), truth, sensors.lag_s


def _rocket(trouble: str, chance: Chance) -> Rocket:
    uniform = chance.uniform
    fast = trouble == "mach" or chance.random() < 0.3
    thrust = uniform(100.0, 250.0) if fast else uniform(45.0, 130.0)
    burn_s = uniform(380.0, 700.0) / thrust if fast else uniform(60.0, 260.0) / thrust
    if trouble == "weak":
        thrust = uniform(28.0, 36.0)
        burn_s = uniform(45.0, 100.0) / (thrust - GRAVITY_M_S2)
    shape = (uniform(0.02, 0.12), uniform(0.03, 0.2), uniform(-0.2, 0.4))
    motors = [Motor(0.0, burn_s, thrust, *shape)]
    if trouble == "staged":
        motors.append(Motor(burn_s + uniform(0.8, 4.0), uniform(1.0, 4.0), uniform(40.0, 120.0), *shape))
    if trouble == "air start":
        motors.append(Motor(burn_s + uniform(0.3, 1.5), uniform(0.5, 2.0), uniform(20.0, 60.0), *shape))
    terminal = uniform(150.0, 320.0) if fast else uniform(80.0, 200.0)
    dual = fast or (chance.random() < 0.6 and trouble != "weak")
    main = uniform(4.0, 9.0)
    drogue = uniform(15.0, 30.0) if dual else main
    main_m = uniform(100.0, 300.0) if dual else 0.0
    delay_s = uniform(0.0, 2.0)
    if trouble == "drogueless":
        drogue, main_m = uniform(30.0, 60.0), uniform(150.0, 300.0)
    if trouble == "ballistic":
        delay_s, drogue, main_m = 500.0, main, 0.0
    if trouble == "early charge":
        # a delay grain that is too long tears the parachute out on the way down
        delay_s = uniform(2.0, 5.0)
    ground = float(chance.choice([0.0, uniform(-30.0, 30.0)]))
    if trouble == "tree":
        ground = uniform(5.0, 20.0)
    rest_s = float(chance.choice([12.0, 60.0, 200.0]))
    return Rocket(tuple(motors), terminal, delay_s, drogue, main, main_m, ground, rest_s)


def _sensors(trouble: str, chance: Chance) -> Sensors:
    uniform = chance.uniform
    return Sensors(
        noise_m=float(np.exp(uniform(np.log(0.1), np.log(2.0)))),
        gusts_m=uniform(0.5, 2.0) if trouble in {"gusts", "pad"} else uniform(0.0, 0.5),
        step_m=float(chance.choice([0.01, 0.1, 0.3048, 1.0])),
        mach_m=uniform(-150.0, 400.0) if trouble == "mach" else uniform(-20.0, 60.0),
        charge_m=uniform(50.0, 750.0) if trouble == "ejection" else float(chance.choice([0.0, uniform(0.0, 60.0)])),
        charge_s=uniform(0.1, 0.6),
        lag_s=uniform(0.0, 0.1),
        bias_m_s2=uniform(-0.5, 0.5),
        noise_m_s2=uniform(0.05, 0.8),
        range_m_s2=float(chance.choice([156.0, 196.0, 490.0, 2_000.0])),
        rests_at_m_s2=float(chance.choice([0.0, GRAVITY_M_S2])),
        asl_m=uniform(0.0, 1_500.0),
    )


def _columns(truth: Truth, sensors: Sensors, t_s: Floats, chance: Chance) -> dict[str, Floats]:
    told = heights(truth, sensors, t_s, chance)
    # many computers write altitude over the pad, others over the sea
    base_m = float(chance.choice([0.0, round(sensors.asl_m)]))
    climb = np.interp(t_s, truth.t_s, truth.climb_m_s) + chance.normal(0.0, 0.5, t_s.size)
    return {
        "altitude_m": told + base_m,
        "pressure_pa": pressures(told, sensors.asl_m, float(chance.choice([1.0, 10.0]))),
        "acceleration_m_s2": accelerations(truth, sensors, t_s, chance),
        "vertical_speed_m_s": np.round(climb, 2),
        "satellite_m": satellite_heights(truth, float(chance.uniform(0.5, 2.0)), t_s, chance) + round(sensors.asl_m),
    }


def _only(log: Log, rows: np.typing.NDArray[np.bool_] | np.typing.NDArray[np.intp]) -> Log:
    return replace(log, t_s=log.t_s[rows], columns={name: values[rows] for name, values in log.columns.items()})


def _untouched(log: Log, _: Truth, __: Chance) -> Log:
    return log


def _holes(log: Log, _: Truth, chance: Chance) -> Log:
    """Lose half a second to eight seconds at a time, a fifth of the whole, as a radio does."""
    kept, at = np.ones(log.t_s.size, np.bool_), float(log.t_s[0])
    while at < log.t_s[-1]:
        at += chance.exponential(12.0)
        for_s = chance.uniform(0.5, 8.0)
        kept &= (log.t_s < at) | (log.t_s > at + for_s)
        at += for_s
    return _only(log, kept)


def _stale(log: Log, truth: Truth, chance: Chance) -> Log:
    """Rows come faster than measurements; some come twice; once everything stands still for seconds."""
    each = int(chance.integers(2, 6)) if float(np.median(np.diff(log.t_s))) < 0.06 else 1
    held = np.arange(log.t_s.size) // each * each
    columns = {name: values[held] for name, values in log.columns.items()}
    begin_s = chance.uniform(-2.0, truth.events_s["apogee"] + 5.0)
    end_s = begin_s + chance.uniform(1.0, 5.0)
    still = (log.t_s >= begin_s) & (log.t_s < end_s)
    if still.any():
        first = int(np.argmax(still))
        columns = {name: np.where(still, values[first], values) for name, values in columns.items()}
    twice = np.sort(np.concatenate([np.arange(log.t_s.size), np.flatnonzero(chance.random(log.t_s.size) < 0.05)]))
    return _only(replace(log, columns=columns, blind_s=((begin_s, end_s),)), twice)


def _ends(log: Log, truth: Truth, chance: Chance) -> Log:
    apogee_s, end_s = truth.events_s["apogee"], truth.events_s["touchdown"]
    last_s = chance.choice([apogee_s - chance.uniform(0.2, 3.0), apogee_s + chance.uniform(2.5, 8.0), end_s - 2.0])
    return _only(log, log.t_s < last_s)


def _begins(log: Log, truth: Truth, chance: Chance) -> Log:
    meco_s, apogee_s = truth.events_s["meco"], truth.events_s["apogee"]
    middle_s = chance.uniform(meco_s + 0.5, apogee_s - 1.0)
    first_s = chance.choice([chance.uniform(0.1, 0.8) * meco_s, middle_s, apogee_s + chance.uniform(4.0, 10.0)])
    return _only(log, log.t_s > first_s)


def _two_clocks(log: Log, _: Truth, chance: Chance) -> Log:
    """Each sensor has rows of its own, which come as they are read out: a bus's worth in one go."""
    names, parts = list(log.columns), []
    for at, name in enumerate(names):
        every = 1 if name == "acceleration_m_s2" or len(names) == 1 else int(chance.integers(1, 5))
        kept = np.arange(at % every, log.t_s.size, every)
        late_s = chance.uniform(0.0, 0.25) if at else 0.0
        parts.append((log.t_s[kept] + at * 1e-4, np.full(kept.size, at), log.columns[name][kept], late_s))
    t_s = np.concatenate([part[0] for part in parts])
    whose, values = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    order = np.argsort(np.concatenate([part[0] + part[3] for part in parts]), kind="stable")
    columns = {name: np.where(whose == at, values, np.nan)[order] for at, name in enumerate(names)}
    return replace(log, t_s=t_s[order], columns=columns)


def _dropped(log: Log, _: Truth, chance: Chance) -> Log:
    return _only(log, chance.random(log.t_s.size) >= chance.uniform(0.1, 0.5))


def _brown_out(log: Log, truth: Truth, chance: Chance) -> Log:
    """End with wild rows: the charge takes the battery down."""
    last_s = truth.charges_s[0] + chance.uniform(2.5, 6.0) if truth.charges_s else truth.events_s["apogee"] + 4.0
    log = _only(log, log.t_s < last_s)
    wild = {name: values.copy() for name, values in log.columns.items()}
    for values in wild.values():
        values[-2:] = chance.choice([0.0, -1e4, 65_535.0])
    return replace(log, columns=wild)


_TROUBLES: Final[dict[str, Callable[[Log, Truth, Chance], Log]]] = {
    "holes": _holes,
    "stale": _stale,
    "ends in air": _ends,
    "begins in air": _begins,
    "two clocks": _two_clocks,
    "dropped": _dropped,
    "brown-out": _brown_out,
}
