"""What navigation and air data say."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.earth import RADIUS_M
from simulator.noise import Noise
from simulator.truth import Truth

PLASMA_M_S: Final = 4_500.0
PLASMA_M: Final = 85_000.0
FEWEST_SATELLITES: Final = 4
ALIGNED_AFTER_S: Final = 5.0
ALIGNING, INERTIAL, GNSS_INERTIAL = 0, 1, 2


def nav_columns(truth: Truth, noise: Noise, course_deg: float, switched_on_s: float) -> dict[str, NDArray[np.generic]]:
    """Return the channels of the `nav` packet, shape (n,).

    GNSS errors of metres wander over minutes; accelerometers shake with the engines; in the plasma of the entry no
    satellite is heard and navigation is inertial.
    """
    to_deg = np.degrees(1.0 / RADIUS_M)
    shrink = np.maximum(np.cos(np.radians(truth.latitude_deg)), 0.01)
    north_m = noise.drift("north", 1.5, 120.0) + noise.white("north", 0.2)
    east_m = noise.drift("east", 1.5, 120.0) + noise.white("east", 0.2)
    shaking = 0.02 + 0.25 * truth.driven + 4e-6 * truth.dynamic_pressure_pa
    pitch = truth.pitch_deg
    satellites = np.rint(12.0 + noise.drift("satellites", 1.2, 90.0))
    satellites[(truth.speed_m_s > PLASMA_M_S) & (truth.altitude_m < PLASMA_M)] = 0.0
    mode = np.where(satellites < FEWEST_SATELLITES, INERTIAL, GNSS_INERTIAL)
    mode[truth.t_s < switched_on_s + ALIGNED_AFTER_S] = ALIGNING
    east_speed, north_speed = truth.east_m_s + noise.white("ve", 0.03), truth.north_m_s + noise.white("vn", 0.03)
    rise = truth.vertical_speed_m_s + noise.white("vu", 0.04)
    return {
        "latitude_deg": truth.latitude_deg + north_m * to_deg,
        "longitude_deg": truth.longitude_deg + east_m * to_deg / shrink,
        "altitude_m": truth.altitude_m + noise.drift("altitude", 1.0, 120.0) + noise.white("altitude", 0.3),
        "vertical_speed_m_s": rise,
        "velocity_east_m_s": east_speed,
        "velocity_north_m_s": north_speed,
        "speed_m_s": np.sqrt(east_speed**2 + north_speed**2 + rise**2),
        "axial_acceleration_m_s2": truth.axial_m_s2 * (1.0 + 2e-4) + 0.01 + noise.white("axial", 1.0) * shaking,
        "lateral_acceleration_m_s2": truth.lateral_m_s2 + noise.white("lateral", 0.6) * shaking,
        "pitch_deg": pitch + noise.white("pitch", 0.01),
        "heading_deg": (truth.heading_deg(course_deg) + noise.white("heading", 0.02)) % 360.0,
        "roll_rate_deg_s": noise.drift("roll", 0.3, 4.0) + noise.white("roll", 0.02),
        "pitch_rate_deg_s": np.gradient(pitch, truth.t_s) + noise.white("pitch_rate", 0.03),
        "static_pressure_pa": truth.static_pressure_pa * (1.0 + noise.drift("static", 1e-3, 60.0))
        + noise.white("static", 3.0),
        "dynamic_pressure_pa": truth.dynamic_pressure_pa * (1.0 + noise.drift("dynamic", 3e-3, 20.0))
        + noise.white("dynamic", 8.0),
        "downrange_m": truth.downrange_m + north_m,
        "gnss_satellites_count": satellites,
        "nav_mode": mode,
    }
