"""The bay loses its air."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Pressure(LimitDetector):
    """Air pressure in the bay (Pa) passes a limit of the dictionary.

    Failure modes: a door that is opened at altitude looks the same as a leak.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Pressure.channel
    'bay_pressure_pa'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.PRESSURE.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"bay_pressure_pa"})
    channel: ClassVar[str] = "bay_pressure_pa"
