"""The parts of a mission: countdown, ascent, return, landing, recovery, and the work on the container."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from simulator.physics.earth import Place
from simulator.physics.vehicle import Positive


class Record(BaseModel):
    """Data that is checked once and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Countdown(Record):
    """Before liftoff at 0 s: when telemetry begins and the engines start."""

    start_s: Annotated[int, Field(lt=0)]
    ignition_s: Annotated[float, Field(lt=0)]


class Ascent(Record):
    """The climb of both stages.

    Parameters
    ----------
    rise_s, pitch_over_s
        How long it climbs straight up, and then turns towards its course; a gravity turn follows.
    meco_flight_path_deg
        Climb angle wanted at the booster's cut-off of a long flight; guidance finds the turn that gives it.
    booster_reserve_kg, ship_reserve_kg
        Propellant that each stage keeps for its return.
    separation_after_s, ses_after_s
        From cut-off command to separation, and from separation to the ship's start command.
    tangent_rate_1_s
        By how much the tangent of the ship's pitch changes; guidance finds the first one.
    apogee_m, apogee_share
        Height of the top: of the shortest flight, and what each metre of range adds.
    most_m_s2
        Acceleration at which the engines throttle back.
    """

    rise_s: Positive
    pitch_over_s: Positive
    meco_flight_path_deg: Annotated[float, Field(gt=0, lt=90)]
    booster_reserve_kg: Positive
    ship_reserve_kg: Positive
    separation_after_s: Positive
    ses_after_s: Positive
    tangent_rate_1_s: float
    apogee_m: Positive
    apogee_share: Annotated[float, Field(ge=0)]
    most_m_s2: Positive


class Return(Record):
    """How a stage comes back from space to the water.

    Parameters
    ----------
    entry_altitude_m, entry_engines, entry_power, entry_propellant_kg
        The entry burn: where it starts, on how many main engines, how hard, and what it burns.
    entry_raised_tangent
        Tangent of the thrust's angle above the line against the motion: a raised burn flattens the entry.
    descent_altitude_m
        Below it the landing burn may start.
    """

    entry_altitude_m: Positive
    entry_engines: Annotated[int, Field(ge=1)]
    entry_power: Annotated[float, Field(gt=0, le=1)]
    entry_propellant_kg: Positive
    entry_raised_tangent: Annotated[float, Field(ge=0)] = 0.0
    descent_altitude_m: Positive


class Touchdown(Record):
    """The landing burn.

    Parameters
    ----------
    share
        The burn starts when it needs this share of full thrust.
    settle_altitude_m, speed_m_s
        The last metres at a steady speed.
    """

    share: Annotated[float, Field(gt=0, lt=1)]
    settle_altitude_m: Positive
    speed_m_s: Annotated[float, Field(gt=0, lt=3)]


class Recovery(Record):
    """What the fleet does, in seconds after splashdown, and how far the last telemetry reaches."""

    secured_s: Positive
    on_deck_s: Positive
    deck_height_m: Positive


class Handling(Record):
    """Work on the container: before liftoff in mission time, afterwards in seconds after the ship is on deck.

    Parameters
    ----------
    mass_kg
        The load.
    load_start_s, load_end_s, lock_s, door_close_s, seal_s
        Mission time.
    unseal_after_s, door_open_after_s, unlock_after_s, unload_start_after_s, unload_end_after_s
        After the ship is on deck.
    """

    mass_kg: Annotated[float, Field(ge=0)]
    load_start_s: float
    load_end_s: float
    lock_s: float
    door_close_s: float
    seal_s: float
    unseal_after_s: Positive
    door_open_after_s: Positive
    unlock_after_s: Positive
    unload_start_after_s: Positive
    unload_end_after_s: Positive


class Coordinates(Record):
    """A place in a preset."""

    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]

    @property
    def place(self) -> Place:
        """The same as a value of the physics."""
        return Place(self.latitude_deg, self.longitude_deg)


class HopClimb(Record):
    """The climb of a hop.

    Parameters
    ----------
    full_thrust_s
        Full thrust from liftoff on.
    tilt_deg, course_deg
        Lean in that time, so that it does not come down on its pad.
    climb_m_s
        Steady speed after that, on variable thrust.
    apogee_m
        The engine is cut when what is left of the climb leads there.
    """

    full_thrust_s: Positive
    tilt_deg: Annotated[float, Field(gt=0, lt=10)]
    course_deg: Annotated[float, Field(ge=0, lt=360)]
    climb_m_s: Positive
    apogee_m: Positive
