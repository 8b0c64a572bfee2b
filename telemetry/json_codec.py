"""The same packets as JSON, for simple devices: one object a packet, one packet a line."""

from __future__ import annotations

import json
import math
import sys
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from telemetry.channels import Channel
from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS
from telemetry.columns import DerivedColumns
from telemetry.dictionary import Dictionary
from telemetry.errors import PacketError, Reason
from telemetry.frames import Decoded, Frame, Refusal
from telemetry.sequence import COUNT_MODULO

SHOWN: Final = 80
Given = float | int | bool | str | None
Value = float | bool | str | bytes


class JsonPacket(BaseModel):
    """One packet: its type, 14-bit sequence count, generation time and channels in their units."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    packet: str
    count: Annotated[int, Field(ge=0, lt=COUNT_MODULO)]
    t_ns: Annotated[int, Field(ge=0, lt=1 << 63)]
    channels: dict[str, Given]


class JsonCodec:
    """Decoder of one dictionary's packets in JSON.

    Parameters
    ----------
    dictionary
        The vehicle type's dictionary.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def decode(self, payload: bytes, vehicle: str, station: str, ert_ns: int) -> Decoded:
        """Decode a JSON object, or several, one a line; a bad line is refused alone."""
        frames: list[Frame] = []
        refusals: list[Refusal] = []
        version: int | None = None
        for start, stop in _objects(payload):
            try:
                frame = self._frame(payload[start:stop], vehicle, station, ert_ns)
            except PacketError as error:
                refusals.append(Refusal(start, stop, error.reason, error.detail))
                continue
            said = self._said(frame)
            version = version if said is None else said
            if said in {None, self.dictionary.version}:
                frames.append(frame)
            else:
                detail = self.dictionary.version_complaint(frame.packet, int(said or 0))
                refusals.append(Refusal(start, stop, Reason.UNKNOWN_VERSION, detail))
        return Decoded(tuple(frames), tuple(refusals), version)

    def _said(self, frame: Frame) -> int | None:
        channel = self.dictionary.version_channel
        return int(frame.columns[channel][0]) if channel is not None and channel in frame.columns else None

    def _frame(self, text: bytes, vehicle: str, station: str, ert_ns: int) -> Frame:
        try:
            parsed = JsonPacket.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])[:SHOWN] or "the payload"
            raise PacketError(Reason.BAD_JSON, f"{where}: {first['msg']}") from error
        packet = self.dictionary.packets.get(parsed.packet)
        if packet is None:
            known = ", ".join(self.dictionary.packets)
            raise PacketError(Reason.BAD_JSON, f"packet {parsed.packet[:SHOWN]!r} is none of: {known}")
        if not ert_ns - OLDEST_NS <= parsed.t_ns <= ert_ns + FUTURE_TOLERANCE_NS:
            raise PacketError(Reason.BAD_TIME, f"made {(parsed.t_ns - ert_ns) / 1e9:+.3f} s from its receipt")
        unknown = parsed.channels.keys() - {channel.name for channel in packet.channels}
        if unknown:
            raise PacketError(Reason.BAD_JSON, f"packet {parsed.packet!r} has no channel {min(unknown)[:SHOWN]!r}")
        measured = {
            channel.name: np.array([_value(channel, parsed.channels.get(channel.name))], dtype=_dtype(channel))
            for channel in packet.channels
        }
        counts = np.array([parsed.count], dtype=np.int64)
        return Frame(
            vehicle,
            station,
            parsed.packet,
            packet.apid,
            counts,
            np.array([parsed.t_ns], dtype=np.int64),
            ert_ns,
            DerivedColumns(measured, packet.derived) if packet.derived else measured,
        )


def encode_json(packet: str, count: int, t_ns: int, channels: dict[str, Any]) -> bytes:
    """Encode one packet as one line.

    Examples
    --------
    >>> encode_json("kinematics", 1, 2, {"speed_m_s": 3.5})
    b'{"packet":"kinematics","count":1,"t_ns":2,"channels":{"speed_m_s":3.5}}'
    """
    return json.dumps(
        {"packet": packet, "count": count, "t_ns": t_ns, "channels": channels}, separators=(",", ":")
    ).encode()


def _objects(payload: bytes) -> list[tuple[int, int]]:
    """Find the objects: the whole payload if it is one, else its non-empty lines."""
    try:
        from_json(payload)
    except ValueError:
        pass
    else:
        return [(0, len(payload))]
    spans: list[tuple[int, int]] = []
    at = 0
    for line in payload.splitlines(keepends=True):
        if line.strip():
            spans.append((at, at + len(line)))
        at += len(line)
    return spans or [(0, len(payload))]


def _dtype(channel: Channel) -> np.dtype[Any]:
    match channel.kind:
        case "float" | "bool" as kind:
            return np.dtype(kind)
        case "text":
            return np.dtype(np.str_)
    return channel.raw.dtype.newbyteorder("=")


def _value(channel: Channel, given: Given) -> Value:
    """Return what was given in the channel's kind; a number with a fraction that was left out is not known."""
    match channel.kind:
        case "float":
            value: Value | None = _number(given)
        case "int":
            value = _whole(given, channel)
        case "bool":
            value = given if isinstance(given, bool) else None
        case "label":
            value = _code(given, channel.labels or {})
        case "text":
            value = _text(given, channel)
        case "octets":
            value = _octets(given, channel)
    if value is None:
        said = "is missing" if given is None else f"cannot be {str(given)[:SHOWN]!r}"
        raise PacketError(Reason.BAD_JSON, f"channel {channel.name!r} {said}: it is {_expected(channel)}")
    return value


def _number(given: Given) -> float | None:
    if given is None:
        return math.nan
    # a whole number may be too long for a float, which Python answers with an exception
    fits = not isinstance(given, str | bool) and (isinstance(given, float) or abs(given) <= sys.float_info.max)
    return float(given) if fits else None


def _whole(given: Given, channel: Channel) -> int | None:
    low, high = channel.raw.bounds
    if not isinstance(given, int) or isinstance(given, bool):
        return None
    return given if low <= given <= high else None


def _code(given: Given, labels: dict[int, str]) -> int | None:
    named = {label: code for code, label in labels.items()}
    if isinstance(given, str):
        return named.get(given)
    return given if isinstance(given, int) and not isinstance(given, bool) and given in labels else None


def _text(given: Given, channel: Channel) -> str | None:
    """Return a text that the raw type can say: no NUL at its end, which fills it there."""
    fits = isinstance(given, str) and not given.endswith("\0") and _is_utf8(given)
    return str(given) if fits and len(str(given).encode()) <= channel.raw.dtype.itemsize else None


def _octets(given: Given, channel: Channel) -> bytes | None:
    try:
        octets = bytes.fromhex(given) if isinstance(given, str) else b""
    except ValueError:
        return None
    return octets if len(octets) == channel.raw.dtype.itemsize else None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _expected(channel: Channel) -> str:
    match channel.kind:
        case "float":
            return "a number"
        case "int":
            return f"a whole number that fits {channel.raw}"
        case "bool":
            return "true or false"
        case "label":
            return f"one of {', '.join((channel.labels or {}).values())}"
        case "text":
            return f"a text of at most {channel.raw.dtype.itemsize} octets of UTF-8"
        case "octets":
            return f"{channel.raw.dtype.itemsize} octets in hex"
