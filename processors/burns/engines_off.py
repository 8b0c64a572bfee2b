"""Whether a stage's engines are off, by what they say themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.burns.burning import ENGINES, BurnParameters
from processors.evidence.signals import UNSET
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S

PRESSURE_PA: Final = BurnParameters().pressure_pa
# engines are read twenty times a second: what they said a second ago is no word about now
FRESH_NS: Final = NS_PER_S


@dataclass(slots=True)
class EnginesOff:
    """Follows the engines. They are off when none is said to run, and no chamber pressure is left: both must say so.

    Examples
    --------
    >>> EnginesOff(last_ns=10, said_off=True).at(np.array([5, 20, 20 + FRESH_NS])).tolist()
    [False, True, False]
    """

    last_ns: int = UNSET
    said_off: bool = False

    def off(self, stretch: Stretch, t_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take a stretch; return whether they were off at some times within it, shape (n,)."""
        rows = stretch.rows(*ENGINES)
        if rows is None:
            return self.at(t_ns)
        running, pressure = rows.values
        off = np.asarray(np.less(running, 1) & np.less(pressure, PRESSURE_PA))
        times = np.concatenate([[self.last_ns], rows.t_ns])
        said = np.concatenate([[self.said_off], off])
        self.last_ns, self.said_off = int(rows.t_ns[-1]), bool(off[-1])
        return _said_at(times, said, t_ns)

    def at(self, t_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether they were off at some times, by their last word; shape (n,)."""
        return _said_at(np.array([self.last_ns]), np.array([self.said_off]), t_ns)


def _said_at(times_ns: NDArray[np.int64], said: NDArray[np.bool_], t_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    at = np.searchsorted(times_ns, t_ns, side="right") - 1
    known = (at >= 0) & (times_ns[at] != UNSET) & (t_ns - times_ns[at] < FRESH_NS)
    return np.asarray(known & said[at])
