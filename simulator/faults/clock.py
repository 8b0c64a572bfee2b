"""What goes wrong with the clock on board, which stamps the packets."""

from __future__ import annotations

from typing import Final, Literal

from simulator.faults.common import LATE, NOTHING, REJECTED, FaultBase, LastingFault
from telemetry.errors import Reason

# what decoding and the hold allow: docs/design.md, sections 4 and 7
FUTURE_S: Final = 1.0
MICRO: Final = 1e-6


class ClockJump(FaultBase):
    """The clock steps by `by_s` and runs on."""

    kind: Literal["clock_jump"] = "clock_jump"
    by_s: float

    @property
    def expected(self) -> tuple[str, ...]:
        """Times in the future are refused; times that have been are late."""
        if self.by_s > FUTURE_S:
            return (f"{REJECTED}{Reason.BAD_TIME.value}",)
        return (LATE,) if self.by_s < 0 else (f"{NOTHING}times are off by less than what is refused",)


class ClockDrift(LastingFault):
    """The clock runs fast by `ppm` (slow if that is negative), and keeps the error that it then has."""

    kind: Literal["clock_drift"] = "clock_drift"
    ppm: float

    @property
    def expected(self) -> tuple[str, ...]:
        """Nothing until it is a second fast."""
        if self.for_s is not None and self.ppm * MICRO * self.for_s > FUTURE_S:
            return (f"{REJECTED}{Reason.BAD_TIME.value}",)
        return (f"{NOTHING}until it is {FUTURE_S:g} s fast, which is refused",)


ClockFault = ClockJump | ClockDrift
