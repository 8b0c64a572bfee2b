"""The dictionary's limits on one channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from processors.detector import Detector, Finding, Value, found
from processors.stretch import Rows, Stretch
from telemetry.channels import Limit


@dataclass(frozen=True, slots=True)
class LimitParameters:
    """None: thresholds and counts stand in the dictionary, where every part of the line reads them."""


@dataclass(slots=True)
class LimitState:
    """What it remembers of each limit, in the dictionary's order.

    `raised` is whether it is passed (1) or not (0), `run` how many rows in a row say the opposite, and `first_ns`,
    `first_value` when and where that run began.
    """

    raised: list[int] = field(default_factory=list)
    run: list[int] = field(default_factory=list)
    first_ns: list[int] = field(default_factory=list)
    first_value: list[float] = field(default_factory=list)


class LimitDetector(Detector):
    """Raises an event each time that a channel passes one of its limits.

    A limit is passed when as many rows in a row as its `raise_count` lie beyond its threshold, and is passed again
    only after `clear_count` rows in a row behind `clear`. Time: the first of the rows beyond; its uncertainty is
    that of a row.

    A dead sensor raises nothing: values outside the channel's range are no measurement, and for a lower limit
    neither is the very bottom of the range, where a sensor without power rests.
    """

    parameters_type: ClassVar[type] = LimitParameters
    state_type: ClassVar[type] = LimitState
    channel: ClassVar[str]

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for limits that are passed."""
        rows = stretch.rows(self.channel)
        definition = self.airframe.channels[self.channel]
        if rows is None or not definition.limits:
            return ()
        if not self.state.raised:
            count = len(definition.limits)
            self.state = LimitState([0] * count, [0] * count, [0] * count, [0.0] * count)
        values = np.asarray(rows.values[0], dtype=np.float64)
        bottom = definition.range[0] if definition.range is not None else -np.inf
        findings: list[Finding] = []
        for index, limit in enumerate(definition.limits):
            beyond, back = _sides(values, limit)
            alive = np.flatnonzero(values > bottom) if limit.above is None else np.arange(len(values))
            if (back if self.state.raised[index] else beyond)[alive].any():
                findings += self._follow(index, limit, rows, alive, (beyond, back))
            elif alive.size:
                self.state.run[index] = 0
        return tuple(findings)

    def _follow(
        self, index: int, limit: Limit, rows: Rows, alive: NDArray[np.intp], sides: tuple[NDArray[np.bool_], ...]
    ) -> list[Finding]:
        state = self.state
        findings: list[Finding] = []
        for at in alive.tolist():
            raised = bool(state.raised[index])
            if not sides[raised][at]:
                state.run[index] = 0
                continue
            if state.run[index] == 0:
                state.first_ns[index], state.first_value[index] = int(rows.t_ns[at]), float(rows.values[0][at])
            state.run[index] += 1
            if state.run[index] == (limit.clear_count if raised else limit.raise_count):
                if not raised:
                    findings.append(self._finding(limit, rows, at, state.first_ns[index], state.first_value[index]))
                state.raised[index], state.run[index] = int(not raised), 0
        return findings

    def _finding(self, limit: Limit, rows: Rows, at: int, first_ns: int, value: float) -> Finding:
        threshold = limit.above if limit.above is not None else limit.below
        values: dict[str, Value] = {
            self.channel: value,
            "level": limit.level.value,
            "limit": float(threshold or 0.0),
            "side": "above" if limit.above is not None else "below",
        }
        sigma_s = 1.0 / self.airframe.rates_hz[rows.packet] / 12**0.5
        count_first = int(rows.counts[at]) - limit.raise_count + 1
        return found(self.emits[0], first_ns, sigma_s, rows, at, max(count_first, 0), values)


def _sides(values: NDArray[np.float64], limit: Limit) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are beyond a limit, and which are back behind its clearing threshold."""
    if limit.above is not None:
        return values > limit.above, values <= limit.clear
    return values < float(limit.below or 0.0), values >= limit.clear
