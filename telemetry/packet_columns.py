"""The columns of packets: read from their octets when somebody asks, those of many messages at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.derived import Derived, compute, output_of
from telemetry.layout import Layout, Octets


class Block:
    """Packets of one type that are read together: most come in bundles of a few, and each numpy call costs the same.

    Parameters
    ----------
    octets
        The packets, shape (n, size).
    layout
        How channels lie in them.
    derived
        What follows from them.
    starts
        Where each run of packets begins that came together; the first at 0.

    Attributes
    ----------
    quiet
        Whether each run is of no interest to whoever looks at them; kept here for who found out, see
        `processors.extents`.
    """

    __slots__ = ("_derived", "_numbers", "_others", "layout", "octets", "quiet", "starts")

    def __init__(
        self, octets: Octets, layout: Layout, derived: tuple[Derived, ...], starts: Sequence[int] = (0,)
    ) -> None:
        self.starts = starts
        self.quiet: list[bool] | None = None
        self.octets = octets
        self.layout = layout
        self._derived = {one.name: one for one in derived}
        self._numbers: NDArray[np.float64] | None = None
        self._others: dict[str, NDArray[Any]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The packet's channels, then the derived ones."""
        return (*self.layout.names, *self._derived)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The channels of `layout.rows`, shape (k, n)."""
        if self._numbers is None:
            self._numbers = self.layout.numbers(self.octets)
        return self._numbers

    def other(self, name: str) -> NDArray[Any]:
        """Return a channel that is none of these, shape (n,); KeyError if there is none of that name."""
        if name not in self._others:
            if name in self._derived:
                self._compute(self._derived[name])
            else:
                self._others[name] = self.layout.other(self.octets, name)
        return self._others[name]

    def of(self, octets: Octets) -> Block:
        """Return other packets of the same type."""
        return Block(octets, self.layout, tuple(self._derived.values()))

    def _compute(self, wanted: Derived) -> None:
        place = self.layout.rows
        of = wanted.of.values()
        outputs = compute(wanted, {one: self.numbers[place[one]] if one in place else self.other(one) for one in of})
        # the other outputs of the same computation come for nothing
        for derived in self._derived.values():
            if derived.of_what == wanted.of_what:
                self._others[derived.name] = outputs[output_of(derived)]


class Part(NamedTuple):
    """Rows `start` to `stop` of a block, which are of its run `run`."""

    block: Block
    start: int
    stop: int
    run: int = 0


class PacketColumns(Mapping[str, NDArray[Any]]):
    """Columns of packets, out of one block or several.

    Most packets come twice, from two stations: to cut and to join costs nothing until somebody asks for a column.

    Parameters
    ----------
    parts
        Where the rows are, one behind the other; at least one, all of the same layout.
    """

    __slots__ = ("_numbers", "_others", "parts")

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._numbers: NDArray[np.float64] | None = None
        self._others: dict[str, NDArray[Any]] = {}

    @property
    def layout(self) -> Layout:
        """How channels lie in the packets."""
        return self.parts[0].block.layout

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The channels of `layout.rows`, shape (k, n)."""
        if self._numbers is None:
            pieces = [block.numbers[:, start:stop] for block, start, stop, _ in self.parts]
            self._numbers = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
        return self._numbers

    def __getitem__(self, name: str) -> NDArray[Any]:
        row = self.parts[0].block.layout.rows.get(name)
        if row is not None:
            values: NDArray[np.float64] = self.numbers[row]
            return values
        found = self._others.get(name)
        if found is None:
            pieces = [block.other(name)[start:stop] for block, start, stop, _ in self.parts]
            found = self._others[name] = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.parts[0].block.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts[0].block.names)

    def __len__(self) -> int:
        return len(self.parts[0].block.names)

    def select(self, which: NDArray[Any] | slice) -> PacketColumns:
        """Return the chosen rows (a mask, indices or a slice)."""
        if isinstance(which, slice) and which.step in {None, 1}:
            return PacketColumns(self._cut(which))
        octets = np.concatenate([block.octets[start:stop] for block, start, stop, _ in self.parts])[which]
        return PacketColumns((Part(self.parts[0].block.of(octets), 0, len(octets)),))

    def _cut(self, which: slice) -> Sequence[Part]:
        """Return where the rows of a slice are; at least one part, were it empty."""
        first, last, _ = which.indices(sum(part.stop - part.start for part in self.parts))
        if len(self.parts) == 1:
            block, start, _, run = self.parts[0]
            return (Part(block, start + first, start + max(first, last), run),)
        found: list[Part] = []
        for block, start, stop, run in self.parts:
            low, high = start + max(first, 0), min(start + last, stop)
            if low < high:
                found.append(Part(block, low, high, run))
            first, last = first - (stop - start), last - (stop - start)
        return found or (self.parts[0]._replace(stop=self.parts[0].start),)

    def joined(self, others: Sequence[PacketColumns]) -> PacketColumns:
        """Return these rows and those of others of the same layout."""
        return PacketColumns([part for columns in (self, *others) for part in columns.parts])
