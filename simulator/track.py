"""One vehicle's whole way, from the pad to the deck, and its true quantities at any times."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from simulator.afloat import Afloat
from simulator.guidance.pilot import Burn
from simulator.physics.atmosphere import air_at
from simulator.physics.attitude import Slew, slew_to
from simulator.physics.dynamics import Leg
from simulator.physics.earth import (
    FloatArray,
    Place,
    dot,
    east_north,
    ground_distance_m,
    inertial_acceleration_m_s2,
    latitude_longitude_deg,
    norm,
)
from simulator.physics.motion import Motion
from simulator.physics.truth import PHASES, Truth
from simulator.tops import apogee_s
from telemetry.errors import FlightError

IGNITER_LEAD_S: Final = 0.3
HELD_AFLOAT: Final = frozenset({"afloat", "recovered"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A leg as one vehicle flies it.

    Parameters
    ----------
    leg
        The leg.
    attached
        Whether booster and ship are joined.
    carried_kg
        What of the leg's mass is not this vehicle's own propellant.
    carried
        Whether another vehicle's engines drive it; its own propellant is then `propellant_kg`.
    propellant_kg
        See `carried`.
    """

    leg: Leg
    attached: bool
    carried_kg: float = 0.0
    carried: bool = False
    propellant_kg: float = 0.0


