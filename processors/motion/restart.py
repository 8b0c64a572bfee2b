"""When to believe what a filter refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LEAST: Final = 5
LOOK_S: Final = 3.0
# a display that is read once a second, or shows each second twice, brings so many in 4 s, and some are missing
LOOK_SLOWLY_S: Final = 8.0
KEPT: Final = 40
# what agrees lies about a straight line within this many times its noise, and half a second's bend at 4 g
SIGMAS: Final = 3.0
BEND: Final = 5.0
# over longer, a line through a curve of 4 g is off by a twelfth of that, times the time squared
CURVE_M_S2: Final = 40.0 / 12.0


@dataclass(slots=True)
class Refused:
    """What a filter has refused in succession.

    When it has refused everything for long enough, and what it refused last agrees with itself, it is the filter that
    is wrong.
    """

    t_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def clear(self) -> None:
        """Forget it: something was taken."""
        if self.t_s:
            self.t_s.clear()
            self.values.clear()

    def take(self, t_s: float, value: float, noise: float, least_s: float) -> tuple[float, float, float] | None:
        """Take what was refused; return value, rate and the rate's uncertainty to begin again with, or None.

        Parameters
        ----------
        t_s, value, noise
            When, what, and its noise.
        least_s
            For how long everything must have been refused.

        Examples
        --------
        >>> refused = Refused()
        >>> [refused.take(0.25 * i, 100.0 + i, 0.1, 1.0) for i in range(5)][-1]
        (104.0, 4.0, 10.2)
        """
        self.t_s.append(t_s)
        self.values.append(value)
        if len(self.t_s) > KEPT:
            del self.t_s[0], self.values[0]
        if len(self.t_s) < LEAST or t_s - self.t_s[0] < least_s:
            return None
        last = list(zip(self.t_s[-LEAST:], self.values[-LEAST:], strict=True))
        took_s = t_s - last[0][0]
        if took_s > LOOK_SLOWLY_S:
            return None
        mean_t, mean = sum(t for t, _ in last) / LEAST, sum(z for _, z in last) / LEAST
        spread = sum((t - mean_t) ** 2 for t, _ in last)
        rate = sum((t - mean_t) * (z - mean) for t, z in last) / spread
        now = mean + rate * (t_s - mean_t)
        worst = max(abs(z - mean - rate * (t - mean_t)) for t, z in last)
        bend = BEND if took_s <= LOOK_S else CURVE_M_S2 * took_s**2
        if worst > SIGMAS * noise + bend:
            return None
        return now, rate, 10.0 + 2.0 * noise
