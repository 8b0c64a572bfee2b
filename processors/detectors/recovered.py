"""The recovery ship has the vehicle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.deck import ON_DECK
from processors.evidence.signals import Switch
from processors.stretch import Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class RecoveredParameters:
    """Thresholds.

    Parameters
    ----------
    rows
        Rows in a row that say so. Two: the beacon is read once a second, and one wrong reading recovers nothing.
    """

    rows: int = 2


@dataclass(slots=True)
class RecoveredState:
    """What it remembers."""

    switch: Switch = field(default_factory=Switch)
    done: bool = False


class Recovered(Detector):
    """The recovery beacon says that the vehicle is on deck.

    Time: half way between the last row that denies it and the first that says so.
    Uncertainty: 1/sqrt(12) of their distance, 0.3 s at one row a second.

    Failure modes: a beacon that fails in the water leaves the vehicle afloat for ever.

    References
    ----------
    The beacon: channel `recovery_state` of the dictionary.

    Examples
    --------
    >>> sorted(Recovered.requires)
    ['recovery_state']
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.RECOVERED.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"recovery_state"})
    parameters_type: ClassVar[type] = RecoveredParameters
    state_type: ClassVar[type] = RecoveredState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the beacon's word."""
        rows = None if self.state.done else stretch.rows("recovery_state")
        if rows is None:
            return ()
        on_deck = np.asarray(rows.values[0] == ON_DECK)
        turn = self.state.switch.turned(rows.t_ns, on_deck, self.parameters.rows)
        if turn is None:
            return ()
        self.state.done = True
        if not turn.seen:
            return ()
        values = stretch.at(turn.t_ns, int(rows.t_ns[turn.row]))
        count_first = int(rows.counts[turn.row]) - self.parameters.rows + 1
        event = FlightEvent.RECOVERED.value
        return (found(event, turn.t_ns, turn.t_sigma_s, rows, turn.row, count_first, values),)
