"""How engines come up and run down: when their power passes half of what is commanded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.evidence.signals import least_squares, seconds_from
from telemetry.cuc import NS_PER_S

# rows that the edge may lie beside the two that differ: their times are rounded, and half is half to a hundredth
BESIDE_S: Final = 0.02
# rows of the ramp that count: nearer to its ends it bends
LOWEST_SHARE: Final = 0.15
HIGHEST_SHARE: Final = 0.85
NEAR_S: Final = 0.4
FEWEST_ROWS: Final = 3
# of the steady power beside the ramp
STEADY_ROWS: Final = 8
STEADY_SPREAD: Final = 0.03
# a ramp that is none of straight lines is not believed
STRAIGHT_SPREAD: Final = 0.03
# how well half is known, as a share of the whole ramp, which is not quite straight
HALF_SHARE: Final = 0.004
# the same while engines run down: guidance that holds a speed goes on changing what it would command
RUN_DOWN_SHARE: Final = 0.025
# a second of burning, the run-down and the half second after which it is sure; of a start the second until it is steady
KEEP_ROWS: Final = 36


def half_power(
    t_ns: NDArray[np.int64], power: NDArray[np.float64], before_ns: int, first_ns: int, *, rising: bool
) -> tuple[int, float] | None:
    """Return when power passes half of its steady value, in ns, and the standard uncertainty of that in seconds.

    Turbopumps take a second to come up and half a second to run down, and chamber pressure goes with them in nearly a
    straight line. So a line through the rows of the ramp says to milliseconds what these alone say to their distance.

    Parameters
    ----------
    t_ns, power
        Shape (n,): rows around the edge, the steady ones at one end, of chamber pressure over commanded power.
    before_ns, first_ns
        The rows between which half was passed.
    rising
        Whether power comes up: then it is steady in the last rows, else in the first.

    Returns
    -------
    tuple or None
        None where it is not steady, where there is no ramp of three rows, or where the line passes half elsewhere.

    Examples
    --------
    >>> t_s = np.arange(20) * 0.05
    >>> power = 1e7 * np.clip(1.0 - (t_s - 0.612) / 0.3, 0.0, 1.0)
    >>> at_ns, sigma_s = half_power((t_s * 1e9).astype(np.int64), power, 750_000_000, 800_000_000, rising=False)
    >>> round(at_ns / 1e9, 3), round(sigma_s, 4)
    (0.762, 0.0075)
    """
    if len(t_ns) < STEADY_ROWS + FEWEST_ROWS:
        return None
    steady = power[-STEADY_ROWS:] if rising else power[:STEADY_ROWS]
    full = float(np.median(steady))
    noise = 1.5 * float(np.median(np.abs(steady - full)))
    if full <= 0.0 or noise > STEADY_SPREAD * full:
        return None
    t_s = seconds_from(t_ns, first_ns)
    width_s = (first_ns - before_ns) / NS_PER_S
    ramp = (power > LOWEST_SHARE * full) & (power < HIGHEST_SHARE * full)
    ramp &= (t_s > -width_s - NEAR_S) & (t_s < NEAR_S)
    if np.count_nonzero(ramp) < FEWEST_ROWS:
        return None
    (offset, slope), spread = least_squares(t_s[ramp], power[ramp], 1)
    if spread > STRAIGHT_SPREAD * full or bool(slope > 0.0) is not rising:
        return None
    half_s = (full / 2.0 - offset) / slope
    if not -width_s - BESIDE_S <= half_s <= BESIDE_S:
        return None
    mean_s = float(t_s[ramp].mean())
    lever = 1.0 / np.count_nonzero(ramp) + (half_s - mean_s) ** 2 / float(np.sum((t_s[ramp] - mean_s) ** 2))
    share = HALF_SHARE if rising else RUN_DOWN_SHARE
    level = (noise**2 / 4.0 / STEADY_ROWS + (share * full) ** 2) ** 0.5
    sigma_s = float(np.sqrt(spread**2 * lever + level**2) / abs(slope))
    return first_ns + round(half_s * NS_PER_S), sigma_s


@dataclass(slots=True)
class Ramp:
    """The last rows of an engine's chamber pressure, and of what it is commanded where that is said.

    Examples
    --------
    >>> ramp = Ramp()
    >>> ramp.add(np.array([0, 50_000_000]), np.array([8e6, 4e6]), np.array([80.0, 0.0]))
    >>> ramp.power(rising=False).tolist()
    [100000.0, 50000.0]
    """

    t_ns: list[int] = field(default_factory=list)
    pressure_pa: list[float] = field(default_factory=list)
    commanded: list[float] = field(default_factory=list)

    def add(
        self, t_ns: NDArray[np.int64], pressure_pa: NDArray[np.generic], commanded: NDArray[np.generic] | None
    ) -> None:
        """Take rows."""
        self.t_ns += t_ns[-KEEP_ROWS:].tolist()
        self.pressure_pa += pressure_pa[-KEEP_ROWS:].tolist()
        if commanded is not None:
            self.commanded += commanded[-KEEP_ROWS:].tolist()
            del self.commanded[:-KEEP_ROWS]
        del self.t_ns[:-KEEP_ROWS], self.pressure_pa[:-KEEP_ROWS]

    def power(self, *, rising: bool) -> NDArray[np.float64]:
        """Return pressure over what is commanded, shape (n,).

        Engines that are off are commanded nothing: what counts is what they were commanded, or are next.
        """
        pressure = np.array(self.pressure_pa, dtype=np.float64)
        commanded = np.array(self.commanded, dtype=np.float64)
        on = np.flatnonzero(commanded > 0.0)
        if not on.size:
            return pressure
        rows = np.arange(len(commanded))
        at = np.searchsorted(on, rows) if rising else np.searchsorted(on, rows, side="right") - 1
        return pressure / commanded[on[np.clip(at, 0, on.size - 1)]]

    def half_power(self, before_ns: int, first_ns: int, *, rising: bool) -> tuple[int, float] | None:
        """Return when power passed half, see `half_power`."""
        times = np.array(self.t_ns, dtype=np.int64)
        return half_power(times, self.power(rising=rising), before_ns, first_ns, rising=rising)
