"""Packets of one type out of many payloads: what is alike in them is looked at in one numpy call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.packet_columns import Block
from telemetry.packets import COUNT_MASK

FOREVER: Final = (1 << 63) - 1
NEVER: Final = -FOREVER


class Bundle(NamedTuple):
    """A payload, who sent it and who heard it, and when (Unix ns)."""

    payload: bytes
    vehicle: str
    station: str
    ert_ns: int


class Piece(NamedTuple):
    """Packets behind one another in a payload.

    Parameters
    ----------
    number
        Which of the heap's it is.
    rows
        Where they lie on the heap.
    oldest_ns, newest_ns
        Generation times.
    least_step_ns
        The shortest time from one to the next; none if they have not counts that follow one another.
    """

    number: int
    rows: slice
    oldest_ns: int
    newest_ns: int
    least_step_ns: int | None


class Heap:
    """Packets of one type, piece by piece.

    Parameters
    ----------
    bounds
        Where each piece begins, and the last one ends; none is empty.
    counts, t_ns
        Shape (n,): 14-bit counts and generation times.
    block
        Their channels.

    Examples
    --------
    >>> from telemetry.layout import Layout
    >>> from telemetry.dictionary import built_in
    >>> packet = built_in("yuanxing-1").packets["nav"]
    >>> block = Block(np.zeros((5, 73), np.uint8), Layout(packet, 13), ())
    >>> heap = Heap([0, 3, 5], np.array([16382, 16383, 0, 7, 9]), np.array([10, 30, 40, 10, 60]), block)
    >>> heap.next()
    Piece(number=0, rows=slice(0, 3, None), oldest_ns=10, newest_ns=40, least_step_ns=10)
    >>> heap.next()
    Piece(number=1, rows=slice(3, 5, None), oldest_ns=10, newest_ns=60, least_step_ns=None)
    """

    __slots__ = ("_pieces", "block", "counts", "t_ns")

    def __init__(self, bounds: Sequence[int], counts: NDArray[np.int64], t_ns: NDArray[np.int64], block: Block) -> None:
        self.counts = counts
        self.t_ns = t_ns
        self.block = block
        self._pieces = self._all(bounds)

    def next(self) -> Piece:
        """Return the next piece."""
        return next(self._pieces)

    def _all(self, bounds: Sequence[int]) -> Iterator[Piece]:
        counts, t_ns, starts = self.counts, self.t_ns, bounds[:-1]
        steps_ns = np.empty_like(t_ns)
        steps_ns[:-1] = t_ns[1:] - t_ns[:-1]
        steps_ns[:-1][((counts[1:] - counts[:-1]) & COUNT_MASK) != 1] = NEVER
        # from one piece to the next there is no step
        steps_ns[[stop - 1 for stop in bounds[1:]]] = FOREVER
        least_ns = np.minimum.reduceat(steps_ns, starts).tolist()
        oldest_ns, newest_ns = np.minimum.reduceat(t_ns, starts).tolist(), np.maximum.reduceat(t_ns, starts).tolist()
        found = zip(pairwise(bounds), oldest_ns, newest_ns, least_ns, strict=True)
        for number, ((start, stop), oldest, newest, least) in enumerate(found):
            yield Piece(number, slice(start, stop), oldest, newest, None if least == NEVER else least)
