"""What the clean record of a flight shows, looked at from both sides: height, climb, speed, dynamic pressure.

It is the judge of events for which nobody published a reference, so it is kept apart from what it judges: medians of
cells and running means, no filter and no detector of the product.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from quality.flights import Floats, Log

from telemetry.atmosphere import TOP_M, density_kg_m3

STEP_S: Final = 0.1
# no value is put into a gap longer than this
LONGEST_BRIDGE_S: Final = 3.0
# half widths: a display has steps of 100 m and 1 km, a rocket's altimeter has centimetres
_HEIGHT_HALF_S: Final = {"orbital": 2.0, "small": 0.3}
_SPEED_HALF_S: Final = {"orbital": 0.5, "small": 0.3}
_MEDIAN_S: Final = 2.0


class Clean:
    """A clean log on a grid of tenths of seconds; NaN where it has gaps.

    Parameters
    ----------
    log
        As it was recorded.
    """

    def __init__(self, log: Log) -> None:
        self.group = log.group
        first, last = float(np.min(log.t_s)), float(np.max(log.t_s))
        # long before the flight nothing is looked at
        first = max(first, -60.0)
        self.t_s: Floats = np.arange(first, last + STEP_S, STEP_S)
        half_s = _HEIGHT_HALF_S[log.group]
        height = self._cells(log, "altitude_m")
        self.height_m: Floats = _mean(_without_spikes(height), half_s)
        climb = np.gradient(_mean(self.height_m, half_s), STEP_S)
        if "vertical_speed_m_s" in log.columns:
            climb = _mean(self._cells(log, "vertical_speed_m_s"), _SPEED_HALF_S[log.group])
        self.climb_m_s: Floats = climb
        if "speed_m_s" in log.columns:
            self.speed_m_s: Floats = _mean(self._cells(log, "speed_m_s"), _SPEED_HALF_S[log.group])
        else:
            self.speed_m_s = np.abs(climb)
        self.pull_m_s2: Floats = np.gradient(_mean(self.speed_m_s, _SPEED_HALF_S[log.group]), STEP_S)
        with np.errstate(invalid="ignore"):
            thin = self.height_m > TOP_M
            density = density_kg_m3(np.where(thin, TOP_M, self.height_m))
            self.q_pa: Floats = np.where(thin, 0.0, 0.5 * density * self.speed_m_s**2)
        known = self.height_m[np.isfinite(self.height_m)]
        self.ground_m = float(known[0]) if known.size else 0.0

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last time."""
        return float(self.t_s[0]), float(self.t_s[-1])

    def over(self, values: Floats, first_s: float, last_s: float) -> Floats:
        """Return the known values in a stretch, shape (n,)."""
        part: Floats = values[(self.t_s >= first_s) & (self.t_s <= last_s)]
        return part[np.isfinite(part)]

    def noise_m(self, height_m: float) -> float:
        """Return what a height may be wrong by: one and a half steps of the display; 5 m and a thousandth if small."""
        if self.group == "small":
            return 5.0 + 1e-3 * abs(height_m)
        return 150.0 if height_m < 100_000.0 else 1_500.0

    def q_share(self, t_s: float, within_s: float = 0.5) -> float:
        """Return the dynamic pressure around a time over that of the greatest of the ascent; NaN where unknown.

        The ascent is what comes before the greatest height of the first 200 s: a vehicle that comes back passes a
        second, often greater one.
        """
        rising = self.t_s <= 200.0
        if not np.any(np.isfinite(self.height_m[rising])):
            return float("nan")
        top = int(np.nanargmax(np.where(rising, self.height_m, np.nan)))
        rising_pa = np.where(np.arange(self.t_s.size) <= top, self.q_pa, np.nan)
        near, most_pa = self.over(rising_pa, t_s - within_s, t_s + within_s), float(np.nanmax(rising_pa))
        return float(near.max()) / most_pa if near.size and most_pa > 0.0 else float("nan")

    def _cells(self, log: Log, name: str) -> Floats:
        """Return the median of a channel in each cell, and a straight line across short gaps."""
        values = log.columns.get(name, np.full(log.t_s.size, np.nan))
        there = np.isfinite(values) & (log.t_s >= self.t_s[0] - STEP_S / 2)
        cell = np.rint((log.t_s[there] - self.t_s[0]) / STEP_S).astype(np.int64)
        order = np.lexsort((values[there], cell))
        cell, ordered = cell[order], values[there][order]
        found = np.full(self.t_s.size, np.nan)
        if not cell.size:
            return found
        at, begin, count = np.unique(cell, return_index=True, return_counts=True)
        middle = ordered[begin + count // 2]
        inside = at < self.t_s.size
        at, middle = at[inside], middle[inside]
        bridged = np.interp(self.t_s, self.t_s[at], middle)
        after = np.minimum(np.searchsorted(at, np.arange(self.t_s.size)), at.size - 1)
        gap_s = (at[after] - at[np.maximum(after - 1, 0)]) * STEP_S
        index = np.arange(self.t_s.size)
        outside = (index < at[0]) | (index > at[-1])
        bridged[outside | (gap_s > LONGEST_BRIDGE_S) & ~np.isin(index, at)] = np.nan
        return np.asarray(bridged)


def _mean(values: Floats, half_s: float) -> Floats:
    """Return the running mean; NaN stays NaN."""
    known = np.isfinite(values)
    window = np.ones(2 * round(half_s / STEP_S) + 1)
    total = np.convolve(np.where(known, values, 0.0), window, "same")
    count = np.convolve(known.astype(np.float64), window, "same")
    return np.where(known, total / np.maximum(count, 1.0), np.nan)


def _without_spikes(values: Floats) -> Floats:
    """Replace what lies far from the median of the seconds around it: an ejection charge moves air, not a rocket."""
    half = round(_MEDIAN_S / 2 / STEP_S)
    padded = np.pad(values, half, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    middle = np.median(around, axis=1)
    spread = np.median(np.abs(around - middle[:, None]), axis=1)
    with np.errstate(invalid="ignore"):
        far = np.abs(values - middle) > 4.0 * spread + 200.0
    return np.where(far & np.isfinite(middle), middle, values)
