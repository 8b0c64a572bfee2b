"""The container is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.signals import Switch
from processors.stretch import Stretch
from telemetry.vocabulary import CargoEvent


@dataclass(frozen=True, slots=True)
class LoadedParameters:
    """Thresholds.

    Parameters
    ----------
    least_kg
        Less than this is no load: ten times the noise of the load cells.
    rows
        Rows in a row that agree: three, 0.6 s, so that a bouncing latch loads nothing.
    """

    least_kg: float = 50.0
    rows: int = 3


@dataclass(slots=True)
class LoadedState:
    """What it remembers."""

    switch: Switch = field(default_factory=Switch)
    done: bool = False


class Loaded(Detector):
    """The container's latches are closed on a load (kg).

    Time: half way between the last row that is not so and the first that is.
    Uncertainty: 1/sqrt(12) of their distance; 0 if it was so from the first row on, and then `already` says so.

    Failure modes: what a load should weigh is not known here; the manifest is the customer side's.

    References
    ----------
    Channels `container_mass_kg` and `container_locked` of the dictionary.

    Examples
    --------
    >>> LoadedParameters().least_kg
    50.0
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.LOADED.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"container_mass_kg", "container_locked"})
    parameters_type: ClassVar[type] = LoadedParameters
    state_type: ClassVar[type] = LoadedState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the latches to close on a load."""
        rows = None if self.state.done else stretch.rows("container_mass_kg", "container_locked")
        if rows is None:
            return ()
        mass, locked = rows.values
        loaded = np.asarray(np.greater(mass, self.parameters.least_kg) & np.not_equal(locked, 0))
        turn = self.state.switch.turned(rows.t_ns, loaded, self.parameters.rows)
        if turn is None:
            return ()
        self.state.done = True
        values = {"container_mass_kg": float(mass[turn.row]), "already": not turn.seen}
        count_first = int(rows.counts[turn.row]) - self.parameters.rows + 1
        event = CargoEvent.LOADED.value
        return (found(event, turn.t_ns, turn.t_sigma_s, rows, turn.row, max(count_first, 0), values),)