class Track:
    """One vehicle's way.

    Parameters
    ----------
    vehicle
        Its name.
    stretches
        In order, without gaps.
    burns
        Of its own engines.
    pad
        Where it started.
    afloat, lost
        Its time in the water, if it gets there; whether the vehicle ends with its track.
    """

    def __init__(
        self,
        vehicle: str,
        stretches: Sequence[Stretch],
        burns: Sequence[Burn],
        pad: Place,
        afloat: Afloat | None = None,
        *,
        lost: bool = False,
    ) -> None:
        self.vehicle = vehicle
        self.stretches = tuple(stretches)
        self.burns = tuple(burns)
        self.pad = pad
        self.afloat = afloat
        self.lost = lost
        self.start_s = float(self.stretches[0].leg.start_s)
        self.end_s = float(self.stretches[-1].leg.end_s)
        self._ends = np.array([stretch.leg.end_s for stretch in self.stretches[:-1]])
        short = min(float(self._own_propellant(s, s.leg.ends[1][6])) for s in self.stretches)
        if short < 0.0:
            raise FlightError(f"{vehicle}: {-short:.0f} kg of propellant too few for this mission")

    @property
    def separation_s(self) -> float | None:
        """When booster and ship part; None for a vehicle that is always alone, or never."""
        joined = [float(stretch.leg.end_s) for stretch in self.stretches if stretch.attached]
        return joined[-1] if joined and not self.stretches[-1].attached else None

    @property
    def liftoff_s(self) -> float | None:
        """When the clamps open; None of a vehicle that stays on its pad."""
        return next((float(stretch.leg.start_s) for stretch in self.stretches if not stretch.leg.held), None)

    @property
    def touchdown_s(self) -> float | None:
        """When it comes to rest on the ground or the water; None of a vehicle that does not."""
        pairs = itertools.pairwise(stretch.leg for stretch in self.stretches)
        return next((float(after.start_s) for before, after in pairs if after.held and not before.held), None)

    @property
    def apogee_s(self) -> float | None:
        """When the coast after the last ascent burn passes its top; None of a vehicle that does not."""
        return apogee_s([stretch.leg for stretch in self.stretches], self.burns)

    def at(self, t_s: FloatArray) -> Truth:
        """Return the truth at mission times of shape (n,), rising, between `start_s` and `end_s`."""
        whole: dict[str, np.ndarray] = {}
        for i, mine in self._shares(t_s):
            for name, values in self._part(i, t_s[mine]).items():
                if name not in whole:
                    whole[name] = np.empty((*values.shape[:-1], t_s.size), values.dtype)
                whole[name][..., mine] = values
        return Truth(**whole)

    def glance(self, t_s: FloatArray) -> dict[str, np.ndarray]:
        """Return some of `at`, those quantities that follow from the motion alone, at a fraction of the cost."""
        legs = [(self.stretches[i].leg, t_s[mine]) for i, mine in self._shares(t_s)]
        parts = [self._moving(leg, t, leg.motion(leg.at(t))) for leg, t in legs]
        return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}

    def dynamic_pressure_pa(self, t_s: FloatArray) -> FloatArray:
        """Return dynamic pressures alone, shape (n,)."""
        legs = [(self.stretches[i].leg, t_s[mine]) for i, mine in self._shares(t_s)]
        return np.concatenate([leg.motion(leg.at(t)).dynamic_pressure_pa for leg, t in legs])

    def position_m(self, t_s: FloatArray) -> FloatArray:
        """Return positions alone, shape (3, n); as `at`, at a fraction of the cost."""
        legs = [(self.stretches[i].leg, t_s[mine]) for i, mine in self._shares(t_s)]
        return np.concatenate([leg.at(t, slice(0, 3)) for leg, t in legs], axis=-1)

    def _shares(self, t_s: FloatArray) -> list[tuple[int, slice]]:
        which = np.searchsorted(self._ends, t_s, side="right")
        cuts = np.searchsorted(which, np.arange(len(self.stretches) + 1)).tolist()
        return [(i, slice(*pair)) for i, pair in enumerate(itertools.pairwise(cuts)) if pair[1] > pair[0]]

    def _part(self, index: int, t: FloatArray) -> dict[str, np.ndarray]:
        stretch = self.stretches[index]
        leg = stretch.leg
        state = leg.at(t)
        motion = leg.motion(state)
        forces = leg.forces(t, motion)
        east, north = east_north(motion.position_m)
        moving = self._moving(leg, t, motion)
        air = air_at(moving["altitude_m"]) if self.afloat is not None and leg.phase in HELD_AFLOAT else motion.air
        axis = self._slews[index].axis(t, self._wanted(leg, t, motion), motion.up)
        felt = forces.sum_n / motion.mass_kg
        if leg.held:
            felt = -inertial_acceleration_m_s2(motion.position_m, np.zeros_like(motion.position_m))
        axial = dot(felt, axis)
        none = np.zeros_like(t)
        engine = None if stretch.carried else leg.engine
        commanded = (t >= leg.lit_s) & (t < leg.cut_s)
        share = none if engine is None else leg.power_share(t)
        # an engine that stops by itself does not run down: the mean over none that runs is none
        chamber = none if engine is None else np.where(leg.running(t) > 0.0, forces.power, 0.0)
        return moving | {
            "t_s": t,
            "position_m": motion.position_m,
            "axis": axis,
            "east_m_s": dot(motion.velocity_m_s, east),
            "north_m_s": dot(motion.velocity_m_s, north),
            "felt_m_s2": felt,
            "axial_m_s2": axial,
            "lateral_m_s2": norm(felt - axial * axis),
            "static_pressure_pa": air.pressure_pa,
            "density_kg_m3": air.density_kg_m3,
            "air_temperature_k": air.temperature_k,
            "throttle": none if engine is None else np.where(commanded, forces.throttle, 0.0),
            "driven": forces.power,
            "power": none if engine is None else forces.power,
            "thrust_n": none if engine is None else forces.thrust_n,
            "running": none if engine is None else np.where(share > 0.5, leg.running(t), 0.0),  # noqa: PLR2004 -- half, as defined
            "chamber_pressure_pa": none if engine is None else chamber * engine.chamber_pressure_pa,
            "turbopump_rpm": none if engine is None else np.sqrt(forces.power) * engine.turbopump_rpm,
            "propellant_kg": self._own_propellant(stretch, motion.mass_kg),
            "mass_kg": motion.mass_kg,
            "igniting": self._igniting(t),
            "attached": np.full(t.shape, stretch.attached),
            "phase": np.full(t.shape, PHASES.index(leg.phase), dtype=np.int8),
        }

    def _moving(self, leg: Leg, t: FloatArray, motion: Motion) -> dict[str, np.ndarray]:
        altitude, rise = motion.altitude_m, motion.vertical_speed_m_s
        if self.afloat is not None and leg.phase in HELD_AFLOAT:
            altitude, rise = self.afloat.heave(t)
        latitude, longitude = latitude_longitude_deg(motion.position_m)
        return {
            "latitude_deg": latitude,
            "longitude_deg": longitude,
            "altitude_m": altitude,
            "vertical_speed_m_s": rise,
            "speed_m_s": np.maximum(motion.speed_m_s, np.abs(rise)),
            "dynamic_pressure_pa": motion.dynamic_pressure_pa,
            "downrange_m": ground_distance_m(self.pad, motion.position_m),
        }

    def _igniting(self, t: FloatArray) -> np.ndarray:
        on = np.zeros(t.shape, dtype=np.bool_)
        for burn in self.burns:
            on |= (t >= burn.lit_s - IGNITER_LEAD_S) & (t < burn.lit_s + burn.engine.start_s)
        return on

    @staticmethod
    def _own_propellant(stretch: Stretch, mass_kg: FloatArray) -> FloatArray:
        if stretch.carried:
            return np.full(np.shape(mass_kg), stretch.propellant_kg)
        return np.asarray(mass_kg - stretch.carried_kg)

    def _wanted(self, leg: Leg, t: FloatArray, motion: Motion) -> FloatArray:
        if self.afloat is not None and leg.phase in HELD_AFLOAT:
            return self.afloat.axis(t, motion.position_m)
        return leg.law.axis(t, motion)

    @cached_property
    def _slews(self) -> tuple[Slew, ...]:
        slews: list[Slew] = []
        for stretch in self.stretches:
            t = np.array([stretch.leg.start_s])
            motion = stretch.leg.motion(stretch.leg.at(t))
            wanted = self._wanted(stretch.leg, t, motion)
            before = (
                slews[-1].axis(t, self._wanted(self.stretches[len(slews) - 1].leg, t, motion), motion.up)
                if slews
                else wanted
            )
            slews.append(slew_to(float(stretch.leg.start_s), before[:, 0], wanted[:, 0]))
        return tuple(slews)
