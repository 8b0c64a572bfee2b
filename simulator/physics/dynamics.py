"""Three degrees of freedom in the frame that turns with the Earth: forces, and legs of n flights with dense output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from simulator.physics.among import among
from simulator.physics.earth import FloatArray, inertial_acceleration_m_s2
from simulator.physics.integrate import IntArray, integrate
from simulator.physics.motion import Motion, motion_of
from simulator.physics.path import Path
from simulator.physics.until import Number, Until
from simulator.physics.vehicle import Aero, Engine
from simulator.physics.wind import Wind
from telemetry.errors import FlightError


class Law(Protocol):
    """How a vehicle points and throttles; both may follow from time and motion."""

    def axis(self, t_s: FloatArray, motion: Motion, /) -> FloatArray:
        """Return the unit vector of the body axis, nose forward, shape (3, ...)."""

    def throttle(self, t_s: FloatArray, motion: Motion, engine: Engine | None, /) -> FloatArray:
        """Return the commanded power, 0 to 1, shape (...)."""


@dataclass(frozen=True, slots=True)
class Forces:
    """What acts on the vehicle besides gravity, and what makes it: shapes (...), of the axis and the sum (3, ...)."""

    axis: FloatArray
    throttle: FloatArray
    power: FloatArray
    thrust_n: FloatArray
    mass_flow_kg_s: FloatArray
    sum_n: FloatArray


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of n flights under one law; what differs between them is an array of shape (n,), or (3, n).

    Parameters
    ----------
    phase
        Label of the dictionary's `flight_phase`.
    law
        Attitude and throttle.
    aero
        Shape in the air.
    engine
        The engines in use; none in a coast.
    lit_s, cut_s
        Times of the start and cut-off commands.
    held
        Whether clamps or water hold it: it burns propellant but does not move.
    fewer, fewer_from_s
        So many of the engines stand still from a time on.
    tolerance
        Of the integration, over the usual one.
    wind
        What blows; none in still air.
    start_s, end_s, last, path
        Set once flown: the stretch of time, the states at its end, shape (7, n), and those between, if they were kept.
    """

    phase: str
    law: Law
    aero: Aero
    engine: Engine | None = None
    lit_s: Number = -np.inf
    cut_s: Number = np.inf
    held: bool = False
    fewer: Number = 0.0
    fewer_from_s: Number = np.inf
    wind: Wind | None = None
    tolerance: float = 1.0
    start_s: Number = 0.0
    end_s: Number = 0.0
    last: FloatArray | None = None
    path: Path | None = None

    def motion(self, state: FloatArray) -> Motion:
        """Take states of shape (7, ...) apart, in the wind that blows."""
        return motion_of(state, self.wind)

    def power_share(self, t_s: FloatArray) -> FloatArray:
        """Chamber pressure over what is commanded: the start and cut-off ramps."""
        if self.engine is None:
            return np.zeros_like(t_s)
        rise = np.minimum(np.maximum((t_s - self.lit_s) / self.engine.start_s, 0.0), 1.0)
        fall = np.minimum(np.maximum((t_s - self.cut_s) / self.engine.stop_s, 0.0), 1.0)
        return np.asarray(rise * (1.0 - fall))

    def running(self, t_s: FloatArray) -> FloatArray:
        """Engines that do not stand still."""
        count = 0.0 if self.engine is None else float(self.engine.count)
        return np.asarray(count - np.where(t_s >= self.fewer_from_s, self.fewer, 0.0))

    def air_n(self, motion: Motion) -> FloatArray:
        """Return drag and lift, shape (3, ...)."""
        drag = self.aero.drag_n(motion.mach, motion.dynamic_pressure_pa)
        total: FloatArray = -drag * motion.upwind
        if self.aero.lift_to_drag:
            total += drag * self.aero.lift_to_drag * motion.lift_axis
        return total

    def forces(self, t_s: FloatArray, motion: Motion) -> Forces:
        """Return thrust, drag and lift at times of shape (...)."""
        axis = self.law.axis(t_s, motion)
        total = self.air_n(motion)
        throttle = self.law.throttle(t_s, motion, self.engine)
        if self.engine is None:
            none = np.zeros_like(throttle)
            return Forces(axis, none, none, none, none, total)
        power = throttle * self.power_share(t_s)
        running = self.running(t_s)
        thrust = running * self.engine.thrust_n(power, motion.air.pressure_pa)
        flow = running * self.engine.mass_flow_kg_s * power
        return Forces(axis, throttle, power, thrust, flow, total + thrust * axis)

    def derivative(self, t_s: FloatArray, state: FloatArray) -> FloatArray:
        """Time derivative of states of shape (7, n)."""
        motion = self.motion(state)
        rate = np.empty_like(state)
        if self.held:
            rate[0:6] = 0.0
            throttle = self.law.throttle(t_s, motion, self.engine)
            flow = 0.0 if self.engine is None else self.engine.mass_flow_kg_s
            rate[6] = -self.running(t_s) * flow * throttle * self.power_share(t_s)
            return rate
        rate[0:3] = motion.velocity_m_s
        rate[3:6] = inertial_acceleration_m_s2(motion.position_m, motion.velocity_m_s)
        if self.engine is None:
            rate[3:6] += self.air_n(motion) / motion.mass_kg
            rate[6] = 0.0
        else:
            forces = self.forces(t_s, motion)
            rate[3:6] += forces.sum_n / motion.mass_kg
            rate[6] = -forces.mass_flow_kg_s
        return rate

    def fly(
        self,
        start_s: FloatArray,
        state: FloatArray,
        longest_s: Number,
        until: Until | None = None,
        *,
        keep: bool = True,
    ) -> tuple[Leg, np.ndarray]:
        """Integrate from states of shape (7, n) until an event, or for a time.

        Returns
        -------
        Leg
            The same leg with its times and states.
        ndarray
            Shape (n,), of bool: whether the event came; a flight for which it had come before ends where it begins.
        """
        longest = np.broadcast_to(np.asarray(longest_s, np.float64), start_s.shape)
        run = integrate(_Flown(self, until), start_s, state, longest, keep=keep, tolerance=self.tolerance)
        flown = replace(self, start_s=start_s, end_s=run.end_s, last=run.state, path=run.path)
        return flown, run.passed

    @property
    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Times and states at the end."""
        if self.last is None:
            raise FlightError(f"leg {self.phase!r} has not been flown")
        return np.asarray(self.end_s), self.last

    def lasts(self, flight: int) -> bool:
        """Whether it takes a flight any time."""
        return bool(np.asarray(self.end_s)[flight] > np.asarray(self.start_s)[flight])

    def of(self, flight: int) -> Leg:
        """Return the leg of one flight, its times and parameters as numbers."""
        path = None if self.path is None else self.path.of(flight)
        return replace(among(replace(self, path=None), flight), path=path)

    def at(self, t_s: FloatArray, rows: slice = slice(None)) -> FloatArray:
        """State of a leg of one flight at times of shape (...) in it, shape (7, ...); or some rows of it."""
        if self.path is None:
            raise FlightError(f"leg {self.phase!r} has not been flown")
        return self.path.at(t_s, rows)


@dataclass(frozen=True, slots=True)
class _Flown:
    """A leg and its end, as the integrator wants them."""

    leg: Leg
    until: Until | None

    def derivative(self, t_s: FloatArray, state: FloatArray) -> FloatArray:
        return self.leg.derivative(t_s, state)

    def value(self, t_s: FloatArray, state: FloatArray) -> FloatArray | None:
        return None if self.until is None else self.until.value(t_s, self.leg.motion(state))

    def among(self, which: IntArray) -> Self:
        return among(self, which)
