"""What is sent and not confirmed end to end yet: kept, and sent again, on one connection after the other.

Every message carries its number in the store as MQTT correlation data; the acknowledgement on `.../{station}/ack` names
the numbers that are safe in Kafka, or kept among the rejected. What is not settled within `resend_after_s`, or was not
settled when the connection broke, goes out again with the same number: the packets' identities make that harmless.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from runtime.mqtt import Connection
from runtime.spool import IDENTITY_OCTETS, SpoolFullError, Store
from telemetry.acks import Ack, RefusedOctets
from telemetry.errors import PacketError, Reason, TransientError
from telemetry.message import Message

NUMBER_OCTETS: Final = 8
MOST_ACKS: Final = 64
SLOWEST_RESEND: Final = 16
PROBE_S: Final = 2.0
MOST_IN_A_ROW: Final = 32


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an uplink sends.

    Parameters
    ----------
    window
        Messages sent and not settled, at most; what is behind them waits in the store.
    first_window
        The same until the line has confirmed something on this connection: more than 1 costs the order of messages
        when ingest comes back later than the station.
    resend_after_s
        How long a message may stay unsettled before it is sent again; doubled from time to time up to 16 times that.
        Until something is confirmed, 2 s doubled up to this.
    payload_octets
        The largest payload: more would not fit into a Kafka record.
    """

    window: int = 256
    first_window: int = 1
    resend_after_s: float = 10.0
    payload_octets: int = 900_000


@dataclass(slots=True)
class Tally:
    """What an uplink has done since it was opened.

    Parameters
    ----------
    sent
        Messages published for the first time on a connection.
    resent
        Publications of messages that had been published before.
    settled
        Messages that the line has confirmed.
    refused
        Messages of which octets went to `downrange.rejected`.
    """

    sent: int = 0
    resent: int = 0
    settled: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Flying:
    message: Message
    due_s: float
    patience_s: float


