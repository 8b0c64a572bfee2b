"""What detection writes, on its way to Kafka: every event once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import Counter

from processors.detect.state_topic import known_events
from runtime.kafka import Outgoing, Producer
from runtime.settings import KafkaSettings
from telemetry.errors import TransientError
from telemetry.events import Event, event_to_kafka
from telemetry.topics import KafkaTopic

EVENTS: Final = Counter("downrange_events_total", "Events found", ["type"])


@dataclass(slots=True)
class Findings:
    """What a batch brought: events with their partition, and records of other topics."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    records: list[Outgoing] = field(default_factory=list)


class Outbox:
    """Sends findings until they are acknowledged.

    After a failure nobody knows which events have reached the topic, so they are looked up there before the rest is
    sent again. Other records replace one another, or may stand twice.

    Parameters
    ----------
    producer
        Takes them.
    settings
        Of Kafka, to look events up.
    """

    def __init__(self, producer: Producer, settings: KafkaSettings) -> None:
        self._producer = producer
        self._settings = settings
        self._findings = Findings()
        self._futures: list[tuple[int | None, asyncio.Future[Any]]] = []
        self._ends: dict[int, int] = {}
        self._sent = True
        self._doubtful = False

    async def send(self, findings: Findings, ends: dict[int, int]) -> None:
        """Hand findings to the producer; `ends` says up to where the events topic is known, by partition."""
        self._findings, self._ends = findings, ends
        await self._send()

    async def acknowledged(self) -> tuple[list[Event], dict[int, int]]:
        """Wait until everything is safe.

        Returns
        -------
        tuple
            The events, and up to where the events topic is known now, by partition.

        Raises
        ------
        TransientError
            If it is not; call again.
        """
        if not self._sent:
            await self._send()
        try:
            results = await self._producer.acknowledged([future for _, future in self._futures])
        except TransientError:
            self._sent = False
            raise
        for (partition, _), metadata in zip(self._futures, results, strict=True):
            if partition is not None:
                self._ends[partition] = max(self._ends.get(partition, 0), metadata.offset + 1)
        events = [event for _, event in self._findings.events]
        for event in events:
            EVENTS.labels(event.type).inc()
        self._findings, self._futures, self._doubtful = Findings(), [], False
        return events, self._ends

    async def _send(self) -> None:
        findings = self._findings
        if self._doubtful:
            for partition in {partition for partition, _ in findings.events}:
                written = await known_events(self._settings, partition, self._ends.get(partition, 0))
                findings.events = [each for each in findings.events if each[1].id not in written]
        self._doubtful, self._sent, self._futures = True, False, []
        for partition, event in findings.events:
            key, value, headers = event_to_kafka(event)
            sent = await self._producer.send(KafkaTopic.EVENTS, key.decode(), value, headers)
            self._futures.append((partition, sent))
        self._futures += [(None, future) for future in await self._producer.send_all(findings.records)]
        self._sent = True
