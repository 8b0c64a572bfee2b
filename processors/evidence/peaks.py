"""The top of a noisy curve."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.evidence.signals import least_squares, seconds_from
from telemetry.cuc import NS_PER_S

NEAR_SHARE: Final = 0.97
SMOOTH_ROWS: Final = 11
GOOD_FIT: Final = 2.0
FEWEST_ROWS: Final = 5
KINK_ROWS: Final = 15
KINK_FIT: Final = 3.0


def top_of(t_ns: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[int, float, float]:
    """Find the maximum of a positive curve of which the maximum is among the rows.

    Parameters
    ----------
    t_ns, values
        Shape (n,), n > 0, evenly spaced but for gaps.

    Returns
    -------
    tuple
        When it is (Unix ns), the standard uncertainty of that in seconds, and how high it is.

    Notes
    -----
    The noise is estimated from second differences, which a smooth curve hardly has. A parabola is believed when its
    residuals are no more than twice the noise; else the top is a cusp, where one of two parabolas fits, or a plateau,
    and then it lies where the smoothed curve is within its own noise of its maximum.

    Examples
    --------
    >>> t_s = np.arange(0.0, 20.0, 0.1)
    >>> t_ns, sigma_s, top = top_of((t_s * 1e9).astype(np.int64), 100.0 - (t_s - 8.0) ** 2)
    >>> round(t_ns / 1e9, 3), round(sigma_s, 3), round(top, 3)
    (8.0, 0.029, 100.0)
    """
    smooth = _smoothed(values)
    best = int(np.argmax(smooth))
    t_s = seconds_from(t_ns, int(t_ns[best]))
    near = _around(smooth >= NEAR_SHARE * smooth[best], best)
    noise = float(np.std(np.diff(values, 2))) / 6**0.5 if len(values) > FEWEST_ROWS else 0.0
    rows = near.stop - near.start
    if rows >= FEWEST_ROWS:
        (height, slope, bend), spread = least_squares(t_s[near], values[near], 2)
        vertex_s = -slope / (2.0 * bend) if bend < 0.0 else np.inf
        if t_s[near.start] <= vertex_s <= t_s[near.stop - 1] and spread <= GOOD_FIT * noise + 1e-6 * abs(height):
            lever_s = float(np.sqrt(np.sum((t_s[near] - t_s[near].mean()) ** 2)))
            widest_s = float(np.diff(t_s[near]).max())
            sigma_s = float(np.hypot(spread / (2.0 * abs(bend) * max(lever_s, 1e-9)), widest_s / 12**0.5))
            return int(t_ns[best]) + round(vertex_s * NS_PER_S), sigma_s, float(height - slope**2 / (4.0 * bend))
    kink = _kink(t_s, values, best, noise)
    if kink is not None:
        kink_s, sigma_s, height = kink
        return int(t_ns[best]) + round(kink_s * NS_PER_S), sigma_s, height
    alike = _around(smooth >= smooth[best] - noise / SMOOTH_ROWS**0.5, best)
    middle_s = float(t_s[alike.start] + t_s[alike.stop - 1]) / 2.0
    half_s = float(t_s[alike.stop - 1] - t_s[alike.start]) / 2.0
    step_s = float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.0
    return int(t_ns[best]) + round(middle_s * NS_PER_S), (half_s + step_s) / 3**0.5, float(smooth[best])


def _kink(
    t_s: NDArray[np.float64], values: NDArray[np.float64], best: int, noise: float
) -> tuple[float, float, float] | None:
    """Return where two parabolas meet in a cusp: when, its uncertainty, and how high; None where they do not.

    Where engines are cut off, pressure turns from rising to falling within a row or two, and the parabolas of both
    sides meet there. Of all rows near the highest the one is taken that leaves the smallest residuals.
    """
    first, last = max(best - KINK_ROWS, 0), min(best + KINK_ROWS + 1, len(values))
    t, y = t_s[first:last], values[first:last]
    if last - first < 2 * FEWEST_ROWS:
        return None
    found: list[tuple[float, float, NDArray[np.float64]]] = []
    for at in np.linspace(t[2], t[-3], 8 * len(t)).tolist():
        after = np.maximum(t - at, 0.0)
        design = np.column_stack([np.ones_like(t), t - at, (t - at) ** 2, after, after**2])
        coefficients = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
        found.append((float(np.sum((y - design @ coefficients) ** 2)), float(at), coefficients))
    squares, at_s, (height, up, _, turn, _) = min(found, key=lambda each: each[0])
    spread = (squares / max(len(t) - FEWEST_ROWS - 1, 1)) ** 0.5
    # a cusp: it rises to it and falls from it, and bends by far more than noise does
    if not (up > 0.0 > up + turn and spread <= KINK_FIT * noise + 1e-3 * abs(height)):
        return None
    step_s = float(np.median(np.diff(t)))
    return at_s, max(spread / abs(turn), step_s / 12**0.5), float(height)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = min(SMOOTH_ROWS, len(values) - (len(values) + 1) % 2) // 2
    if half <= 0:
        return values
    padded = np.pad(values, half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid")


def _around(holds: NDArray[np.bool_], at: int) -> slice:
    """Return the rows around one where a condition holds without a break."""
    before = np.flatnonzero(~holds[:at])
    after = np.flatnonzero(~holds[at:])
    return slice(int(before[-1]) + 1 if before.size else 0, at + int(after[0]) if after.size else len(holds))
