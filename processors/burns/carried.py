"""Whether a stage is carried by another one, and has its own ascent still before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from processors.burns.burning import BURN_CHANNELS, BurnParameters, Burns
from processors.evidence.signals import UNSET
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S

STAGE: Final = BURN_CHANNELS | {"stage_attached"}
PARAMETERS: Final = BurnParameters()
LONG_AGO_NS: Final = 0


@dataclass(slots=True)
class Carried:
    """Follows the separation switch and the engines of a stage, the channels `STAGE`.

    Examples
    --------
    >>> [Carried(joined_ns=10**9).goes_on(t_s * 10**9, 30.0) for t_s in (5, 40)]
    [True, False]
    """

    burns: Burns = field(default_factory=Burns)
    joined_ns: int = UNSET
    lit_ns: int = UNSET

    def follow(self, stretch: Stretch) -> None:
        """Take a stretch."""
        if self.lit_ns != UNSET:
            return
        attached = stretch.rows("stage_attached")
        if attached is not None:
            joined = np.flatnonzero(attached.values[0])
            self.joined_ns = int(attached.t_ns[joined[-1]]) if joined.size else self.joined_ns
        result = self.burns.edges(stretch, PARAMETERS)
        if result is not None:
            rows, edges = result
            self.lit_ns = int(rows.t_ns[edges[0].row])
        elif self.burns.burning:
            self.lit_ns = LONG_AGO_NS

    def goes_on(self, t_ns: int, parted_s: float) -> bool:
        """Return whether at a time its own ascent is still before it."""
        if self.joined_ns == UNSET or (self.lit_ns != UNSET and self.lit_ns <= t_ns):
            return False
        return t_ns - self.joined_ns < parted_s * NS_PER_S
