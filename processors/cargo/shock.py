"""The container is struck."""

from __future__ import annotations

from typing import ClassVar

from processors.limits.detector import LimitDetector
from telemetry.vocabulary import CargoEvent


class Shock(LimitDetector):
    """Peak high-passed acceleration (m/s2) of the container floor since the last packet passes a limit.

    Failure modes: a blow whose packet is lost is not seen; the next packet counts its own time only.

    References
    ----------
    `processors.limits.detector` for the rule, the dictionary for thresholds and counts.

    Examples
    --------
    >>> Shock.channel
    'shock_m_s2'
    """

    emits: ClassVar[tuple[str, ...]] = (CargoEvent.SHOCK.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"shock_m_s2"})
    channel: ClassVar[str] = "shock_m_s2"
