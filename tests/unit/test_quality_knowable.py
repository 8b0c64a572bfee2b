"""What rows let anybody know: rate, noise and what is allowed decide, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from quality.knowable import is_knowable
from quality.rules import Rule

CUT_S = 100.0
T_S = np.arange(0.0, 200.0, 0.05)
# 30 m/s^2 until the cut-off, and gravity's share after it
CUT = np.where(T_S < CUT_S, 30.0 * T_S, 30.0 * CUT_S - 5.0 * (T_S - CUT_S))
FALL = np.sqrt(800.0**2 + (9.4 * (T_S - CUT_S)) ** 2)
LEAVES = np.maximum(T_S - CUT_S, 0.0) * 2.5


@pytest.mark.parametrize(
    ("event", "speeds", "every_s", "noise", "allowed", "known"),
    [
        ("meco", CUT, 0.1, 0.1, (1.0, 2.0), True),
        ("meco", CUT, 0.5, 0.1, (1.0, 2.0), True),
        ("meco", CUT, 0.1, 2.0, (1.0, 2.0), True),
        ("meco", CUT, 1.0, 0.1, (1.0, 2.0), False),
        ("meco", CUT, 0.5, 20.0, (1.0, 2.0), False),
        ("liftoff", LEAVES, 1 / 30, 2.0, (1.0, 2.0), True),
        ("liftoff", LEAVES, 1 / 30, 6.0, (1.0, 2.0), False),
        ("liftoff", LEAVES, 0.5, 2.0, (1.0, 2.0), False),
        ("apogee", FALL, 1.0, 0.1, (0.5, 8.0), True),
        ("apogee", FALL, 1.0, 20.0, (0.5, 8.0), False),
    ],
)
def test_rate_and_noise_decide(
    event: str, speeds: NDArray[np.float64], every_s: float, noise: float, allowed: tuple[float, float], known: bool
) -> None:
    rows_s = np.arange(40.03, 180.0, every_s)
    assert is_knowable(event, CUT_S, Rule(*allowed), rows_s, (T_S, speeds), noise) is known


def test_rows_that_are_missing_tell_nothing() -> None:
    rows_s = np.arange(40.0, 180.0, 0.1)
    rows_s = rows_s[(rows_s < CUT_S) | (rows_s > CUT_S + 1.9)]
    assert not is_knowable("meco", CUT_S, Rule(1.0, 2.0), rows_s, (T_S, CUT), 0.1)
