"""The Runge-Kutta method of the integrator, for n flights at once, and how far off a step is.

References
----------
Prince and Dormand (1981), as revised by Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, 2nd
edition, section II.5: DOP853. Its coefficients are taken from `scipy.integrate.DOP853`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853

FloatArray = NDArray[np.float64]

RELATIVE_TOLERANCE: Final = 1e-7
ABSOLUTE_TOLERANCE: Final = np.array([[0.1], [0.1], [0.1], [1e-4], [1e-4], [1e-4], [1e-3]])
FIRST_SHARE: Final = 0.01
LONGEST_TRIAL_S: Final = 1.0
NEGLIGIBLE: Final = 1e-10

STAGES: Final = 12
"""Stages of a step; number 12 is the derivative at its end, and three more serve the dense output alone."""
NODES: Final = [float(node) for node in (*DOP853.C, 1.0, *DOP853.C_EXTRA)]
_ROWS: Final = [*DOP853.A, DOP853.B, *DOP853.A_EXTRA]
_WEIGHTS: Final = [np.asarray(row[:stage], np.float64)[:, None, None] for stage, row in enumerate(_ROWS)]
ALL_STAGES: Final = len(_ROWS)
_ERROR_5: Final = np.asarray(DOP853.E5, np.float64)[:, None, None]
_ERROR_3: Final = np.asarray(DOP853.E3, np.float64)[:, None, None]
_DENSE: Final = [np.asarray(row, np.float64)[:, None, None] for row in DOP853.D]


def weighted(rates: FloatArray, stage: int) -> FloatArray:
    """Return the mean derivative that leads to a stage, shape (7, n), from those of the stages before it.

    Sums go over the first axis, term by term and never by a library for matrices: each flight's bits are its own.
    """
    total: FloatArray = (rates[:stage] * _WEIGHTS[stage]).sum(axis=0)
    return total


def dense(rates: FloatArray) -> FloatArray:
    """Return the last four coefficients of the dense output over the step, shape (4, 7, n)."""
    return np.stack([(rates * row).sum(axis=0) for row in _DENSE])


def error(rates: FloatArray, step_s: FloatArray, before: FloatArray, after: FloatArray, tolerance: float) -> FloatArray:
    """Error of a step over what is allowed, shape (n,); infinite where something is not a number."""
    allowed = tolerance * (ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * np.maximum(np.abs(before), np.abs(after)))
    own = rates[: STAGES + 1]
    fifth = (((own * _ERROR_5).sum(axis=0) / allowed) ** 2).sum(axis=0)
    third = (((own * _ERROR_3).sum(axis=0) / allowed) ** 2).sum(axis=0)
    root = np.sqrt((fifth + 0.01 * third) * before.shape[0])
    found = np.where(root == 0.0, 0.0, step_s * fifth / np.where(root == 0.0, 1.0, root))
    return np.where(np.isfinite(found), found, np.inf)


def eighth_root_of_inverse(x: FloatArray) -> FloatArray:
    """Return x to the power -1/8, of what is not negative, by square roots, which every machine rounds alike."""
    return np.asarray(np.sqrt(np.sqrt(np.sqrt(1.0 / np.maximum(x, 1e-30)))))


def first_step_s(
    derivative: Callable[[FloatArray, FloatArray], FloatArray], t_s: FloatArray, state: FloatArray, rate: FloatArray
) -> FloatArray:
    """Return a first step by the sizes of the first two derivatives (section II.4), shape (n,)."""
    allowed = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * np.abs(state)
    slope = _size(rate / allowed)
    trial_s = np.minimum(FIRST_SHARE * _size(state / allowed) / np.maximum(slope, NEGLIGIBLE), LONGEST_TRIAL_S)
    bend = _size((derivative(t_s + trial_s, state + trial_s * rate) - rate) / allowed) / trial_s
    steepest = np.maximum(np.maximum(slope, bend), NEGLIGIBLE)
    return np.minimum(100.0 * trial_s, eighth_root_of_inverse(steepest / FIRST_SHARE))


def _size(scaled: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((scaled**2).sum(axis=0)))
