"""Wind that blows level, by height alone, the same over the whole flight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.earth import RAD_PER_DEG, FloatArray
from simulator.elementary import interpolate, sin_cos
from telemetry.errors import FlightError

PROFILES: Final = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class Wind:
    """A profile of wind, of one flight or of many.

    Parameters
    ----------
    altitude_m
        Shape (m,), rising.
    east_m_s, north_m_s
        Where the air moves to at these heights, shape (m,); between them on straight lines, beyond them as at the ends.
    factor
        How much stronger than the profile it blows, shape () or (n,).
    turned_deg
        By what it is turned clockwise, shape () or (n,).
    """

    altitude_m: FloatArray
    east_m_s: FloatArray
    north_m_s: FloatArray
    factor: FloatArray
    turned_deg: FloatArray

    def at(self, altitude_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the wind's speeds to the east and to the north at heights of shape (...)."""
        east = interpolate(altitude_m, self.altitude_m, self.east_m_s) * self.factor
        north = interpolate(altitude_m, self.altitude_m, self.north_m_s) * self.factor
        sine, cosine = sin_cos(self.turned_deg * RAD_PER_DEG)
        return cosine * east + sine * north, cosine * north - sine * east

    def velocity_m_s(self, position_m: FloatArray, up: FloatArray, altitude_m: FloatArray) -> FloatArray:
        """Return the velocity of the air over the ground, shape (3, ...); at a pole it is still.

        Parameters
        ----------
        position_m, up
            Shape (3, ...); `up` and `altitude_m` are `simulator.earth.up_and_altitude` of the position.
        altitude_m
            Shape (...).
        """
        east, north = self.at(altitude_m)
        x, y = position_m[0], position_m[1]
        flat = np.maximum(np.sqrt(x * x + y * y), 1.0)
        x, y = x / flat, y / flat
        inwards = up[2] * north
        return np.array([-y * east - x * inwards, x * east - y * inwards, (up[0] * x + up[1] * y) * north])

    def changed(self, factor: FloatArray, turned_deg: FloatArray) -> Wind:
        """Return the same profile, so many times as strong and turned by so many degrees clockwise."""
        return replace(self, factor=self.factor * factor, turned_deg=self.turned_deg + turned_deg)


class Profile(BaseModel):
    """A profile in a file: where the air moves to, by height."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    altitude_m: Annotated[tuple[float, ...], Field(min_length=2)]
    east_m_s: tuple[float, ...]
    north_m_s: tuple[float, ...]

    @property
    def wind(self) -> Wind:
        """The same as a value of the physics."""
        altitude, east, north = (np.array(column) for column in (self.altitude_m, self.east_m_s, self.north_m_s))
        return Wind(altitude, east, north, factor=np.asarray(1.0), turned_deg=np.asarray(0.0))


@cache
def load_wind(name: str, path: Path = PROFILES) -> Wind:
    """Read a profile by name.

    Raises
    ------
    FlightError
        If the file is wrong or has none of the name.
    """
    try:
        profiles = {
            key: Profile.model_validate(value) for key, value in yaml.safe_load(path.read_text("utf-8")).items()
        }
    except (OSError, yaml.YAMLError, ValidationError, AttributeError) as error:
        raise FlightError(f"{path}: no profiles of wind: {error}") from error
    if name not in profiles:
        raise FlightError(f"no wind {name!r} in {path}; there are {', '.join(profiles)}")
    wind = profiles[name].wind
    if not wind.altitude_m.shape == wind.east_m_s.shape == wind.north_m_s.shape or np.any(
        np.diff(wind.altitude_m) <= 0
    ):
        raise FlightError(f"{path}: wind {name!r}: as many speeds as heights are needed, and heights that rise")
    return wind
