"""The container loses its power."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Power(LimitDetector):
    """Supply voltage of the container (V) passes a limit of the dictionary.

    Failure modes: with no power at all its sensors rest at zero, which is no measurement: the gap in the telemetry
    tells.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Power.channel
    'supply_voltage_v'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.POWER.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"supply_voltage_v"})
    channel: ClassVar[str] = "supply_voltage_v"
