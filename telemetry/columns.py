"""The columns of a frame: what the packets say, and what is derived from it when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.derived import Derived, compute, output_of
from telemetry.packet_columns import PacketColumns

Columns = Mapping[str, NDArray[Any]]
Rows = NDArray[Any] | slice


class DerivedColumns(Mapping[str, NDArray[Any]]):
    """Columns as decoded, followed by derived ones that are computed when they are first read.

    Parameters
    ----------
    measured
        As decoded.
    derived
        What follows.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> rows = {"speed_m_s": np.array([100.0]), "altitude_m": np.array([0.0])}
    >>> columns = DerivedColumns(rows, built_in("webcast").packets["kinematics"].derived)
    >>> list(columns), columns["dynamic_pressure_pa"].round().tolist()
    (['speed_m_s', 'altitude_m', 'dynamic_pressure_pa', 'mach_number'], [6125.0])
    """

    __slots__ = ("_computed", "_derived", "measured")

    def __init__(self, measured: dict[str, NDArray[Any]], derived: tuple[Derived, ...]) -> None:
        self.measured = measured
        self._derived = derived
        self._computed: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        values = self.measured.get(name)
        if values is None:
            values = self._computed.get(name)
        return self._compute(name) if values is None else values

    def __iter__(self) -> Iterator[str]:
        yield from self.measured
        for derived in self._derived:
            yield derived.name

    def __len__(self) -> int:
        return len(self.measured) + len(self._derived)

    def select(self, which: Rows) -> DerivedColumns:
        """Return the chosen rows; what was computed already is not computed again."""
        chosen = DerivedColumns({name: values[which] for name, values in self.measured.items()}, self._derived)
        chosen._computed = {name: values[which] for name, values in self._computed.items()}
        return chosen

    def joined(self, others: Sequence[DerivedColumns]) -> DerivedColumns:
        """Return these rows and those of others of the same packet type."""
        every = [self.measured, *(other.measured for other in others)]
        return DerivedColumns(
            {name: np.concatenate([each[name] for each in every]) for name in every[0]}, self._derived
        )

    def _compute(self, name: str) -> NDArray[Any]:
        wanted = next((derived for derived in self._derived if derived.name == name), None)
        if wanted is None:
            raise KeyError(name)
        outputs = compute(wanted, self.measured)
        # the other outputs of the same computation come for nothing
        for derived in self._derived:
            if derived.of_what == wanted.of_what:
                self._computed[derived.name] = outputs[output_of(derived)]
        return self._computed[name]


def select_columns(columns: Columns, which: Rows) -> Columns:
    """Return the chosen rows of columns (a mask, indices or a slice)."""
    if isinstance(columns, DerivedColumns | PacketColumns):
        return columns.select(which)
    return {name: values[which] for name, values in columns.items()}


def join_columns(several: Sequence[Columns]) -> Columns:
    """Return the rows of columns of one packet type, one behind the other."""
    if len(several) == 1:
        return several[0]
    packed = [columns for columns in several if isinstance(columns, PacketColumns)]
    if len(packed) == len(several) and all(columns.layout is packed[0].layout for columns in packed):
        return packed[0].joined(packed[1:])
    lazy = [columns for columns in several if isinstance(columns, DerivedColumns)]
    if len(lazy) == len(several):
        return lazy[0].joined(lazy[1:])
    return {name: np.concatenate([columns[name] for columns in several]) for name in several[-1]}
