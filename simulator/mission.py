"""What every mission says, whatever its profile."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.faults.kinds import Fault
from simulator.physics.vehicle import Positive, Stage
from simulator.physics.wind import Wind, load_profile
from simulator.plans import Coordinates, Countdown, Handling, Record
from simulator.radio.recorder import Recorder
from simulator.radio.station import Station

SHIP = "ship"
BOOSTER = "booster"


class Weather(Record):
    """The wind of the day, as guidance knows it too.

    Parameters
    ----------
    profile
        One of `simulator/physics/wind.yaml`.
    factor
        How much stronger it blows.
    turned_deg
        By what it is turned clockwise.
    """

    profile: str = "still"
    factor: Annotated[float, Field(ge=0)] = 1.0
    turned_deg: float = 0.0

    @property
    def blowing(self) -> Wind | None:
        """The same as a value of the physics; None if the air is still."""
        return None if self.profile == "still" else Wind(load_profile(self.profile), self.factor, self.turned_deg)


class Mission(Record):
    """A mission and the vehicle that flies it.

    Parameters
    ----------
    profile
        Which way it is flown: the name of a module in `simulator.profiles`.
    name, description
        For people.
    dictionary
        The vehicle type's.
    stations
        Who hears it: names of `simulator/presets/stations.yaml`, or stations of its own.
    pad, pad_altitude_m
        Where it stands, and the height of that.
    countdown
        When telemetry begins and the engines start.
    ship
        The stage that carries the load; the only one of a vehicle with one.
    wind
        The wind of the day.
    handling
        Work on a container; none of a vehicle without one.
    recorder
        Keeps on board what nobody hears, for later.
    faults
        What goes wrong, and with which chance.
    """

    profile: str
    name: str
    description: str
    dictionary: str
    stations: Annotated[tuple[str | Station, ...], Field(min_length=1)]
    pad: Coordinates
    pad_altitude_m: Positive
    countdown: Countdown
    ship: Stage
    wind: Weather = Weather()
    handling: Handling | None = None
    recorder: Recorder = Recorder()
    faults: tuple[Fault, ...] = ()

    def stage(self, _vehicle: str) -> Stage:
        """Return what a vehicle is made of."""
        return self.ship
