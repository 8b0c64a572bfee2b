"""Names of a document as names of a dictionary: lower case, a channel's with its unit at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from telemetry.quantity import RESERVED_NAMES, UNITS
from telemetry.xtce.document import Node
from telemetry.xtce.layout import Slot
from telemetry.xtce.mapping import ImportMap
from telemetry.xtce.notes import Notes
from telemetry.xtce.units import Conversion, conversion_of

WORD_ENDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])")
NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
LONGEST: Final = 64


def snake(name: str) -> str:
    """Return a name in lower case with underscores.

    Examples
    --------
    >>> snake("BattVoltage1"), snake("GPS-PosX"), snake("3V3_Rail")
    ('batt_voltage1', 'gps_pos_x', 'p_3v3_rail')
    """
    words = NO_LETTER.sub("_", WORD_ENDS.sub("_", name).lower()).strip("_") or "unnamed"
    return f"p_{words}" if words[0].isdigit() else words


@dataclass(slots=True)
class Naming:
    """Gives every channel a name of its own, with its unit.

    Parameters
    ----------
    map
        What the user wants.
    notes
        Where changes are told.
    """

    map: ImportMap
    notes: Notes
    _taken: set[str] = field(default_factory=set)

    def given(self, slot: Slot) -> str | None:
        """Return the name that the user wants for a field."""
        for key in (f"{slot.parameter.system}/{slot.name}", slot.name):
            if key in self.map.names:
                return self.map.names[key]
        return None

    def unit(self, slot: Slot) -> Conversion | None:
        """Return our unit of a field and how to come to it; None if the document says none, or none that is known."""
        spelled = unit_text(slot.type.node)
        if spelled in self.map.units:
            return Conversion(self.map.units[spelled])
        return conversion_of(spelled) if spelled else None

    def channel(self, slot: Slot, packet: str, unit: str | None) -> str:
        """Return a name for a field's channel, and take it."""
        name = self.given(slot)
        if name is None:
            name = snake(slot.name)
            if unit is not None and unit_of(name) != unit:
                name = f"{name}_{unit}"
            if name in RESERVED_NAMES:
                name = f"{packet}_{name}"
        if name in self._taken:
            other = next(new for new in self._others(name, packet) if new not in self._taken)
            self.notes.changed(
                slot.entry, slot.name, f"named {other!r}, because {name!r} stands in another place already"
            )
            name = other
        self._taken.add(name)
        return name

    @staticmethod
    def _others(name: str, packet: str) -> list[str]:
        return [f"{packet}_{name}", *(f"{packet}_{i}_{name}" for i in range(2, 10_000))]

    def references(self, content: dict[str, Any]) -> dict[str, Any]:
        """Give channels their wanted names where a document of ours refers to them: counters, derived channels."""
        packets = {
            name: {**packet, **self._renamed(packet, "sent_counter"), **self._derived(packet)}
            for name, packet in content["packets"].items()
        }
        return {**content, **self._renamed(content, "version_channel"), "packets": packets}

    def _derived(self, packet: dict[str, Any]) -> dict[str, Any]:
        # what a document says is not checked yet, so each part may be anything
        given = packet.get("derived")
        if not isinstance(given, list):
            return {}
        return {
            "derived": [
                {**each, "of": {parameter: self._wanted(channel) for parameter, channel in each["of"].items()}}
                if isinstance(each, dict) and isinstance(each.get("of"), dict)
                else each
                for each in given
            ]
        }

    def _renamed(self, part: dict[str, Any], key: str) -> dict[str, Any]:
        return {key: self._wanted(part[key])} if key in part else {}

    def _wanted(self, name: object) -> object:
        return self.map.names.get(name, name) if isinstance(name, str) else name

    def packet(self, name: str, path: str, taken: set[str]) -> str:
        """Return a name for a container's packet."""
        given = self.map.names.get(path, self.map.names.get(name))
        short = (given or snake(name))[:LONGEST]
        return next(
            new for new in (short, *(f"{short[: LONGEST - 5]}_{i}" for i in range(2, 3000))) if new not in taken
        )


def unit_of(name: str) -> str | None:
    """Return the unit that a name ends in, the longest that fits."""
    words = name.split("_")
    return next((unit for i in range(1, len(words)) if (unit := "_".join(words[i:])) in UNITS), None)


def unit_text(kind: Node) -> str:
    """Return the unit of a type as the document spells it, with its powers; empty if it says none."""
    parts = []
    for unit in kind.all("UnitSet", "Unit"):
        power = unit.get("power", "1").removesuffix(".0")
        factor = unit.get("factor", "1")
        scale, raised = "" if factor == "1" else f"{factor} ", "" if power == "1" else f"^{power}"
        parts.append(f"{scale}{unit.text.strip()}{raised}")
    encoding = kind.first("Encoding")
    if encoding is not None and not parts:
        return encoding.get("units", "seconds")
    return ".".join(part for part in parts if part)
