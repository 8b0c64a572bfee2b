"""Containers of a document as packets of a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from telemetry.raw import LONGEST_SPARE
from telemetry.time_code import TimeCode
from telemetry.xtce.clocks import OCTET, PRIMARY_HEADER_BITS
from telemetry.xtce.criteria import Told
from telemetry.xtce.fields import FieldReader
from telemetry.xtce.kept import kept_in
from telemetry.xtce.layout import Layout, Slot
from telemetry.xtce.notes import Notes
from telemetry.xtce.types import UnfixedError

CRC_BITS: Final = 16
CRC_NAMES: Final = re.compile(r"crc|checksum|check_?sum|pec|parity|error_?control|edac", re.IGNORECASE)
KNOWN: Final = frozenset({"LongDescription", "AncillaryDataSet", "DefaultRateInStream", "EntryList", "BaseContainer"})


@dataclass(frozen=True, slots=True)
class PacketReader:
    """Turns laid-out containers into packets.

    Parameters
    ----------
    time
        The time code of all packets.
    fields
        Reads the scalars.
    notes
        Takes what gets lost.
    """

    time: TimeCode
    fields: FieldReader
    notes: Notes

    def packet(self, name: str, layout: Layout, told: Told) -> dict[str, Any]:
        """Return a container as a dictionary's packet.

        Raises
        ------
        UnfixedError
            If a field straddles the end of the header or of the time, or no field is left.
        """
        node = layout.container.node
        start = PRIMARY_HEADER_BITS + OCTET * self.time.octets
        slots = [slot for slot in self._in_order(layout) if slot.end > start]
        if slots and slots[0].at < start:
            msg = (
                f"{slots[0].name!r} begins before the end of the time of {self.time.octets} octets, and ends behind it"
            )
            raise UnfixedError(slots[0].entry, msg)
        slots = self._without_crc(layout, slots)
        if not slots:
            raise UnfixedError(node, "there is no field behind the header and the time")
        channels = list(self._channels(slots, start, name))
        for comparison in told.besides:
            detail = f"the condition {comparison} is not looked at: packets are told by their APID"
            self.notes.changed(comparison.node, layout.container.name, detail)
        self.notes.strangers(node, layout.container.name, KNOWN)
        return {
            "apid": told.apid,
            "rate_hz": self._rate(layout),
            "description": node.described or layout.container.name,
            **kept_in(node),
            "channels": channels,
        }

    def _in_order(self, layout: Layout) -> Iterator[Slot]:
        """Yield the fields by their place; of two that overlap, only the first."""
        end = 0
        for slot in sorted(layout.slots, key=lambda slot: slot.at):
            if slot.at < end:
                self.notes.lost(slot.entry, slot.name, "it lies on bits that another parameter shows already")
                continue
            end = slot.end
            yield slot

    def _without_crc(self, layout: Layout, slots: list[Slot]) -> list[Slot]:
        if slots and slots[-1].bits == CRC_BITS and CRC_NAMES.search(slots[-1].name):
            return slots[:-1]
        detail = "no CRC in its last two octets (none named so): Downrange refuses packets whose CRC-16 does not match"
        self.notes.changed(layout.container.node, layout.container.name, detail)
        return slots

    def _channels(self, slots: list[Slot], at: int, packet: str) -> Iterator[dict[str, Any]]:
        for slot in slots:
            yield from _spare(slot.at - at)
            yield from self._field(slot, packet)
            at = slot.end
        yield from _spare(-at % OCTET)

    def _field(self, slot: Slot, packet: str) -> Iterator[dict[str, Any]]:
        if slot.bits > LONGEST_SPARE:
            self.notes.lost(slot.entry, slot.name, f"a field of {slot.bits} bits; they are spare now")
            yield from _spare(slot.bits)
        else:
            yield self.fields.field(slot, packet)

    def _rate(self, layout: Layout) -> float:
        wanted, container = self.fields.naming.map, layout.container
        for key in (container.path, container.name):
            if key in wanted.rates_hz:
                return wanted.rates_hz[key]
        rate = container.node.first("DefaultRateInStream")
        if rate is not None and rate.get("basis", "perSecond") == "perSecond":
            for attribute in ("maximumValue", "minimumValue"):
                try:
                    found = float(rate.get(attribute))
                except ValueError:
                    continue
                if found > 0:
                    return found
        how = f"say `rates_hz: {{{container.name}: ...}}` in a map"
        detail = f"its rate is not said: taken as {wanted.default_rate_hz:g} Hz; {how}"
        self.notes.changed(container.node, container.name, detail)
        return wanted.default_rate_hz


def _spare(bits: int) -> Iterator[dict[str, Any]]:
    while bits > 0:
        yield {"raw": f"spare{min(bits, LONGEST_SPARE)}"}
        bits -= LONGEST_SPARE
