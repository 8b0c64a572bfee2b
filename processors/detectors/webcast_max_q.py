"""Greatest dynamic pressure of the ascent, from speed and altitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from processors.detector import Finding
from processors.detectors.max_q import MaxQ, MaxQParameters
from processors.evidence.atmosphere import density_kg_m3
from processors.stretch import Stretch


@dataclass(frozen=True, slots=True)
class WebcastMaxQParameters(MaxQParameters):
    """Thresholds, as those of `max_q` but for three.

    Parameters
    ----------
    every_counts
        Rows looked at: ten a second of a webcast's thirty.
    climb_m_s
        Speed, since the climb is not shown: a launcher reaches it well below its greatest dynamic pressure.
    model_s
        Winds and air other than the standard's move the maximum on its plateau by seconds.
    """

    every_counts: int = 3
    climb_m_s: float = 100.0
    model_s: float = 3.0


class WebcastMaxQ(MaxQ):
    """The maximum of `q = rho v^2 / 2` (Pa) on the way up, with the density of the standard atmosphere.

    Altitude in steps of 100 m makes steps of a hundredth in q, as much as q falls within four seconds of its maximum.

    Failure modes: the day's air differs from the standard by up to a tenth, evenly enough to leave the time alone;
    wind does not, by some seconds.

    References
    ----------
    `processors.detectors.max_q` for the rule, `processors.evidence.atmosphere` for the density.

    Examples
    --------
    >>> WebcastMaxQParameters().climb_m_s
    100.0
    """

    requires: ClassVar[frozenset[str]] = frozenset({"speed_m_s", "altitude_m"})
    parameters_type: ClassVar[type] = WebcastMaxQParameters

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the pressure to fall from its maximum."""
        rows = None if self.state.done else stretch.rows("speed_m_s", "altitude_m")
        if rows is None:
            return ()
        speed, altitude = (np.asarray(values, dtype=np.float64) for values in rows.values)
        pressure = 0.5 * density_kg_m3(altitude) * speed**2
        return self.follow(stretch, rows, pressure, speed > self.parameters.climb_m_s)
