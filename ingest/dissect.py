"""What can be told of octets that were refused: header by header, and what the channels would say. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary
from telemetry.epochs import NO_TIME_NS
from telemetry.message import JSON, SPACE_PACKETS, Message
from telemetry.packets import (
    APID_MASK,
    COUNT_MASK,
    CRC_OCTETS,
    HEADER,
    PRIMARY_HEADER_OCTETS,
    TELEMETRY_WITH_SECONDARY_HEADER,
    crc16,
)

MOST_PACKETS: Final = 20
ROW_OCTETS: Final = 16
PRINTABLE: Final = range(0x20, 0x7F)


def dissected(message: Message, decoder: Decoder) -> list[dict[str, Any]]:
    """Return what each packet of a payload is, as far as it can be told; of the first 20.

    Of a space packet: `at`, `apid`, `packet` (by the dictionary, or none), `count`, `octets` (by its own header), `crc`
    (good, bad, or `cut` where octets are missing) and, where the length is the dictionary's, `t_ns` and `channels` -
    also of a bad CRC, where some of them are wrong. Of JSON: what it says.
    """
    if message.content_type == JSON:
        return [_of_json(message.payload)]
    if message.content_type != SPACE_PACKETS:
        return []
    dictionary = decoder.dictionary_of(message) or decoder.registry.get(message.dictionary.partition("@")[0])
    codec = None if dictionary is None else decoder.codec_of(dictionary)
    return list(_packets(message.payload, dictionary, codec))


def _of_json(payload: bytes) -> dict[str, Any]:
    try:
        return {"json": json.loads(payload)}
    except (ValueError, RecursionError) as error:
        return {"json": None, "wrong": str(error)}


def _packets(payload: bytes, dictionary: Dictionary | None, codec: PacketCodec | None) -> Iterator[dict[str, Any]]:
    at = 0
    for _ in range(MOST_PACKETS):
        if len(payload) - at < PRIMARY_HEADER_OCTETS:
            break
        word, count, length = HEADER.unpack_from(payload, at)
        apid, octets = word & APID_MASK, PRIMARY_HEADER_OCTETS + length + 1
        if word & ~APID_MASK != TELEMETRY_WITH_SECONDARY_HEADER:
            yield {"at": at, "wrong": "not the header of a telemetry packet with secondary header"}
            return
        packet = payload[at : at + octets]
        known = None if dictionary is None else dictionary.by_apid(apid)
        crc = "cut" if len(packet) < octets else "bad" if crc16(packet) else "good"
        found = {"at": at, "apid": apid, "packet": known[0] if known else None, "count": count & COUNT_MASK}
        found |= {"octets": octets, "crc": crc}
        if known is not None and codec is not None and len(packet) == octets == codec.layout.octets(apid):
            found |= _values(packet, codec)
        yield found
        at += octets


def _values(packet: bytes, codec: PacketCodec) -> dict[str, Any]:
    """Return time and channels of one packet, whatever its CRC and its time."""
    time = codec.dictionary.time
    code = packet[PRIMARY_HEADER_OCTETS : PRIMARY_HEADER_OCTETS + time.octets]
    t_ns = int(time.decode(np.frombuffer(code, dtype=np.uint8).reshape(1, -1))[0])
    if t_ns == NO_TIME_NS:
        return {"wrong": time.fault(code)}
    body = packet[:-CRC_OCTETS]
    # received at the very time of its making, and with a CRC that fits: then only its values are looked at
    frames = codec.decode(body + crc16(body).to_bytes(CRC_OCTETS, "big"), "", "", t_ns).frames
    return {
        "t_ns": t_ns,
        "channels": {name: _plain(values[0]) for name, values in frames[0].columns.items()} if frames else {},
    }


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.hex() if isinstance(value, bytes) else value


def hex_dump(octets: bytes, most_octets: int | None = None) -> Iterator[str]:
    r"""Yield lines of 16 octets: where, in hexadecimal, and as text where it is text.

    Examples
    --------
    >>> print(*hex_dump(b"Downrange, at sea"), sep="\n")
    00000000  44 6f 77 6e 72 61 6e 67  65 2c 20 61 74 20 73 65  |Downrange, at se|
    00000010  61                                                |a|
    """
    shown = octets[:most_octets]
    for at in range(0, len(shown), ROW_OCTETS):
        row = shown[at : at + ROW_OCTETS]
        halves = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}"
        text = "".join(chr(octet) if octet in PRINTABLE else "." for octet in row)
        yield f"{at:08x}  {halves:<48}  |{text}|"
    if len(shown) < len(octets):
        yield f"... and {len(octets) - len(shown):,} octets more"
