"""Booster and ship part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Switch, in_step_s
from processors.stretch import Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class SeparationParameters:
    """Thresholds.

    Parameters
    ----------
    rows
        Rows in a row with an open switch. Three, 0.15 s, since a switch bounces in the shock of the separation, and one
        wrong reading parts no stages.
    """

    rows: int = 3


@dataclass(slots=True)
class SeparationState:
    """What it remembers."""

    switch: Switch = field(default_factory=Switch)
    done: bool = False


class StageSeparation(Detector):
    """The separation switch opens and stays open.

    Time: half way between the last row with a closed switch and the first with an open one.
    Uncertainty: 1/sqrt(12) of their distance, and that it may open in step with the rows.

    Failure modes: none on a vehicle that was never seen joined, as one that flies alone.

    References
    ----------
    The switch: channel `stage_attached` of the dictionary.

    Examples
    --------
    >>> sorted(StageSeparation.requires)
    ['stage_attached']
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.STAGE_SEPARATION.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"stage_attached"})
    parameters_type: ClassVar[type] = SeparationParameters
    state_type: ClassVar[type] = SeparationState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the switch to open."""
        rows = None if self.state.done else stretch.rows("stage_attached")
        if rows is None:
            return ()
        apart = ~np.asarray(rows.values[0], dtype=np.bool_)
        turn = self.state.switch.turned(rows.t_ns, apart, self.parameters.rows)
        if turn is None:
            return ()
        self.state.done = True
        if not turn.seen:
            return ()
        values = stretch.at(turn.t_ns, int(rows.t_ns[turn.row]))
        count_first = int(rows.counts[turn.row]) - self.parameters.rows + 1
        event = FlightEvent.STAGE_SEPARATION.value
        sigma_s = in_step_s(turn.t_sigma_s, self.airframe.rates_hz[rows.packet])
        return (found(event, turn.t_ns, sigma_s, rows, turn.row, count_first, values),)
