"""End-to-end acknowledgements on their way to the stations: grouped per station, one publication for many messages."""

from __future__ import annotations

import asyncio
from typing import Final

from runtime.mqtt import Connection
from telemetry.acks import Ack, SettledMessage
from telemetry.message import JSON

MOST_SETTLED: Final = 500


class AckOutbox:
    """Holds what stations may be told until it is published.

    It has a task of its own, because the reading of messages must never wait for the broker to take an
    acknowledgement: the broker may itself be waiting for us to read. What a lost connection leaves here is published on
    the next one; it is still true.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[SettledMessage]] = {}
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, topic: str, settled: SettledMessage) -> None:
        """Put in what Kafka has; never before it has it."""
        self._waiting.setdefault(topic, []).append(settled)
        self._some.set()
        self._none.clear()

    async def post(self, connection: Connection) -> None:
        """Publish what is there and what comes, until cancelled."""
        if self._waiting:
            self._some.set()
        while True:
            await self._some.wait()
            self._some.clear()
            for topic in list(self._waiting):
                while self._waiting[topic]:
                    some = self._waiting[topic][:MOST_SETTLED]
                    ack = Ack(settled=tuple(some))
                    await connection.publish(topic, ack.model_dump_json().encode(), content_type=JSON)
                    del self._waiting[topic][: len(some)]
                del self._waiting[topic]
            if not self._waiting:
                self._none.set()

    async def emptied(self) -> None:
        """Return when nothing waits."""
        await self._none.wait()
