"""Limits as XTCE alarms: DefaultAlarm, and a ContextAlarm for each flight phase that has limits of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from telemetry.limit import Level, Limit

PHASE: Final = "flight_phase"
RANGES: Final[dict[Level, str]] = {
    Level.WATCH: "WatchRange",
    Level.WARNING: "WarningRange",
    Level.CRITICAL: "CriticalRange",
}


def add_alarms(parent: Element, limits: Sequence[Limit], *, has_phase: bool = True) -> None:
    """Append the alarms of a numeric parameter type; without a parameter for the phase those that count in every one.

    An alarm has one count to raise and one to clear: the largest of its limits; and no threshold to clear.

    Notes
    -----
    A context alarm stands in place of the default one (XTCE 1.2, 4.3.4.1), so each holds the limits of every phase too.
    """
    always = [limit for limit in limits if not limit.phases]
    if always:
        _ranges(SubElement(parent, "DefaultAlarm", _counts(always)), always)
    phases = dict.fromkeys(phase for limit in limits for phase in limit.phases) if has_phase else {}
    contexts = SubElement(parent, "ContextAlarmList") if phases else None
    for phase in phases:
        valid = [limit for limit in limits if not limit.phases or phase in limit.phases]
        if contexts is not None:
            alarm = SubElement(contexts, "ContextAlarm", _counts(valid))
            _ranges(alarm, valid)
            SubElement(SubElement(alarm, "ContextMatch"), "Comparison", {"parameterRef": PHASE, "value": phase})


def _counts(limits: list[Limit]) -> dict[str, str]:
    return {
        "minViolations": str(max(limit.raise_count for limit in limits)),
        "minConformance": str(max(limit.clear_count for limit in limits)),
    }


def _ranges(alarm: Element, limits: list[Limit]) -> None:
    ranges = SubElement(alarm, "StaticAlarmRanges", {"rangeForm": "outside"})
    for level, name in RANGES.items():
        ends = {}
        for limit in limits:
            if limit.level is level and limit.below is not None:
                ends["minInclusive"] = repr(limit.below)
            elif limit.level is level and limit.above is not None:
                ends["maxInclusive"] = repr(limit.above)
        if ends:
            SubElement(ranges, name, ends)
