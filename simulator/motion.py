"""A state of motion, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.atmosphere import Air, air_at
from simulator.earth import FloatArray, dot, norm, up_and_altitude

LEAST_SPEED_M_S: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Motion:
    """A state of shape (7, ...) taken apart: position, velocity and mass, with what follows from them.

    `up` and `ahead` are unit vectors, away from the Earth and along the velocity (zero where there is none).
    """

    position_m: FloatArray
    velocity_m_s: FloatArray
    mass_kg: FloatArray
    up: FloatArray
    ahead: FloatArray
    altitude_m: FloatArray
    speed_m_s: FloatArray
    air: Air

    @property
    def lift_axis(self) -> FloatArray:
        """Unit vector across the velocity, upwards in the vertical plane of flight; zero in vertical flight."""
        across = self.up - dot(self.up, self.ahead) * self.ahead
        return np.asarray(across / np.maximum(norm(across), LEAST_SPEED_M_S))

    @property
    def vertical_speed_m_s(self) -> FloatArray:
        """Speed upwards."""
        return dot(self.velocity_m_s, self.up)

    @property
    def dynamic_pressure_pa(self) -> FloatArray:
        """Half of density times speed squared."""
        return np.asarray(0.5 * self.air.density_kg_m3 * self.speed_m_s**2)

    @property
    def mach(self) -> FloatArray:
        """Speed over the speed of sound."""
        return np.asarray(self.speed_m_s / self.air.sound_speed_m_s)


def motion_of(state: FloatArray) -> Motion:
    """Take a state of shape (7,) or (7, n) apart."""
    position, velocity = state[0:3], state[3:6]
    up, altitude = up_and_altitude(position)
    speed = norm(velocity)
    ahead = velocity / np.maximum(speed, LEAST_SPEED_M_S)
    return Motion(position, velocity, state[6], up, ahead, altitude, speed, air_at(altitude))
