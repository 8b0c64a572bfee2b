"""Free flight around a round Earth, in closed form: the speed that leads from here to there over a given apogee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.earth import MU_M3_S2, RADIUS_M, ROTATION_RAD_S, FloatArray, angle_between_rad, dot, norm
from simulator.elementary import PI, arctan2, sin_cos

HALVINGS: Final = 40
TIME_TRIALS: Final = 8
LEAST_RISE_M: Final = 2_000.0
LEAST_ARC_RAD: Final = 0.002
LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Aim:
    """Where n flights are to come down, and over what way; arrays of shape (n,).

    Parameters
    ----------
    point_m
        Shape (3, n): the place to aim at, in the frame that turns with the Earth.
    far
        Whether the long way round is taken.
    apogee_m
        Height of the top of the arc.
    entry_m
        Height at which the arc is taken to end in the air.
    glide_m, glide_s
        Way and time from there to the water.
    """

    point_m: FloatArray
    far: NDArray[np.bool_]
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
    side = np.where(aim.far, -1.0, 1.0)
    arc = rise = shape = radius
    normal = up
    for _ in range(TIME_TRIALS):
        there = turned(aim.point_m, ROTATION_RAD_S * (flight_s + aim.glide_s))
        angle = angle_between_rad(position_m, there)
        whole = np.where(aim.far, 2.0 * PI - angle, angle)
        arc = np.maximum(whole - aim.glide_m / RADIUS_M, LEAST_ARC_RAD)
        normal = cross(up, there) * side
        rise, shape = _through(arc, radius, low, top)
        flight_s = _time_to_top_s(rise, shape, top) + _time_to_top_s(arc - rise, shape, top)
    size = top * (1.0 - shape)
    along = cross(normal / np.maximum(norm(normal), LEAST), up)
    level = np.sqrt(MU_M3_S2 * size) / radius
    upwards = np.sqrt(MU_M3_S2 / size) * shape * sin_cos(rise)[0]
    return level * along + upwards * up - carried_m_s(position_m), flight_s


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
