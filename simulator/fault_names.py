"""Refuses faults of what is not there: a vehicle, a station or a packet that the flight does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from simulator.faults import AnyFault
from simulator.mission import Mission
from telemetry.dictionary import Dictionary
from telemetry.errors import FlightError


def check_names(
    faults: Iterable[AnyFault], mission: Mission, vehicles: Collection[str], dictionary: Dictionary
) -> None:
    """Check what faults name; without this a misspelt one would do nothing, in silence.

    Parameters
    ----------
    faults
        As they were drawn.
    mission
        Whose stations hear the flight.
    vehicles
        Those that fly.
    dictionary
        Whose packets they send.

    Raises
    ------
    FlightError
        If there is none of a name; it says which there are.
    """
    stations = [each if isinstance(each, str) else each.name for each in mission.stations]
    known: dict[str, Collection[str]] = {"vehicle": vehicles, "station": stations, "packet": dictionary.packets}
    for fault in faults:
        for what, names in known.items():
            named = getattr(fault, what, None)
            if named is not None and named not in names:
                raise FlightError(f"{fault.kind}: the flight has no {what} {named!r}; it has {', '.join(names)}")
