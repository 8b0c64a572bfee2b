"""The integrator against closed forms, and many flights against each alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.physics.among import among
from simulator.physics.integrate import FloatArray, IntArray, Run, integrate

TURN_RAD_S = 0.1


@dataclass(frozen=True)
class Spring:
    """Position and velocity swing; the last row decays. It ends where x passes `level` upwards."""

    rate_rad_s: FloatArray
    level: FloatArray | None = None

    def derivative(self, _t_s: FloatArray, state: FloatArray) -> FloatArray:
        rate = np.zeros_like(state)
        rate[0:3] = state[3:6]
        rate[3:6] = -(self.rate_rad_s**2) * state[0:3]
        rate[6] = -0.01 * state[6]
        return rate

    def value(self, _t_s: FloatArray, state: FloatArray) -> FloatArray | None:
        return None if self.level is None else np.asarray(state[0] - self.level)

    def among(self, which: IntArray) -> Self:
        return among(self, which)


def start(count: int) -> FloatArray:
    state = np.zeros((7, count))
    state[0], state[4], state[6] = -1e6, 1e5, 500.0
    return state


def exact(rate_rad_s: FloatArray, t_s: FloatArray) -> NDArray[np.float64]:
    return -1e6 * np.cos(rate_rad_s * t_s)


def swing(rates: FloatArray, level: FloatArray | None = None, longest_s: float = 300.0) -> Run:
    count = rates.size
    return integrate(Spring(rates, level), np.zeros(count), start(count), np.full(count, longest_s))


def test_each_flight_swings_at_its_own_rate() -> None:
    rates = np.linspace(0.02, 0.5, 9)
    run = swing(rates)
    assert run.end_s == pytest.approx(np.full(9, 300.0))
    assert not run.passed.any()
    assert np.abs(run.state[0] - exact(rates, run.end_s)).max() < 20.0
    assert run.state[6] == pytest.approx(np.full(9, 500.0 * np.exp(-3.0)), abs=0.01)


def test_the_path_is_exact_between_the_steps_too() -> None:
    rates = np.array([0.05, 0.2])
    path = swing(rates).path
    assert path is not None
    t_s = np.linspace(0.0, 300.0, 4_001)
    for flight, rate in enumerate(rates):
        alone = path.of(flight)
        assert np.abs(alone.at(t_s)[0] - exact(rate, t_s)).max() < 20.0
        assert np.array_equal(alone.at(t_s, slice(0, 3)), alone.at(t_s)[0:3])
    assert path.steps == path.of(0).steps + path.of(1).steps


def test_every_flight_ends_at_its_own_event_to_a_microsecond() -> None:
    rates, level = np.array([0.05, 0.1, 0.2, 0.3]), np.array([0.0, 5e5, -2e5, 9e5])
    run = swing(rates, level)
    assert run.passed.all()
    assert run.end_s == pytest.approx(np.arccos(-level / 1e6) / rates, abs=3e-5)
    # the event on the path itself is found to a microsecond; the path is off by the tolerance
    assert np.abs(run.state[0] - level).max() < 1.0


def test_a_flight_alone_has_the_same_bits_as_in_a_fleet() -> None:
    rates, level = np.linspace(0.02, 0.5, 13), np.linspace(-5e5, 5e5, 13)
    fleet = swing(rates, level)
    assert fleet.path is not None
    for flight in range(13):
        own = slice(flight, flight + 1)
        alone = swing(rates[own], level[own])
        assert alone.path is not None
        assert alone.end_s[0] == fleet.end_s[flight]
        assert np.array_equal(alone.state[:, 0], fleet.state[:, flight])
        assert np.array_equal(alone.path.coefficients, fleet.path.of(flight).coefficients)


def test_a_flight_that_has_passed_or_has_no_time_ends_where_it_begins() -> None:
    rates, level = np.array([0.1, 0.1, 0.1]), np.array([-2e6, 0.0, 0.0])
    run = integrate(Spring(rates, level), np.zeros(3), start(3), np.array([100.0, 0.0, 100.0]))
    assert run.end_s[:2].tolist() == [0.0, 0.0]
    assert run.passed.tolist() == [True, False, True]
    assert run.path is not None
    assert [run.path.of(i).steps > 0 for i in range(3)] == [False, False, True]


def test_an_event_that_does_not_come_is_told_from_one_that_does() -> None:
    run = swing(np.array([0.1, 0.1]), np.array([0.0, 2e6]), longest_s=50.0)
    assert run.passed.tolist() == [True, False]
    assert run.end_s[1] == 50.0


def test_without_a_path_the_ends_are_the_same() -> None:
    rates, level = np.array([0.05, 0.3]), np.array([1e5, 2e5])
    kept = swing(rates, level)
    problem = Spring(rates, level)
    bare = integrate(problem, np.zeros(2), start(2), np.full(2, 300.0), keep=False)
    assert bare.path is None
    assert np.array_equal(bare.state, kept.state)
    assert np.array_equal(bare.end_s, kept.end_s)


@dataclass(frozen=True)
class Blast(Spring):
    """Not a number beyond 20 s."""

    def derivative(self, t_s: FloatArray, state: FloatArray) -> FloatArray:
        return np.where(t_s > 20.0, np.nan, super().derivative(t_s, state))


def test_a_flight_that_leaves_its_domain_ends_there_and_the_others_go_on() -> None:
    run = integrate(Blast(np.array([0.1])), np.zeros(1), start(1), np.array([100.0]))
    assert run.end_s[0] == pytest.approx(20.0, abs=1e-6)
    assert np.isfinite(run.state).all()
