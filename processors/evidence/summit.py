"""The greatest altitude so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from processors.stretch import Stretch

LOWEST_M: Final = -1e9


@dataclass(slots=True)
class Summit:
    """Follows the altitude. Two rows in a row must be as high, so that a spike is no summit.

    Examples
    --------
    >>> summit = Summit(best_m=100.0, last_m=80.0)
    >>> summit.is_near(15.0), summit.is_near(25.0)
    (False, True)
    """

    until_ns: int = -1
    best_m: float = LOWEST_M
    last_m: float = LOWEST_M

    def follow(self, stretch: Stretch, until_ns: int) -> None:
        """Take the rows of a stretch up to a time."""
        rows = stretch.rows("altitude_m")
        if rows is None:
            return
        new = (rows.t_ns > self.until_ns) & (rows.t_ns <= until_ns)
        altitude = np.concatenate([[self.last_m], np.asarray(rows.values[0][new], dtype=np.float64)])
        if len(altitude) > 1:
            self.best_m = max(self.best_m, float(np.minimum(altitude[1:], altitude[:-1]).max()))
            self.last_m, self.until_ns = float(altitude[-1]), until_ns

    def is_near(self, below_m: float) -> bool:
        """Return whether it is no further than that below its highest."""
        return self.last_m >= self.best_m - below_m
