"""A Kalman filter of height, climb and its rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import Final

# what an engine, a parachute or an impact does to acceleration at once: small rockets pull up to 30 g
MOST_CHANGE_M_S2: Final = 300.0
# where the axis' acceleration is measured, only a change of attitude goes unseen: it turns 3 g
UNSEEN_CHANGE_M_S2: Final = 30.0
GATE: Final = 25.0
# what has leapt must come back nearer than that
GATE_AGAIN: Final = 4.0
PULL_SIGMA_M_S2: Final = 4.0
PULL_SHARE: Final = 0.15
LONGEST_S: Final = 0.5


@dataclass(slots=True)
class Vertical:
    """State (height m, climb m/s, its rate m/s^2) with covariance, a random walk of the rate between measurements.

    A height far from the prediction is refused, unless a sudden change of acceleration of up to 300 m/s^2 since the
    last one explains it, and all those refused since: then the covariance grows so that the state follows. A height
    that has leapt, as a barometer does in a shock wave or when a charge ejects the parachute, is no motion.

    References
    ----------
    Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, sections 5.2 and 6.3.
    """

    t_s: float = nan
    h: float = nan
    v: float = 0.0
    a: float = 0.0
    hh: float = 0.0
    hv: float = 0.0
    ha: float = 0.0
    vv: float = 0.0
    va: float = 0.0
    aa: float = 0.0
    taken_s: float = nan
    pulled_s: float = -inf
    leapt: bool = False

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return self.h == self.h

    def begin(self, t_s: float, h: float, v: float, noise: float, v_sigma: float, a_sigma: float) -> None:
        """Begin with a height and a climb, and how unsure they and the climb's rate are."""
        self.t_s = self.taken_s = t_s
        self.leapt = False
        self.h, self.v, self.a = h, v, 0.0
        self.hh, self.vv, self.aa = noise * noise, v_sigma * v_sigma, a_sigma * a_sigma
        self.hv = self.ha = self.va = 0.0

    def predict(self, t_s: float, walk: float) -> None:
        """Carry the state on to a time, with a walk of acceleration of so many m/s^2 a root second."""
        dt = t_s - self.t_s
        if dt <= 0.0:
            return
        self.t_s = t_s
        q, half, cube = walk * walk, 0.5 * dt * dt, dt**3
        hv, ha, vv, va, aa = self.hv, self.ha, self.vv, self.va, self.aa
        self.h += self.v * dt + self.a * half
        self.v += self.a * dt
        v1, a1 = vv + va * dt, va + aa * dt
        self.hh += 2.0 * (dt * hv + half * ha) + dt * (dt * vv + 2.0 * half * va) + half * half * aa + q * dt**5 / 20.0
        self.hv = hv + dt * ha + dt * v1 + half * a1 + q * dt**4 / 8.0
        self.ha = ha + dt * va + half * aa + q * cube / 6.0
        self.vv = vv + 2.0 * dt * va + dt * dt * aa + q * cube / 3.0
        self.va = a1 + q * half
        self.aa = aa + q * dt

    def surprise(self, z: float, noise: float) -> float:
        """Return the innovation of a height in its own standard deviations."""
        return (z - self.h) / sqrt(self.hh + noise * noise)

    def height(self, z: float, noise: float) -> bool:
        """Take a height; false if it is refused."""
        r = noise * noise
        error = z - self.h
        s = self.hh + r
        if error * error > (GATE_AGAIN if self.leapt else GATE) * s:
            since = min(max(self.t_s - self.taken_s, 0.05), LONGEST_S)
            most = UNSEEN_CHANGE_M_S2 if self.t_s - self.pulled_s < LONGEST_S else MOST_CHANGE_M_S2
            self.leapt = self.leapt or abs(error) > 0.5 * most * since * since + 4.0 * noise
            if self.leapt:
                return False
            self._change(min(max(abs(error) - 2.0 * noise, noise) / (since * since), most), since)
            s = self.hh + r
        kh, kv, ka = self.hh / s, self.hv / s, self.ha / s
        self.h += kh * error
        self.v += kv * error
        self.a += ka * error
        self.aa -= ka * self.ha
        self.va -= kv * self.ha
        self.vv -= kv * self.hv
        self.ha *= 1.0 - kh
        self.hv *= 1.0 - kh
        self.hh *= 1.0 - kh
        self.taken_s, self.leapt = self.t_s, False
        return True

    def _change(self, sigma: float, since: float) -> None:
        """Let the acceleration have changed, by a standard deviation, so many seconds ago."""
        q, half = sigma * sigma, 0.5 * since * since
        self.hh += q * half * half
        self.hv += q * half * since
        self.ha += q * half
        self.vv += q * since * since
        self.va += q * since
        self.aa += q

    def climb(self, z: float, sigma: float) -> None:
        """Take a climb that was measured."""
        s = self.vv + sigma * sigma
        error = z - self.v
        kh, kv, ka = self.hv / s, self.vv / s, self.va / s
        self.h += kh * error
        self.v += kv * error
        self.a += ka * error
        self.hh -= kh * self.hv
        self.ha -= kh * self.va
        self.aa -= ka * self.va
        self.hv *= 1.0 - kv
        self.va *= 1.0 - kv
        self.vv *= 1.0 - kv

    def pull(self, z: float, times: float = 1.0) -> None:
        """Take an acceleration along the axis, which is nearly upright on the way up; less sure by so many times."""
        s = self.aa + times * times * (PULL_SIGMA_M_S2**2 + (PULL_SHARE * z) ** 2)
        error = z - self.a
        self.pulled_s = self.t_s
        kh, kv, ka = self.ha / s, self.va / s, self.aa / s
        self.h += kh * error
        self.v += kv * error
        self.a += ka * error
        self.hh -= kh * self.ha
        self.hv -= kh * self.va
        self.vv -= kv * self.va
        self.ha *= 1.0 - ka
        self.va *= 1.0 - ka
        self.aa *= 1.0 - ka
