"""The customs seal breaks on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.deck import Deck
from processors.evidence.signals import Switch
from processors.stretch import Stretch
from telemetry.vocabulary import CargoEvent


@dataclass(frozen=True, slots=True)
class SealBrokenParameters:
    """Thresholds.

    Parameters
    ----------
    rows
        Rows in a row with an open loop: three, 0.6 s, so that a contact that chatters under vibration breaks no seal.
    """

    rows: int = 3


@dataclass(slots=True)
class SealBrokenState:
    """What it remembers."""

    closing: Switch = field(default_factory=Switch)
    opening: Switch = field(default_factory=Switch)
    sealed: bool = False
    deck: Deck = field(default_factory=Deck)


class SealBroken(Detector):
    """The seal's loop opens after it was closed, before the ship is recovered.

    Opened on deck, it is procedure. A seal that is renewed and breaks again is found again.
    Time: half way between the last row with a closed loop and the first with an open one.
    Uncertainty: 1/sqrt(12) of their distance.

    Failure modes: a recovery that is not reported makes the opening on deck a break.

    References
    ----------
    Channels `seal_intact` and `recovery_state` of the dictionary.

    Examples
    --------
    >>> SealBroken.emits
    ('downrange.cargo.seal_broken',)
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.SEAL_BROKEN.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"seal_intact", "recovery_state"})
    parameters_type: ClassVar[type] = SealBrokenParameters
    state_type: ClassVar[type] = SealBrokenState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the loop to open."""
        state, needed = self.state, self.parameters.rows
        recovered_ns = state.deck.since(stretch)
        rows = stretch.rows("seal_intact")
        findings: list[Finding] = []
        start = 0
        while rows is not None and start < len(rows.t_ns):
            intact = np.asarray(rows.values[0][start:], dtype=np.bool_)
            switch = state.opening if state.sealed else state.closing
            turn = switch.turned(rows.t_ns[start:], ~intact if state.sealed else intact, needed)
            if turn is None:
                break
            at = start + turn.row
            if state.sealed and (recovered_ns is None or rows.t_ns[at] < recovered_ns):
                event, count_first = CargoEvent.SEAL_BROKEN.value, int(rows.counts[at]) - needed + 1
                findings.append(found(event, turn.t_ns, turn.t_sigma_s, rows, at, max(count_first, 0), {}))
            state.sealed = not state.sealed
            state.closing, state.opening = Switch(), Switch(before_ns=int(rows.t_ns[at]))
            start = at + 1
        return tuple(findings)
