"""The burn that slows a stage before the dense air."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Entry(BurnDetector):
    """A burn that begins in descent, above the dense air.

    Time: chamber pressure passes half of what is commanded, upwards and, for good, downwards.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none in a blackout that hides both rows and place; an end is found only with its start.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Entry.purpose.value, Entry.emits
    ('entry', ('downrange.flight.entry_start', 'downrange.flight.entry_end'))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.ENTRY_START.value, FlightEvent.ENTRY_END.value)
    purpose: ClassVar[Purpose] = Purpose.ENTRY
    begins: ClassVar[FlightEvent | None] = FlightEvent.ENTRY_START
    ends: ClassVar[FlightEvent | None] = FlightEvent.ENTRY_END
