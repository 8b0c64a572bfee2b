"""A small rocket leaves its rail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SmallLiftoffParameters:
    """Thresholds, beside those of `processors.small.burn`.

    Parameters
    ----------
    first_m_s2
        The first push over the noise of an accelerometer at rest.
    cell_s
        How far two cells lie apart when none is missing.
    sure_s
        Thrust builds up in that time.
    """

    first_m_s2: float = 3.0
    cell_s: float = 0.15
    sure_s: float = 0.06


@dataclass(slots=True)
class SmallLiftoffState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    done: bool = False


class SmallLiftoff(MotionDetector):
    """The acceleration (m/s2) of a rocket at rest turns into a push that lasts.

    Time: where it leaves the level at rest.

    Failure modes: if the record begins later, its first row is told, with a wide uncertainty.

    References
    ----------
    None: the definition.

    Examples
    --------
    >>> SmallLiftoffParameters().first_m_s2
    3.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LIFTOFF.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallLiftoffParameters
    state_type: ClassVar[type] = SmallLiftoffState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:  # noqa: ARG002 -- the cells of a push suffice
        """Look for a push."""
        state = self.state
        if state.done:
            return ()
        state.burn.take(cell)
        if not state.burn.burning:
            return ()
        state.done = True
        t_ns, sigma_s = self._onset()
        values = {"acceleration_m_s2": state.burn.thrust_m_s2}
        return (self.finding(FlightEvent.LIFTOFF.value, t_ns, sigma_s, cell, cell.count_first, values),)

    def _onset(self) -> tuple[int, float]:
        burn, limits = self.state.burn, self.parameters
        if not burn.quiet_ns:
            return burn.push_ns, 1.0
        gap_s = (burn.push_ns - burn.quiet_ns) / NS_PER_S
        rise = burn.push_m_s2 - burn.quiet_m_s2
        share = min(max((limits.first_m_s2 - burn.quiet_m_s2) / rise, 0.0), 1.0)
        if gap_s > limits.cell_s:
            share = 0.5
        return burn.quiet_ns + round(share * gap_s * NS_PER_S), max(limits.sure_s, gap_s / 12.0**0.5)
