"""The dictionary's limits on one channel, as events that customers hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from processors.airframe import Airframe
from processors.detector import Detector, Finding, Value, found
from processors.limits.watch import LimitWatch, Turn
from processors.stretch import Rows, Stretch


@dataclass(frozen=True, slots=True)
class LimitParameters:
    """None: thresholds and counts stand in the dictionary, where every part of the line reads them."""


@dataclass(slots=True)
class LimitMemory:
    """None of its own: each limit's watch remembers."""


class LimitDetector(Detector):
    """Raises an event each time that a channel passes one of its limits.

    The rule is the one of every limit (`processors.limits.watch`). What clears, and who acknowledges it, is mission
    control's concern and no event of this kind (`processors.detectors.limits`); limits that are valid in some flight
    phases only are too. Time: the first of the rows beyond; its uncertainty is that of a row.

    A dead sensor raises nothing: values outside the channel's range are no measurement.
    """

    version: ClassVar[int] = 2
    parameters_type: ClassVar[type] = LimitParameters
    state_type: ClassVar[type] = LimitMemory
    channel: ClassVar[str]

    def __init__(self, airframe: Airframe, parameters: Any = None) -> None:
        super().__init__(airframe, parameters)
        definition = airframe.channels[self.channel]
        self._packet = airframe.packet_of[self.channel]
        self._watches = [LimitWatch(definition, limit) for limit in definition.limits if not limit.phases]

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for limits that are passed."""
        if stretch.is_quiet(self._packet) and not any(watch.is_awake for watch in self._watches):
            return ()
        extent = stretch.extent(self.channel) if self._watches else None
        awake = [watch for watch in self._watches if not watch.rests(*extent)] if extent is not None else []
        rows = stretch.rows(self.channel) if awake else None
        if rows is None:
            return ()
        values = np.asarray(rows.values[0], dtype=np.float64)
        return tuple(
            self._finding(watch, rows, turn) for watch in awake for turn in watch.take(rows.t_ns, values) if turn.raised
        )

    def _finding(self, watch: LimitWatch, rows: Rows, turn: Turn) -> Finding:
        values: dict[str, Value] = {
            self.channel: turn.value,
            "level": watch.limit.level.value,
            "limit": watch.threshold,
            "side": "above" if watch.is_upper else "below",
        }
        sigma_s = 1.0 / self.airframe.rates_hz[rows.packet] / 12**0.5
        count_first = int(rows.counts[turn.row]) - watch.limit.raise_count + 1
        return found(self.emits[0], turn.t_ns, sigma_s, rows, turn.row, max(count_first, 0), values)

    def snapshot(self) -> Any:
        """Return what each limit's watch remembers."""
        return [watch.snapshot() for watch in self._watches]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        for watch, remembered in zip(self._watches, snapshot, strict=False):
            watch.restore(remembered)
