"""Units at the ends of names, and what one is in another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

STANDARD_GRAVITY_M_S2: Final = 9.80665
DEGREE: Final = math.pi / 180.0

# Of each unit the dimension, and how many of the dimension's first unit it is.
UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "m": ("length", 1.0),
    "km": ("length", 1e3),
    "s": ("time", 1.0),
    "ns": ("time", 1e-9),
    "kg": ("mass", 1.0),
    "k": ("temperature", 1.0),
    "pa": ("pressure", 1.0),
    "n": ("force", 1.0),
    "j": ("energy", 1.0),
    "w": ("power", 1.0),
    "w_m2": ("heat flux", 1.0),
    "kg_s": ("mass flow", 1.0),
    "kg_m3": ("density", 1.0),
    "v": ("voltage", 1.0),
    "a": ("current", 1.0),
    "dbm": ("received power", 1.0),
    "m_s": ("speed", 1.0),
    "m_s2": ("acceleration", 1.0),
    "g": ("acceleration", STANDARD_GRAVITY_M_S2),
    "rad": ("angle", 1.0),
    "deg": ("angle", DEGREE),
    "rad_s": ("angular rate", 1.0),
    "deg_s": ("angular rate", DEGREE),
    "rpm": ("frequency", 1.0 / 60.0),
    "hz": ("frequency", 1.0),
    "number": ("ratio", 1.0),
    "percent": ("ratio", 0.01),
    "count": ("count", 1.0),
}


def unit_of(name: str) -> str | None:
    """Return the unit that a name ends in, the longest that fits; None without one.

    Examples
    --------
    >>> unit_of("vertical_speed_m_s"), unit_of("igniter_on")
    ('m_s', None)
    """
    words = name.split("_")
    return next((unit for i in range(1, len(words)) if (unit := "_".join(words[i:])) in UNITS), None)


@dataclass(frozen=True, slots=True)
class Conversion:
    """From one unit to another: multiplied, and then divided, so that whole factors stay exact."""

    times: float = 1.0
    over: float = 1.0

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """Convert values of any shape; whole numbers stay whole where nothing changes."""
        if self.times == self.over:
            return values
        return np.asarray(values * self.times / self.over)


def conversion(source: str, target: str) -> Conversion | None:
    """Return how a unit becomes another; None if they are of different kinds.

    Examples
    --------
    >>> float(conversion("m", "km").of(np.array(1500.0))), conversion("m", "kg")
    (1.5, None)
    """
    (dimension, times), (wanted, over) = UNITS[source], UNITS[target]
    return Conversion(times, over) if dimension == wanted else None
