"""What is fuzzed: each target takes any octets, and raises only where the code is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from ingest.examiner import HEADER_OCTETS, Examiner
from runtime.mqtt import Inbound
from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary, Registry, built_in, load_dictionary
from telemetry.epochs import NO_TIME_NS
from telemetry.errors import DictionaryError
from telemetry.expression import evaluate, postfix_of
from telemetry.frames import Decoded
from telemetry.message import JSON, SPACE_PACKETS, Message
from telemetry.packets import CRC_OCTETS, PRIMARY_HEADER_OCTETS, crc16
from telemetry.survey import PacketSurveyor, surveyed
from telemetry.time_code import TimeCode
from telemetry.topics import Address, Kind
from telemetry.xtce.export import export_xtce
from telemetry.xtce.reading import read_xtce

T_NS: Final = 1_893_456_000 * 10**9
MOST_OCTETS: Final = 2000
REGISTRY: Final = Registry()
CODEC: Final = PacketCodec(built_in("yuanxing-1"))
SURVEYOR: Final = PacketSurveyor(CODEC)
DECODER: Final = Decoder(REGISTRY)
EXAMINER: Final = Examiner(DECODER, MOST_OCTETS + HEADER_OCTETS)
PLACE: Final = Address("live", "F-1", "ship", "haiyang")
CONTENT_TYPES: Final = (SPACE_PACKETS, JSON, "", "text/plain")
EXTREMES: Final = np.array([0.0, -0.0, 1.0, -1.5, 1e300, -1e300, 5e-324, np.nan, np.inf, -np.inf])
FOLDER: Final = Path(tempfile.mkdtemp(prefix="downrange-fuzz-"))

_EPOCHS: Final[tuple[dict[str, Any], ...]] = (
    {"epoch": "tai"},
    {"epoch": "gps"},
    {"epoch": "2020-01-01T00:00:00Z"},
    {"epoch": "2016-12-31T00:00:00Z", "scale": "tai"},
)
_CODES: Final[tuple[dict[str, Any], ...]] = (
    *({"coarse_octets": coarse, "fine_octets": fine} for coarse in range(1, 8) for fine in range(11)),
    *({"code": "cds", "day_octets": days, "submillisecond": sub} for days in (2, 3) for sub in ("none", "us", "ps")),
)
TIME_CODES: Final = tuple(
    TimeCode.model_validate(epoch | code | {"preamble": preamble})
    for epoch in _EPOCHS
    for code in _CODES
    for preamble in (False, True)
    if not ("code" in code and "scale" in epoch)
)


def payload_of(octets: bytes) -> bytes:
    """Return what follows the first octet; where that is odd, every packet with the CRC that it should have.

    A change that is made blindly hardly ever leaves the CRC right, and what lies behind the check would never be seen.
    """
    if not octets or not octets[0] & 1:
        return octets[1:]
    mended = bytearray(octets[1:])
    at = 0
    while at + PRIMARY_HEADER_OCTETS < len(mended):
        stop = at + PRIMARY_HEADER_OCTETS + int.from_bytes(mended[at + 4 : at + 6], "big") + 1
        if stop <= len(mended) and stop - at > PRIMARY_HEADER_OCTETS + CRC_OCTETS:
            mended[stop - CRC_OCTETS : stop] = crc16(bytes(mended[at : stop - CRC_OCTETS])).to_bytes(CRC_OCTETS, "big")
        at = stop
    return bytes(mended)


def split(octets: bytes) -> None:
    """Find packets; runs and refusals cover every octet once."""
    payload = payload_of(octets)
    runs, refusals = CODEC.layout.split(payload)
    parts = sorted([(run.start, run.stop) for run in runs] + [(one.start, one.stop) for one in refusals])
    at = 0
    for start, stop in parts:
        if start != at or stop <= start:
            msg = f"octets {at} to {start} belong to no packet and no refusal, or to two"
            raise AssertionError(msg)
        at = stop
    if at != len(payload):
        msg = f"octets from {at} on belong to nothing"
        raise AssertionError(msg)


def decode(octets: bytes) -> None:
    """Decode packets and inspect them: the same counts, times and refusals."""
    payload = payload_of(octets)
    decoded = CODEC.decode(payload, "ship", "haiyang", T_NS)
    inspected = CODEC.inspect(payload, "ship", "haiyang", T_NS)
    _sound(decoded)
    if decoded.refusals != inspected.refusals or _rows(decoded) != _rows(inspected):
        raise AssertionError("decode and inspect differ")


def survey(octets: bytes) -> None:
    """Survey packets: what inspecting them finds."""
    payload = payload_of(octets)
    if SURVEYOR.survey(payload, T_NS) != surveyed(CODEC.inspect(payload, "", "", T_NS)):
        raise AssertionError("survey and inspect differ")


def json(octets: bytes) -> None:
    """Decode JSON lines."""
    _sound(DECODER.decode(Message(PLACE, Kind.TELEMETRY, octets, T_NS, content_type=JSON)))


def message(octets: bytes) -> None:
    """Decode a message of any dictionary, content type and receive time, which the last octets choose."""
    payload, choice = payload_of(octets[:-10]), octets[-10:].rjust(10, b"\0")
    names = (*REGISTRY.names(), "", "none")
    ert_ns = int.from_bytes(choice[2:], "big") >> 1 if choice[0] & 0x80 else T_NS
    content_type = CONTENT_TYPES[choice[0] % len(CONTENT_TYPES)]
    given = Message(PLACE, Kind.TELEMETRY, payload, ert_ns, 0, 0, content_type, names[choice[1] % len(names)])
    _sound(DECODER.decode(given))
    if DECODER.survey(given) != surveyed(DECODER.inspect(given)):
        raise AssertionError("survey and inspect differ")


def time(octets: bytes) -> None:
    """Decode any octets by any time code; what was read is written again and read as the same."""
    if len(octets) < 2:
        return
    code = TIME_CODES[int.from_bytes(octets[:2], "big") % len(TIME_CODES)]
    field = octets[2 : 2 + code.octets].ljust(code.octets, b"\0")
    t_ns = code.decode(np.frombuffer(field, dtype=np.uint8).reshape(1, -1))
    if (t_ns[0] == NO_TIME_NS) != (code.fault(field) is not None):
        raise AssertionError("decode and fault differ")
    # the very last nanosecond and the last day's leap second are read as what the code itself cannot say
    if code.epoch_ns <= t_ns[0] <= code.last_ns and code.decode(code.encode(t_ns))[0] != t_ns[0]:
        raise AssertionError("written and read again it is another time")


def dictionary(octets: bytes) -> None:
    """Load a dictionary; one that is good makes a codec that reads anything."""
    path = FOLDER / "fuzz.yaml"
    path.write_bytes(octets)
    try:
        loaded = load_dictionary(path)
    except DictionaryError as error:
        if not error.detail or error.path != str(path):
            raise AssertionError("an error that names no place or no fault") from error
        return
    codec = PacketCodec(loaded)
    _sound(codec.decode(octets, "ship", "haiyang", T_NS))


def expression(octets: bytes) -> None:
    """Read an expression; one that is good has a value, if only NaN, at any number."""
    try:
        postfix = postfix_of(octets.decode("utf-8", "replace"))
    except ValueError:
        return
    if evaluate(postfix, EXTREMES).shape != EXTREMES.shape:
        raise AssertionError("not one value a number")


def xtce(octets: bytes) -> None:
    """Read an XTCE document; a dictionary that comes of it is written again."""
    try:
        imported = read_xtce(octets, "fuzz.xml")
    except DictionaryError as error:
        if not error.detail or error.path != "fuzz.xml":
            raise AssertionError("an error that names no place or no fault") from error
        return
    try:
        read = Dictionary.model_validate(imported.content)
    except ValidationError:
        return
    export_xtce(read)


def examiner(octets: bytes) -> None:
    """Examine an MQTT message whose parts the octets are, parted by 0xff: payload, topic, properties, content type."""
    payload, *rest = octets.split(b"\xff" * 4)
    topic, ert_ns, named, content_type, correlation = ([part.decode("utf-8", "replace") for part in rest] + [""] * 5)[
        :5
    ]
    inbound = Inbound(
        topic or PLACE.topic(Kind.TELEMETRY),
        payload_of(payload),
        {"ert_ns": ert_ns or str(T_NS), "dictionary": named},
        content_type,
        correlation.encode(),
        topic.endswith("/retained"),
        None,
    )
    examined = EXAMINER.examine(inbound, 1)
    kept = sum(len(record.value) for record in examined.records)
    if content_type != JSON and kept != len(inbound.payload):
        msg = f"{len(inbound.payload)} octets came, {kept} are kept"
        raise AssertionError(msg)


def broken(octets: bytes) -> None:
    """Fail on purpose: a test sees that a failure is found, named and kept."""
    if octets.startswith(b"\x2a"):
        raise KeyError("found")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (split, decode, survey, json, message, time, dictionary, expression, xtce, examiner)
}


def _sound(decoded: Decoded) -> None:
    for frame in decoded.frames:
        lengths = {len(frame.counts), len(frame.t_ns), *(len(column) for column in frame.columns.values())}
        if lengths != {len(frame)} or not len(frame):
            msg = f"columns of {lengths} rows in a frame of {len(frame)}"
            raise AssertionError(msg)


def _rows(decoded: Decoded) -> list[tuple[str, list[int], list[int]]]:
    return [(frame.packet, frame.counts.tolist(), frame.t_ns.tolist()) for frame in decoded.frames]
