"""One component of a velocity, by an accelerometer and noisy speeds."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Final

# what an accelerometer is off by, m/s^2, and how that wanders, m/s^2 a root second
BIAS_M_S2: Final = 0.2
BIAS_WALK: Final = 0.005
GATE_SIGMAS: Final = 5.0
# one that is refused for so long was right
LOST_S: Final = 1.0
MEMORY_S: Final = 1.0
# the ground stops a vehicle between two measurements of its accelerometer: then all speeds lean to one side
LEAN_S: Final = 0.3
LEANS: Final = 4.5


@dataclass(slots=True)
class Axis:
    """A Kalman filter of a speed (m/s) and of the bias (m/s^2) of the acceleration that it is carried on by.

    Parameters
    ----------
    v_m_s, bias_m_s2
        The estimate; not a number before the first speed.
    vv, vb, bb
        Its covariance.
    unrest
        Mean of the last second's squared innovations, in their variances: 1 if all is as noisy as it is said to be.
    lean
        Mean of the last innovations, in their standard deviations: none if nothing has happened that is not felt.
    refused_s
        For how long every speed has been refused.

    References
    ----------
    Innovation gating and noise by innovations: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking
    and Navigation, 2001, sections 5.4 and 11.6.
    """

    v_m_s: float = nan
    bias_m_s2: float = 0.0
    vv: float = 0.0
    vb: float = 0.0
    bb: float = 0.0
    unrest: float = 1.0
    lean: float = 0.0
    refused_s: float = 0.0

    @property
    def sigma_m_s(self) -> float:
        """How sure the speed is."""
        return sqrt(self.vv)

    def begin(self, measured_m_s: float, variance: float) -> None:
        """Begin with a speed."""
        self.v_m_s, self.bias_m_s2 = measured_m_s, 0.0
        self.vv, self.vb, self.bb = variance, 0.0, BIAS_M_S2**2
        self.unrest, self.lean, self.refused_s = 1.0, 0.0, 0.0

    def carry(self, felt_m_s2: float, span_s: float, walk: float) -> None:
        """Go on for a while with an acceleration; `walk` is what that may be wrong by, (m/s)^2 a second."""
        self.v_m_s += (felt_m_s2 + self.bias_m_s2) * span_s
        hasty = walk * max(self.unrest, 1.0) ** 2
        self.vv += (2.0 * self.vb + self.bb * span_s) * span_s + hasty * span_s
        self.vb += self.bb * span_s
        self.bb = min(self.bb + BIAS_WALK**2 * span_s, 1.0)

    def take(self, measured_m_s: float, variance: float, span_s: float) -> None:
        """Take a speed, unless it is too far off; what is no number tells nothing."""
        off = measured_m_s - self.v_m_s
        if isnan(off):
            return
        spread = self.vv + variance
        share = min(off * off / spread, GATE_SIGMAS**2)
        self.unrest += min(span_s / MEMORY_S, 1.0) * (share - self.unrest)
        if share == GATE_SIGMAS**2:
            self.refused_s += span_s
            if self.refused_s > LOST_S:
                self.begin(measured_m_s, variance)
            return
        self.refused_s = 0.0
        weight = min(span_s / LEAN_S, 0.5)
        self.lean += weight * (off / sqrt(spread) - self.lean)
        if weight > 0.0 and self.lean * self.lean > LEANS**2 * weight / (2.0 - weight):
            self.vv += self.lean * self.lean * spread
            self.lean, spread = 0.0, self.vv + variance
        gain, bias_gain = self.vv / spread, self.vb / spread
        self.v_m_s += gain * off
        self.bias_m_s2 += bias_gain * off
        self.bb -= bias_gain * self.vb
        self.vb *= 1.0 - gain
        self.vv *= 1.0 - gain
