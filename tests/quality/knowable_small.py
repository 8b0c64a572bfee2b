"""What anybody could know of a small rocket's landing from noisy heights: a bound, whatever the detector.

Heights are `level + v min(u - t, 0)`, with v the rate of the descent, t the landing, and the level of the ground that
it finds, which may lie tens of metres from the pad's. Their Fisher information (`quality.knowable`) says how sure t can
be; and the squared distance of the truth from the straight line that fits it best, over the noise, is the evidence that
the descent has ended at all. It takes 6.4 standard deviations, as for the engines of a webcast: noise alone must not
reach 4.8 in a descent that is looked at some thousand times, and 1.6 more, so that 95 of 100 are told.

The descent is taken to be steady for a minute before, which is more than any record has. Where anything but heights was
measured at the time nothing is called hidden: an accelerometer shows the impact.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from quality.flights import Log
from quality.knowable import SIGMAS, TWICE
from quality.perturb import HEIGHT_NOISE_M
from quality.rules import RULES
from quality.score import Case
from quality.truth import Record

NOISE_M: Final = {"noise": HEIGHT_NOISE_M, "noise x3": 3.0 * HEIGHT_NOISE_M}
BEFORE_S: Final = 60.0
# the rate of the descent, in the clean record
RATE_S: Final = (-12.0, -2.0)
OTHERS: Final = ("acceleration_m_s2", "vertical_speed_m_s", "speed_m_s")


def hides_landing(case: Case, kind: str, log: Log, record: Record) -> bool:
    """Return whether the heights of a disturbed log let nobody know a small rocket's landing in time.

    Parameters
    ----------
    case
        The event.
    kind
        What was done to the log.
    log
        The log as it was after that.
    record
        As it was recorded.
    """
    asked = case.group == "small" and case.event == "touchdown" and np.isfinite(case.t_reference_s)
    if not asked or kind not in NOISE_M:
        return False
    u_s = log.t_s - case.t_reference_s
    near = np.abs(u_s) < 1.0
    if any(np.isfinite(log.columns[name][near]).any() for name in OTHERS if name in log.columns):
        return False
    heights = log.columns.get("altitude_m", log.columns.get("pressure_pa"))
    rule, clean = RULES["small"]["touchdown"], record.clean
    if heights is None:
        return False
    u_s = u_s[np.isfinite(heights) & (u_s > -BEFORE_S) & (u_s < rule.latency_s)]
    known = (clean.t_s - case.t_reference_s > RATE_S[0]) & (clean.t_s - case.t_reference_s < RATE_S[1])
    known &= np.isfinite(clean.height_m)
    rate_m_s = float(np.polyfit(clean.t_s[known], clean.height_m[known], 1)[0])
    falls = rate_m_s * np.minimum(u_s, 0.0)
    line = np.stack([np.ones(u_s.size), u_s], axis=1)
    apart_m = falls - line @ np.linalg.lstsq(line, falls, rcond=None)[0]
    rows = np.stack([np.ones(u_s.size), np.minimum(u_s, 0.0), np.where(u_s < 0.0, -rate_m_s, 0.0)], axis=1)
    sigma_s = NOISE_M[kind] * float(np.linalg.pinv(rows.T @ rows)[2, 2]) ** 0.5
    evidence = float(np.linalg.norm(apart_m)) / NOISE_M[kind]
    return evidence < SIGMAS or TWICE * sigma_s > rule.error_s
