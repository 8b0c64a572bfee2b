"""The APID that a container's restrictions fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telemetry.xtce.layout import Comparison, Layout, Slot
from telemetry.xtce.spaces import Spaces

# of the primary header's first two octets: version 3, type 1, secondary header flag 1, APID 11
FIRST_WORD_BITS: Final = 16
APID_MASK: Final = 0x07FF


@dataclass(frozen=True, slots=True)
class Told:
    """How a packet is told from others: its APID if it is fixed, and the conditions that are none of the APID's."""

    apid: int | None
    besides: tuple[Comparison, ...]


def tell(layout: Layout, spaces: Spaces) -> Told:
    """Return what a layout's restrictions say of the APID, in whatever fields the document cuts the header."""
    known, word = 0, 0
    besides: list[Comparison] = []
    for comparison in layout.comparisons:
        slot = _slot(layout, comparison, spaces)
        value = _value(slot, comparison) if slot is not None else None
        if slot is None or value is None or slot.end > FIRST_WORD_BITS:
            besides.append(comparison)
            continue
        shift = FIRST_WORD_BITS - slot.end
        known |= ((1 << slot.bits) - 1) << shift
        word |= (value & ((1 << slot.bits) - 1)) << shift
    return Told(word & APID_MASK if known & APID_MASK == APID_MASK else None, tuple(besides))


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
    return _whole(comparison.value)


def _whole(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
