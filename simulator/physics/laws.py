"""How a vehicle points and throttles: one small law for each kind of leg."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from simulator.physics.earth import RAD_PER_DEG, FloatArray, dot, inertial_acceleration_m_s2, norm
from simulator.physics.elementary import sin_cos
from simulator.physics.motion import LEAST_SPEED_M_S, Motion
from simulator.physics.vehicle import Aero, Engine

Number = float | FloatArray

CLOSEST_M: Final = 0.05
LEAST_STEEPNESS: Final = 0.3
SPEED_RESPONSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _SteadyThrottle:
    power: Number

    def throttle(self, t_s: FloatArray, _motion: Motion, _engine: Engine | None) -> FloatArray:
        """Return the steady throttle."""
        return np.zeros_like(t_s) + self.power


@dataclass(frozen=True, slots=True)
class _BoundedThrottle:
    """Full power, but no more than the load can bear.

    Parameters
    ----------
    power
        Throttle.
    most_m_s2
        Acceleration by thrust in vacuum at which it throttles back, down to the engine's lowest power.
    """

    power: Number
    most_m_s2: float = field(default=np.inf, kw_only=True)

    def throttle(self, t_s: FloatArray, motion: Motion, engine: Engine | None) -> FloatArray:
        """Return the throttle."""
        if engine is None:
            return np.zeros_like(t_s)
        bound = self.most_m_s2 * motion.mass_kg / (engine.count * engine.thrust_vacuum_n)
        return np.asarray(np.maximum(np.minimum(self.power, bound), engine.min_throttle))


@dataclass(frozen=True, slots=True)
class Upright(_SteadyThrottle):
    """Nose up, steady throttle: on the pad and in the first seconds."""

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the local vertical."""
        return motion.up


@dataclass(frozen=True, slots=True)
class PitchOver(_SteadyThrottle):
    """Turn from the vertical towards a course at a steady rate.

    Parameters
    ----------
    power
        Throttle.
    start_s
        When it begins.
    rate_deg_s, largest_deg
        How fast and how far from the vertical.
    towards
        Where to: a unit vector that is level at the pad, shape (3,) or (3, n). Poles have no courses.
    """

    start_s: Number
    rate_deg_s: Number
    largest_deg: Number
    towards: FloatArray

    def tilt_deg(self, t_s: FloatArray) -> FloatArray:
        """Angle from the vertical."""
        return np.minimum(self.rate_deg_s * np.maximum(t_s - self.start_s, 0.0), self.largest_deg)

    def axis(self, t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the axis, tilted towards the course."""
        towards = self.towards.reshape(3, *(1,) * (motion.up.ndim - 1)) if self.towards.ndim == 1 else self.towards
        level = towards - dot(towards, motion.up) * motion.up
        sine, cosine = sin_cos(self.tilt_deg(t_s) * RAD_PER_DEG)
        return np.asarray(cosine * motion.up + sine * (level / norm(level)))


@dataclass(frozen=True, slots=True)
class AlongVelocity(_BoundedThrottle):
    """Nose along the velocity: a gravity turn, or a coast."""

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the direction of the ground-relative velocity."""
        return motion.ahead


@dataclass(frozen=True, slots=True)
class LinearTangent(_BoundedThrottle):
    """Pitch above the horizon whose tangent falls linearly with time, along the velocity's own course.

    References
    ----------
    The optimal steering over a flat Earth without drag: Bryson and Ho, Applied Optimal Control, 1975, section 2.4.
    """

    start_s: Number
    first_tangent: Number
    tangent_rate_1_s: Number

    def axis(self, t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the axis of the programme."""
        tangent = self.first_tangent + self.tangent_rate_1_s * (t_s - self.start_s)
        return np.asarray((motion.level + tangent * motion.up) / np.sqrt(1.0 + tangent * tangent))


@dataclass(frozen=True, slots=True)
class BaseFirst(_SteadyThrottle):
    """Base along the velocity, the nose raised by an angle of given tangent: entry, and burns against the motion."""

    raised_tangent: float = 0.0

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the axis."""
        against = -motion.upwind
        if self.raised_tangent:
            against = against + self.raised_tangent * motion.lift_axis
        return np.asarray(against / np.maximum(norm(against), LEAST_SPEED_M_S))


@dataclass(frozen=True, slots=True)
class Landing:
    """Base first with the throttle that brings the vehicle down to a chosen speed.

    Constant deceleration along the path is asked for afresh at every moment, so that start-up, drag and a changing
    mass are flown out; near the water the path is vertical, for thrust against the motion wipes out what is left of
    the horizontal speed. Drag falls with the square of the speed, which falls linearly along the path: over the burn
    it does half of what it does now.

    Parameters
    ----------
    final_m_s
        Speed at the end.
    aero
        Shape in the air.
    final_altitude_m
        Where the end is.
    """

    final_m_s: float
    aero: Aero
    final_altitude_m: float

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the direction against the velocity."""
        return -motion.ahead

    def throttle(self, t_s: FloatArray, motion: Motion, engine: Engine | None) -> FloatArray:
        """Return the throttle for the deceleration, between the engine's bounds."""
        if engine is None:
            return np.zeros_like(t_s)
        return engine.throttle_for(self.thrust_n(motion) / engine.count, motion.air.pressure_pa)

    def thrust_n(self, motion: Motion) -> FloatArray:
        """Thrust of all engines that the landing needs now."""
        steepness = np.maximum(-dot(motion.ahead, motion.up), LEAST_STEEPNESS)
        path = np.maximum(motion.altitude_m - self.final_altitude_m, 0.0) / steepness + CLOSEST_M
        slowing = (motion.speed_m_s * motion.speed_m_s - self.final_m_s * self.final_m_s) / (2.0 * path)
        fall = dot(inertial_acceleration_m_s2(motion.position_m, motion.velocity_m_s), motion.ahead)
        drag = self.aero.drag_n(motion.mach, motion.dynamic_pressure_pa)
        return np.asarray(np.maximum(motion.mass_kg * (slowing + fall) - 0.5 * drag, 0.0))


@dataclass(frozen=True, slots=True)
class SteadySpeed:
    """Nose up at a steady vertical speed, up or down: the climb of a hop, and the last metres above the water."""

    vertical_m_s: Number

    def axis(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the local vertical."""
        return motion.up

    def throttle(self, t_s: FloatArray, motion: Motion, engine: Engine | None) -> FloatArray:
        """Return the throttle that brings the vertical speed back within a second, between the engine's bounds."""
        if engine is None:
            return np.zeros_like(t_s)
        weight = -dot(inertial_acceleration_m_s2(motion.position_m, motion.velocity_m_s), motion.up)
        wanted = motion.mass_kg * (weight + (self.vertical_m_s - motion.vertical_speed_m_s) / SPEED_RESPONSE_S)
        return engine.throttle_for(wanted / engine.count, motion.air.pressure_pa)
