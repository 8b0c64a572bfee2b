"""The time code of a dictionary as XTCE parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from telemetry.cds import MS_OCTETS, SubMillisecond
from telemetry.raw import OCTET
from telemetry.time_code import CodeName, TimeCode
from telemetry.xtce.parameter_types import MOST_INTEGER_BITS, filler_type, type_name
from telemetry.xtce.standard import TIME_CODE, TIME_DAY, TIME_MS, TIME_PREAMBLE, TIME_SUB_MS

DAY_S: Final = 86_400.0
SUB_MS_SCALE: Final = {SubMillisecond.US: 1e-6, SubMillisecond.PS: 1e-12}


@dataclass(frozen=True, slots=True)
class TimeField:
    """A parameter of the time code: its name, what it is, and its type."""

    name: str
    description: str
    type: Element


def time_fields(time: TimeCode) -> list[TimeField]:
    """Return the parameters of a time code in their order on the wire.

    A CUC is one absolute time; a CDS is the day, from the epoch, and times of the day counted from it. All are in
    seconds with a scale, because readers (Yamcs 5.13) know neither days as unit nor relative times.
    The scale of an agency's epoch cannot be said in XTCE: UTC without leap seconds is what readers take.
    """
    fields = []
    if time.preamble:
        description = f"P-field of the time code, {time.p_field.hex()} in hexadecimal"
        fields.append(TimeField(TIME_PREAMBLE, description, filler_type(TIME_PREAMBLE, OCTET * len(time.p_field))))
    if time.code is CodeName.CUC:
        return [*fields, _cuc(time)]
    days = _time_type(TIME_DAY, OCTET * time.day_octets, DAY_S)
    _refer(days, "Epoch", _epoch(time))
    ms = _time_type(TIME_MS, OCTET * MS_OCTETS, 1e-3)
    _refer(ms, "OffsetFrom", TIME_DAY)
    fields += [TimeField(TIME_DAY, "Days since the epoch", days), TimeField(TIME_MS, "Milliseconds of the day", ms)]
    if time.submillisecond in SUB_MS_SCALE:
        bits, scale = OCTET * time.submillisecond.octets, SUB_MS_SCALE[time.submillisecond]
        fine = _time_type(TIME_SUB_MS, bits, scale)
        _refer(fine, "OffsetFrom", TIME_MS)
        fields.append(TimeField(TIME_SUB_MS, "Fraction of the millisecond", fine))
    return fields


def _cuc(time: TimeCode) -> TimeField:
    bits = OCTET * (time.coarse_octets + time.fine_octets)
    description = (
        f"Generation time: {time.coarse_octets} octets of seconds, {time.fine_octets} of their binary fraction"
    )
    if bits > MOST_INTEGER_BITS:
        return TimeField(TIME_CODE, description, filler_type(TIME_CODE, bits))
    scale = 2.0 ** (-OCTET * time.fine_octets)
    element = _time_type(TIME_CODE, bits, scale)
    _refer(element, "Epoch", _epoch(time))
    return TimeField(TIME_CODE, description, element)


def _time_type(parameter: str, bits: int, scale: float) -> Element:
    element = Element("AbsoluteTimeParameterType", {"name": type_name(parameter)})
    encoding = SubElement(element, "Encoding", {"units": "seconds", "scale": repr(scale), "offset": "0.0"})
    SubElement(encoding, "IntegerDataEncoding", {"sizeInBits": str(bits), "encoding": "unsigned"})
    return element


def _refer(element: Element, to: str, what: str) -> None:
    reference = SubElement(element, "ReferenceTime")
    if to == "Epoch":
        SubElement(reference, to).text = what
    else:
        SubElement(reference, to, {"parameterRef": what})


def _epoch(time: TimeCode) -> str:
    if isinstance(time.epoch, str):
        return time.epoch.upper()
    return time.epoch.isoformat().replace("+00:00", "Z")
