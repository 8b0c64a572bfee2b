"""What really is, before any sensor sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.physics.earth import DEG_PER_RAD, RAD_PER_DEG, FloatArray, dot, east_north, up_and_altitude
from simulator.physics.elementary import arcsin, arctan2, sin_cos

PAD_HEADING: Final = 0.1
PHASES: Final = ("pad", "ascent", "coast", "entry", "descent", "landing_burn", "afloat", "recovered", "aborted")


@dataclass(frozen=True, slots=True)
class Truth:
    """What really is, at times of shape (n,): all arrays have it, vectors (3, n); `phase` counts in `PHASES`.

    `power` is that of the vehicle's own engines over full power, `driven` that of those which drive the stack;
    `mass_kg` is the whole stack's while booster and ship are joined. `felt_m_s2` is what an accelerometer feels.
    """

    t_s: FloatArray
    position_m: FloatArray
    axis: FloatArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray
    altitude_m: FloatArray
    vertical_speed_m_s: FloatArray
    east_m_s: FloatArray
    north_m_s: FloatArray
    speed_m_s: FloatArray
    felt_m_s2: FloatArray
    axial_m_s2: FloatArray
    lateral_m_s2: FloatArray
    static_pressure_pa: FloatArray
    dynamic_pressure_pa: FloatArray
    density_kg_m3: FloatArray
    air_temperature_k: FloatArray
    downrange_m: FloatArray
    throttle: FloatArray
    power: FloatArray
    driven: FloatArray
    thrust_n: FloatArray
    running: FloatArray
    chamber_pressure_pa: FloatArray
    turbopump_rpm: FloatArray
    propellant_kg: FloatArray
    mass_kg: FloatArray
    igniting: NDArray[np.bool_]
    attached: NDArray[np.bool_]
    phase: NDArray[np.int8]

    @property
    def pitch_deg(self) -> FloatArray:
        """Body axis above the local horizon."""
        up, _ = up_and_altitude(self.position_m)
        return np.asarray(arcsin(dot(self.axis, up)) * DEG_PER_RAD)

    def heading_deg(self, course_deg: float) -> FloatArray:
        """Body axis clockwise from north; where it is vertical, the launch course."""
        east, north = east_north(self.position_m)
        sine, cosine = sin_cos(course_deg * RAD_PER_DEG)
        to_east = dot(self.axis, east) + PAD_HEADING * sine
        to_north = dot(self.axis, north) + PAD_HEADING * cosine
        return np.asarray(arctan2(to_east, to_north) * DEG_PER_RAD % 360.0)
