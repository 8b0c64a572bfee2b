"""The burn that turns a booster back."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Boostback(BurnDetector):
    """A burn that begins in ascent on a stage that has lifted another one.

    Time: chamber pressure passes half of what is commanded, upwards and, for good, downwards.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none on a stage that was never seen joined.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Boostback.purpose.value, Boostback.emits
    ('boostback', ('downrange.flight.boostback_start', 'downrange.flight.boostback_end'))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.BOOSTBACK_START.value, FlightEvent.BOOSTBACK_END.value)
    purpose: ClassVar[Purpose] = Purpose.BOOSTBACK
    begins: ClassVar[FlightEvent | None] = FlightEvent.BOOSTBACK_START
    ends: ClassVar[FlightEvent | None] = FlightEvent.BOOSTBACK_END
