"""The burn that ends in the landing."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class LandingBurn(BurnDetector):
    """A burn that begins in descent, in the dense air.

    Engines that are lit one after the other are one burn; one that stops and is lit again is found each time.

    Time: chamber pressure passes half of what is commanded, upwards.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none if the place is not known then.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> LandingBurn.purpose.value, LandingBurn.emits
    ('landing', ('downrange.flight.landing_burn_start',))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LANDING_BURN_START.value,)
    purpose: ClassVar[Purpose] = Purpose.LANDING
    begins: ClassVar[FlightEvent | None] = FlightEvent.LANDING_BURN_START
