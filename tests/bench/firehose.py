"""An MQTT 5 publisher that costs next to nothing: packets are put together by hand, PUBACKs are counted and forgotten.

For load only. A station keeps what is not confirmed; this one trusts the broker, and the bench counts what arrived.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import mqtt5

PUBLISH_QOS_1 = b"\x32"
USER_PROPERTY = b"\x26"
CONTENT_TYPE = b"\x03"
CORRELATION = b"\x09"
MOST_UNSENT = 1 << 20
PUBACK_OCTETS = 4
ANSWERED_WITHIN_S = 60.0


def sized(octets: bytes) -> bytes:
    """Return octets behind their length, as MQTT writes texts."""
    return len(octets).to_bytes(2, "big") + octets


def varint(number: int) -> bytes:
    """Return a variable byte integer."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def properties_of(content_type: str, pairs: list[tuple[str, str]], correlation: bytes = b"") -> bytes:
    """Return the properties of a publication without their length."""
    out = CONTENT_TYPE + sized(content_type.encode())
    if correlation:
        out += CORRELATION + sized(correlation)
    return out + b"".join(USER_PROPERTY + sized(name.encode()) + sized(text.encode()) for name, text in pairs)


def publication(topic: bytes, packet_id: int, properties: bytes, payload: bytes) -> bytes:
    """Return a QoS 1 PUBLISH packet; `topic` with its length before it."""
    head = varint(len(properties))
    length = len(topic) + 2 + len(head) + len(properties) + len(payload)
    return b"".join((PUBLISH_QOS_1, varint(length), topic, packet_id.to_bytes(2, "big"), head, properties, payload))


class Firehose(asyncio.Protocol):
    """One connection; made by `open_firehose`."""

    def __init__(self) -> None:
        self._room = asyncio.Event()
        self._room.set()
        self._last_id = 0
        self._written = 0
        self.answered_octets = 0
        self.is_up = asyncio.Event()
        self.lost = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection's way out."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP transport writes")
        self._transport = transport
        transport.set_write_buffer_limits(high=MOST_UNSENT)

    def data_received(self, data: bytes) -> None:
        """Count what the broker answers."""
        self.is_up.set()
        self.answered_octets += len(data)

    def pause_writing(self) -> None:
        """Stop: the broker does not take more."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._room.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so at the next publication."""
        self.lost = str(exc or "the broker closed the connection")
        self._room.set()

    def next_id(self) -> int:
        """Return the next packet id."""
        self._written += 1
        self._last_id = self._last_id % 65_535 + 1
        return self._last_id

    async def write(self, packets: bytes) -> None:
        """Send, waiting while the broker takes nothing."""
        await self._room.wait()
        if self.lost:
            raise ConnectionError(self.lost)
        self._transport.write(packets)

    async def close(self) -> None:
        """Take leave when all is answered: a socket closed with answers unread resets what the broker has not read."""
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while self.answered_octets < PUBACK_OCTETS * self._written:  # noqa: ASYNC110 -- once, at the end
                await asyncio.sleep(0.02)
        self._transport.write(mqtt5.DisconnectPacket().write())
        self._transport.close()


async def open_firehose(url: str, client_id: str) -> Firehose:
    """Connect to a broker without accounts."""
    parts = urlsplit(url)
    _, hose = await asyncio.get_running_loop().create_connection(Firehose, str(parts.hostname), parts.port or 1883)
    hose._transport.write(mqtt5.ConnectPacket(client_id=client_id, keep_alive=0).write())
    await asyncio.wait_for(hose.is_up.wait(), 10)
    # the CONNACK answers no publication: counted as one, it closed the connection before the last ones were read
    hose.answered_octets = 0
    return hose
