"""Main engine cut-off."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Meco(BurnDetector):
    """The end of the burn that lifted the vehicle.

    Engines that stop before the vehicle flies are no cut-off but an abort.

    Time: chamber pressure passes half of what is commanded, downwards, and stays there.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none if telemetry begins during the burn; late by a drop-out of propulsion telemetry, with an
    uncertainty that says so.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Meco.purpose.value, Meco.emits
    ('lift', ('downrange.flight.meco',))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MECO.value,)
    purpose: ClassVar[Purpose] = Purpose.LIFT
    ends: ClassVar[FlightEvent | None] = FlightEvent.MECO
