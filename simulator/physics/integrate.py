"""Integrates many flights at once: every flight keeps its own clock, its own step size and its own end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from simulator.physics import tableau
from simulator.physics.path import Path, PathBuilder
from simulator.physics.tableau import ALL_STAGES, NODES, STAGES, weighted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SAFETY, LEAST_FACTOR, LARGEST_FACTOR = 0.9, 0.2, 10.0
SHORTEST_STEP_S: Final = 1e-9
MOST_STEPS: Final = 20_000
ROOT_S: Final = 1e-7
MOST_ROOT_TRIALS: Final = 60


class Problem(Protocol):
    """What n flights do."""

    def derivative(self, t_s: FloatArray, state: FloatArray, /) -> FloatArray:
        """Time derivative of states of shape (7, n) at times of shape (n,)."""

    def value(self, t_s: FloatArray, state: FloatArray, /) -> FloatArray | None:
        """Shape (n,): a flight ends where this is no longer below 0; None if only time ends it."""

    def among(self, which: IntArray, /) -> Self:
        """Return the same problem for some of the flights."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came out.

    Parameters
    ----------
    end_s, state
        Where each flight ended, shapes (n,) and (7, n).
    passed
        Whether `value` ended it, shape (n,), and not its time.
    path
        The states between, if they were kept.
    """

    end_s: FloatArray
    state: FloatArray
    passed: NDArray[np.bool_]
    path: Path | None


def integrate(
    problem: Problem,
    start_s: FloatArray,
    state: FloatArray,
    longest_s: FloatArray,
    *,
    keep: bool = True,
    tolerance: float = 1.0,
) -> Run:
    """Integrate n flights, each until its value passes zero or its time is over.

    An explicit Runge-Kutta method of order 8 with error estimates of orders 5 and 3 and a dense output of order 7. All
    flights take their steps together, each of its own length; one whose step is refused repeats it with the others'
    next, and one that has ended costs nothing more. No operation mixes flights, so one flies alone to the same bits.

    Parameters
    ----------
    problem
        The forces, and what ends a flight.
    start_s, state
        Shapes (n,) and (7, n).
    longest_s
        Shape (n,): how long each may take; a flight that has passed before it begins, or has no time, ends at once.
    keep
        Whether the states between are wanted.
    tolerance
        How large errors may be, over the usual ones (`simulator.physics.tableau`).

    References
    ----------
    Prince and Dormand (1981), as revised by Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I,
    2nd edition, section II.5: DOP853. Its coefficients are taken from `scipy.integrate.DOP853`.
    """
    count = start_s.size
    final_s, final, passed = start_s.copy(), state.copy(), np.zeros(count, dtype=np.bool_)
    builder = PathBuilder(count) if keep else None
    value = problem.value(start_s, state)
    over = np.zeros(count, dtype=np.bool_) if value is None else value >= 0.0
    passed |= over
    going = np.flatnonzero(~over & (longest_s > 0.0))
    if not going.size:
        return Run(final_s, final, passed, builder.path() if builder else None)
    fleet = _Fleet.begin(problem, going, start_s, state, start_s + longest_s, value, tolerance)
    # what a step that is refused anyway computes outside its domain is no concern
    with np.errstate(all="ignore"):
        for _ in range(MOST_STEPS):
            if not fleet.who.size:
                break
            fleet = fleet.step(builder, final_s, final, passed)
        final_s[fleet.who], final[:, fleet.who] = fleet.t_s, fleet.state
    return Run(final_s, final, passed, builder.path() if builder else None)


@dataclass(slots=True)
class _Fleet:
    """The flights that are still under way, in arrays of their own."""

    problem: Problem
    who: IntArray
    t_s: FloatArray
    state: FloatArray
    stop_s: FloatArray
    value: FloatArray | None
    step_s: FloatArray
    rates: FloatArray
    tolerance: float

    @classmethod
    def begin(
        cls,
        problem: Problem,
        who: IntArray,
        t_s: FloatArray,
        state: FloatArray,
        stop_s: FloatArray,
        value: FloatArray | None,
        tolerance: float,
    ) -> Self:
        if who.size < t_s.size:
            problem, t_s, state, stop_s = problem.among(who), t_s[who], state[:, who], stop_s[who]
            value = None if value is None else value[who]
        rates = np.zeros((ALL_STAGES, *state.shape))
        rates[0] = problem.derivative(t_s, state)
        step_s = tableau.first_step_s(problem.derivative, t_s, state, rates[0])
        return cls(problem, who, t_s, state, stop_s, value, step_s, rates, tolerance)

    def step(
        self, builder: PathBuilder | None, final_s: FloatArray, final: FloatArray, passed: NDArray[np.bool_]
    ) -> _Fleet:
        """Try one step of every flight, enter those that end with it, and return those that go on."""
        t_s, state, rates = self.t_s, self.state, self.rates
        left_s = self.stop_s - t_s
        step_s = np.minimum(self.step_s, left_s)
        for stage in range(1, STAGES):
            rates[stage] = self.problem.derivative(t_s + NODES[stage] * step_s, state + step_s * weighted(rates, stage))
        next_s = np.where(step_s < left_s, t_s + step_s, self.stop_s)
        after = state + step_s * weighted(rates, STAGES)
        rates[STAGES] = self.problem.derivative(next_s, after)
        error = tableau.error(rates, step_s, state, after, self.tolerance)
        good = error <= 1.0
        factor = np.minimum(np.maximum(SAFETY * tableau.eighth_root_of_inverse(error), LEAST_FACTOR), LARGEST_FACTOR)
        self.step_s = step_s * np.where(good, factor, np.minimum(factor, 1.0))
        value = self.problem.value(next_s, after) if self.value is not None else None
        crossed = good & (value >= 0.0) if value is not None else np.zeros_like(good)
        if builder is not None or crossed.any():
            coefficients = self._coefficients(step_s, after)
            if builder is not None:
                builder.add(self.who[good], t_s[good], step_s[good], coefficients[..., good])
            if value is not None and crossed.any():
                enders = np.flatnonzero(crossed)
                share = self._root(enders, step_s, coefficients[..., enders], value)
                next_s[enders] = t_s[enders] + share * step_s[enders]
                after[:, enders] = Path.state_in_step(coefficients[..., enders], share)
        self.t_s, self.state = np.where(good, next_s, t_s), np.where(good, after, state)
        rates[0] = np.where(good, rates[STAGES], rates[0])
        if value is not None and self.value is not None:
            self.value = np.where(good, value, self.value)
        ended = (good & (crossed | (next_s >= self.stop_s))) | ~(self.step_s >= SHORTEST_STEP_S)
        if not ended.any():
            return self
        over = self.who[ended]
        final_s[over], final[:, over], passed[over] = self.t_s[ended], self.state[:, ended], crossed[ended]
        return self._among(np.flatnonzero(~ended))

    def _among(self, which: IntArray) -> _Fleet:
        return _Fleet(
            self.problem.among(which),
            self.who[which],
            self.t_s[which],
            self.state[:, which],
            self.stop_s[which],
            None if self.value is None else self.value[which],
            self.step_s[which],
            np.ascontiguousarray(self.rates[..., which]),
            self.tolerance,
        )

    def _coefficients(self, step_s: FloatArray, after: FloatArray) -> FloatArray:
        """Return the dense output of the steps that were tried, shape (8, 7, n): see `Path`."""
        rates = self.rates
        for stage in range(STAGES + 1, ALL_STAGES):
            rates[stage] = self.problem.derivative(
                self.t_s + NODES[stage] * step_s, self.state + step_s * weighted(rates, stage)
            )
        moved = after - self.state
        found = np.empty((8, *moved.shape))
        found[0] = self.state
        found[1] = moved
        found[2] = step_s * rates[0] - moved
        found[3] = 2.0 * moved - step_s * (rates[STAGES] + rates[0])
        found[4:] = step_s * tableau.dense(rates)
        return found

    def _root(self, enders: IntArray, step_s: FloatArray, coefficients: FloatArray, value: FloatArray) -> FloatArray:
        """Return where in their steps some flights' values pass zero, as shares: regula falsi, Illinois variant."""
        problem = self.problem.among(enders)
        begin, length = self.t_s[enders], step_s[enders]
        low, high = np.zeros_like(length), np.ones_like(length)
        under = np.zeros_like(length) if self.value is None else self.value[enders].copy()
        over = value[enders].copy()
        side, at = np.zeros_like(length), high
        done = np.zeros(enders.size, dtype=np.bool_)
        for _ in range(MOST_ROOT_TRIALS):
            at = np.where(done, at, np.minimum(np.maximum(low - under * (high - low) / (over - under), low), high))
            now = problem.value(begin + at * length, Path.state_in_step(coefficients, at))
            if now is None:
                break
            beyond = now >= 0.0
            near = (np.where(beyond, at - low, high - at) * length < ROOT_S) | ((high - low) * length < ROOT_S)
            done = done | near | (now == 0.0)
            if done.all():
                break
            under = np.where(beyond, np.where(side > 0, 0.5 * under, under), now)
            over = np.where(beyond, now, np.where(side < 0, 0.5 * over, over))
            low, high = np.where(beyond, low, at), np.where(beyond, at, high)
            side = np.where(beyond, 1.0, -1.0)
        return at
