"""What of a flight does not change with time: whose, with which packets, and which jolts it gets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from simulator.afloat import Afloat
from simulator.faults.cargo import CargoFault, Shock
from simulator.faults.clock import ClockFault
from simulator.faults.ground import Hold, holds_of
from simulator.flight import Flight
from simulator.lost import tumbles_s
from simulator.mission import Mission
from simulator.noise import Chance, Drift
from simulator.physics.earth import FloatArray
from simulator.physics.heating import skin_temperature_k
from simulator.physics.lag import Grid
from simulator.physics.vehicle import Stage
from simulator.plans import Handling
from simulator.scrubbed import scrub_of
from simulator.track import Track

SPLASH_STOP_S: Final = 0.025
SEPARATION_M_S2: Final = 55.0
LIGHT_M_S2: Final = 18.0
CABIN_K: Final = 293.15
INSULATION_S: Final = 45_000.0
THERMAL_STEP_S: Final = 1.0


@dataclass(frozen=True)
class Setting:
    """One vehicle of a flight, and what its telemetry is made by.

    Parameters
    ----------
    flight, vehicle
        What flew, and whose sensors these are.
    seed
        Of everything that is left to chance.
    rates_hz
        Of the packet types that the vehicle sends.
    version
        Of the dictionary on board.
    """

    flight: Flight
    vehicle: str
    seed: int
    rates_hz: Mapping[str, float]
    version: int

    @property
    def preset(self) -> Mission:
        """The mission."""
        return self.flight.preset

    @property
    def track(self) -> Track:
        """The vehicle's way."""
        return self.flight.tracks[self.vehicle]

    @property
    def stage(self) -> Stage:
        """What the vehicle is made of."""
        return self.flight.stage(self.vehicle)

    @property
    def start_s(self) -> float:
        """Mission time of the first telemetry, when everything was switched on."""
        return float(self.preset.countdown.start_s)

    @property
    def cargo_faults(self) -> tuple[CargoFault, ...]:
        """What goes wrong with the container on this vehicle."""
        return tuple(f for f in self.flight.faults if isinstance(f, CargoFault) and f.concerns(self.vehicle))

    @property
    def clock_faults(self) -> tuple[ClockFault, ...]:
        """What goes wrong with its clock."""
        return tuple(f for f in self.flight.faults if isinstance(f, ClockFault) and f.concerns(self.vehicle))

    @property
    def handling(self) -> Handling | None:
        """The work on the container; None of a flight without one."""
        return self.preset.handling

    @property
    def afloat(self) -> Afloat | None:
        """The vehicle's time in the water; None of one that does not get there."""
        return self.track.afloat

    @cached_property
    def holds(self) -> tuple[Hold, ...]:
        """When the countdown stands."""
        return holds_of(self.flight.faults)

    @cached_property
    def last_count_s(self) -> float:
        """Where the countdown ends; infinity of a flight that lifts off."""
        scrub = scrub_of(self.flight.faults, self.preset)
        return math.inf if scrub is None else scrub.at_s

    @cached_property
    def tumbles_s(self) -> float:
        """From when on it is out of control; infinity of a vehicle that is not."""
        return tumbles_s(self.track)

    @cached_property
    def deck_s(self) -> float:
        """When the recovery ship has it on deck; infinity if that never comes."""
        return math.inf if self.afloat is None else self.afloat.deck_s

    @cached_property
    def jolts(self) -> Mapping[float, float]:
        """Peak accelerations in m/s2 by mission time: ignitions, separation, splashdown, blows."""
        track = self.track
        ring = {burn.begins_s: LIGHT_M_S2 for burn in track.burns}
        if track.separation_s is not None:
            ring[track.separation_s] = SEPARATION_M_S2
        if self.afloat is not None:
            ring[self.afloat.splash_s] = self.afloat.speed_m_s / SPLASH_STOP_S
        for fault in self.cargo_faults:
            if isinstance(fault, Shock):
                ring[fault.start_s] = max(fault.peak_m_s2, ring.get(fault.start_s, 0.0))
        return ring

    @cached_property
    def skin_k(self) -> Grid:
        """Temperature of the hottest skin."""
        end_s = float(self.track.end_s)
        t_s = np.arange(self.start_s, end_s + THERMAL_STEP_S, THERMAL_STEP_S)
        truth = self.track.at(np.minimum(t_s, end_s))
        return Grid(self.start_s, THERMAL_STEP_S, skin_temperature_k(truth, self.stage.nose_radius_m))

    @cached_property
    def bay_warmed_k(self) -> Grid:
        """How much the skin has warmed the bay through the insulation."""
        gained = np.cumsum(self.skin_k.values - CABIN_K) * (THERMAL_STEP_S / INSULATION_S)
        return Grid(self.skin_k.start_s, THERMAL_STEP_S, gained)

    @cached_property
    def _drifts(self) -> dict[str, Drift]:
        return {}

    def drift(self, name: str, memory_s: float, t_s: FloatArray) -> FloatArray:
        """Return what drifts by itself, with standard deviation 1 and a memory, at rising times of shape (n,)."""
        if name not in self._drifts:
            self._drifts[name] = Drift(self.chance(name), memory_s)
        return self._drifts[name].at(t_s - self.start_s)

    def chance(self, name: str) -> Chance:
        """Return what is left to chance under a name, of this vehicle."""
        return Chance(self.seed, f"{self.vehicle}/{name}")
