"""The bay is too warm or too cold."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Temperature(LimitDetector):
    """Air in the bay (K) passes a limit of the dictionary.

    Failure modes: a sensor that drifts inside its range is believed.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Temperature.channel
    'bay_temperature_k'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.TEMPERATURE.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"bay_temperature_k"})
    channel: ClassVar[str] = "bay_temperature_k"
