"""Refused octets as records of `downrange.rejected`: with reason and detail, whole or in parts that Kafka takes."""

from __future__ import annotations

import hashlib
from typing import Final

from runtime.kafka import Headers, Outgoing
from telemetry.errors import Reason
from telemetry.message import Message
from telemetry.refused import CLAIM
from telemetry.topics import Address, KafkaTopic

MOST_TEXT: Final = 300  # octets
UNPLACED: Final = Address("unknown", "unknown", "unknown", "unknown")
"""Where octets are filed whose topic names no flight; the header `topic` has what it was."""


def rejected_records(
    message: Message, topic: str, octets: bytes, reason: Reason, detail: str, most_octets: int, claim: str
) -> list[Outgoing]:
    """Return the records that keep refused octets.

    Parameters
    ----------
    message
        The message that they were found in; its address, times and types become headers.
    topic
        The MQTT topic as it came.
    octets, reason, detail
        What is refused and why.
    most_octets
        The largest value of a record. Longer octets are kept in parts: each has the headers `part`, as `1/3`, and
        `sha256` of the whole, so that they can be put together again and checked.
    claim
        The packet type that the octets say they are, or `?`: under that name the books count them.

    Returns
    -------
    list
        One record, or as many as there are parts, in order.
    """
    headers: Headers = [(name, _clip(text)) for name, text in message.kafka_headers()]
    headers += [
        ("topic", _clip(topic.encode("utf-8", "replace"))),
        ("reason", reason.value.encode()),
        ("detail", _clip(detail.encode("utf-8", "replace"))),
        (CLAIM, claim.encode()),
    ]
    key = message.address.key
    if len(octets) <= most_octets:
        return [Outgoing(KafkaTopic.REJECTED, key, octets, headers)]
    digest = ("sha256", hashlib.sha256(octets).hexdigest().encode())
    parts = [octets[at : at + most_octets] for at in range(0, len(octets), most_octets)]
    return [
        Outgoing(KafkaTopic.REJECTED, key, part, [*headers, ("part", f"{number}/{len(parts)}".encode()), digest])
        for number, part in enumerate(parts, start=1)
    ]


def _clip(text: bytes) -> bytes:
    """Return the beginning of a text, whole characters only."""
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT].decode("utf-8", "ignore").encode()
