"""Where fuzzing begins: real packets, messages, codes and dictionaries, made when they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from fuzz.targets import CODEC, PLACE, REGISTRY, T_NS, TIME_CODES

from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary
from telemetry.message import JSON
from telemetry.topics import Kind
from telemetry.xtce.export import export_xtce
from telemetry.xtce.standard import XtceVersion

MENDED: Final = b"\x01"
AS_IS: Final = b"\x00"
PARTED: Final = b"\xff" * 4

SMALL: Final = """\
name: small
version: 1
vehicle_class: sounding
description: One packet.
time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}
packets:
  nav:
    apid: 10
    rate_hz: 50
    description: Altitude.
    channels:
      - {name: altitude_m, raw: f32, range: [-500, 2.0e+5], description: Height}
      - {name: speed_m_s, raw: i16, calibration: [0, 0.1], description: Speed}
"""
VARIED: Final = """\
{name: a, version: 2, vehicle_class: c, description: d, time: {code: cds, epoch: tai, day_octets: 2, preamble: true},
packets: {p: {apid: 0, rate_hz: 1, description: e, channels: [
{name: state, raw: u3, labels: {0: idle, 1: busy}, description: f}, {raw: spare4},
{name: lit, raw: bool1, description: g},
{name: id, raw: str4, description: h}, {name: x_m, raw: i12, calibration: {expression: "2 * x + 1"}, description: i},
{name: y_m, raw: u12, calibration: {table: [[0, 1], [9, 5]], interpolation: linear}, description: j,
limits: [{level: watch, above: 4, clear: 3}]}]}}}
"""
EXPRESSIONS: Final = (
    "3.3 * x / 4096 + 1",
    "sqrt(x + 1) * -2 ** x",
    "atan2(x, min(1e3, max(x, 2)))",
    "((x))",
    "1 / (x - x)",
)
ALIASES: Final = "a: &a [1, 2]\nb: &b [*a, *a]\nname: *b\ntime: {<<: {epoch: gps}, fine_octets: 1}\n"


def seeds_of(target: str) -> list[bytes]:
    """Return inputs for a target, the most telling first."""
    return _SEEDS[target]()


def write_seeds(target: str, folder: Path) -> int:
    """Write a target's seeds as a corpus; returns how many."""
    seeds = seeds_of(target)
    for i, seed in enumerate(seeds):
        (folder / f"seed-{i:04}").write_bytes(seed)
    return len(seeds)


def _columns(dictionary: Dictionary, packet: str, n: int) -> dict[str, Any]:
    columns = {channel.name: _values(channel, n) for channel in dictionary.packets[packet].channels}
    if dictionary.version_channel in columns:
        columns[dictionary.version_channel] = np.full(n, dictionary.version)
    return columns


def _values(channel: Channel, n: int) -> Any:
    if channel.raw.kind in {"text", "octets"}:
        return np.full(n, b"Ab", dtype=object)
    low, high = channel.range or (0.0, 0.0)
    return np.linspace(low, high, n)


def _payloads(codec: PacketCodec) -> list[bytes]:
    t_ns = T_NS - np.arange(3)[::-1] * 20_000_000
    runs = [
        codec.encode(name, np.arange(16_382, 16_385), t_ns, _columns(codec.dictionary, name, 3))
        for name in codec.dictionary.packets
    ]
    future = codec.encode("nav", np.array([0]), np.array([T_NS + 10**12]), _columns(codec.dictionary, "nav", 1))
    return [*runs, b"".join(runs), future + runs[0], runs[0][:-1], runs[0][:40] + runs[1], b"\xff\xff" + runs[0]]


def _lines(dictionary: Dictionary) -> list[bytes]:
    given = [
        {"packet": name, "count": 7, "t_ns": T_NS, "channels": {channel.name: 0.5 for channel in packet.channels}}
        for name, packet in dictionary.packets.items()
    ]
    lines = [json.dumps(one).encode() for one in given]
    nasty = [
        b'{"packet":"nav","count":1e999,"t_ns":-1,"channels":{"altitude_m":NaN}}',
        b"[" * 300,
        b'{"a":1,"a":2}',
        b"\xff{}",
    ]
    return [*lines, b"\n".join(lines[:2]), *nasty]


def _messages() -> list[bytes]:
    packets = MENDED + _payloads(CODEC)[0]
    link = PLACE.topic(Kind.LINK).encode()
    line = AS_IS + _lines(REGISTRY_DEFAULT)[0]
    report = AS_IS + json.dumps({"state": "aos", "reason": "heartbeat", "ert_ns": T_NS, "signal_dbm": -80.5}).encode()
    parts = [
        [packets],
        [packets, PLACE.topic(Kind.TELEMETRY).encode(), str(T_NS).encode(), b"yuanxing-1", b"", b"7"],
        [line, PLACE.topic(Kind.TELEMETRY).encode(), str(T_NS).encode(), b"", JSON.encode(), b"8"],
        [report, link, str(T_NS).encode(), b"", b"", b"9"],
        [AS_IS + b'{"state":"los","reason":"will"}', link, b"-1"],
        [packets, b"downrange/v1/a/../b/c/tm", b"x", b"no such"],
    ]
    return [PARTED.join(one) for one in parts]


REGISTRY_DEFAULT: Final = REGISTRY.get(None) or CODEC.dictionary


def _packets() -> list[bytes]:
    return [mode + payload for payload in _payloads(CODEC) for mode in (MENDED, AS_IS)]


def _decoder_messages() -> list[bytes]:
    tail = bytes([0x80, 0]) + (T_NS << 1).to_bytes(8, "big")
    json_tail = bytes([0x81, 1]) + (T_NS << 1).to_bytes(8, "big")
    return [
        *(MENDED + payload + tail for payload in _payloads(CODEC)),
        *(AS_IS + line + json_tail for line in _lines(CODEC.dictionary)),
    ]


def _codes() -> list[bytes]:
    t_ns = np.array([1_483_228_799 * 10**9 + 500_000_000])
    codes = [(i, code) for i, code in enumerate(TIME_CODES) if code.last_ns > t_ns[0] >= code.epoch_ns]
    return [i.to_bytes(2, "big") + code.encode(t_ns).tobytes() for i, code in codes]


def _documents() -> list[bytes]:
    dictionaries = [Dictionary.model_validate(yaml.safe_load(text)) for text in (SMALL, VARIED)]
    return [export_xtce(one, version).xml.encode() for one in dictionaries for version in XtceVersion]


_SEEDS: Final[dict[str, Callable[[], list[bytes]]]] = {
    **dict.fromkeys(("split", "decode", "survey", "broken"), _packets),
    "json": lambda: _lines(CODEC.dictionary),
    "message": _decoder_messages,
    "time": _codes,
    "dictionary": lambda: [SMALL.encode(), VARIED.encode(), ALIASES.encode()],
    "expression": lambda: [text.encode() for text in EXPRESSIONS],
    "xtce": _documents,
    "examiner": _messages,
}
