"""The count towards liftoff: whether it runs, and when it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from processors.airframe import Airframe
from processors.evidence.signals import UNSET
from telemetry.cuc import NS_PER_S

# a count runs or stands: what runs at less than half its speed stands
HALF: Final = 0.5
# rounding of the count, and of the rows' times
SAME_S: Final = 0.02
SIGMA_S: Final = 0.01


def aborted_code(airframe: Airframe, beside: str) -> int | None:
    """Return the code of `aborted` in the channel `flight_phase`; None if no packet has it together with another."""
    phase = airframe.channels.get("flight_phase")
    if phase is None or airframe.packet_of["flight_phase"] != airframe.packet_of.get(beside):
        return None
    labels: dict[int, str] = getattr(phase, "labels", None) or {}
    return next((code for code, label in labels.items() if label == "aborted"), None)


@dataclass(frozen=True, slots=True)
class Stop:
    """A count that stopped: when, where, and how many rows ago it last ran."""

    t_ns: int
    t_sigma_s: float
    count_s: float
    rows: int


@dataclass(slots=True)
class Count:
    """Follows a count.

    Examples
    --------
    >>> count = Count()
    >>> rows = [(-12.0, -12.0), (-11.0, -11.0), (-10.0, -10.4), (-9.0, -10.4), (-8.0, -10.4)]
    >>> [count.stopped(round((100 + t_s) * 1e9), count_s, 1.5) for t_s, count_s in rows][-1]
    Stop(t_ns=89600000000, t_sigma_s=0.01, count_s=-10.4, rows=3)
    """

    ran_ns: int = UNSET
    ran_s: float = 0.0
    behind_ns: int = UNSET
    behind_s: float = 0.0
    rows: int = 0
    ran: bool = False
    told: bool = False

    def forget(self) -> None:
        """Begin anew."""
        self.ran_ns = self.behind_ns = UNSET
        self.ran = self.told = False
        self.rows = 0

    def stopped(self, t_ns: int, count_s: float, stands_s: float) -> Stop | None:
        """Take a row; return how the count stopped, once it is behind by `stands_s`."""
        if self.ran_ns == UNSET:
            self._runs(t_ns, count_s)
            return None
        since_s = (t_ns - self.ran_ns) / NS_PER_S
        late_s = since_s - (count_s - self.ran_s)
        self.rows += 1
        if late_s < SAME_S or late_s > since_s + SAME_S:
            # it runs, or it was set back or forth
            was_set = abs(late_s) > SAME_S
            self.told = self.told and was_set
            self.ran = not was_set
            self._runs(t_ns, count_s)
            return None
        last_ns, last_s = self.behind_ns, self.behind_s
        self.behind_ns, self.behind_s = t_ns, count_s
        if last_ns == UNSET:
            return None
        runs = count_s - last_s > HALF * (t_ns - last_ns) / NS_PER_S
        stop = None
        if late_s >= stands_s and self.ran and not self.told:
            stop = self._stop(t_ns, late_s, count_s, runs=runs)
            self.told = True
        if runs:
            self.told, self.ran = False, True
            self._runs(t_ns, count_s)
        return stop

    def _runs(self, t_ns: int, count_s: float) -> None:
        self.ran_ns, self.ran_s = t_ns, count_s
        self.behind_ns, self.rows = UNSET, 0

    def _stop(self, t_ns: int, late_s: float, count_s: float, *, runs: bool) -> Stop:
        if not runs:
            return Stop(self.ran_ns + round((count_s - self.ran_s) * NS_PER_S), SIGMA_S, count_s, self.rows)
        # it stood somewhere between two rows
        free_s = max((t_ns - self.ran_ns) / NS_PER_S - late_s, 0.0)
        half_s = free_s / 2.0
        middle_ns = self.ran_ns + round(half_s * NS_PER_S)
        return Stop(middle_ns, SIGMA_S + free_s / 12**0.5, self.ran_s + half_s, self.rows)
