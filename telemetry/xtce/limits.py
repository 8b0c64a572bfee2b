"""XTCE alarms and valid ranges as limits and range of a channel, in the dictionary's unit."""

from __future__ import annotations

import math
from typing import Any, Final

from telemetry.xtce.document import Node
from telemetry.xtce.notes import Notes
from telemetry.xtce.units import Conversion

LEVELS: Final = {
    "WatchRange": "watch",
    "WarningRange": "warning",
    "DistressRange": "warning",
    "CriticalRange": "critical",
    "SevereRange": "critical",
}
NEAREST: Final = frozenset({"DistressRange", "SevereRange"})
LOW: Final = ("minInclusive", "minExclusive")
HIGH: Final = ("maxInclusive", "maxExclusive")
ALARM_PARTS: Final = frozenset({"StaticAlarmRanges", "AncillaryDataSet"})


def range_of(kind: Node, conversion: Conversion, what: str, notes: Notes) -> list[float] | None:
    """Return a type's valid range; None if it has none of two ends."""
    valid = kind.first("ValidRange") or kind.first("ValidRangeSet", "ValidRange")
    if valid is None:
        return None
    if valid.get("validRangeAppliesToCalibrated", "true").lower() == "false":
        notes.lost(valid, what, "a valid range of raw values; give one of values in the channel's unit")
        return None
    ends = (_end(valid, LOW, conversion), _end(valid, HIGH, conversion))
    if ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        notes.lost(valid, what, "a valid range without two ends; a channel's range has both")
        return None
    return [ends[0], ends[1]]


def limits_of(kind: Node, conversion: Conversion, what: str, notes: Notes) -> list[dict[str, Any]]:
    """Return the limits that a type's default alarm means."""
    for contexts in kind.all("ContextAlarmList"):
        notes.lost(contexts, what, "alarms by context; write them as limits with phases of flight_phase")
    alarm = kind.first("DefaultAlarm")
    if alarm is None:
        return []
    notes.strangers(alarm, what, ALARM_PARTS)
    found: list[dict[str, Any]] = []
    counts = {"raise_count": _count(alarm.get("minViolations")), "clear_count": _count(alarm.get("minConformance"))}
    for ranges in alarm.all("StaticAlarmRanges"):
        if ranges.get("rangeForm", "outside") != "outside":
            notes.lost(ranges, what, "an alarm inside a range; limits lie above or below a threshold")
            continue
        for each in ranges.children:
            found += _limits(each, conversion, counts, what, notes, found)
    return found


def _limits(
    each: Node,
    conversion: Conversion,
    counts: dict[str, int],
    what: str,
    notes: Notes,
    earlier: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    level = LEVELS.get(each.tag)
    if level is None:
        notes.lost(each, what, f"{each.tag} is no level of alarm")
        return []
    limits = []
    for side, ends in (("below", LOW), ("above", HIGH)):
        threshold = _end(each, ends, conversion)
        if threshold is None:
            continue
        if any(limit["level"] == level and side in limit for limit in earlier):
            notes.lost(each, what, f"{each.tag}: there is a {level} limit {side} a threshold already; keep one of them")
            continue
        if each.tag in NEAREST:
            notes.changed(each, what, f"{each.tag} became a {level} limit, the nearest of the three levels")
        limits.append({"level": level, side: threshold, "clear": threshold, **counts})
    return limits


def _end(node: Node, attributes: tuple[str, str], conversion: Conversion) -> float | None:
    for attribute in attributes:
        try:
            end = float(node.get(attribute)) * conversion.factor + conversion.offset
        except ValueError:
            continue
        if math.isfinite(end):
            return end
    return None


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) else 1
