"""Burn-out of a small rocket's motor."""

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
class SmallMecoParameters:
    """Thresholds, beside those of `processors.small.burn`.

    Parameters
    ----------
    sure_s
        Thrust dies away over about so long.
    """

    sure_s: float = 0.05


@dataclass(slots=True)
class SmallMecoState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    done: bool = False


class SmallMeco(MotionDetector):
    """The acceleration (m/s2) of a rocket falls through zero and stays below: it is no faster any more.

    Failure modes: thrust that dies away over a second ends later than the speed's growth.

    References
    ----------
    None: the definition.

    Examples
    --------
    >>> SmallMecoParameters().sure_s
    0.05
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MECO.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallMecoParameters
    state_type: ClassVar[type] = SmallMecoState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:  # noqa: ARG002 -- the cells at the end suffice
        """Look for the end of a push."""
        state = self.state
        if state.done:
            return ()
        state.burn.take(cell)
        if not state.burn.over:
            return ()
        state.done = True
        burn = state.burn
        gap_s = (burn.coast_ns - burn.thrust_ns) / NS_PER_S
        share = burn.thrust_m_s2 / (burn.thrust_m_s2 - burn.coast_m_s2)
        t_ns = burn.thrust_ns + round(share * gap_s * NS_PER_S)
        sigma_s = max(self.parameters.sure_s, gap_s / 12.0**0.5)
        values = {"height_m": cell.h_m, "vertical_speed_m_s": cell.v_m_s}
        return (self.finding(FlightEvent.MECO.value, t_ns, sigma_s, cell, cell.count_first, values),)
