"""The clock on board, which stamps the packets: how wrong it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from simulator.faults.clock import ClockFault, ClockJump
from simulator.physics.earth import FloatArray

MICRO: Final = 1e-6


def clock_error_s(faults: Iterable[ClockFault], t_s: FloatArray) -> FloatArray:
    """Return how much the clock on board is fast, at mission times of shape (n,)."""
    error_s = np.zeros_like(t_s)
    for fault in faults:
        if isinstance(fault, ClockJump):
            error_s += np.where(t_s >= fault.start_s, fault.by_s, 0.0)
        else:
            running_s = np.maximum(np.minimum(t_s, fault.end_s) - fault.start_s, 0.0)
            error_s += fault.ppm * MICRO * running_s
    return error_s
