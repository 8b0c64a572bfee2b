"""Newton's method in three unknowns, for n searches at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.guidance.arcs import cross
from simulator.physics.earth import FloatArray, dot, norm

LEAST: Final = 1e-12


def newton_step(
    slopes: FloatArray, error: FloatArray, farthest: FloatArray, trust: FloatArray | float = 1.0
) -> FloatArray:
    """Return a step towards no error, shape (3, n); the systems are solved by Cramer's rule.

    Parameters
    ----------
    slopes
        Shape (3, 3, n): of each error by each unknown.
    error
        Shape (3, n).
    farthest
        Shape (3, 1): how far a step may go.
    trust
        What share of the step is taken.
    """
    first, second, third = slopes[:, 0], slopes[:, 1], slopes[:, 2]
    normal = cross(second, third)
    volume = dot(first, normal)
    volume = np.where(np.abs(volume) > LEAST, volume, LEAST)
    steps = -np.stack(
        [
            dot(error, normal) / volume,
            dot(first, cross(error, third)) / volume,
            dot(first, cross(second, error)) / volume,
        ]
    )
    return np.asarray(trust * steps / np.maximum(1.0, (np.abs(steps) / farthest).max(axis=0)))


def learnt(slopes: FloatArray, step: FloatArray, scale: FloatArray, surprise: FloatArray, telling: float) -> FloatArray:
    """Return the slopes that would not have been surprised by what a step led to: Broyden's rank-one correction.

    Parameters
    ----------
    slopes, step
        Shapes (3, 3, n) and (3, n).
    scale
        Shape (3, 1): sizes by which the unknowns are compared.
    surprise
        Shape (3, n): the error that came less the one that was expected.
    telling
        A smaller surprise is noise, from which nothing is learnt.

    References
    ----------
    Broyden, Mathematics of Computation 19 (1965) 577.
    """
    share = step / scale
    length_2 = np.maximum((share * share).sum(axis=0), LEAST)
    along = np.where(norm(surprise) > telling, share / scale / length_2, 0.0)
    return np.asarray(slopes + surprise[:, np.newaxis] * along[np.newaxis])
