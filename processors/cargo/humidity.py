"""The bay is too damp."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Humidity(LimitDetector):
    """Relative humidity in the bay (%) passes a limit of the dictionary; nothing where it has none.

    Failure modes: a sensor that drifts inside its range is believed.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Humidity.channel
    'bay_humidity_percent'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.HUMIDITY.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"bay_humidity_percent"})
    channel: ClassVar[str] = "bay_humidity_percent"
