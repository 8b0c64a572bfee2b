"""The container is unloaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from processors.detector import Detector, Finding, found
from processors.signals import Switch
from processors.stretch import Stretch
from telemetry.vocabulary import CargoEvent

ON_DECK: Final = 3


@dataclass(frozen=True, slots=True)
class UnloadedParameters:
    """Thresholds.

    Parameters
    ----------
    least_kg
        Less than this is no load: ten times the noise of the load cells.
    empty_share
        A container with less than this share of its load is empty; pallets and nets stay behind.
    rows
        Rows in a row that agree: three, 0.6 s, so that a container that is jolted by the crane is not empty.
    """

    least_kg: float = 50.0
    empty_share: float = 0.05
    rows: int = 3


@dataclass(slots=True)
class UnloadedState:
    """What it remembers: the load is the largest mass while locked, the share of which says that it is empty."""

    switch: Switch = field(default_factory=Switch)
    load_kg: float = 0.0
    recovered: bool = False
    done: bool = False


class Unloaded(Detector):
    """The container's mass (kg) falls near zero after the recovery.

    Time: half way between the last row with a load and the first without.
    Uncertainty: 1/sqrt(12) of their distance.

    Failure modes: none if the recovery is not reported, or if telemetry begins after the unlocking.

    References
    ----------
    Channels `container_mass_kg`, `container_locked` and `recovery_state` of the dictionary.

    Examples
    --------
    >>> UnloadedParameters().empty_share
    0.05
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.UNLOADED.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"container_mass_kg", "container_locked", "recovery_state"})
    parameters_type: ClassVar[type] = UnloadedParameters
    state_type: ClassVar[type] = UnloadedState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the mass to fall."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        rows = stretch.rows("container_mass_kg", "container_locked")
        since_ns = self._recovered_ns(stretch)
        if rows is None:
            return ()
        mass = np.asarray(rows.values[0], dtype=np.float64)
        locked = mass[np.asarray(rows.values[1], dtype=np.bool_)]
        if locked.size:
            state.load_kg = max(state.load_kg, float(locked.max()))
        if since_ns is None or state.load_kg < limits.least_kg:
            return ()
        first = int(np.searchsorted(rows.t_ns, since_ns))
        if first == len(mass):
            return ()
        empty = mass[first:] < limits.empty_share * state.load_kg
        turn = state.switch.turned(rows.t_ns[first:], empty, limits.rows)
        if turn is None:
            return ()
        state.done = True
        at = first + turn.row
        values = {"container_mass_kg": float(mass[at]), "load_kg": state.load_kg}
        count_first = int(rows.counts[at]) - limits.rows + 1
        event = CargoEvent.UNLOADED.value
        return (found(event, turn.t_ns, turn.t_sigma_s, rows, at, max(count_first, 0), values),)

    def _recovered_ns(self, stretch: Stretch) -> int | None:
        """Return from when on the ship is recovered, as far as this stretch goes; None if it is not."""
        if self.state.recovered:
            return 0
        rows = stretch.rows("recovery_state")
        on_deck = np.flatnonzero(rows.values[0] == ON_DECK) if rows is not None else np.array([], dtype=np.intp)
        if rows is None or not on_deck.size:
            return None
        self.state.recovered = True
        return int(rows.t_ns[on_deck[0]])
