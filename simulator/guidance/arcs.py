"""Free flight around a round Earth, in closed form: the speed that leads from here to there over a given apogee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.physics.earth import MU_M3_S2, RADIUS_M, ROTATION_RAD_S, FloatArray, angle_between_rad, dot, norm
from simulator.physics.elementary import PI, arccos, arctan2, sin_cos

HALVINGS: Final = 40
TIME_TRIALS: Final = 8
LEAST_RISE_M: Final = 2_000.0
LEAST_ARC_RAD: Final = 0.002
LEAST: Final = 1e-12
LARGEST_SHAPE: Final = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class Aim:
    """Where n flights are to come down, and over what way; arrays of shape (n,).

    Parameters
    ----------
    point_m
        Shape (3, n): the place to aim at, in the frame that turns with the Earth.
    pole
        Shape (3, n): a vector on the left of the way. It tells on which side of the Earth the way lies, also where it
        passes the other end of the Earth.
    apogee_m
        Height of the top of the arc.
    entry_m
        Height at which the arc is taken to end in the air.
    glide_m, glide_s
        Way and time from there to the water.
    """

    point_m: FloatArray
    pole: FloatArray
    apogee_m: FloatArray
    entry_m: FloatArray
    glide_m: FloatArray
    glide_s: FloatArray


def required_velocity_m_s(position_m: FloatArray, aim: Aim) -> tuple[FloatArray, FloatArray]:
    """Return the velocity over ground that leads from positions of shape (3, n) to an aim, and the time it takes.

    The arc is the ellipse through the position and the entry point whose apogee has the height that was asked for; the
    aim turns with the Earth meanwhile, so its place on arrival is found by repetition.
    """
    radius = norm(position_m)
    up = position_m / radius
    top = np.maximum(RADIUS_M + aim.apogee_m, radius + LEAST_RISE_M)
    low = np.minimum(norm(aim.point_m) + aim.entry_m, radius)
    flight_s = np.full_like(radius, 1000.0)
    arc = rise = shape = radius
    normal = up
    for _ in range(TIME_TRIALS):
        there = turned(aim.point_m, ROTATION_RAD_S * (flight_s + aim.glide_s))
        angle = angle_between_rad(position_m, there)
        normal = cross(up, there)
        side = np.where(dot(normal, aim.pole) < 0.0, -1.0, 1.0)
        whole = np.where(side < 0.0, 2.0 * PI - angle, angle)
        arc = np.maximum(whole - aim.glide_m / RADIUS_M, LEAST_ARC_RAD)
        normal = normal * side
        rise, shape = _through(arc, radius, low, top)
        flight_s = _time_to_top_s(rise, shape, top) + _time_to_top_s(arc - rise, shape, top)
    size = top * (1.0 - shape)
    along = cross(normal / np.maximum(norm(normal), LEAST), up)
    level = np.sqrt(MU_M3_S2 * size) / radius
    upwards = np.sqrt(MU_M3_S2 / size) * shape * sin_cos(rise)[0]
    return level * along + upwards * up - carried_m_s(position_m), flight_s


def reached_m(state: FloatArray, aim: Aim) -> FloatArray:
    """Return the points that states of shape (7, n) lead to, shape (3, n): the inverse of `required_velocity_m_s`."""
    position_m = state[0:3]
    radius = norm(position_m)
    up = position_m / radius
    velocity = state[3:6] + carried_m_s(position_m)
    normal = cross(position_m, velocity)
    spin = np.maximum(norm(normal), LEAST)
    size = spin * spin / MU_M3_S2
    low = np.minimum(norm(aim.point_m) + aim.entry_m, radius)
    sine, cosine = dot(velocity, up) * spin / MU_M3_S2, 1.0 - size / radius
    shape = np.minimum(np.maximum(np.sqrt(sine * sine + cosine * cosine), LEAST), LARGEST_SHAPE)
    rise = arctan2(sine, cosine)
    fall = arccos((1.0 - size / low) / shape)
    top = size / (1.0 - shape)
    flight_s = np.copysign(_time_to_top_s(np.abs(rise), shape, top), rise) + _time_to_top_s(fall, shape, top)
    whole = rise + fall + aim.glide_m / RADIUS_M
    sine, cosine = sin_cos(whole)
    there = cosine * up + sine * cross(normal / spin, up)
    return turned(there * norm(aim.point_m), -ROTATION_RAD_S * (flight_s + aim.glide_s))


def _through(arc: FloatArray, radius: FloatArray, low: FloatArray, top: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the angle from here to the apogee, and the eccentricity, of the ellipse through both ends."""
    least, most = np.zeros_like(arc), arc
    for _ in range(HALVINGS):
        middle = 0.5 * (least + most)
        early = _eccentricity(middle, radius, top) > _eccentricity(arc - middle, low, top)
        least, most = np.where(early, middle, least), np.where(early, most, middle)
    rise = 0.5 * (least + most)
    return rise, _eccentricity(rise, radius, top)


def _eccentricity(angle: FloatArray, radius: FloatArray, top: FloatArray) -> FloatArray:
    """Eccentricity of an ellipse that passes a radius at an angle from its apogee."""
    return np.asarray((top - radius) / np.maximum(top - radius * sin_cos(angle)[1], LEAST))


def _time_to_top_s(angle: FloatArray, shape: FloatArray, top: FloatArray) -> FloatArray:
    """Time between the apogee and an angle from it, by Kepler's equation."""
    sine, cosine = sin_cos(0.5 * (PI - angle))
    anomaly = 2.0 * arctan2(np.sqrt(1.0 - shape) * sine, np.sqrt(1.0 + shape) * cosine)
    mean = anomaly - shape * sin_cos(anomaly)[0]
    major = top / (1.0 + shape)
    return np.asarray((PI - mean) * major * np.sqrt(major / MU_M3_S2))


def turned(vector: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Return vectors of shape (3, n), turned eastwards about the Earth's axis."""
    sine, cosine = sin_cos(angle_rad)
    return np.array(
        [
            cosine * vector[0] - sine * vector[1],
            sine * vector[0] + cosine * vector[1],
            vector[2] + np.zeros_like(sine),
        ]
    )


def carried_m_s(position_m: FloatArray) -> FloatArray:
    """Velocity that the Earth's rotation gives a place, shape (3, ...)."""
    x, y = position_m[0], position_m[1]
    return np.array([-ROTATION_RAD_S * y, ROTATION_RAD_S * x, np.zeros_like(x)])


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cross product over the first axis."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def away(a: FloatArray, b: FloatArray, side: FloatArray | float = 1.0) -> FloatArray:
    """Return the unit vector at `a`, square to it, that leads to `b` the short way, or with side -1 the long way."""
    flat = b - dot(a, b) / dot(a, a) * a
    return np.asarray(side * flat / np.maximum(norm(flat), LEAST))
