"""Ignition of the engines that lift the vehicle."""

from __future__ import annotations

from typing import ClassVar

from processors.burns.detector import BurnDetector, Purpose
from telemetry.vocabulary import FlightEvent


class Ignition(BurnDetector):
    """A burn that begins while the vehicle stands.

    A ship that flies on a booster lights nothing on the pad: its first burn is `ses`. An ignition that is broken
    off and repeated is found each time.

    Time: chamber pressure passes half of what is commanded, upwards.
    Uncertainty: that of the ramp of pressure; where there is none, 1/sqrt(12) of the distance of the rows beside it.

    Failure modes: none if telemetry begins during the burn, or if the speed is not known then.

    References
    ----------
    `processors.burns.burning` for what a burn is, `processors.burns.detector` for what it is for.

    Examples
    --------
    >>> Ignition.purpose.value, Ignition.emits
    ('lift', ('downrange.flight.ignition',))
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.IGNITION.value,)
    purpose: ClassVar[Purpose] = Purpose.LIFT
    begins: ClassVar[FlightEvent | None] = FlightEvent.IGNITION
