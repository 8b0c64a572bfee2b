"""Second engine cut-off."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Seco(BurnDetector):
    """The end of the burn that begins at `ses`.

    Time: chamber pressure passes half of what is commanded, downwards, and stays there.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none on a stage that was never seen joined, or if telemetry begins during the burn.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Seco.purpose.value, Seco.emits
    ('insertion', ('downrange.flight.seco',))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.SECO.value,)
    purpose: ClassVar[Purpose] = Purpose.INSERTION
    ends: ClassVar[FlightEvent | None] = FlightEvent.SECO
