"""A state of motion, and what follows from it."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np

from simulator.physics.atmosphere import Air, air_at
from simulator.physics.earth import FloatArray, dot, norm, up_and_altitude
from simulator.physics.wind import Wind

LEAST_SPEED_M_S: Final = 1e-9


class Motion:
    """A state of shape (7, ...) taken apart; what follows from it is reckoned when it is first asked for.

    Parameters
    ----------
    state
        Position and velocity in the frame that turns with the Earth, and mass.
    wind
        What blows; none in still air.
    """

    def __init__(self, state: FloatArray, wind: Wind | None = None) -> None:
        self._wind = wind
        self.position_m = state[0:3]
        self.velocity_m_s = state[3:6]
        self.mass_kg = state[6]

    @cached_property
    def _vertical(self) -> tuple[FloatArray, FloatArray]:
        return up_and_altitude(self.position_m)

    @property
    def up(self) -> FloatArray:
        """Unit vector away from the ellipsoid."""
        return self._vertical[0]

    @property
    def altitude_m(self) -> FloatArray:
        """Height above the ellipsoid."""
        return self._vertical[1]

    @cached_property
    def speed_m_s(self) -> FloatArray:
        """Speed over ground."""
        return norm(self.velocity_m_s)

    @cached_property
    def ahead(self) -> FloatArray:
        """Unit vector along the velocity over ground; zero where there is none."""
        return np.asarray(self.velocity_m_s / np.maximum(self.speed_m_s, LEAST_SPEED_M_S))

    @cached_property
    def vertical_speed_m_s(self) -> FloatArray:
        """Speed upwards."""
        return dot(self.velocity_m_s, self.up)

    @cached_property
    def level(self) -> FloatArray:
        """Unit vector of the course over ground: the velocity's horizontal part; zero in vertical flight."""
        flat = self.velocity_m_s - self.vertical_speed_m_s * self.up
        return np.asarray(flat / np.maximum(norm(flat), LEAST_SPEED_M_S))

    @cached_property
    def air(self) -> Air:
        """The air here."""
        return air_at(self.altitude_m)

    @cached_property
    def _through_air_m_s(self) -> FloatArray:
        if self._wind is None:
            return self.velocity_m_s
        return self.velocity_m_s - self._wind.velocity_m_s(self.position_m, self.up, self.altitude_m)

    @cached_property
    def airspeed_m_s(self) -> FloatArray:
        """Speed through the air."""
        return norm(self._through_air_m_s)

    @cached_property
    def upwind(self) -> FloatArray:
        """Unit vector along the velocity through the air; zero where there is none."""
        return np.asarray(self._through_air_m_s / np.maximum(self.airspeed_m_s, LEAST_SPEED_M_S))

    @cached_property
    def lift_axis(self) -> FloatArray:
        """Unit vector across the airflow, upwards in the vertical plane of flight; zero in vertical flight."""
        across = self.up - dot(self.up, self.upwind) * self.upwind
        return np.asarray(across / np.maximum(norm(across), LEAST_SPEED_M_S))

    @cached_property
    def dynamic_pressure_pa(self) -> FloatArray:
        """Half of density times airspeed squared."""
        return np.asarray(0.5 * self.air.density_kg_m3 * self.airspeed_m_s * self.airspeed_m_s)

    @cached_property
    def mach(self) -> FloatArray:
        """Airspeed over the speed of sound."""
        return np.asarray(self.airspeed_m_s / self.air.sound_speed_m_s)


def motion_of(state: FloatArray, wind: Wind | None = None) -> Motion:
    """Take a state of shape (7, ...) apart."""
    return Motion(state, wind)
