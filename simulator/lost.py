"""A vehicle that breaks up, and so ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from simulator.faults.flight import LossOfVehicle
from simulator.faults.kinds import AnyFault
from simulator.physics.motion import motion_of
from simulator.track import Track
from telemetry.errors import FlightError

LISTENED_FOR_S: Final = 60
TUMBLES_FOR_S: Final = 1.5
IN_THE_AIR_M: Final = 10.0


def losses_s(faults: Iterable[AnyFault], tracks: Mapping[str, Track]) -> dict[str, float]:
    """Return when each vehicle that is lost is lost: joined ones together.

    Raises
    ------
    FlightError
        If it is not on its way at that time.
    """
    found: dict[str, float] = {}
    for fault in faults:
        if isinstance(fault, LossOfVehicle):
            for vehicle, track in tracks.items():
                joined = track.separation_s is not None and fault.start_s < track.separation_s
                gone = track.lost and fault.start_s >= track.end_s
                if (fault.concerns(vehicle) or joined) and not gone:
                    if not track.start_s < fault.start_s < track.end_s:
                        between = f"between {track.start_s:g} and {track.end_s:g} s"
                        raise FlightError(f"loss_of_vehicle at {fault.start_s:g} s: {vehicle} is there {between}")
                    found[vehicle] = min(fault.start_s, found.get(vehicle, fault.start_s))
    return found


def tumbles_s(track: Track) -> float:
    """Return from when on a vehicle is out of control before it breaks up; infinity if it does not, or on impact."""
    if not track.lost:
        return np.inf
    _, state = track.stretches[-1].leg.ends
    in_the_air = float(motion_of(state).altitude_m) > IN_THE_AIR_M
    return track.end_s - TUMBLES_FOR_S if in_the_air else np.inf


def cut_short(track: Track, at_s: float) -> Track:
    """Return a track that ends at a mission time."""
    stretches = [stretch for stretch in track.stretches if stretch.leg.start_s < at_s]
    leg = stretches[-1].leg
    if leg.end_s > at_s:
        stretches[-1] = replace(stretches[-1], leg=replace(leg, end_s=at_s, last=leg.at(np.asarray(at_s))))
    burns = [burn for burn in track.burns if burn.lit_s < at_s]
    afloat = track.afloat if track.afloat is not None and track.afloat.splash_s < at_s else None
    return Track(track.vehicle, stretches, burns, track.pad, afloat, lost=True)
