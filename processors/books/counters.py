"""What a vehicle's own counters say that it has sent, through resets."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.books.completeness import Completeness
from telemetry.sequence import COUNT_MODULO

MAX_EPOCHS: Final = 32


@dataclass(slots=True)
class Reading:
    """A counter between two resets: when it was read first and last, and its highest value."""

    first_t_ns: int
    last_t_ns: int
    value: int


class SentCounter:
    """One counter of packets sent. It only rises; read later and lower, it has begun anew.

    Examples
    --------
    >>> counter = SentCounter()
    >>> for t_ns, value in ((0, 5), (10, 9), (5, 7), (20, 3)):
    ...     counter.read(np.array([t_ns]), np.array([value]))
    >>> [each.value for each in counter.readings]
    [9, 3]
    """

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def read(self, t_ns: NDArray[np.int64], values: NDArray[Any]) -> None:
        """Take n values of the counter and the times at which they were read on board, each of shape (n,)."""
        for each_ns, value in zip(t_ns.tolist(), values.tolist(), strict=True):
            self._read(each_ns, int(value))

    def _read(self, t_ns: int, value: int) -> None:
        readings = self.readings
        if not readings or (t_ns > readings[-1].last_t_ns and value < readings[-1].value):
            readings.append(Reading(t_ns, t_ns, value))
            del readings[:-MAX_EPOCHS]
            return
        at = max(bisect_right(readings, t_ns, key=_first_t_ns) - 1, 0)
        if t_ns > readings[at].last_t_ns and value < readings[at].value:
            # between two known times, and lower than the first: the next one's beginning
            at += 1
        one = readings[at]
        one.first_t_ns, one.last_t_ns = min(one.first_t_ns, t_ns), max(one.last_t_ns, t_ns)
        one.value = max(one.value, value)

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [list(astuple(reading)) for reading in self.readings]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        self.readings = [Reading(*reading) for reading in state]


def _first_t_ns(reading: Reading) -> int:
    return reading.first_t_ns


def unheard(books: Completeness, counter: SentCounter | None) -> list[tuple[int, int]]:
    """Return ranges of packets that were sent after all that came, before a reset or the end: only a counter tells.

    A counter and sequence counts begin anew together, but either may be heard first, or not at all. So they are
    matched by time: a reading belongs to the last epoch of counts that had begun by then. A second one that was first
    read after all packets of that epoch belongs to the next, of which perhaps none has come yet; one that was read
    before shows a reset that the counts did not tell, and what it counted is added.

    Parameters
    ----------
    books
        Of the packet type.
    counter
        That of the type; none if the vehicle has none.

    Returns
    -------
    list
        First and last unwrapped counts, in order.
    """
    epochs, readings = books.epochs, [] if counter is None else counter.readings
    begun = [epoch.first_t_ns for epoch in epochs]
    told: dict[int, int] = {}
    at = -1
    for reading in readings:
        last = max(bisect_right(begun, reading.last_t_ns) - 1, 0)
        if last <= at:
            last = at + (at >= len(epochs) or reading.first_t_ns > epochs[at].last_t_ns)
        at = last
        told[at] = told.get(at, 0) + reading.value
    found: list[tuple[int, int]] = []
    beyond = -1
    for at, sent in sorted(told.items()):
        if at < len(epochs):
            first, last = epochs[at].highest + 1, epochs[at].base + sent - 1
        else:
            beyond = max(beyond, books.highest)
            first = (beyond // COUNT_MODULO + 1) * COUNT_MODULO if beyond >= 0 else 0
            last = first + sent - 1
        if first <= last:
            found.append((first, last))
            beyond = max(beyond, last)
    return found
