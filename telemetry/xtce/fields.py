"""Scalars of a document as channels of a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from telemetry.channels import Channel
from telemetry.xtce.calibrations import UnsayableError, calibration_of, scaled
from telemetry.xtce.document import Node
from telemetry.xtce.kept import calibration_still_holds, kept_in, limits_still_hold
from telemetry.xtce.layout import Slot
from telemetry.xtce.limits import limits_of, range_of
from telemetry.xtce.naming import Naming, unit_text
from telemetry.xtce.notes import Notes
from telemetry.xtce.spaces import Spaces
from telemetry.xtce.types import encoding_of
from telemetry.xtce.units import Conversion

OCTET: Final = 8
WIDEST_INTEGER: Final = 64
SIGNED: Final = frozenset({"twosComplement", "twosCompliment", "signed"})
IEEE: Final = frozenset({"IEEE754", "IEEE754_1985"})
MOST_CODES: Final = 256
COMMON: Final = frozenset(
    {"LongDescription", "AncillaryDataSet", "UnitSet", "Encoding", "IntegerDataEncoding", "FloatDataEncoding"}
)
KNOWN: Final = {
    "EnumeratedParameterType": COMMON | {"EnumerationList"},
    "StringParameterType": COMMON | {"StringDataEncoding"},
    "BinaryParameterType": COMMON | {"BinaryDataEncoding"},
    "BooleanParameterType": COMMON,
    "AbsoluteTimeParameterType": COMMON,
    "RelativeTimeParameterType": COMMON,
}
KNOWN_OF_NUMBERS: Final = COMMON | {"ValidRange", "ValidRangeSet", "DefaultAlarm", "ContextAlarmList"}
KNOWN_OF_ENCODINGS: Final = frozenset({"DefaultCalibrator", "SizeInBits"})
KNOWN_OF_PARAMETERS: Final = frozenset({"LongDescription", "AncillaryDataSet"})


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads scalars.

    Parameters
    ----------
    spaces
        The document.
    naming
        Gives the names.
    notes
        Takes what gets lost.
    """

    spaces: Spaces
    naming: Naming
    notes: Notes

    def field(self, slot: Slot, packet: str) -> dict[str, Any]:
        """Return a scalar as a dictionary's field; spare bits, with a note, where it cannot be one."""
        kept = kept_in(slot.parameter.node)
        encoding = encoding_of(slot.type, self.spaces)
        description = slot.parameter.node.described or slot.type.node.described
        if kept.pop("spare", False) or encoding is None:
            return {"raw": f"spare{slot.bits}", **({"description": description} if description else {})}
        try:
            raw = _raw(slot, encoding)
            found = self._channel(slot, encoding, raw, packet, kept)
        except UnsayableError as error:
            self.notes.lost(slot.type.node, slot.name, f"{error}; its {slot.bits} bits are spare now")
            return {"raw": f"spare{slot.bits}", "description": f"{slot.name}: {error}"}
        exact = found.pop("exact", False)
        found = self._sound(slot, encoding, {**found, "description": description or slot.name, **kept})
        self.notes.strangers(slot.parameter.node, slot.name, KNOWN_OF_PARAMETERS)
        self.notes.strangers(slot.type.node, slot.name, KNOWN.get(slot.type.node.tag, KNOWN_OF_NUMBERS))
        if not exact:
            self.notes.strangers(encoding, slot.name, KNOWN_OF_ENCODINGS)
        return found

    def _sound(self, slot: Slot, encoding: Node, found: dict[str, Any]) -> dict[str, Any]:
        """Return a field that a dictionary takes: without its calibration, or as spare bits, if it must be."""
        complaint = _complaint(found)
        if complaint is None:
            return found
        raw = {"name": f"{found['name']}_raw_count", "raw": found["raw"], "description": found["description"]}
        if "calibration" in found and _complaint(raw) is None:
            self.notes.lost(encoding, slot.name, f"its calibration: {complaint}; the raw value stands there")
            return raw
        self.notes.lost(slot.type.node, slot.name, f"{complaint}; its {slot.bits} bits are spare now")
        return {"raw": f"spare{slot.bits}", "description": f"{slot.name}: {complaint}"}

    def _channel(self, slot: Slot, encoding: Node, raw: str, packet: str, kept: dict[str, Any]) -> dict[str, Any]:
        kind = slot.type.node
        match kind.tag:
            case "EnumeratedParameterType":
                return {"name": self.naming.channel(slot, packet, None), "raw": raw, "labels": self._labels(slot, kind)}
            case "BooleanParameterType" if not raw.startswith("bool"):
                labels = {0: kind.get("zeroStringValue", "False"), 1: kind.get("oneStringValue", "True")}
                return {"name": self.naming.channel(slot, packet, None), "raw": raw, "labels": labels}
        if raw.startswith(("str", "bytes", "bool")):
            return {"name": self.naming.channel(slot, packet, None), "raw": raw}
        return self._number(slot, encoding, raw, packet, kept)

    def _number(self, slot: Slot, encoding: Node, raw: str, packet: str, kept: dict[str, Any]) -> dict[str, Any]:
        kind = slot.type.node
        conversion = self.naming.unit(slot) or self._unknown_unit(slot, encoding, raw)
        found: dict[str, Any] = {"name": self.naming.channel(slot, packet, conversion.unit), "raw": raw}
        if "calibration" in kept and calibration_still_holds(
            {**found, "description": ""}, kept["calibration"], encoding
        ):
            found["exact"] = True
        else:
            if kept.pop("calibration", None) is not None:
                self.notes.changed(
                    encoding, slot.name, "its calibration is not the one that was exported; taken as it stands"
                )
            calibration = scaled(kind.first("Encoding"), calibration_of(encoding, conversion))
            found |= {"calibration": calibration} if calibration is not None else {}
            if isinstance(calibration, dict) and calibration.get("interpolation") == "spline":
                self.notes.changed(
                    encoding, slot.name, "its spline became the natural cubic one; XTCE does not say which it is"
                )
        if not conversion.is_same:
            self.notes.changed(
                kind, slot.name, f"from {unit_text(kind)} to {conversion.unit}, calibration and limits with it"
            )
        span = range_of(kind, conversion, slot.name, self.notes)
        found |= {"range": span} if span is not None else {}
        if "limits" not in kept or not limits_still_hold(kept["limits"], kind):
            if kept.pop("limits", None) is not None:
                self.notes.changed(
                    kind,
                    slot.name,
                    "its alarms are not those that were exported; taken as they stand, without hysteresis",
                )
            limits = limits_of(kind, conversion, slot.name, self.notes)
            found |= {"limits": limits} if limits else {}
        return found

    def _unknown_unit(self, slot: Slot, encoding: Node, raw: str) -> Conversion:
        spelled = unit_text(slot.type.node)
        given = self.naming.given(slot)
        whole = raw[0] in "ui" and encoding.first("DefaultCalibrator") is None
        unit = "count" if whole and not spelled else "number"
        if spelled and given is None:
            detail = (
                f"unit {spelled!r} is not known: taken as a plain number; say `units: {{{spelled!r}: ...}}` in a map"
            )
            self.notes.changed(slot.type.node, slot.name, detail)
        return Conversion(unit)

    def _labels(self, slot: Slot, kind: Node) -> dict[int, str]:
        labels: dict[int, str] = {}
        for each in kind.all("EnumerationList", "Enumeration"):
            first, label = _whole(each, "value"), each.get("label")
            last = _whole(each, "maxValue") if each.get("maxValue") else first
            if last - first >= MOST_CODES:
                raise UnsayableError(f"label {label!r} of more than {MOST_CODES} codes")
            for code in range(first, last + 1):
                own = label if label not in labels.values() else f"{label}_{code}"
                if own != label:
                    self.notes.changed(
                        each, slot.name, f"code {code} is named {own!r}: each code has a label of its own"
                    )
                labels[code] = own
        if not labels:
            raise UnsayableError("an enumeration without labels")
        return labels


