"""What flies: engines, aerodynamics and masses of a stage, as checked, frozen data."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.interpolate import PchipInterpolator

from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.earth import FloatArray

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Engine(BaseModel):
    """A group of equal engines that run together.

    Parameters
    ----------
    count
        Engines in the group.
    thrust_vacuum_n, isp_vacuum_s, exit_area_m2
        Of one engine at full power; the nozzle exit area gives the loss by back pressure.
    min_throttle
        Lowest steady power, as a share of full power.
    start_s, stop_s
        Time from command to full power, and from cut-off command to none; chamber pressure changes linearly.
    chamber_pressure_pa, turbopump_rpm
        At full power; a solid motor has no pump.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: Annotated[int, Field(ge=1, le=9)]
    thrust_vacuum_n: Positive
    isp_vacuum_s: Positive
    exit_area_m2: Positive
    min_throttle: Share
    start_s: Positive
    stop_s: Positive
    chamber_pressure_pa: Positive
    turbopump_rpm: Annotated[float, Field(ge=0)] = 0.0

    @cached_property
    def mass_flow_kg_s(self) -> float:
        """Propellant of one engine at full power."""
        return self.thrust_vacuum_n / (self.isp_vacuum_s * GRAVITY_M_S2)

    def thrust_n(self, power: FloatArray, ambient_pa: FloatArray) -> FloatArray:
        """Thrust of one engine at a power of 0 to 1 against an ambient pressure; never negative."""
        return np.maximum(power * self.thrust_vacuum_n - ambient_pa * self.exit_area_m2, 0.0)

    def throttle_for(self, thrust_n: FloatArray, ambient_pa: FloatArray) -> FloatArray:
        """Power at which one engine gives a thrust, held between its lowest and full power."""
        wanted = (thrust_n + ambient_pa * self.exit_area_m2) / self.thrust_vacuum_n
        return np.minimum(np.maximum(wanted, self.min_throttle), 1.0)


class Aero(BaseModel):
    """Drag of a body in one attitude, by Mach number.

    Parameters
    ----------
    area_m2
        Reference area.
    mach, drag
        The drag coefficient's table; constant outside it.
    lift_to_drag
        Trimmed lift over drag, upwards in the vertical plane of flight. A blunt body's force lies along its axis, so
        it is also the tangent of the trim angle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    area_m2: Positive
    mach: Annotated[tuple[float, ...], Field(min_length=1)]
    drag: Annotated[tuple[Positive, ...], Field(min_length=1)]
    lift_to_drag: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _table(self) -> Self:
        if len(self.mach) != len(self.drag) or list(self.mach) != sorted(set(self.mach)):
            msg = "'mach' must rise and be as long as 'drag'"
            raise ValueError(msg)
        return self

    def drag_n(self, mach: FloatArray, dynamic_pressure_pa: FloatArray) -> FloatArray:
        """Drag force."""
        return np.asarray(self.drag_coefficient(mach) * self.area_m2 * dynamic_pressure_pa)

    def drag_coefficient(self, mach: FloatArray) -> FloatArray:
        """Return the table's value: between its points on monotone cubics, whose slopes make no step, nor at its ends.

        References
        ----------
        Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300, as `scipy.interpolate.PchipInterpolator` has it.
        """
        points, (third, second, first, base) = self._cubics
        held = np.minimum(np.maximum(mach, points[0]), points[-1])
        row = np.minimum(np.searchsorted(points, held, side="right"), points.size - 1) - 1
        past = held - points[row]
        return np.asarray(((third[row] * past + second[row]) * past + first[row]) * past + base[row])

    @cached_property
    def _cubics(self) -> tuple[FloatArray, FloatArray]:
        # flat beyond its ends, so the cubics arrive there without a slope: the integrator does not see a kink
        mach = np.array([self.mach[0] - 1.0, *self.mach, self.mach[-1] + 1.0])
        drag = np.array([self.drag[0], *self.drag, self.drag[-1]])
        return mach, np.asarray(PchipInterpolator(mach, drag).c)


class Stage(BaseModel):
    """One stage, with its engines and its shape nose first (`ascent`) and base first (`descent`).

    Parameters
    ----------
    dry_mass_kg, propellant_kg
        Without cargo; propellant is what the engines can use.
    main, landing
        The engines of the ascent, and those of the landing burn.
    nose_radius_m
        Of the blunt end, for stagnation heating.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_mass_kg: Positive
    propellant_kg: Positive
    main: Engine
    landing: Engine
    ascent: Aero
    descent: Aero
    nose_radius_m: Positive
