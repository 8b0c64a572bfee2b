"""When a liftoff can be told from heights alone at the earliest: what is not to be had is not asked for."""

from __future__ import annotations

from typing import Final

import numpy as np
from quality.flights import Floats, Log
from quality.rules import RULES
from quality.synthetic_small_motion import Truth

# as for hops (docs/events.md): 5.5 standard deviations of what the pad feigns, and 1.1 so that 95 of 100 are told
SIGMAS: Final = 6.6
CELL_S: Final = 0.1
PAD_S: Final = 60.0
FEW: Final = 20
LONGEST_S: Final = 5.0


def shows_liftoff(log: Log, truth: Truth, lag_s: float) -> bool:
    """Return whether heights alone can tell the liftoff within what is allowed, if the log has one."""
    liftoff_s = log.reference_s("liftoff")
    return liftoff_s is None or soonest_s(log, truth, lag_s, liftoff_s) <= RULES["small"]["liftoff"].latency_s


def soonest_s(log: Log, truth: Truth, lag_s: float, liftoff_s: float) -> float:
    """Return how long after liftoff heights alone can tell it; infinity if never.

    The evidence of a rise is the sum of its squared heights over their noise; a tenth of a second and a row later it is
    told. Noise that hangs together counts once in a tenth of a second, so this is rather too soon than too late.

    Parameters
    ----------
    log
        With altitude or pressure.
    truth, lag_s
        What flew, and by how much its heights come late.
    liftoff_s
        In the log's own time.
    """
    t_s, heights = _heights(log, liftoff_s)
    pad = (t_s < -CELL_S) & (t_s > -PAD_S)
    if np.count_nonzero(pad) < FEW:
        return float("inf")
    cell = np.floor(t_s[pad] / CELL_S).astype(np.int64)
    cell -= cell.min()
    count = np.bincount(cell)
    means = np.bincount(cell, heights[pad])[count > 0] / count[count > 0]
    rows = float(np.median(count[count > 0]))
    step_m = float(np.min(np.diff(np.unique(heights)), initial=1.0))
    noise_m = max(float(np.std(means)) * rows**0.5, step_m / 12.0**0.5)
    after = (t_s > 0.0) & (t_s < LONGEST_S)
    if np.count_nonzero(after) < 2:
        return float("inf")
    true_m = np.interp(t_s[after] - lag_s, truth.t_s, truth.height_m)
    enough = np.flatnonzero(np.cumsum(true_m**2) >= (SIGMAS * noise_m) ** 2)
    row_s = float(np.median(np.diff(t_s[after])))
    return float(t_s[after][enough[0]]) + CELL_S + row_s if enough.size else float("inf")


def _heights(log: Log, liftoff_s: float) -> tuple[Floats, Floats]:
    if "altitude_m" in log.columns:
        heights = log.columns["altitude_m"]
    else:
        heights = 44_330.8 * (1.0 - (np.maximum(log.columns["pressure_pa"], 1.0) / 101_325.0) ** 0.190263)
    known = np.flatnonzero(np.isfinite(heights))
    known = known[np.argsort(log.t_s[known], kind="stable")]
    return log.t_s[known] - liftoff_s, heights[known]
