"""Packets as space_packet_parser reads them from an exported XTCE, held against our own decoder."""

from __future__ import annotations

import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import space_packet_parser
from space_packet_parser.generators import ccsds_generator

from telemetry.cds import DAY_NS
from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary
from telemetry.xtce.export import export_xtce
from telemetry.xtce.standard import XtceVersion

Parsed = dict[str, Any]


def read_independently(
    dictionary: Dictionary, octets: bytes, folder: Path, version: XtceVersion = XtceVersion.V1_2
) -> dict[int, list[tuple[bytes, Parsed]]]:
    """Return every packet of a file by APID, with what space_packet_parser makes of it by the exported XTCE alone."""
    document = folder / f"{dictionary.name}.xml"
    document.write_text(export_xtce(dictionary, version, math_as_table=True).xml, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it warns where octets are left over
        definition = space_packet_parser.load_xtce(document)
        found: dict[int, list[tuple[bytes, Parsed]]] = defaultdict(list)
        for packet in ccsds_generator(octets):
            found[packet.apid].append((bytes(packet), definition.parse_bytes(packet)))
    return found


def differences(dictionary: Dictionary, found: dict[int, list[tuple[bytes, Parsed]]]) -> list[str]:
    """Return the channels, times and counts in which the two readers differ, and by how much."""
    codec = PacketCodec(dictionary)
    wrong = []
    for apid, packets in found.items():
        name, packet = dictionary.by_apid(apid) or ("?", None)
        if packet is None:
            wrong.append(f"APID {apid} is not in the dictionary")
            continue
        frame = codec.join(name, b"".join(octets for octets, _ in packets), "ship", "s", 0)
        parsed = [values for _, values in packets]
        if frame.counts.tolist() != [values["SRC_SEQ_CTR"] for values in parsed]:
            wrong.append(f"{name}: counts")
        if frame.t_ns.tolist() != [_t_ns(dictionary, values) for values in parsed]:
            wrong.append(f"{name}: times")
        for channel in packet.channels:
            theirs = [values[channel.name] for values in parsed]
            wrong += [
                f"{name}.{channel.name}: {said}" for said in _differs(channel, frame.columns[channel.name], theirs)
            ]
    return wrong


def _differs(channel: Channel, ours: np.ndarray[Any, Any], theirs: list[Any]) -> list[str]:
    match channel.kind:
        case "label":
            labels = channel.labels or {}
            same = ours.tolist() == [value.raw_value for value in theirs]
            same &= [labels[code] for code in ours.tolist()] == [str(value) for value in theirs]
        case "text":
            same = ours.tolist() == [value.raw_value.rstrip(b"\0").decode() for value in theirs]
            same &= all(str(value) == one.split("\0")[0] for value, one in zip(theirs, ours.tolist(), strict=True))
        case "octets":
            same = [bytes(value) for value in ours.tolist()] == [bytes(value) for value in theirs]
        case "float":
            return _far(ours, np.array(theirs, dtype=np.float64), exact=channel.calibration is None)
        case _:
            same = ours.tolist() == [int(value) for value in theirs]
    return [] if same else [f"{ours.tolist()[:3]} is not {theirs[:3]}"]


def _far(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any], *, exact: bool) -> list[str]:
    """Compare floats: bit for bit as they stand on the wire, else to the last digit of a float32."""
    if exact:
        same = np.array_equal(ours.view(np.int64), theirs.view(np.int64))
        return [] if same else ["floats differ"]
    off = np.abs(ours - theirs) / np.spacing(np.maximum(np.abs(theirs), 1e-30).astype(np.float32))
    return [] if not off.size or off.max() <= 1.0 else [f"{off.max()} units of the last float32 digit"]


def _t_ns(dictionary: Dictionary, values: Parsed) -> int:
    """Compute the generation time from the raw integers, by the standard's definition."""
    time = dictionary.time
    if time.day_octets:
        fine = values["TIME_SUB_MS"].raw_value if time.submillisecond.octets else 0
        sub_ns = {"none": 0, "us": fine * 1000, "ps": (fine + 500) // 1000}[time.submillisecond]
        return int(
            time.epoch_ns + values["TIME_DAY"].raw_value * DAY_NS + values["TIME_MS_OF_DAY"].raw_value * 10**6 + sub_ns
        )
    raw = values["TIME_CODE"].raw_value
    units = raw if isinstance(raw, int) else int.from_bytes(raw, "big")
    scale = 1 << (8 * time.fine_octets)
    since_ns = (units * 10**9 + scale // 2) // scale
    table = time.zero.leap
    return time.epoch_ns + since_ns if table is None else int(table.to_unix(np.array([time.zero.at_ns + since_ns]))[0])
