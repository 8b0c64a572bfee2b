"""Where a vehicle is, how it moves and how it points."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.lost import TUMBLES_FOR_S
from simulator.physics.earth import FloatArray, dot, east_north, norm
from simulator.physics.elementary import arctan2, cos, hypot, sin
from simulator.physics.truth import PAD_HEADING
from simulator.quantities.quantity import Quantity
from simulator.quantities.scene import Scene
from simulator.quantities.units import DEGREE

TURN_DEG: Final = 360.0
SLOW_M_S: Final = 1.0
ROLL_DEG_S: Final = 0.3
ROLL_MEMORY_S: Final = 4.0
LEAST: Final = 1e-12
TUMBLING_DEG_S: Final = 120.0


def _course_deg(scene: Scene) -> FloatArray:
    course = arctan2(scene.truth.east_m_s, scene.truth.north_m_s) / DEGREE
    return np.asarray(np.where(course < 0.0, course + TURN_DEG, course))


def _flight_path_deg(scene: Scene) -> FloatArray:
    truth = scene.truth
    return np.asarray(arctan2(truth.vertical_speed_m_s, hypot(truth.east_m_s, truth.north_m_s)) / DEGREE)


def _sideways(scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors of the body to the right and downwards, shape (3, n), for a body without roll."""
    truth = scene.truth
    east, north = east_north(truth.position_m)
    course = scene.setting.flight.course_deg * DEGREE
    to_east = dot(truth.axis, east) + PAD_HEADING * sin(course)
    to_north = dot(truth.axis, north) + PAD_HEADING * cos(course)
    right = to_north * east - to_east * north
    right = right - dot(right, truth.axis) * truth.axis
    right = right / np.maximum(norm(right), LEAST)
    x, y = truth.axis, right
    down = np.array([x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]])
    return right, down


def _across(scene: Scene) -> FloatArray:
    """Specific force across the body axis, shape (3, n)."""
    truth = scene.truth
    return np.asarray(truth.felt_m_s2 - truth.axial_m_s2 * truth.axis)


def _shaking(scene: Scene) -> FloatArray:
    """Return what engines and air shake an accelerometer by, m/s2."""
    return np.asarray(0.25 * scene.truth.driven + 4e-6 * scene.truth.dynamic_pressure_pa)


def _pitch_rate_deg_s(scene: Scene) -> FloatArray:
    """Return the rate of the plan, and that of a vehicle out of control just before it breaks up."""
    rate = scene.rate(scene.wide_pitch_deg)
    from_s = scene.setting.tumbles_s
    if from_s > scene.t_s[-1]:
        return rate
    return np.asarray(rate + TUMBLING_DEG_S * np.clip((scene.t_s - from_s) / TUMBLES_FOR_S, 0.0, 1.0))


QUANTITIES: Final = (
    Quantity("latitude_deg", "Geodetic latitude", lambda s: s.truth.latitude_deg),
    Quantity("longitude_deg", "Longitude east", lambda s: s.truth.longitude_deg),
    Quantity("altitude_m", "Height above mean sea level", lambda s: s.truth.altitude_m),
    Quantity("downrange_m", "Great-circle distance from the pad", lambda s: s.truth.downrange_m),
    Quantity("position_x_m", "Position in the Earth's turning frame, to 0 N 0 E", lambda s: s.truth.position_m[0]),
    Quantity("position_y_m", "Position in the Earth's turning frame, to 0 N 90 E", lambda s: s.truth.position_m[1]),
    Quantity(
        "position_z_m", "Position in the Earth's turning frame, to the north pole", lambda s: s.truth.position_m[2]
    ),
    Quantity("vertical_speed_m_s", "Speed upwards", lambda s: s.truth.vertical_speed_m_s),
    Quantity("velocity_down_m_s", "Speed downwards", lambda s: -s.truth.vertical_speed_m_s),
    Quantity("velocity_east_m_s", "Ground-relative velocity to the east", lambda s: s.truth.east_m_s),
    Quantity("velocity_north_m_s", "Ground-relative velocity to the north", lambda s: s.truth.north_m_s),
    Quantity("speed_m_s", "Ground-relative speed", lambda s: s.truth.speed_m_s),
    Quantity("ground_speed_m_s", "Speed over the ground", lambda s: hypot(s.truth.east_m_s, s.truth.north_m_s)),
    Quantity("course_deg", "Direction of motion over the ground, clockwise from north", _course_deg, wraps_at=TURN_DEG),
    Quantity("flight_path_angle_deg", "Direction of motion above the horizon", _flight_path_deg),
    Quantity(
        "axial_acceleration_m_s2", "Specific force along the body axis", lambda s: s.truth.axial_m_s2, unrest=_shaking
    ),
    Quantity(
        "lateral_acceleration_m_s2",
        "Specific force across the body axis, its amount",
        lambda s: s.truth.lateral_m_s2,
        unrest=_shaking,
    ),
    Quantity("acceleration_x_m_s2", "Specific force to the nose", lambda s: s.truth.axial_m_s2, unrest=_shaking),
    Quantity(
        "acceleration_y_m_s2",
        "Specific force to the right, of a body without roll",
        lambda s: dot(_across(s), _sideways(s)[0]),
        unrest=_shaking,
    ),
    Quantity(
        "acceleration_z_m_s2",
        "Specific force to the belly, of a body without roll",
        lambda s: dot(_across(s), _sideways(s)[1]),
        unrest=_shaking,
    ),
    Quantity("pitch_deg", "Body axis above the local horizon", lambda s: s.wide_pitch_deg[1:-1]),
    Quantity(
        "heading_deg",
        "Body axis clockwise from north; where it is vertical, the launch course",
        lambda s: s.truth.heading_deg(s.setting.flight.course_deg),
        wraps_at=TURN_DEG,
    ),
    Quantity("tilt_from_vertical_deg", "Body axis from the vertical", lambda s: 90.0 - s.wide_pitch_deg[1:-1]),
    Quantity(
        "roll_rate_deg_s", "Angular rate about the body axis", lambda s: ROLL_DEG_S * s.wander("roll", ROLL_MEMORY_S)
    ),
    Quantity("pitch_rate_deg_s", "How fast the body axis rises", _pitch_rate_deg_s),
    Quantity(
        "yaw_rate_deg_s",
        "How fast the nose turns to the right",
        lambda s: dot(s.rate(s.wide.axis), _sideways(s)[0]) / DEGREE,
    ),
)
