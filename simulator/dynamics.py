"""Three degrees of freedom in the frame that turns with the Earth: forces, and legs of flight with dense output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from scipy.integrate import OdeSolution, solve_ivp

from simulator.earth import FloatArray, inertial_acceleration_m_s2
from simulator.motion import Motion, motion_of
from simulator.vehicle import Aero, Engine
from telemetry.errors import FlightError

RELATIVE_TOLERANCE: Final = 1e-7
ABSOLUTE_TOLERANCE: Final = np.array([0.1, 0.1, 0.1, 1e-4, 1e-4, 1e-4, 1e-3])


@dataclass(frozen=True, slots=True)
class Until:
    """The end of a leg: a function of time and motion passes through zero, upwards if `rising`, else downwards."""

    value: Callable[[float, Motion], float]
    rising: bool

    def for_scipy(self) -> Callable[[float, FloatArray], float]:
        """Return the event as `solve_ivp` wants it: a function with attributes."""

        def event(t_s: float, state: FloatArray) -> float:
            return float(self.value(t_s, motion_of(state)))

        event.terminal = True  # type: ignore[attr-defined]  # scipy reads attributes of the function
        event.direction = 1.0 if self.rising else -1.0  # type: ignore[attr-defined]  # as above
        return event


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
    """A stretch of flight under one law.

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
    start_s, end_s, states
        Set once flown: the stretch of time, and the state of shape (7, ...) at any time in it.
    """

    phase: str
    law: Law
    aero: Aero
    engine: Engine | None = None
    lit_s: float = -np.inf
    cut_s: float = np.inf
    held: bool = False
    start_s: float = 0.0
    end_s: float = 0.0
    states: OdeSolution | None = None

    def power_share(self, t_s: FloatArray) -> FloatArray:
        """Chamber pressure over what is commanded: the start and cut-off ramps."""
        if self.engine is None:
            return np.zeros_like(t_s)
        rise = np.minimum(np.maximum((t_s - self.lit_s) / self.engine.start_s, 0.0), 1.0)
        fall = np.minimum(np.maximum((t_s - self.cut_s) / self.engine.stop_s, 0.0), 1.0)
        return np.asarray(rise * (1.0 - fall))

    def forces(self, t_s: FloatArray, motion: Motion) -> Forces:
        """Return thrust, drag and lift at times of shape (...)."""
        axis = self.law.axis(t_s, motion)
        drag = self.aero.drag_n(motion.mach, motion.dynamic_pressure_pa)
        total = -drag * motion.ahead
        if self.aero.lift_to_drag:
            total = total + drag * self.aero.lift_to_drag * motion.lift_axis
        throttle = self.law.throttle(t_s, motion, self.engine)
        power = throttle * self.power_share(t_s)
        if self.engine is None:
            none = np.zeros_like(power)
            return Forces(axis, none, none, none, none, total)
        thrust = self.engine.count * self.engine.thrust_n(power, motion.air.pressure_pa)
        flow = self.engine.count * self.engine.mass_flow_kg_s * power
        return Forces(axis, throttle, power, thrust, flow, total + thrust * axis)

    def derivative(self, t_s: float, state: FloatArray) -> FloatArray:
        """Time derivative of a state, shape (7,)."""
        motion = motion_of(state)
        forces = self.forces(np.asarray(t_s), motion)
        rate = np.empty_like(state)
        if self.held:
            rate[0:6] = 0.0
        else:
            rate[0:3] = motion.velocity_m_s
            rate[3:6] = forces.sum_n / motion.mass_kg + inertial_acceleration_m_s2(
                motion.position_m, motion.velocity_m_s
            )
        rate[6] = -forces.mass_flow_kg_s
        return rate

    def fly(self, start_s: float, state: FloatArray, longest_s: float, until: Until | None = None) -> Leg:
        """Integrate from a state of shape (7,) until an event, or for a time.

        Returns
        -------
        Leg
            The same leg with its times and states.

        Raises
        ------
        FlightError
            If the event does not come in time.
        """
        solution = solve_ivp(
            self.derivative,
            (start_s, start_s + longest_s),
            state,
            method="DOP853",
            rtol=RELATIVE_TOLERANCE,
            atol=ABSOLUTE_TOLERANCE,
            dense_output=True,
            events=None if until is None else until.for_scipy(),
        )
        if until is not None and solution.status != 1:
            raise FlightError(
                f"leg {self.phase!r} from {start_s:.1f} s did not end in {longest_s:.0f} s; {solution.message}"
            )
        return replace(self, start_s=start_s, end_s=float(solution.t[-1]), states=solution.sol)

    @property
    def last(self) -> FloatArray:
        """State at the end, shape (7,)."""
        return np.asarray(self.at(np.asarray(self.end_s)))

    def at(self, t_s: FloatArray) -> FloatArray:
        """State at times of shape (...) in the leg, shape (7, ...)."""
        if self.states is None:
            raise FlightError(f"leg {self.phase!r} has not been flown")
        return np.asarray(self.states(t_s))
