"""A dictionary as an XTCE document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pydantic import BaseModel

from telemetry.calibration import Polynomial
from telemetry.channels import Channel, Spare
from telemetry.consistency import FLIGHT_PHASE, channels_of
from telemetry.dictionary import Dictionary
from telemetry.packet_type import Packet
from telemetry.xtce import standard
from telemetry.xtce.parameter_types import channel_type, filler_type, type_name
from telemetry.xtce.standard import XtceVersion
from telemetry.xtce.times import time_fields

# what XML 1.0 cannot hold, and what a name of the standard cannot
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_NAME: Final = re.compile(r"[./:\[\] ]")


@dataclass(frozen=True, slots=True)
class Exported:
    """A document, and what of the dictionary it could not say."""

    xml: str
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Sets:
    types: Element
    parameters: Element
    containers: Element
    missing: list[str] = field(default_factory=list)

    def add_parameter(self, name: str, description: str, kind: Element, kept: dict[str, Any] | None = None) -> None:
        self.types.append(kind)
        parameter = SubElement(self.parameters, "Parameter", {"name": name, "parameterTypeRef": type_name(name)})
        _describe(parameter, description, kept)


def export_xtce(
    dictionary: Dictionary, version: XtceVersion = XtceVersion.V1_2, *, math_as_table: bool = False
) -> Exported:
    """Write a dictionary as an XTCE document.

    Every packet is a container that inherits the primary header and is told by its APID; what XTCE has no word for
    (rates apart from the packet's, hysteresis, sensors, derived channels, ...) is kept in AncillaryData named
    `downrange`, so that the document can be read back whole.

    Parameters
    ----------
    dictionary
        The dictionary.
    version
        Of the standard.
    math_as_table
        Write calibration expressions as tables of all raw values, for readers without MathOperationCalibrator
        (space_packet_parser among them).

    Returns
    -------
    Exported
        The document, and what it could not say; nothing is left out in silence.
    """
    root = Element(
        "SpaceSystem",
        {
            "xmlns": version.namespace,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{version.namespace} {version.schema}",
            "name": NOT_NAME.sub("_", dictionary.name),
        },
    )
    _describe(root, dictionary.description, _dump(dictionary, but={"version", "description", "packets"}))
    SubElement(root, "Header", {"version": str(dictionary.version), "validationStatus": "Released"})
    telemetry = SubElement(root, "TelemetryMetaData")
    sets = _Sets(
        SubElement(telemetry, "ParameterTypeSet"),
        SubElement(telemetry, "ParameterSet"),
        SubElement(telemetry, "ContainerSet"),
    )
    _add_root_container(sets, dictionary)
    has_phase = FLIGHT_PHASE in channels_of(dictionary.packets)
    for name, packet in dictionary.packets.items():
        _add_packet(sets, name, packet, math_as_table=math_as_table, has_phase=has_phase)
    sets.add_parameter(standard.CRC, "CRC-16/CCITT-FALSE of all octets before it", filler_type(standard.CRC, 16))
    indent(root, " ")
    xml = NOT_XML.sub("\ufffd", tostring(root, encoding="unicode"))
    return Exported(f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n', tuple(sets.missing))


def _add_root_container(sets: _Sets, dictionary: Dictionary) -> None:
    container = SubElement(sets.containers, "SequenceContainer", {"name": standard.ROOT_CONTAINER, "abstract": "true"})
    _describe(container, "CCSDS 133.0-B space packet with its time (CCSDS 301.0-B)")
    entries = SubElement(container, "EntryList")
    for name, (bits, description) in standard.PRIMARY_HEADER.items():
        sets.add_parameter(name, description, filler_type(name, bits))
        SubElement(entries, "ParameterRefEntry", {"parameterRef": name})
    for time in time_fields(dictionary.time):
        sets.add_parameter(time.name, time.description, time.type)
        SubElement(entries, "ParameterRefEntry", {"parameterRef": time.name})


def _add_packet(sets: _Sets, name: str, packet: Packet, *, math_as_table: bool, has_phase: bool) -> None:
    container = SubElement(sets.containers, "SequenceContainer", {"name": name})
    _describe(container, packet.description, _dump(packet, but={"apid", "description", "rate_hz", "fields"}))
    SubElement(container, "DefaultRateInStream", {"basis": "perSecond", "maximumValue": repr(packet.rate_hz)})
    entries = SubElement(container, "EntryList")
    for i, each in enumerate(packet.fields):
        if isinstance(each, Channel):
            parameter = each.name
            kind, missing = channel_type(each, math_as_table=math_as_table, has_phase=has_phase)
            sets.missing += [missing] if missing else []
            sets.add_parameter(parameter, each.description, kind, _kept(each))
        else:
            parameter = f"SPARE_{name}_{i}".upper()
            _add_spare(sets, parameter, each)
        SubElement(entries, "ParameterRefEntry", {"parameterRef": parameter})
    SubElement(entries, "ParameterRefEntry", {"parameterRef": standard.CRC})
    base = SubElement(container, "BaseContainer", {"containerRef": standard.ROOT_CONTAINER})
    restriction = SubElement(base, "RestrictionCriteria")
    SubElement(restriction, "Comparison", {"parameterRef": standard.APID, "value": str(packet.apid)})


def _add_spare(sets: _Sets, parameter: str, spare: Spare) -> None:
    sets.add_parameter(parameter, spare.description, filler_type(parameter, spare.raw.bits), {"spare": True})


def _kept(channel: Channel) -> dict[str, Any]:
    """Return what XTCE has no word for, and the calibrations that it cannot say in the dictionary's own way."""
    said = {"name", "raw", "description", "labels", "range"}
    return _dump(channel, but=said | ({"calibration"} if isinstance(channel.calibration, Polynomial) else set()))


def _dump(model: BaseModel, but: set[str]) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude=but, exclude_defaults=True)


def _describe(element: Element, description: str, kept: dict[str, Any] | None = None) -> None:
    if "\n" in description:
        SubElement(element, "LongDescription").text = description
    elif description:
        element.set("shortDescription", description)
    if kept:
        data = SubElement(element, "AncillaryDataSet")
        ancillary = SubElement(data, "AncillaryData", {"name": standard.ANCILLARY, "mimeType": "application/json"})
        ancillary.text = json.dumps(kept, ensure_ascii=False)
