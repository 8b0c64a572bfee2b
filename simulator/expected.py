"""What should be detected of a fault in the flight that it happened in, which depends on what it met."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.faults.common import NOTHING
from simulator.faults.flight import HardLanding
from simulator.faults.kinds import AnyFault
from simulator.flight import Flight
from simulator.happenings import BURN_EVENTS
from simulator.scrubbed import scrub_of
from simulator.track import Track
from simulator.trouble import BENDING, hits, is_stacked
from telemetry.vocabulary import FlightEvent

UNHARMED: Final = f"{NOTHING}no burn of this flight is changed by it"
DETOUR: Final = f"{NOTHING}the flight's own events tell what follows"


def expected_in(fault: AnyFault, flight: Flight) -> tuple[str, ...]:
    """Return what should be detected of a fault in its flight; as `FaultBase.expected`, but for what it led to."""
    if not isinstance(fault, BENDING):
        return fault.expected
    scrub = scrub_of([fault], flight.preset)
    if scrub is not None:
        return (FlightEvent.SCRUB.value,)
    if scrub_of(flight.faults, flight.preset) is not None:
        return (UNHARMED,)
    parting_s = min((t.separation_s for t in flight.tracks.values() if t.separation_s is not None), default=np.inf)
    stacked = is_stacked(flight.preset)
    hit = [track for name, track in flight.tracks.items() if hits(fault, name, parting_s, stacked=stacked)]
    found = [event for track in hit for event in _cut_by(fault, track)]
    found += [FlightEvent.LOSS_OF_VEHICLE.value for track in hit if track.lost][:1]
    if isinstance(fault, HardLanding) and not found:
        braked = [track for track in hit if any(burn.purpose == "landing" for burn in track.burns)]
        if not braked:
            return (UNHARMED,)
        return fault.expected if braked[0].afloat is not None else (FlightEvent.TOUCHDOWN.value,)
    return tuple(found) or (DETOUR,)


def _cut_by(fault: AnyFault, track: Track) -> list[str]:
    """Return the ends of the burns that ended when the fault came."""
    ends = [BURN_EVENTS[burn.purpose][1] for burn in track.burns if float(burn.cut_s) == fault.start_s]
    return [end.value for end in ends if end is not None]
