"""What kind of packet refused octets were, as far as it can be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from telemetry.dictionary import Dictionary
from telemetry.message import JSON, Message
from telemetry.packets import (
    APID_MASK,
    HEADER,
    PRIMARY_HEADER_OCTETS,
    TELEMETRY_WITH_SECONDARY_HEADER,
    UNSEGMENTED,
    PacketLayout,
)
from telemetry.quality import UNKNOWN_PACKET

CLAIM: Final = "packet"


def claim_of(message: Message, headers: Mapping[str, bytes], dictionary: Dictionary | None) -> str:
    """Return under which packet type a record of `downrange.rejected` counts, or `?`.

    Who refused the octets wrote it into the header `packet`: asked again after the dictionary was mended, the octets
    may claim something else. A record without that header is asked now.

    Parameters
    ----------
    message, headers
        The record.
    dictionary
        The one that it names; none if it is unknown.
    """
    if CLAIM in headers:
        return headers[CLAIM].decode("utf-8", "replace")
    return packet_of_refused(message, dictionary)


def packet_of_refused(message: Message, dictionary: Dictionary | None) -> str:
    """Return the packet type that refused octets claim to be, if the claim is credible; else `?`.

    A space packet's claim is credible when its header is one of a telemetry packet, its APID is in the dictionary, and
    the lengths that the header and the dictionary give are those of the octets.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> from telemetry.topics import Address, Kind
    >>> message = Message(Address("live", "F", "ship", "s"), Kind.TELEMETRY, b"noise", 0)
    >>> packet_of_refused(message, built_in("yuanxing-1"))
    '?'
    """
    if dictionary is None:
        return UNKNOWN_PACKET
    if message.content_type == JSON:
        return _packet_of_json(message.payload, dictionary)
    if len(message.payload) < PRIMARY_HEADER_OCTETS:
        return UNKNOWN_PACKET
    first, second, length = HEADER.unpack_from(message.payload)
    known = dictionary.by_apid(first & APID_MASK)
    plain = first & ~APID_MASK == TELEMETRY_WITH_SECONDARY_HEADER and second & UNSEGMENTED == UNSEGMENTED
    if known is None or not plain:
        return UNKNOWN_PACKET
    octets = PRIMARY_HEADER_OCTETS + length + 1
    fits = octets == len(message.payload) == PacketLayout(dictionary).octets(first & APID_MASK)
    return known[0] if fits else UNKNOWN_PACKET


def _packet_of_json(payload: bytes, dictionary: Dictionary) -> str:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return UNKNOWN_PACKET
    named = content.get("packet") if isinstance(content, dict) else None
    return named if isinstance(named, str) and named in dictionary.packets else UNKNOWN_PACKET
