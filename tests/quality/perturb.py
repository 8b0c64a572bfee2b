"""What may become of a log on its way: the same every time for the same flight and seed.

Noise and spikes are given for speed and height. The other channels get what is consistent with them: a pressure the
equivalent of its height's error (the same draw: both come from one barometer), a vertical speed what speed gets, an
acceleration 1 m/s^2 of noise and spikes of 200 m/s^2. Small rockets get the same metres as launchers.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from quality.flights import Floats, Log

SPEED_NOISE_M_S: Final = 2.0
HEIGHT_NOISE_M: Final = 30.0
ACCELERATION_NOISE_M_S2: Final = 1.0
SPIKES: Final = 0.002
SPIKE_M: Final = 20_000.0
SPIKE_M_S: Final = 1_500.0
SPIKE_M_S2: Final = 200.0
DROPPED: Final = 0.3
HOLE_S: Final = 5.0
HOLE_EVERY_S: Final = 30.0
SHUFFLED: Final = 0.02
SHUFFLED_BY_S: Final = 1.0
PAD_S: Final = 600.0
FROZEN_S: Final = 10.0
# pressure falls to 1/e over this height in the lower atmosphere (R T / g at 250 K)
SCALE_HEIGHT_M: Final = 7_300.0

Kind = Callable[[Log, np.random.Generator], Log]
_SPREAD: Final = {
    "speed_m_s": SPEED_NOISE_M_S,
    "vertical_speed_m_s": SPEED_NOISE_M_S,
    "acceleration_m_s2": ACCELERATION_NOISE_M_S2,
    "altitude_m": HEIGHT_NOISE_M,
}
_SPIKE: Final = {
    "speed_m_s": SPIKE_M_S,
    "vertical_speed_m_s": SPIKE_M_S,
    "acceleration_m_s2": SPIKE_M_S2,
    "altitude_m": SPIKE_M,
}


def perturbed(log: Log, kind: str, seed: int) -> Log:
    """Return a log with one perturbation; `clean` is the log itself."""
    if kind == "clean":
        return log
    chance = np.random.default_rng([seed, zlib.crc32(f"{log.name}/{kind}".encode())])
    return KINDS[kind](log, chance)


def _disturbed(columns: dict[str, Floats], errors: dict[str, Floats]) -> dict[str, Floats]:
    """Add errors by channel, and to a pressure what its height's error comes to."""
    changed = {name: values + errors[name] if name in errors else values for name, values in columns.items()}
    if "pressure_pa" in columns:
        changed["pressure_pa"] = columns["pressure_pa"] * np.exp(-errors["altitude_m"] / SCALE_HEIGHT_M)
    return changed


def _gaussian(size: int, times: float, chance: np.random.Generator) -> dict[str, Floats]:
    return {name: chance.normal(0.0, times * spread, size) for name, spread in _SPREAD.items()}


def _noise(times: float) -> Kind:
    def noisy(log: Log, chance: np.random.Generator) -> Log:
        return replace(log, columns=_disturbed(log.columns, _gaussian(log.t_s.size, times, chance)))

    return noisy


def _spikes(log: Log, chance: np.random.Generator) -> Log:
    """Each channel has spikes of its own."""
    size = log.t_s.size
    errors = {
        name: np.where(chance.random(size) < SPIKES, spike * chance.choice([-1.0, 1.0], size), 0.0)
        for name, spike in _SPIKE.items()
    }
    return replace(log, columns=_disturbed(log.columns, errors))


def _dropped(log: Log, chance: np.random.Generator) -> Log:
    return _only(log, chance.random(log.t_s.size) >= DROPPED)


def _holes(log: Log, chance: np.random.Generator) -> Log:
    since_s = log.t_s - log.t_s[0] + chance.uniform(0.0, HOLE_EVERY_S)
    return _only(log, since_s % HOLE_EVERY_S >= HOLE_S)


def _shuffled(log: Log, chance: np.random.Generator) -> Log:
    """Move some rows up to a second forth or back in the file; each keeps its time."""
    size = log.t_s.size
    moved_s = np.where(chance.random(size) < SHUFFLED, chance.uniform(-SHUFFLED_BY_S, SHUFFLED_BY_S, size), 0.0)
    order = np.argsort(np.maximum.accumulate(log.t_s) + moved_s, kind="stable")
    return _only(log, order)


def _pad(log: Log, chance: np.random.Generator) -> Log:
    """Ten minutes before the first row, at the log's own rate, standing where the first rows stand."""
    step_s = float(np.median(np.diff(log.t_s[:200])))
    t_s = log.t_s[0] - step_s * np.arange(round(PAD_S / step_s), 0, -1)
    level: dict[str, Floats] = {}
    for name, values in log.columns.items():
        known = values[np.isfinite(values)]
        moving = name not in {"altitude_m", "pressure_pa", "temperature_k"}
        level[name] = np.full(t_s.size, 0.0 if moving else float(known[0]))
    standing = _disturbed(level, _gaussian(t_s.size, 1.0, chance))
    columns = {name: np.concatenate([standing[name], values]) for name, values in log.columns.items()}
    return replace(log, t_s=np.concatenate([t_s, log.t_s]), columns=columns)


def _frozen(log: Log, chance: np.random.Generator) -> Log:
    """Every channel holds its last value for ten seconds, once, somewhere between the first and the last event."""
    times = [one.t_s for one in log.references] or [float(log.t_s[0]), float(log.t_s[-1])]
    begin_s = chance.uniform(min(times) - FROZEN_S, max(times))
    still = (log.t_s >= begin_s) & (log.t_s < begin_s + FROZEN_S)
    first = int(np.argmax(still))
    columns = {name: _held(values, still, first) for name, values in log.columns.items()}
    return replace(log, columns=columns, blind_s=((begin_s, begin_s + FROZEN_S),))


def _held(values: Floats, still: NDArray[np.bool_], first: int) -> Floats:
    before = values[: first + 1]
    known = before[np.isfinite(before)]
    return np.where(still & np.isfinite(values), known[-1] if known.size else np.nan, values)


def _only(log: Log, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Log:
    return replace(log, t_s=log.t_s[rows], columns={name: values[rows] for name, values in log.columns.items()})


KINDS: Final[dict[str, Kind]] = {
    "noise": _noise(1.0),
    "noise x3": _noise(3.0),
    "spikes": _spikes,
    "dropped": _dropped,
    "holes": _holes,
    "shuffled": _shuffled,
    "pad": _pad,
    "frozen": _frozen,
}
