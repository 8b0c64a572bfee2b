"""The APID that a container's restrictions fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telemetry.xtce.layout import Comparison, Layout, Slot
from telemetry.xtce.spaces import Spaces
from telemetry.xtce.types import UnfixedError

# of the primary header: version 3, type 1, secondary header flag 1, APID 11, sequence flags 2
HEADER_BITS: Final = 18
APID_SHIFT: Final = 2
APID_MASK: Final = 0x07FF << APID_SHIFT
# all other bits of Downrange's packets: telemetry, with secondary header, unsegmented
REQUIRED: Final = 0b000_0_1_00000000000_11


@dataclass(frozen=True, slots=True)
class Told:
    """How a packet is told from others: its APID if it is fixed, and the conditions that are none of the header's."""

    apid: int | None
    besides: tuple[Comparison, ...]


def tell(layout: Layout, spaces: Spaces) -> Told:
    """Return what a layout's restrictions say of the APID, in whatever fields the document cuts the header.

    Raises
    ------
    UnfixedError
        If they ask for a header that no packet of Downrange has.
    """
    known, word = 0, 0
    besides: list[Comparison] = []
    for comparison in layout.comparisons:
        slot = _slot(layout, comparison, spaces)
        value = _value(slot, comparison) if slot is not None else None
        if slot is None or value is None or slot.end > HEADER_BITS:
            besides.append(comparison)
            continue
        shift, mask = HEADER_BITS - slot.end, (1 << slot.bits) - 1
        if ((value << shift) ^ REQUIRED) & (mask << shift) & ~APID_MASK:
            msg = f"{comparison} is no header of unsegmented telemetry with a secondary header, which Downrange takes"
            raise UnfixedError(comparison.node, msg)
        known |= mask << shift
        word |= (value & mask) << shift
    fixed = known & APID_MASK == APID_MASK
    return Told((word & APID_MASK) >> APID_SHIFT if fixed else None, tuple(besides))


def _slot(layout: Layout, comparison: Comparison, spaces: Spaces) -> Slot | None:
    """Return the field that is compared; `aggregate/member` and `aggregate.member` name a member."""
    for separator in ("/", "."):
        owner, _, member = comparison.parameter.rpartition(separator)
        for reference, suffix in ((comparison.parameter, ""), (owner, f"_{member}")):
            parameter = spaces.parameter(reference, comparison.system) if reference else None
            if parameter is not None:
                name = f"{parameter.name}{suffix}"
                return next((slot for slot in layout.slots if slot.parameter == parameter and slot.name == name), None)
    return None


def _value(slot: Slot, comparison: Comparison) -> int | None:
    if comparison.operator != "==":
        return None
    for label in slot.type.node.all("EnumerationList", "Enumeration"):
        if label.get("label") == comparison.value:
            return _whole(label.get("value"))
    kind = slot.type.node
    if kind.tag == "BooleanParameterType":
        spelled = {kind.get("zeroStringValue", "False").lower(): 0, kind.get("oneStringValue", "True").lower(): 1}
        if comparison.value.lower() in spelled:
            return spelled[comparison.value.lower()]
    return _whole(comparison.value)


def _whole(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