class Outbox:
    """Sends messages in the order in which they are given, each until it is settled; `runtime.uplink` opens them.

    Parameters
    ----------
    name
        What log lines and errors call it.
    acks
        Topic filter of the acknowledgements.
    store
        Keeps what is not settled.
    log
        Told of what is refused, and of a full store.
    pace
        How fast it sends.
    """

    def __init__(self, name: str, acks: str, store: Store, log: FilteringBoundLogger, pace: Pace) -> None:
        self.tally = Tally()
        self._name = name
        self._acks = acks
        self._store = store
        self._log = log
        self._pace = pace
        self._flying: dict[int, _Flying] = {}
        self._cursor = 0
        self._highest = 0
        self._in_a_row = 0
        self._line_answers = False
        self._full_s = 0.0
        self._why_full = ""
        self._more = asyncio.Event()
        self._goes = asyncio.Event()
        self._goes.set()
        self._settled = asyncio.Condition()

    async def send(self, message: Message) -> None:
        """Keep a message and send it when its turn comes; waits while the store is full.

        Raises
        ------
        PacketError
            If the payload is larger than the line carries (`too-large`).
        """
        if len(message.payload) > self._pace.payload_octets:
            detail = (
                f"a payload of {len(message.payload)} octets; send at most {self._pace.payload_octets} in one message"
            )
            raise PacketError(Reason.TOO_LARGE, detail)
        if not message.sent_ns:
            message = replace(message, sent_ns=time.time_ns())
        while not self._kept(message):
            full_since_s = time.monotonic()
            await self._wait_for_room()
            self._full_s += time.monotonic() - full_since_s
        self._more.set()
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            # a caller that never waits must not keep from the broker what it hands over
            self._in_a_row = 0
            await asyncio.sleep(0)

    async def drained(self, timeout_s: float) -> None:
        """Return when everything is settled.

        Raises
        ------
        TransientError
            If messages are left after `timeout_s`; they stay in the store.
        """
        try:
            async with asyncio.timeout(timeout_s), self._settled:
                await self._settled.wait_for(lambda: len(self._store) == 0)
        except TimeoutError as error:
            left = f"{len(self._store)} messages of {self._name} are not confirmed"
            raise TransientError(f"{left} after {timeout_s:g} s: does ingest run, and Kafka?") from error

    async def at_most(self, messages: int) -> None:
        """Return when no more than so many messages are not settled."""
        async with self._settled:
            await self._settled.wait_for(lambda: len(self._store) <= messages)

    def cut_off(self, *, cut: bool) -> None:
        """Keep back what is given to it from now on, as if the line to the broker were cut; or let it go again."""
        if cut:
            self._goes.clear()
        else:
            self._goes.set()

    @property
    def is_cut_off(self) -> bool:
        """Whether it keeps everything back."""
        return not self._goes.is_set()

    def full_s(self) -> float:
        """Return for how long the store was full since this was asked last."""
        full_s, self._full_s = self._full_s, 0.0
        return full_s

    def __len__(self) -> int:
        return len(self._store)

    def _kept(self, message: Message) -> bool:
        try:
            self._store.append(message)
        except SpoolFullError as error:
            self._why_full = str(error)
            return False
        return True

    async def _wait_for_room(self) -> None:
        confirmed = self.tally.settled
        try:
            async with asyncio.timeout(self._pace.resend_after_s), self._settled:
                await self._settled.wait_for(lambda: self.tally.settled > confirmed)
        except TimeoutError:
            self._log.error(
                "the store is full: nothing more is taken in until the line confirms something",
                topic=self._name,
                held=self._why_full,
                remedy="start ingest and Kafka, or give the spool more room",
            )

    async def run(self, connection: Connection) -> None:
        """Use a connection until it is lost: send everything that is not settled, oldest first."""
        self._flying.clear()
        self._cursor = 0
        self._line_answers = False
        await connection.subscribe(self._acks)
        self._more.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_new(connection), name="uplink send")
            group.create_task(self._send_again(connection), name="uplink send again")
            group.create_task(self._settle(connection), name="uplink settle")

    async def _send_new(self, connection: Connection) -> None:
        while True:
            self._more.clear()
            window = self._pace.window if self._line_answers else self._pace.first_window
            for number, message in self._store.after(self._cursor, max(window - len(self._flying), 0)):
                await self._goes.wait()
                self._cursor = number
                patience_s = (
                    self._pace.resend_after_s if self._line_answers else min(self._pace.resend_after_s, PROBE_S)
                )
                self._flying[number] = _Flying(message, time.monotonic() + patience_s, patience_s)
                if number > self._highest:
                    self._highest = number
                    self.tally.sent += 1
                else:
                    self.tally.resent += 1
                await self._publish(connection, number, message)
                self._more.set()
            await self._more.wait()

    async def _send_again(self, connection: Connection) -> None:
        while True:
            # whatever is sent while this sleeps is due later than what it sleeps for
            soonest_s = min((flying.due_s for flying in self._flying.values()), default=float("inf"))
            now_s = time.monotonic()
            await asyncio.sleep(min(max(soonest_s - now_s, 0), self._pace.resend_after_s, PROBE_S))
            await self._goes.wait()
            now_s = time.monotonic()
            for number, flying in [pair for pair in self._flying.items() if pair[1].due_s <= now_s]:
                if number not in self._flying:
                    continue
                slowest_s = (SLOWEST_RESEND if self._line_answers else 1) * self._pace.resend_after_s
                flying.patience_s = min(2 * flying.patience_s, slowest_s)
                flying.due_s = now_s + flying.patience_s
                self.tally.resent += 1
                await self._publish(connection, number, flying.message)

    async def _publish(self, connection: Connection, number: int, message: Message) -> None:
        await connection.publish(
            message.topic,
            message.payload,
            content_type=message.content_type,
            correlation=self._store.identity + number.to_bytes(NUMBER_OCTETS),
            properties=message.user_properties(),
        )

    async def _settle(self, connection: Connection) -> None:
        while True:
            for inbound in await connection.receive(MOST_ACKS):
                try:
                    ack = Ack.model_validate_json(inbound.payload)
                except ValidationError as error:
                    self._log.warning("an acknowledgement that is none", topic=inbound.topic, error=str(error))
                else:
                    await self._take(ack)
                await connection.acknowledge([inbound])

    async def _take(self, ack: Ack) -> None:
        numbers: list[int] = []
        for settled in ack.settled:
            number = self._number(settled.correlation)
            if number is None:
                continue
            numbers.append(number)
            # of an earlier connection's messages it would say nothing about who listens now
            self._line_answers |= self._flying.pop(number, None) is not None
            if settled.refused:
                self._note_refusal(settled.refused[0])
        self.tally.settled += self._store.settle(numbers)
        self._more.set()
        async with self._settled:
            self._settled.notify_all()

    def _note_refusal(self, refused: RefusedOctets) -> None:
        self.tally.refused += 1
        # the first, the second, the fourth, ...: a station that sends nothing but rubbish must not fill the log too
        if self.tally.refused.bit_count() == 1:
            self._log.warning(
                "the line refused octets of ours; they are kept in downrange.rejected",
                topic=self._name,
                messages=self.tally.refused,
                reason=refused.reason.value,
                detail=refused.detail,
            )

    def _number(self, correlation: str) -> int | None:
        try:
            octets = bytes.fromhex(correlation)
        except ValueError:
            return None
        if octets[:IDENTITY_OCTETS] != self._store.identity or len(octets) != IDENTITY_OCTETS + NUMBER_OCTETS:
            return None
        return int.from_bytes(octets[IDENTITY_OCTETS:])
