"""The container is sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Switch
from processors.stretch import Stretch
from telemetry.vocabulary import CargoEvent


@dataclass(frozen=True, slots=True)
class SealedParameters:
    """Thresholds.

    Parameters
    ----------
    least_kg
        Less than this is no load: ten times the noise of the load cells.
    rows
        Rows in a row that agree: three, 0.6 s, so that a bouncing contact seals nothing.
    """

    least_kg: float = 50.0
    rows: int = 3


@dataclass(slots=True)
class SealedState:
    """What it remembers."""

    switch: Switch = field(default_factory=Switch)
    done: bool = False


class Sealed(Detector):
    """The customs seal is intact on a closed door and a locked load.

    Time: half way between the last row that is not so and the first that is.
    Uncertainty: 1/sqrt(12) of their distance; 0 if it was so from the first row on, and then `already` says so.

    Failure modes: a seal loop that is bridged looks intact.

    References
    ----------
    Channels `seal_intact`, `door_closed`, `container_locked` and `container_mass_kg` of the dictionary.

    Examples
    --------
    >>> SealedParameters().rows
    3
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.SEALED.value,)
    requires: ClassVar[frozenset[str]] = frozenset(
        {"seal_intact", "door_closed", "container_locked", "container_mass_kg"}
    )
    parameters_type: ClassVar[type] = SealedParameters
    state_type: ClassVar[type] = SealedState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the seal to close."""
        channels = ("container_mass_kg", "seal_intact", "door_closed", "container_locked")
        rows = None if self.state.done else stretch.rows(*channels)
        if rows is None:
            return ()
        mass, *switches = rows.values
        sealed = np.greater(mass, self.parameters.least_kg) & np.logical_and.reduce(switches)
        turn = self.state.switch.turned(rows.t_ns, np.asarray(sealed), self.parameters.rows)
        if turn is None:
            return ()
        self.state.done = True
        values = {"container_mass_kg": float(mass[turn.row]), "already": not turn.seen}
        count_first = int(rows.counts[turn.row]) - self.parameters.rows + 1
        event = CargoEvent.SEALED.value
        return (found(event, turn.t_ns, turn.t_sigma_s, rows, turn.row, max(count_first, 0), values),)
