"""Channels as XTCE parameter types: unit, encoding, calibration, labels, range and alarms."""

from __future__ import annotations

import math
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from telemetry.channels import Channel
from telemetry.raw import RawType
from telemetry.xtce.alarms import add_alarms
from telemetry.xtce.calibrators import add_calibrators
from telemetry.xtce.units import SPELLED

LONG: Final = (1 << 63) - 1
MOST_INTEGER_BITS: Final = 64


def type_name(parameter: str) -> str:
    """Return the name of a parameter's type."""
    return f"{parameter}_Type"


def channel_type(channel: Channel, *, math_as_table: bool, has_phase: bool = True) -> tuple[Element, str | None]:
    """Return a channel's parameter type, and what of it could not be written.

    Parameters
    ----------
    channel
        Which.
    math_as_table
        Write calibration expressions as tables.
    has_phase
        Whether there is a parameter for the phase, on which alarms can depend.
    """
    name = {"name": type_name(channel.name)}
    size = str(channel.raw.bits)
    match channel.kind:
        case "text":
            element = Element("StringParameterType", name)
            encoding = SubElement(element, "StringDataEncoding", {"encoding": "UTF-8"})
            in_bits = SubElement(encoding, "SizeInBits")
            SubElement(SubElement(in_bits, "Fixed"), "FixedValue").text = size
            SubElement(in_bits, "TerminationChar").text = "00"
            return element, None
        case "octets":
            return _binary(name, channel.raw.bits), None
        case "bool":
            element = Element("BooleanParameterType", name)
            add_encoding(element, channel.raw)
            return element, None
        case "label":
            return _enumerated(name, channel)
        case "int":
            signed = "true" if channel.raw.kind == "signed" else "false"
            element = Element("IntegerParameterType", {**name, "signed": signed, "sizeInBits": size})
        case _:
            wide = "32" if channel.raw.bits == 32 and channel.calibration is None else "64"  # noqa: PLR2004 -- an f32
            element = Element("FloatParameterType", {**name, "sizeInBits": wide})
    if channel.unit is not None:
        SubElement(SubElement(element, "UnitSet"), "Unit").text = SPELLED[channel.unit]
    missing = add_calibrators(add_encoding(element, channel.raw), channel, math_as_table=math_as_table)
    _range(element, channel)
    add_alarms(element, channel.limits, has_phase=has_phase)
    if not has_phase and any(limit.phases for limit in channel.limits):
        said = f"channel {channel.name!r}: its limits by phase, because no channel says the phase"
        missing = said if missing is None else f"{missing}; {said}"
    return element, missing


def filler_type(parameter: str, bits: int) -> Element:
    """Return the type of a field that is no channel: an unsigned integer, or octets where it is too wide for one."""
    name = {"name": type_name(parameter)}
    if bits > MOST_INTEGER_BITS:
        return _binary(name, bits)
    element = Element("IntegerParameterType", {**name, "signed": "false", "sizeInBits": str(bits)})
    add_encoding(element, RawType("unsigned", bits))
    return element


def add_encoding(parent: Element, raw: RawType) -> Element:
    """Append the data encoding of a number or bool, big-endian."""
    size = {"sizeInBits": str(raw.bits)}
    if raw.is_float:
        return SubElement(parent, "FloatDataEncoding", {**size, "encoding": "IEEE754_1985"})
    encoding = "twosComplement" if raw.kind == "signed" else "unsigned"
    return SubElement(parent, "IntegerDataEncoding", {**size, "encoding": encoding})


def _binary(name: dict[str, str], bits: int) -> Element:
    element = Element("BinaryParameterType", name)
    size = SubElement(SubElement(element, "BinaryDataEncoding"), "SizeInBits")
    SubElement(size, "FixedValue").text = str(bits)
    return element


def _enumerated(name: dict[str, str], channel: Channel) -> tuple[Element, str | None]:
    element = Element("EnumeratedParameterType", name)
    add_encoding(element, channel.raw)
    listed = SubElement(element, "EnumerationList")
    labels = channel.labels or {}
    for code, label in labels.items():
        if code <= LONG:
            SubElement(listed, "Enumeration", {"value": str(code), "label": label})
    wide = [label for code, label in labels.items() if code > LONG]
    return element, f"channel {channel.name!r}: the codes of {', '.join(wide)} are too large for XTCE" if wide else None


def _range(element: Element, channel: Channel) -> None:
    if channel.range is None:
        return
    low, high = channel.range
    if channel.kind == "int":
        ends = {"minInclusive": str(max(math.ceil(low), -LONG - 1)), "maxInclusive": str(min(math.floor(high), LONG))}
    else:
        ends = {"minInclusive": repr(low), "maxInclusive": repr(high)}
    SubElement(element, "ValidRange", {**ends, "validRangeAppliesToCalibrated": "true"})
