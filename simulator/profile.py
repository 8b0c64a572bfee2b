"""What a way of flying is: a plan that its preset keeps to, and a function that flies it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.faults.kinds import AnyFault
from simulator.mission import Mission
from simulator.track import Track


@dataclass(frozen=True, slots=True)
class Ways:
    """How the vehicles of a flight went.

    Parameters
    ----------
    tracks
        By vehicle.
    course_deg
        Launch course.
    end_s
        Mission time of the last telemetry.
    """

    tracks: dict[str, Track]
    course_deg: float
    end_s: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A way of flying.

    Parameters
    ----------
    plan
        What its presets say.
    fly
        Takes a plan and what goes wrong, as drawn, and returns the ways of its vehicles; raises `FlightError` if they
        cannot do it.
    """

    plan: type[Mission]
    fly: Callable[[Any, tuple[AnyFault, ...]], Ways]
