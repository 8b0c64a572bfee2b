"""Follows `downrange.deliveries` into the register, and wakes those who wait for a flight's news."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer

from runtime.kafka import Partition, Record, open_consumer
from runtime.kafka_ends import log_ends
from runtime.service import Scope
from runtime.settings import KafkaSettings
from telemetry.errors import PacketError
from telemetry.topics import KafkaTopic
from tracking.records import read_record
from tracking.register import Register
from tracking.stage import UNREADABLE

READ_WAIT_MS: Final = 500
HEALTH_PART: Final = "register"


class LiveRegister(Register):
    """A register that can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.complete = asyncio.Event()

    @contextmanager
    def news(self, key: str) -> Iterator[asyncio.Event]:
        """Lend an event that is set at every change of a flight; whoever waits clears it before looking."""
        event = asyncio.Event()
        self._waiting[key].add(event)
        try:
            yield event
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    def wake(self, key: str) -> None:
        """Tell those who wait that a flight changed."""
        for event in self._waiting.get(key, ()):
            event.set()


async def follow(settings: KafkaSettings, scope: Scope, register: LiveRegister) -> None:
    """Read all partitions from their beginning and go on until the service stops.

    Without a consumer group: every instance knows every delivery, whichever instance looks after its flight. The
    register is complete when everything that stood there at the start was read.
    """
    scope.health.starting(HEALTH_PART)
    async with open_consumer(settings, "downrange-track-register", None) as consumer:
        partitions = [Partition(KafkaTopic.DELIVERIES.value, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        behind = {tp: end for tp, end in (await log_ends(consumer, partitions)).items() if end > 0}
        await consumer.seek_to_beginning(*partitions)
        while not scope.stop.is_set():
            if not register.complete.is_set():
                behind = await _still_behind(consumer, behind)
                if not behind:
                    register.complete.set()
                    scope.health.well(HEALTH_PART)
            batch = await scope.unless_stopped(consumer.getmany(timeout_ms=READ_WAIT_MS))
            for record in (record for records in (batch or {}).values() for record in records):
                _take(record, register, scope)


async def _still_behind(consumer: AIOKafkaConsumer, ends: dict[Partition, int]) -> dict[Partition, int]:
    return {tp: end for tp, end in ends.items() if await consumer.position(tp) < end}


def _take(record: Record, register: LiveRegister, scope: Scope) -> None:
    if record.value is None:
        key, _, code = (record.key or b"").decode("utf-8", "replace").rpartition("/")
        register.forget(key, code)
        return
    try:
        changed = register.put(read_record(record.value, record.headers))
    except PacketError as error:
        UNREADABLE.labels(record.topic).inc()
        scope.log.warning("unreadable record passed over", offset=record.offset, error=str(error)[:400])
        return
    if changed is not None:
        register.wake(changed)