def _complaint(found: dict[str, Any]) -> str | None:
    """Return what a dictionary says against a channel; None if nothing."""
    try:
        Channel.model_validate(found)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return None


def _raw(slot: Slot, encoding: Node) -> str:
    """Return the raw type of an encoding."""
    little = encoding.get("byteOrder", "mostSignificantByteFirst") != "mostSignificantByteFirst" or encoding.first(
        "ByteOrderList"
    )
    if (little and slot.bits > OCTET) or encoding.get(
        "bitOrder", "mostSignificantBitFirst"
    ) != "mostSignificantBitFirst":
        raise UnsayableError("its byte or bit order; packets are big-endian, most significant bit first")
    match encoding.tag:
        case "IntegerDataEncoding":
            return _integer(slot, encoding)
        case "FloatDataEncoding":
            name = encoding.get("encoding", "IEEE754_1985")
            if name not in IEEE or slot.bits not in {32, 64}:
                raise UnsayableError(f"a float of {slot.bits} bits, {name}; there are IEEE 754 of 32 and 64")
            return f"f{slot.bits}"
    letters = "str" if encoding.tag == "StringDataEncoding" else "bytes"
    if slot.bits % OCTET:
        raise UnsayableError("text or octets that are not whole octets")
    if letters == "str" and encoding.get("encoding", "UTF-8") not in {"UTF-8", "US-ASCII"}:
        raise UnsayableError(f"text in {encoding.get('encoding')}; there is UTF-8")
    if encoding.first("SizeInBits", "LeadingSize") is not None:
        raise UnsayableError("text with its length before it; there is text filled with NUL")
    return f"{letters}{slot.bits // OCTET}"


def _integer(slot: Slot, encoding: Node) -> str:
    name = encoding.get("encoding", "unsigned")
    if slot.type.node.tag == "BooleanParameterType" and name == "unsigned" and slot.bits in {1, OCTET}:
        return "bool1" if slot.bits == 1 else "bool"
    if slot.bits > WIDEST_INTEGER:
        raise UnsayableError(f"an integer of {slot.bits} bits; the widest has {WIDEST_INTEGER}")
    if name != "unsigned" and name not in SIGNED:
        raise UnsayableError(f"integer encoding {name}; there are unsigned and twosComplement")
    return f"{'u' if name == 'unsigned' else 'i'}{slot.bits}"


def _whole(node: Node, attribute: str) -> int:
    try:
        return int(node.get(attribute), 0)
    except ValueError:
        raise UnsayableError(f"code {node.get(attribute)!r}, which is no whole number") from None
