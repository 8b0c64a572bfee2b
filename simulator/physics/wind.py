"""Wind that blows level, by height alone, the same over the whole flight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulator.physics.earth import RAD_PER_DEG, FloatArray
from simulator.physics.elementary import sin_cos
from telemetry.errors import FlightError

PROFILES: Final = Path(__file__).with_suffix(".yaml")


class Profile(BaseModel):
    """Wind by height.

    Parameters
    ----------
    altitude_m
        Heights that rise.
    east_m_s, north_m_s
        Where the air moves to there; between them on straight lines, beyond them as at the ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    altitude_m: Annotated[tuple[float, ...], Field(min_length=2)]
    east_m_s: tuple[float, ...]
    north_m_s: tuple[float, ...]

    @model_validator(mode="after")
    def _table(self) -> Self:
        rising = all(low < high for low, high in pairwise(self.altitude_m))
        if not rising or {len(self.east_m_s), len(self.north_m_s)} != {len(self.altitude_m)}:
            msg = "'altitude_m' must rise, and there must be as many speeds as heights"
            raise ValueError(msg)
        return self

    @cached_property
    def rows(self) -> FloatArray:
        """Of each stretch above a height that height, and speed and slope to the east and to the north: (5, m)."""
        height, *speeds = np.array(self.altitude_m), np.array(self.east_m_s), np.array(self.north_m_s)
        slopes = [np.append(np.diff(speed) / np.diff(height), 0.0) for speed in speeds]
        return np.array([height, speeds[0], slopes[0], speeds[1], slopes[1]])

    @cached_property
    def still_above_m(self) -> float:
        """From where on no wind blows; infinity if it blows at the last height."""
        return np.inf if self.east_m_s[-1] or self.north_m_s[-1] else self.altitude_m[-1]


@dataclass(frozen=True)
class Wind:
    """A profile of wind as it blows in one flight or in each of many.

    Parameters
    ----------
    profile
        By height.
    factor
        How much stronger than the profile it blows, a number or shape (n,).
    turned_deg
        By what it is turned clockwise, a number or shape (n,).
    """

    profile: Profile
    factor: float | FloatArray = 1.0
    turned_deg: float | FloatArray = 0.0

    def at(self, altitude_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the wind's speeds to the east and to the north at heights of shape (...)."""
        rows = self.profile.rows
        height = np.maximum(altitude_m, rows[0, 0])
        index = np.searchsorted(rows[0], height, side="right") - 1
        base, east, east_slope, north, north_slope = rows[:, index]
        rise = height - base
        east, north = east + rise * east_slope, north + rise * north_slope
        along, across = self._turn
        return along * east + across * north, along * north - across * east

    @cached_property
    def _turn(self) -> tuple[FloatArray, FloatArray]:
        sine, cosine = sin_cos(np.asarray(self.turned_deg) * RAD_PER_DEG)
        return self.factor * cosine, self.factor * sine

    def velocity_m_s(self, position_m: FloatArray, up: FloatArray, altitude_m: FloatArray) -> FloatArray:
        """Return the velocity of the air over the ground, shape (3, ...); at a pole it is still.

        Parameters
        ----------
        position_m, up
            Shape (3, ...); `up` and `altitude_m` are `simulator.physics.earth.up_and_altitude` of the position.
        altitude_m
            Shape (...).
        """
        if altitude_m.min() >= self.profile.still_above_m:
            return np.zeros_like(position_m)
        east, north = self.at(altitude_m)
        x, y = position_m[0], position_m[1]
        flat = np.maximum(np.sqrt(x * x + y * y), 1.0)
        x, y = x / flat, y / flat
        inwards = up[2] * north
        velocity = np.empty_like(position_m)
        velocity[0], velocity[1] = -y * east - x * inwards, x * east - y * inwards
        velocity[2] = (up[0] * x + up[1] * y) * north
        return velocity


@cache
def load_profile(name: str, path: Path = PROFILES) -> Profile:
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
    return profiles[name]
