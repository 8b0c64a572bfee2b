"""The container is unloaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, found
from processors.evidence.deck import Deck
from processors.evidence.signals import Switch, Trail, zero_of_line
from processors.stretch import Stretch
from telemetry.vocabulary import CargoEvent


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
    keep_rows
        The line goes through the last four seconds.
    """

    least_kg: float = 50.0
    empty_share: float = 0.05
    rows: int = 3
    keep_rows: int = 20


@dataclass(slots=True)
class UnloadedState:
    """What it remembers: the load is the largest mass while locked, the share of which says that it is empty."""

    switch: Switch = field(default_factory=Switch)
    trail: Trail = field(default_factory=Trail)
    deck: Deck = field(default_factory=Deck)
    last_kg: list[float] = field(default_factory=list)
    load_kg: float = 0.0
    done: bool = False


class Unloaded(Detector):
    """The container's mass (kg) falls near zero after the recovery.

    Time: where a line through the last rows passes the mass that counts as empty, the uncertainty from its
    residuals: parcels leave one by one, and the noise of the cells is some of them. Where no line fits, half way
    between the rows.

    Failure modes: none if the recovery is not reported, or if telemetry begins after the unlocking.

    References
    ----------
    Line by least squares: Bevington and Robinson, Data Reduction and Error Analysis for the Physical Sciences, 2003,
    chapter 6. Channels `container_mass_kg`, `container_locked` and `recovery_state` of the dictionary.

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
        since_ns = state.deck.since(stretch)
        if rows is None:
            return ()
        mass = np.asarray(rows.values[0], dtype=np.float64)
        self._weigh(mass[np.asarray(rows.values[1], dtype=np.bool_)])
        if since_ns is None or state.load_kg < limits.least_kg:
            return ()
        first = int(np.searchsorted(rows.t_ns, since_ns))
        if first == len(mass):
            return ()
        excess = mass[first:] - limits.empty_share * state.load_kg
        turn = state.switch.turned(rows.t_ns[first:], excess < 0.0, limits.rows)
        stop = len(excess) if turn is None else turn.row + 1
        state.trail.add(rows.t_ns[first : first + stop], excess[:stop], limits.keep_rows)
        if turn is None:
            return ()
        state.done = True
        at = first + turn.row
        times, excesses = state.trail.arrays()
        state.trail.clear()
        fitted = zero_of_line(times, excesses)
        on_line = fitted is not None and times[0] <= fitted[0] <= times[-1]
        t_ns, sigma_s = fitted if fitted is not None and on_line else (turn.t_ns, turn.t_sigma_s)
        values = {"container_mass_kg": float(mass[at]), "load_kg": state.load_kg}
        count_first = int(rows.counts[at]) - limits.rows + 1
        event = CargoEvent.UNLOADED.value
        return (found(event, t_ns, sigma_s, rows, at, max(count_first, 0), values),)

    def _weigh(self, locked_kg: NDArray[np.float64]) -> None:
        """Keep the largest mass that as many rows in a row agree on."""
        rows = self.parameters.rows
        last = [*self.state.last_kg, *locked_kg.tolist()]
        for stop in range(rows, len(last) + 1):
            self.state.load_kg = max(self.state.load_kg, min(last[stop - rows : stop]))
        self.state.last_kg = last[-(rows - 1) :]
