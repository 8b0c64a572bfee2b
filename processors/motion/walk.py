"""How fast an acceleration may change from one measurement to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# m/s^2 a root second. Thrust curves and drag of small rockets change by their whole in a second; of large ones in ten
FINE: Final = 30.0
COARSE: Final = 12.0
LAUNCHER_COARSE: Final = 2.5
TIMES_NOISE: Final = 90.0
MEMORY: Final = 0.8
LEANS: Final = 0.7
USUAL: Final = 0.6745
FASTER: Final = 1.3
CALMER: Final = 1.1
MOST: Final = 8.0


@dataclass(slots=True)
class Walk:
    """The random walk of acceleration that a filter allows for: more where heights are fine, and where it lags.

    A filter whose innovations all have one sign lags behind the motion, unless an accelerometer says that it does not.
    """

    lean: float = 0.0
    haste: float = 1.0

    def of(self, noise: float, *, launcher: bool) -> float:
        """Return the walk for a noise of height, m/s^2 a root second."""
        least = LAUNCHER_COARSE if launcher else COARSE
        return min(max(TIMES_NOISE / noise, least), FINE) * self.haste

    def hurries(self, sigmas: float, *, dead_reckoned: bool) -> bool:
        """Take an innovation in standard deviations and return whether the filter lags."""
        self.lean = MEMORY * self.lean + (1.0 - MEMORY) * (1.0 if sigmas > 0.0 else -1.0)
        lags = not dead_reckoned and abs(self.lean) > LEANS and abs(sigmas) > USUAL
        if lags:
            self.haste = min(self.haste * FASTER, MOST)
        elif self.haste > 1.0:
            self.haste = max(self.haste / CALMER, 1.0)
        return lags
