"""What anybody could know of an event from the rows of a disturbed record: bounds, whatever the detector.

An event on a webcast is where the rate of speed changes. Rows before and until the latest time at which it may be told,
each with a normal error, are evidence of that: with speed `a + b u + c max(u - t, 0)`, b the rate before and c its
change, the Fisher information of (a, b, c, t) is the sum over the rows of the products of the gradients
`(1, u, max(u - t, 0), -c [u > t])` over the variance (Kay, Fundamentals of Statistical Signal Processing, volume I,
1993, section 3.7). Its inverse bounds the variance of every unbiased estimate, so nobody can

- tell a change from none if c is less than 6.4 of its standard deviations, with t known: noise alone must not reach
  4.8 of them, or it would do so in a hundredth of all flights, which are looked at some thousand times; and 1.6 more,
  so that 95 of 100 are told;
- tell its time to within the error allowed, 19 times of 20, if two standard deviations of t are more than that.

And a row may be wild, as two in a thousand are: so it takes three of them after a change, of which any two still show
one. Thrust comes and goes within half a second, by a law that nobody knows: a row in it belongs to neither line, and is
none of the three. What a display shows while it stands, or is frozen, is no row at all.

A liftoff is a change from rest: a and b are known to be zero then, and c to 0.8 m/s^2; a record that has just begun is
looked at less often, and 5 standard deviations do, 5.5 after 20 s on the pad and 6.3 after ten minutes
(docs/events.md). A touchdown is one to rest: a and b are zero after
it, and that it stands is nothing that noise hides. An apogee is where the speed of free fall is least:
`v^2 = v_0^2 + (g (u - t))^2`, with v_0 and t unknown, over the rows of free fall; and the rows after it must show that
speed has grown again, as what is still on its way to the top may yet be pushed: by 3.9 standard deviations of one that
stands, 2.3 that noise alone reaches once in a hundred flights, each of which is looked at there once, and 1.6 more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from quality.flights import Floats, Log
from quality.perturb import SPEED_NOISE_M_S
from quality.rules import RULES, Rule
from quality.score import Case

SIGMAS: Final = 6.4
LIFTOFF_SIGMAS: Final = 5.0
TOLD_SIGMAS: Final = 1.6
FALSE_SHARE: Final = 1e-2
GROWN_SIGMAS: Final = 3.9
PULL_SIGMA_M_S2: Final = 0.8
TWICE: Final = 2.0
# as far back as a rate is even
BEFORE_S: Final = 8.0
# thrust comes and goes within this
RAMP_S: Final = 0.5
GRAVITY_M_S2: Final = 9.4
FEWEST: Final = 3


# those of which there is a bound
BOUNDED: Final = frozenset(
    {"liftoff", "meco", "ses", "seco", "boostback_start", "boostback_end", "entry_start", "entry_end"}
    | {"landing_burn_start", "touchdown", "apogee"}
)
NOISE_M_S: Final = {"noise": SPEED_NOISE_M_S, "noise x3": 3.0 * SPEED_NOISE_M_S}


def is_hidden(
    case: Case,
    kind: str,
    log: Log,
    track: tuple[Floats, Floats],
    step_m_s: float,
    lag_s: float,
    stood_s: Iterable[tuple[float, float]] = (),
) -> bool:
    """Return whether the rows of a disturbed log let nobody know an event in time.

    Parameters
    ----------
    case
        The event.
    kind
        What was done to the log.
    log
        The log as it was after that.
    track
        Times and speeds as the display would show them without it, shape (n,) each.
    step_m_s, lag_s
        In what steps it shows them, and how late.
    stood_s
        Between which times it stood.
    """
    if case.group != "orbital" or case.event not in BOUNDED or not np.isfinite(case.t_reference_s):
        return False
    rule, noise = RULES[case.group][case.event], float(np.hypot(NOISE_M_S.get(kind, 0.0), step_m_s / 12.0**0.5))
    rows_s = log.t_s[log.t_s <= case.t_reference_s + rule.latency_s]
    for first_s, last_s in (*log.blind_s, *stood_s):
        rows_s = rows_s[(rows_s < first_s) | (rows_s >= last_s)]
    return not is_knowable(case.event, case.t_reference_s + lag_s, rule, rows_s, track, noise)


def is_knowable(event: str, t_s: float, rule: Rule, rows_s: Floats, track: tuple[Floats, Floats], noise: float) -> bool:
    """Return whether an event can be known in time.

    Parameters
    ----------
    event, t_s, rule
        What, when it showed, and what is asked of it.
    rows_s
        Times of the rows, shape (n,), in any order.
    track
        Times and speeds (m/s) as they truly were, shape (m,) each.
    noise
        Standard deviation of a row's speed.
    """
    rows_s = np.sort(rows_s)
    rows_s = rows_s[rows_s <= t_s + rule.latency_s]
    if event == "apogee":
        return _sigma_of_top(t_s, rows_s, track, noise) * TWICE <= rule.error_s
    waited_s = max(t_s - float(rows_s[0]), 0.0) if rows_s.size else 0.0
    rows_s = rows_s[rows_s > t_s - BEFORE_S]
    change = _rate(track, t_s + RAMP_S, t_s + rule.latency_s) - _rate(track, t_s - 2.0, t_s - RAMP_S)
    after = np.maximum(rows_s - t_s, 0.0)
    if np.count_nonzero(after > (0.0 if event == "touchdown" else RAMP_S)) < FEWEST or not change:
        return False
    if event == "touchdown":
        before = np.minimum(rows_s - t_s, 0.0)
        rows = np.stack([before, np.where(before < 0.0, change, 0.0)], axis=1) / noise
        return TWICE * _sigma(rows, 1) <= rule.error_s
    gradients = [after, np.where(after > 0.0, -change, 0.0)]
    sigmas = max(LIFTOFF_SIGMAS, TOLD_SIGMAS + float(np.sqrt(2.0 * np.log((1.0 + waited_s) / FALSE_SHARE))))
    if event != "liftoff":
        gradients, sigmas = [*gradients, np.ones(rows_s.size), rows_s - t_s], SIGMAS
    rows = np.stack(gradients, axis=1) / noise
    if abs(change) < sigmas * _sigma(np.delete(rows, 1, axis=1), 0):
        return False
    if event == "liftoff":
        rows = np.vstack([rows, [1.0 / PULL_SIGMA_M_S2, 0.0]])
    return TWICE * _sigma(rows, 1) <= rule.error_s


def _sigma_of_top(t_s: float, rows_s: Floats, track: tuple[Floats, Floats], noise: float) -> float:
    since = rows_s - t_s
    slowest = float(np.interp(t_s, *track))
    speeds = np.interp(rows_s, *track)
    fall = np.sqrt(slowest**2 + (GRAVITY_M_S2 * since) ** 2)
    # as far back as the track is a free fall
    off = np.flatnonzero((np.abs(speeds - fall) > 1.0 + 0.02 * np.abs(fall - slowest)) & (since < 0.0))
    free = since > (since[off[-1]] if off.size else -np.inf)
    fall, since = fall[free], since[free]
    grown = (fall - slowest)[since > 0.0] / noise
    if since.size < FEWEST or grown @ grown < GROWN_SIGMAS**2:
        return np.inf
    rows = np.stack([-(GRAVITY_M_S2**2) * since / fall, slowest / np.maximum(fall, 1e-9)], axis=1) / noise
    return _sigma(rows, 0)


def _rate(track: tuple[Floats, Floats], first_s: float, last_s: float) -> float:
    low, high = np.interp([first_s, last_s], *track)
    return float(high - low) / (last_s - first_s)


def _sigma(rows: Floats, of: int) -> float:
    information = rows.T @ rows
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    return float(np.sqrt(np.linalg.pinv(information / np.outer(scale, scale))[of, of]) / scale[of])
