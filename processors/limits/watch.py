"""One limit of the dictionary on one channel: raised and cleared with hysteresis and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.channels import Limit
from telemetry.quantity import Quantity

UNSET: Final = -1


@dataclass(frozen=True, slots=True)
class Turn:
    """A limit that was raised or cleared.

    Parameters
    ----------
    raised
        Which of the two.
    row
        Index of the row that completed the count.
    t_ns, value
        Time and value of the first row of the count.
    """

    raised: bool
    row: int
    t_ns: int
    value: float


class LimitWatch:
    """Follows one limit row by row.

    Raised when as many rows in a row as `raise_count` lie beyond its threshold; cleared when `clear_count` rows in a
    row lie behind `clear`. In between nothing changes: that is the hysteresis. For a lower limit the very bottom of
    the channel's range is no measurement: a sensor without power rests there.

    Parameters
    ----------
    channel, limit
        Which.

    Examples
    --------
    >>> from telemetry.channels import Channel
    >>> channel = Channel(name="bus_voltage_v", raw="f32", description="", range=(0, 36))
    >>> watch = LimitWatch(channel, Limit(level="warning", below=24, clear=26, raise_count=2))
    >>> volts = np.array([28.0, 23.0, 23.5, 25.0, 26.5])
    >>> [(turn.raised, turn.t_ns, turn.value) for turn in watch.take(np.arange(5), volts)]
    [(True, 1, 23.0), (False, 4, 26.5)]
    """

    __slots__ = ("_bottom", "first_ns", "first_value", "is_upper", "limit", "raised", "run", "threshold")

    def __init__(self, channel: Quantity, limit: Limit) -> None:
        self.limit = limit
        self.is_upper = limit.above is not None
        self.threshold = float(limit.above if limit.above is not None else limit.below or 0.0)
        self._bottom = channel.range[0] if channel.range is not None and not self.is_upper else -np.inf
        self.raised = False
        self.run = 0
        self.first_ns = UNSET
        self.first_value = 0.0

    @property
    def is_awake(self) -> bool:
        """Whether it is raised, or counts rows that may raise it."""
        return self.raised or self.run > 0

    def rests(self, low: float, high: float) -> bool:
        """Return whether rows between two values can change nothing: it is clear, and none of them lies beyond."""
        inside = high <= self.threshold if self.is_upper else low >= self.threshold
        return inside and not self.is_awake

    def take(self, t_ns: NDArray[np.int64], values: NDArray[np.float64]) -> list[Turn]:
        """Take measured rows of shape (n,), in order of time, and return how the limit turned."""
        alive = np.flatnonzero(values > self._bottom)
        beyond, back = self._sides(values)
        if not (back if self.raised else beyond)[alive].any():
            if alive.size:
                self.run = 0
            return []
        turns: list[Turn] = []
        for row in alive.tolist():
            if not (back if self.raised else beyond)[row]:
                self.run = 0
                continue
            if self.run == 0:
                self.first_ns, self.first_value = int(t_ns[row]), float(values[row])
            self.run += 1
            if self.run == (self.limit.clear_count if self.raised else self.limit.raise_count):
                self.raised, self.run = not self.raised, 0
                turns.append(Turn(self.raised, row, self.first_ns, self.first_value))
        return turns

    def leave(self) -> bool:
        """Forget everything, because the limit is not valid any more; returns whether it was raised."""
        was_raised, self.raised, self.run = self.raised, False, 0
        return was_raised

    def _sides(self, values: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows are beyond the limit, and which are back behind its clearing threshold."""
        if self.is_upper:
            return values > self.threshold, values <= self.limit.clear
        return values < self.threshold, values >= self.limit.clear

    def snapshot(self) -> list[float]:
        """Return the state as plain values; empty when there is nothing to remember."""
        return [self.raised, self.run, self.first_ns, self.first_value] if self.is_awake else []

    def restore(self, snapshot: list[float]) -> None:
        """Take over what another one remembered."""
        raised, run, first_ns, self.first_value = snapshot or (False, 0, UNSET, 0.0)
        self.raised, self.run, self.first_ns = bool(raised), int(run), int(first_ns)
