"""The same packets as JSON, for simple devices: one object a packet, one packet a line."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.channels import Channel
from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS
from telemetry.dictionary import Dictionary
from telemetry.errors import PacketError, Reason
from telemetry.frames import Decoded, Frame, Refusal
from telemetry.sequence import COUNT_MODULO


class JsonPacket(BaseModel):
    """One packet: its type, 14-bit sequence count, generation time and channels in their units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    packet: str
    count: Annotated[int, Field(ge=0, lt=COUNT_MODULO)]
    t_ns: Annotated[int, Field(ge=0, lt=1 << 63)]
    channels: dict[str, float | int | bool | str | None]


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
        for start, stop in _objects(payload):
            try:
                frames.append(self._frame(payload[start:stop], vehicle, station, ert_ns))
            except PacketError as error:
                refusals.append(Refusal(start, stop, error.reason, error.detail))
        return Decoded(tuple(frames), tuple(refusals))

    def _frame(self, text: bytes, vehicle: str, station: str, ert_ns: int) -> Frame:
        try:
            parsed = JsonPacket.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"]) or "the payload"
            raise PacketError(Reason.BAD_JSON, f"{where}: {first['msg']}") from error
        packet = self.dictionary.packets.get(parsed.packet)
        if packet is None:
            known = ", ".join(self.dictionary.packets)
            raise PacketError(Reason.BAD_JSON, f"packet {parsed.packet[:80]!r} is none of: {known}")
        if not ert_ns - OLDEST_NS <= parsed.t_ns <= ert_ns + FUTURE_TOLERANCE_NS:
            raise PacketError(Reason.BAD_TIME, f"made {(parsed.t_ns - ert_ns) / 1e9:+.3f} s from its receipt")
        unknown = parsed.channels.keys() - {channel.name for channel in packet.channels}
        if unknown:
            raise PacketError(Reason.BAD_JSON, f"packet {parsed.packet!r} has no channel {min(unknown)[:80]!r}")
        columns = {
            channel.name: np.array([_value(channel, parsed.channels.get(channel.name))]) for channel in packet.channels
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
            columns,
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
        json.loads(payload)
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


def _value(channel: Channel, value: float | bool | str | None) -> float | int | bool:
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    labels = channel.labels or {}
    if channel.kind == "float" and value is None:
        return math.nan
    if channel.kind == "float" and is_number:
        return float(value or 0)
    if channel.kind == "bool" and isinstance(value, bool):
        return value
    if (channel.kind == "int" and is_whole) or (is_whole and value in labels):
        return int(value or 0)
    for code, label in labels.items():
        if label == value:
            return code
    msg = f"channel {channel.name!r} cannot be {value!r}: it is a {channel.kind}"
    raise PacketError(Reason.BAD_JSON, msg)
