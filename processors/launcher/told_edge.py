"""An engine's edge that is told and not yet confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from processors.launcher.means import Means
from processors.launcher.thrust import along_m_s2
from processors.motion.cell import Cell
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

# of these the rate is even before and after
EVEN: Final = frozenset({FlightEvent.MECO, FlightEvent.SES, FlightEvent.SECO, FlightEvent.ENTRY_START})


# what stopped was not all that pushes if afterwards, when it has died away, more than a quarter of it is left: boosters
# burn out before the stage that they help to lift. Wrong climbs and a display's filter feign less than 3 m/s^2.
STOPS: Final = frozenset({FlightEvent.MECO, FlightEvent.SECO})
DEAD_S: Final = (0.8, 1.8)
LEFT: Final = 0.25
LEFT_M_S2: Final = 3.0
# in the air it soon changes by itself as much as by an engine: a display that stuck has gone on by then
SOON_S: Final = (1.2, 2.2)
# of what a change makes of the speed: nearer to it than to nothing; and nearly nothing, where the air takes some of it
HALF: Final = 0.5
GONE: Final = 0.2


@dataclass(slots=True)
class Told:
    """An event that is told and not yet confirmed.

    `change_m_s2` is that of the rate of speed, `rate_m_s2` the rate that it passes then, `low_s` and `high_s` between
    which times it was, from `origin_ns`; `t_ns` and `sigma_s` are what was told. At the origin speed was `speed_m_s`
    and grew by `before_m_s2`; `phase`, `since_s` and `since_m_s` are those before it.
    """

    type: str = ""
    origin_ns: int = 0
    change_m_s2: float = 0.0
    rate_m_s2: float = 0.0
    low_s: float = 0.0
    high_s: float = 0.0
    t_ns: int = 0
    sigma_s: float = 0.0
    speed_m_s: float = 0.0
    before_m_s2: float = 0.0
    phase: str = ""
    since_s: float = 0.0
    since_m_s: float = 0.0
    stands: bool = False

    def holds(self, means: Means, cell: Cell) -> bool:
        """Return whether the speed is nearer to what the change has made of it than to what it was on the way to.

        A display that sticks in noise looks like an engine that stops; then it shows where the speed has been going
        all the time. One that has stood shows it in the first cell in which it goes on.
        """
        t_s, value, share = cell.t_ns / NS_PER_S, cell.speed_m_s, HALF
        if self.type == FlightEvent.ENTRY_END:
            soon = means.between(*(self.origin_ns / NS_PER_S + after_s for after_s in SOON_S))
            if soon is None:
                return True
            (t_s, value), share = soon, GONE
        elif self.type not in EVEN:
            # engines that turn a stage back, or land it, come one after the other
            return True
        elif not self.stands:
            # means hold both what stuck and what it has leapt to; the filter has begun again there
            value = cell.s_m_s
            if self._goes_on(means, cell):
                return False
        since_s = t_s - self.origin_ns / NS_PER_S
        if since_s <= 0.0:
            return True
        gained_m_s = value - self.speed_m_s - self.before_m_s2 * since_s
        return gained_m_s / (self.change_m_s2 * since_s) > share

    def _goes_on(self, means: Means, cell: Cell) -> bool:
        """Return whether another engine pushes on after one that has stopped; false where the climb is not known."""
        origin_s = self.origin_ns / NS_PER_S
        dead = means.between(*(origin_s + after_s for after_s in DEAD_S)) if self.type in STOPS else None
        if dead is None or not cell.t_ns / NS_PER_S - dead[0] > DEAD_S[0]:
            return False
        push_m_s2 = (cell.s_m_s - dead[1]) / (cell.t_ns / NS_PER_S - dead[0]) + along_m_s2(cell)
        return push_m_s2 > max(LEFT * abs(self.change_m_s2), LEFT_M_S2)
