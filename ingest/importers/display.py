"""What a webcast's display cannot show: units that were assumed for it and contradict one another. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ingest.importers.reading import Reading
from ingest.importers.source import Source
from telemetry.errors import ArchiveError
from telemetry.samples import NS_PER_S, Samples

SPEED: Final = "speed_m_s"
ALTITUDE: Final = "altitude_m"
# nothing climbs further than it flies; twice as far and a step of the display, in a fifth of the rows, is no misreading
TWICE: Final = 2.0
STEP_M: Final = 1000.0
MANY: Final = 0.2
# a launcher's first 5 km are all but straight up: 1.05 to 1.2 times as long as high, where km/h taken for m/s make 3.6
FIRST_M: Final = 5000.0
BENT: Final = 2.5
SLOW_M_S: Final = 100.0
# a speed is never negative, a climb is for most of a flight
SINKING_M_S: Final = -5.0
OFTEN: Final = 0.05
FEWEST: Final = 10


def is_climb(samples: Samples) -> bool:
    """Return whether what is called velocity falls below zero, so that it is vertical, and shown on no display.

    Examples
    --------
    >>> is_climb(Samples.of([0, 1, 2], speed_m_s=[10, 0, -20])), is_climb(Samples.of([0, 1], speed_m_s=[10, 0]))
    (True, False)
    """
    speed = samples.columns.get(SPEED)
    return speed is not None and speed.size > 0 and float(np.mean(speed < SINKING_M_S)) > OFTEN


def contradiction(samples: Samples) -> str | None:
    """Return what is wrong if the altitude rises further than the speed can have carried it; None if it does not.

    Examples
    --------
    >>> t_s = np.arange(0.0, 60.0)
    >>> contradiction(Samples.of(t_s, speed_m_s=20 * t_s, altitude_m=10 * t_s**2)) is None
    True
    >>> contradiction(Samples.of(t_s, speed_m_s=20 * t_s, altitude_m=10e3 * t_s**2))
    'the altitude rises 1,000 times as far as the speed can carry it'
    """
    flown = _flown(samples)
    if flown is None:
        return None
    path_m, climbed_m = flown
    too_far = climbed_m > TWICE * path_m + STEP_M
    if float(np.mean(too_far)) < MANY:
        return None
    times = float(np.median(climbed_m[too_far] / np.maximum(path_m[too_far], 1.0)))
    return f"the altitude rises {times:,.0f} times as far as the speed can carry it"


def detour(samples: Samples) -> str | None:
    """Return what is wrong if the speed carries it much further than it climbs in its first 5 km; None if it does not.

    Examples
    --------
    >>> t_s = np.arange(0.0, 60.0)
    >>> detour(Samples.of(t_s, speed_m_s=72 * t_s, altitude_m=10 * t_s**2))
    'the speed carries it 3.6 times as far as it climbs at first, as km/h do'
    >>> detour(Samples.of(t_s, speed_m_s=20 * t_s, altitude_m=10 * t_s**2)) is None
    True
    """
    flown = _flown(samples)
    if flown is None:
        return None
    path_m, climbed_m = flown
    begins = float(samples.columns[ALTITUDE][np.isfinite(samples.columns[ALTITUDE])][0])
    speed = samples.columns[SPEED][np.isfinite(samples.columns[SPEED])][0]
    high = np.flatnonzero(climbed_m > FIRST_M)
    if begins > STEP_M or speed > SLOW_M_S or not high.size:
        return None
    ratio = float(path_m[high[0]] / climbed_m[high[0]])
    return f"the speed carries it {ratio:.1f} times as far as it climbs at first, as km/h do" if ratio > BENT else None


def with_assumed_units(source: Source, reading: Reading, assumed: Sequence[str]) -> Reading:
    """Return a reading that says which units were assumed.

    Raises
    ------
    ArchiveError
        If they contradict one another.
    """
    wrong = contradiction(reading.samples) or detour(reading.samples)
    if wrong is not None:
        detail = f"taken for a webcast's ({', '.join(assumed)}) {wrong}: name the units in the headings or in a --map"
        raise ArchiveError(str(source.path), detail)
    return reading.noted(f"taken: {', '.join(assumed)}")


def _flown(samples: Samples) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...] | None:
    """Return how far it has flown by its speed, and how high it has climbed, at each row that has both, by time."""
    speed, altitude = samples.columns.get(SPEED), samples.columns.get(ALTITUDE)
    if speed is None or altitude is None:
        return None
    there = np.flatnonzero(np.isfinite(speed) & np.isfinite(altitude))
    if there.size < FEWEST:
        return None
    there = there[np.argsort(samples.t_ns[there], kind="stable")]
    t_s, v, h = samples.t_ns[there] / NS_PER_S, np.abs(speed[there]), altitude[there]
    path_m = np.r_[0.0, np.cumsum(0.5 * (v[1:] + v[:-1]) * np.diff(t_s))]
    return path_m, h - h[0]
