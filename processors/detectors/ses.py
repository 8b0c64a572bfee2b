"""Second engine start."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Ses(BurnDetector):
    """The first burn of a stage that another one has carried.

    Time: chamber pressure passes half of what is commanded, upwards.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none on a stage that was never seen joined.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Ses.purpose.value, Ses.emits
    ('insertion', ('downrange.flight.ses',))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.SES.value,)
    purpose: ClassVar[Purpose] = Purpose.INSERTION
    begins: ClassVar[FlightEvent | None] = FlightEvent.SES
