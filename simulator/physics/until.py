"""What ends a leg of flight: each says by how much it is past its end, and a flight goes on while that is below 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.earth import MU_M3_S2, ROTATION_RAD_S, FloatArray, norm
from simulator.physics.laws import Landing
from simulator.physics.motion import Motion
from simulator.physics.vehicle import Engine

Number = float | FloatArray


class Until(Protocol):
    """The end of a leg; parameters are numbers, or arrays of one for each flight."""

    def value(self, t_s: FloatArray, motion: Motion, /) -> FloatArray:
        """Return something, shape (...), that rises through 0 at the end."""


@dataclass(frozen=True, slots=True)
class Below:
    """Comes down to an altitude."""

    altitude_m: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the depth below it."""
        return np.asarray(self.altitude_m - motion.altitude_m)


@dataclass(frozen=True, slots=True)
class Descending:
    """Passes the top."""

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the speed downwards."""
        return -motion.vertical_speed_m_s


@dataclass(frozen=True, slots=True)
class Lighter:
    """Has burnt its propellant down to a mass of the vehicle."""

    mass_kg: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return what is missing to it."""
        return np.asarray(self.mass_kg - motion.mass_kg)


@dataclass(frozen=True, slots=True)
class Faster:
    """Reaches a speed over ground."""

    speed_m_s: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the speed beyond it."""
        return np.asarray(motion.speed_m_s - self.speed_m_s)


@dataclass(frozen=True, slots=True)
class Carried:
    """Will be carried to an altitude by the speed that it has, without air."""

    apogee_m: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the height beyond it."""
        rise_m_s = motion.vertical_speed_m_s
        return np.asarray(motion.altitude_m + rise_m_s * rise_m_s / (2.0 * GRAVITY_M_S2) - self.apogee_m)


@dataclass(frozen=True, slots=True)
class Needs:
    """A landing needs a share of what the engines can give: the moment to light them."""

    landing: Landing
    engine: Engine
    share: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the share beyond it."""
        full = self.engine.count * self.engine.thrust_n(np.asarray(1.0), motion.air.pressure_pa)
        return np.asarray(self.landing.thrust_n(motion) / full - self.share)


@dataclass(frozen=True, slots=True)
class Slower:
    """Falls below a speed over ground."""

    speed_m_s: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the speed that is gone beyond it."""
        return np.asarray(self.speed_m_s - motion.speed_m_s)


@dataclass(frozen=True, slots=True)
class Energetic:
    """Has the energy of an orbit."""

    semi_major_m: float

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the energy beyond it, J/kg."""
        x, y, _ = motion.position_m
        vx, vy, vz = motion.velocity_m_s
        east, north = vx - ROTATION_RAD_S * y, vy + ROTATION_RAD_S * x
        energy = 0.5 * (east * east + north * north + vz * vz) - MU_M3_S2 / norm(motion.position_m)
        return np.asarray(energy + 0.5 * MU_M3_S2 / self.semi_major_m)


@dataclass(frozen=True, slots=True)
class Pressed:
    """Meets a dynamic pressure."""

    pressure_pa: Number

    def value(self, _t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return the pressure beyond it."""
        return np.asarray(motion.dynamic_pressure_pa - self.pressure_pa)


@dataclass(frozen=True, slots=True)
class Either:
    """Ends as one or as another, whichever comes first."""

    one: Until
    other: Until

    def value(self, t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return what is further on."""
        return np.maximum(self.one.value(t_s, motion), self.other.value(t_s, motion))


@dataclass(frozen=True, slots=True)
class OrAt:
    """Ends as another, or at a time, whichever comes first."""

    other: Until
    t_s: Number

    def value(self, t_s: FloatArray, motion: Motion) -> FloatArray:
        """Return what is further on."""
        return np.maximum(self.other.value(t_s, motion), t_s - self.t_s)
