"""The container tilts."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Tilt(LimitDetector):
    """Angle of the container floor (deg) passes a limit of the dictionary for longer than a wave.

    Failure modes: an angle against the rocket axis in flight, against the vertical afloat.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Tilt.channel
    'tilt_deg'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.TILT.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"tilt_deg"})
    channel: ClassVar[str] = "tilt_deg"
