"""Derived channels: computed from others of the same packet, no octets on the wire; the functions by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from telemetry.aerodynamics import dynamic_pressure, mach_of_pressures, mach_of_speed
from telemetry.impact import impact_point
from telemetry.motion import flight_path_angle, load_factor
from telemetry.quantity import Quantity

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that derived channels may name.

    Parameters
    ----------
    compute
        Pure and vectorised: arrays of shape (n,) by parameter name to one array of shape (n,) an output.
    parameters
        Its parameters, named with their units; each gets a channel in the dictionary.
    output
        Which of the outputs it is.
    unit
        Of the result.
    """

    compute: Callable[..., tuple[Floats, ...]]
    parameters: tuple[str, ...]
    unit: str
    output: int = 0


_MOTION: Final = ("velocity_east_m_s", "velocity_north_m_s", "vertical_speed_m_s")
_PLACE: Final = ("latitude_deg", "longitude_deg", "altitude_m")

FUNCTIONS: Final[Mapping[str, Function]] = {
    "mach_of_speed": Function(mach_of_speed, ("speed_m_s", "altitude_m"), "number"),
    "mach_of_pressures": Function(mach_of_pressures, ("dynamic_pressure_pa", "static_pressure_pa"), "number"),
    "dynamic_pressure": Function(dynamic_pressure, ("speed_m_s", "altitude_m"), "pa"),
    "load_factor": Function(load_factor, ("axial_acceleration_m_s2", "lateral_acceleration_m_s2"), "g"),
    "flight_path_angle": Function(flight_path_angle, ("speed_m_s", "vertical_speed_m_s"), "deg"),
    "impact_latitude": Function(impact_point, (*_PLACE, *_MOTION), "deg", 0),
    "impact_longitude": Function(impact_point, (*_PLACE, *_MOTION), "deg", 1),
}


class Derived(Quantity):
    """A derived channel.

    Parameters
    ----------
    function
        Its name in `FUNCTIONS`.
    of
        Channel by parameter of the function; all of the same packet, measured as numbers.
    """

    function: str
    of: dict[str, str]

    @model_validator(mode="after")
    def _callable(self) -> Self:
        known = FUNCTIONS.get(self.function)
        if known is None:
            msg = f"function {self.function!r} is none of: {', '.join(sorted(FUNCTIONS))}"
            raise ValueError(msg)
        if self.of.keys() != set(known.parameters):
            msg = f"function {self.function!r} is of {', '.join(known.parameters)}; give each its channel in 'of'"
            raise ValueError(msg)
        if self.unit != known.unit:
            msg = f"channel {self.name!r} must end in _{known.unit}, the unit of function {self.function!r}"
            raise ValueError(msg)
        return self

    @property
    def labels(self) -> None:
        """A derived channel is a number, no enumeration."""

    @property
    def of_what(self) -> tuple[str, tuple[str, ...]]:
        """What derived channels share that are outputs of one computation."""
        function = FUNCTIONS[self.function]
        return function.compute.__name__, tuple(self.of[parameter] for parameter in function.parameters)


def compute(derived: Derived, columns: Mapping[str, NDArray[Any]]) -> tuple[Floats, ...]:
    """Return all outputs of a derived channel's function, each of shape (n,)."""
    function = FUNCTIONS[derived.function]
    given = {name: columns[derived.of[name]].astype(np.float64, copy=False) for name in function.parameters}
    with np.errstate(all="ignore"):
        return function.compute(**given)


def output_of(derived: Derived) -> int:
    """Return which of the outputs the channel is."""
    return FUNCTIONS[derived.function].output
