"""What our own documents keep for us in AncillaryData, and whether it still fits the document around it."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.etree.ElementTree import Element

from pydantic import TypeAdapter, ValidationError

from telemetry.channels import Channel
from telemetry.limit import Limit
from telemetry.xtce.alarms import add_alarms
from telemetry.xtce.calibrators import add_calibrators
from telemetry.xtce.document import Node
from telemetry.xtce.standard import ANCILLARY

_LIMITS: Final = TypeAdapter(tuple[Limit, ...])


def kept_in(node: Node) -> dict[str, Any]:
    """Return what an element keeps for us; nothing if it is not one of our documents."""
    for data in node.all("AncillaryDataSet", "AncillaryData"):
        if data.get("name") == ANCILLARY:
            try:
                content = json.loads(data.text)
            except (ValueError, RecursionError):
                return {}
            return content if isinstance(content, dict) else {}
    return {}


def limits_still_hold(limits: object, kind: Node) -> bool:
    """Whether limits that were kept are those of which the type's alarms were made."""
    try:
        checked = _LIMITS.validate_python(limits)
    except ValidationError:
        return False
    alarms = [child for child in kind.children if child.tag in {"DefaultAlarm", "ContextAlarmList"}]
    for has_phase in (True, False):
        expected = Element("expected")
        add_alarms(expected, checked, has_phase=has_phase)
        if _same(list(expected), alarms):
            return True
    return False


def calibration_still_holds(channel: dict[str, Any], calibration: object, encoding: Node) -> bool:
    """Whether a calibration that was kept is the one of which the encoding's calibrators were made."""
    try:
        checked = Channel.model_validate({**channel, "calibration": calibration, "range": None, "limits": ()})
    except ValidationError:
        return False
    for math_as_table in (False, True):
        expected = Element("expected")
        add_calibrators(expected, checked, math_as_table=math_as_table)
        if _same(list(expected), encoding.children):
            return True
    return False


def _same(expected: list[Element], found: list[Node]) -> bool:
    return len(expected) == len(found) and all(
        one.tag == other.tag
        and dict(one.items()) == other.attributes
        and (one.text or "").strip() == other.text.strip()
        and _same(list(one), other.children)
        for one, other in zip(expected, found, strict=True)
    )
