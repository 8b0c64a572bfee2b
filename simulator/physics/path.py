"""The states of flights between two times, as the integrator's polynomials."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Path:
    """The dense output of n flights.

    Parameters
    ----------
    first
        Shape (n + 1,): flight i has the steps from `first[i]` to `first[i + 1]`.
    begin_s, step_s
        Shape (m,): the steps.
    coefficients
        Shape (8, 7, m): the state before each step, and the polynomial in nested form.
    """

    first: IntArray
    begin_s: FloatArray
    step_s: FloatArray
    coefficients: FloatArray

    def of(self, flight: int) -> Path:
        """Return the path of one flight, as a view."""
        mine = slice(int(self.first[flight]), int(self.first[flight + 1]))
        first = np.array([0, mine.stop - mine.start])
        return Path(first, self.begin_s[mine], self.step_s[mine], self.coefficients[..., mine])

    @property
    def steps(self) -> int:
        """How many there are, of all flights."""
        return self.begin_s.size

    def at(self, t_s: FloatArray, rows: slice = slice(None)) -> FloatArray:
        """State of a path of one flight at times of shape (...), shape (7, ...), or some rows of it."""
        step = np.maximum(np.searchsorted(self.begin_s, t_s, side="right") - 1, 0)
        share = (t_s - self.begin_s[step]) / self.step_s[step]
        return _nested([part[rows].take(step, axis=-1) for part in self.coefficients], share)

    @staticmethod
    def state_in_step(coefficients: FloatArray, share: FloatArray) -> FloatArray:
        """State after shares of steps, shape (7, m); the coefficients have shape (8, 7, m)."""
        return _nested(list(coefficients), share)


def _nested(parts: list[FloatArray], share: FloatArray) -> FloatArray:
    rest = 1.0 - share
    state = parts[7] * share
    for i in range(6, 0, -1):
        state = (state + parts[i]) * (share if i % 2 else rest)
    return state + parts[0]


@dataclass(slots=True)
class PathBuilder:
    """Collects steps as they are made, of `flights` flights together."""

    flights: int
    _who: list[IntArray] = field(default_factory=list)
    _begin_s: list[FloatArray] = field(default_factory=list)
    _step_s: list[FloatArray] = field(default_factory=list)
    _coefficients: list[FloatArray] = field(default_factory=list)

    def add(self, who: IntArray, begin_s: FloatArray, step_s: FloatArray, coefficients: FloatArray) -> None:
        """Add one step of each of some flights."""
        self._who.append(who)
        self._begin_s.append(begin_s)
        self._step_s.append(step_s)
        self._coefficients.append(coefficients)

    def path(self) -> Path:
        """Return the paths, sorted by flight."""
        if not self._who:
            none = np.zeros(0)
            return Path(np.zeros(self.flights + 1, dtype=np.int64), none, none, np.zeros((8, 7, 0)))
        who = np.concatenate(self._who)
        order = np.argsort(who, kind="stable")
        first = np.searchsorted(who[order], np.arange(self.flights + 1))
        return Path(
            first,
            np.concatenate(self._begin_s)[order],
            np.concatenate(self._step_s)[order],
            np.concatenate(self._coefficients, axis=-1)[..., order],
        )
