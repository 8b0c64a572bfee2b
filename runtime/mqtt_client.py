"""aiomqtt's client, made fit for a bridge: bounded memory, no lost message, no hanging on a dead or silent broker.

What aiomqtt 3.0.0a1 does, and what is done about it, where packets come in (`_receive`) and pings go out (`_pingreq`):

- It reads the socket without end into a queue. mosquitto 2.0.11 with a backlog answers each PUBACK with another receive
  maximum of messages, so the whole backlog would move into this process: here reading stops while the inbox is full.
- It drops QoS 0 messages, and one QoS 1 message, when nobody waits for them: here every message goes to the inbox.
- A reset connection ends its background tasks without telling anybody: `lost` watches them.
- A broker that stops answering makes it wait for ever: here a ping without any sign of life ends the connection.
- Its `publish` waits for the broker's PUBACK, one future a message. In this line the end-to-end acknowledgement
  counts, so `publish_soon` only keeps within the broker's quota.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import aiomqtt
import mqtt5

INBOX_MESSAGES: Final = 4096
INBOX_OCTETS: Final = 16 * 1024 * 1024
MOST_UNCONFIRMED: Final = 1024
PACKET_OCTETS: Final = 15 * 1024 * 1024
CLOSE_S: Final = 2.0
READ_OCTETS: Final = 64 * 1024
ACCEPTED: Final = (mqtt5.PubAckReasonCode.SUCCESS, mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS)

# its log lines tell of each symptom; the adapter says once what happened and what to do
_SILENT: Final = logging.getLogger("downrange.aiomqtt")
_SILENT.setLevel(logging.CRITICAL + 1)


class BrokerSilentError(OSError):
    """The broker has not answered a ping in time."""


class SteadyClient(aiomqtt.Client):
    """One connection to a broker; used once, then thrown away.

    Parameters
    ----------
    on_refused
        Called with topic and reason when the broker refuses a publication.
    options
        Everything that `aiomqtt.Client` takes, `hostname`, `keep_alive` and so on.
    """

    def __init__(self, on_refused: Callable[[str, str], None], **options: Any) -> None:
        super().__init__(logger=_SILENT, max_packet_size=PACKET_OCTETS, reconnect=False, **options)
        self.farewell = ""
        self._on_refused = on_refused
        self._inbox: deque[mqtt5.PublishPacket] = deque()
        self._inbox_octets = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._sign_of_life = asyncio.Event()
        self._unconfirmed: dict[int, str] = {}
        self._quota = asyncio.Semaphore(0)
        self._owed = 0

    async def open(self) -> mqtt5.ConnAckPacket:
        """Connect; raises what aiomqtt raises."""
        try:
            await self.__aenter__()
        except BaseException:
            self._drop()
            raise
        granted = await self.connected()
        self._quota = asyncio.Semaphore(min(granted.receive_max, MOST_UNCONFIRMED))
        return granted

    async def lost(self) -> str:
        """Return when the connection is gone: why."""
        # asyncio.wait does not cancel what it waits for; cancelling `disconnected()` would break aiomqtt's bookkeeping
        await asyncio.wait((self._tasks, self._disconnected), return_when=asyncio.FIRST_COMPLETED)
        if self.farewell or not self._tasks.done() or self._tasks.cancelled():
            return self.farewell or "the broker closed the connection"
        error: BaseException | None = self._tasks.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return str(error or "") or type(error).__name__

    async def close(self, *, with_will: bool) -> None:
        """Take leave of the broker if it is still there, and close the socket."""
        self._tasks.cancel()
        await asyncio.gather(self._tasks, return_exceptions=True)
        reason = mqtt5.DisconnectReasonCode
        code = reason.DISCONNECT_WITH_WILL_MESSAGE if with_will else reason.NORMAL_DISCONNECTION
        try:
            with suppress(TimeoutError, OSError, aiomqtt.ConnectError):
                async with asyncio.timeout(CLOSE_S):
                    await self._say_goodbye(code)
        finally:
            self._drop()

    async def _say_goodbye(self, code: mqtt5.DisconnectReasonCode) -> None:
        if self._disconnected.done():
            return
        # a property gives the packet its long form: the demo's broker takes the short one for a broken connection, and
        # publishes the will
        expiry_s = self._session_expiry_interval
        await self._send(mqtt5.DisconnectPacket(reason_code=code, session_expiry_interval=expiry_s))
        # until the broker has closed: a socket that is closed with octets unread resets the connection, and the broker
        # throws away the last acknowledgements that it has not read yet
        while await self._reader.read(READ_OCTETS):
            pass

    async def take(self, limit: int) -> list[mqtt5.PublishPacket]:
        """Wait for messages and return up to `limit`, in order of arrival."""
        while not self._inbox:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self._inbox.popleft() for _ in range(min(limit, len(self._inbox)))]
        self._inbox_octets -= sum(len(packet.payload) for packet in taken)
        if len(self._inbox) <= INBOX_MESSAGES // 2 and self._inbox_octets <= INBOX_OCTETS // 2:
            self._room.set()
        return taken

    async def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Send the PUBACKs in the order given, in one write."""
        packets = [mqtt5.PubAckPacket(packet_id=packet_id).write() for packet_id in packet_ids]
        self._owed -= len(packets)
        self._check_open()
        self._writer.write(b"".join(packets))
        await self._writer.drain()

    async def publish_soon(self, topic: str, payload: bytes, **properties: Any) -> None:
        """Write a QoS 1 message, waiting only while the broker's quota is used up; its PUBACK is not waited for."""
        await self._quota.acquire()
        packet_id = next(number for number in self.packet_ids if number not in self._unconfirmed)
        self._unconfirmed[packet_id] = topic
        await self._send(
            mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, **properties)
        )

    async def _send(self, packet: mqtt5.Packet) -> None:
        self._check_open()
        await super()._send(packet)

    def _check_open(self) -> None:
        """Refuse to write to what is closed: for TLS the standard library fails there with an AttributeError."""
        if self._writer.is_closing():
            raise aiomqtt.ConnectError(self._endpoint)

    async def _receive(self) -> mqtt5.Packet:
        while True:
            await self._room.wait()
            packet = await super()._receive()
            self._sign_of_life.set()
            match packet:
                case mqtt5.PublishPacket():
                    self._take_in(packet)
                case mqtt5.PubAckPacket() if packet.packet_id in self._unconfirmed:
                    self._confirm(packet)
                case mqtt5.PingRespPacket():
                    pass
                case mqtt5.DisconnectPacket():
                    self.farewell = f"the broker ended the connection: {packet.reason_code.name}"
                    return packet
                case _:
                    return packet

    def _take_in(self, packet: mqtt5.PublishPacket) -> None:
        self._inbox.append(packet)
        self._inbox_octets += len(packet.payload)
        self._owed += packet.packet_id is not None
        self._arrived.set()
        if len(self._inbox) >= INBOX_MESSAGES or self._inbox_octets >= INBOX_OCTETS:
            self._room.clear()

    def _confirm(self, packet: mqtt5.PubAckPacket) -> None:
        topic = self._unconfirmed.pop(packet.packet_id)
        self._quota.release()
        if packet.reason_code not in ACCEPTED:
            self._on_refused(topic, packet.reason_code.name)

    async def _pingreq(self) -> mqtt5.PingRespPacket:
        self._sign_of_life.clear()
        try:
            # shorter than aiomqtt's own limit, behind which it would wait for the silent broker once more
            async with asyncio.timeout(self._keep_alive / 3):
                await self._send(mqtt5.PingReqPacket())
                if not self._is_waited_for:
                    await self._sign_of_life.wait()
        except TimeoutError:
            if not self._is_waited_for:
                raise BrokerSilentError(f"no sign of life within {self._keep_alive / 3:.0f} s of a ping") from None
        except aiomqtt.ConnectError as error:
            raise BrokerSilentError("the connection broke") from error
        return mqtt5.PingRespPacket()

    @property
    def _is_waited_for(self) -> bool:
        """Whether a ping's answer may be due to us: behind messages that are not read yet, or not acknowledged yet.

        The demo's broker says nothing at all while it waits for acknowledgements.
        """
        return not self._room.is_set() or self._owed >= self._receive_max

    def _drop(self) -> None:
        """Close the socket at once, whatever state the connection is in."""
        if hasattr(self, "_writer"):
            self._writer.transport.abort()
            self._writer.close()
        elif hasattr(self, "_socket"):
            self._socket.close()
