"""The bridge's loop: nothing is acknowledged to MQTT or to a station before Kafka has it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from ingest import metrics
from ingest.acks import AckOutbox
from ingest.examiner import Examined, Examiner
from runtime.backoff import backoff_delays_s
from runtime.kafka import Producer
from runtime.mqtt import Connection, Inbound
from runtime.service import Scope
from telemetry.errors import FatalError, PacketError, TransientError
from telemetry.topics import ROOT, KafkaTopic, Kind

MOST_MESSAGES: Final = 1000
SLOW_S: Final = 5.0
WATCH_S: Final = 5.0
SHARED: Final = tuple(f"$share/ingest/{ROOT}/+/+/+/+/{kind.value}" for kind in (Kind.TELEMETRY, Kind.LINK))
LEAVE_S: Final = 5.0
# what ingest itself publishes comes back from brokers that do not know "no local"
ACKNOWLEDGEMENT: Final = f"/{Kind.ACK.value}"


class Bridge:
    """Carries messages from MQTT connections to Kafka.

    Parameters
    ----------
    producer
        To Kafka; outlives the connections.
    examiner
        Decides what becomes of a message.
    scope
        The service.
    shared
        Whether other members share the work, by a shared subscription.
    """

    def __init__(self, producer: Producer, examiner: Examiner, scope: Scope, *, shared: bool) -> None:
        self._producer = producer
        self._examiner = examiner
        self._scope = scope
        self._shared = shared
        self._outbox = AckOutbox()
        self._storing = False

    async def run(self, connection: Connection) -> None:
        """Carry messages until the service is to stop; then finish what was taken in.

        If the connection is lost, this is cancelled wherever it is: the broker sends again what had no PUBACK.
        """
        try:
            async with asyncio.TaskGroup() as group:
                # beside the reading: on a session that has messages, some brokers answer nothing before those that they
                # have handed over are acknowledged
                answering = group.create_task(self._subscribe_and_post(connection), name="subscribe and post")
                watching = group.create_task(self._watch_kafka(), name="watch Kafka")
                while not self._scope.stop.is_set():
                    await self._turn(connection)
                await self._leave(connection)
                await self._outbox.emptied()
                answering.cancel()
                watching.cancel()
        finally:
            self._storing = False
            metrics.WINDOW.set(0)
            self._scope.health.ill("mqtt", "not connected")

    async def _subscribe_and_post(self, connection: Connection) -> None:
        """Subscribe, and only then tell stations anything: what they are told says that somebody listens."""
        await self._subscribe(connection)
        await self._outbox.post(connection)

    async def _watch_kafka(self) -> None:
        """Say in `/healthz` that Kafka is away although nothing comes that it should take."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._storing:
                continue
            try:
                async with asyncio.timeout(SLOW_S):
                    answers = await self._producer.answers()
            except TimeoutError:
                answers = False
            # whoever stores something now knows better
            if not self._storing:
                self._say(answers=answers)

    def _say(self, *, answers: bool) -> None:
        if answers:
            self._scope.health.well("kafka")
        else:
            self._scope.health.ill("kafka", "no broker answers")

    async def _subscribe(self, connection: Connection) -> None:
        if self._shared:
            # members of a shared subscription have no common order, and MQTT forbids them to leave out their own
            for topic_filter in SHARED:
                await connection.subscribe(topic_filter)
        else:
            # in one filter, because some brokers keep the order of messages only within each
            await connection.subscribe(f"{ROOT}/+/+/+/+/+", no_local=True)
        self._scope.health.well("mqtt")

    async def _leave(self, connection: Connection) -> None:
        """Let the broker deal nothing more to a member that ends: it would keep that share until this one is back."""
        if not self._shared:
            return
        with suppress(TimeoutError):
            # a broker that waits for acknowledgements first does not answer; stations send again what it deals to us
            async with asyncio.timeout(LEAVE_S):
                for topic_filter in SHARED:
                    await connection.unsubscribe(topic_filter)

    async def _turn(self, connection: Connection) -> None:
        # 1 read a batch
        batch = await self._scope.unless_stopped(connection.receive(MOST_MESSAGES))
        if not batch:
            return
        began_s = time.perf_counter()
        metrics.WINDOW.set(len(batch))
        # 2 check
        ingest_ns = time.time_ns()
        stations = [inbound for inbound in batch if not inbound.topic.endswith(ACKNOWLEDGEMENT)]
        examined = [self._examiner.examine(inbound, ingest_ns) for inbound in stations]
        # 3 produce and 4 flush
        await self._store(examined)
        # 5 PUBACK, in order of arrival
        await connection.acknowledge(batch)
        # 6 tell the stations
        for one in examined:
            if one.settled is not None:
                self._outbox.add(one.ack_topic, one.settled)
        metrics.ACK_LATENCY.observe(time.perf_counter() - began_s)
        metrics.WINDOW.set(0)
        _count(stations, examined)
        for inbound, one in zip(stations, examined, strict=True):
            if one.full_s:
                self._say_full(inbound.topic, one.full_s)

    async def _store(self, examined: list[Examined]) -> None:
        """Return when Kafka has acknowledged every record, steps 3 and 4; before that nothing is acknowledged upstream.

        Raises
        ------
        FatalError
            If Kafka refuses a record for its size: its limit was lowered after it was checked.
        """
        records = [record for one in examined for record in one.records]
        self._storing = True
        for delay_s in backoff_delays_s():
            slow = asyncio.get_running_loop().call_later(SLOW_S, self._say_slow, len(records))
            try:
                # 3 produce
                futures = await self._producer.send_all(records)
                # 4 flush
                await self._producer.acknowledged(futures)
            except PacketError as error:
                raise FatalError(f"{error}: restart ingest, it compares the limits at the start") from error
            except TransientError as error:
                metrics.UNACKNOWLEDGED_TRIES.inc()
                self._scope.health.ill("kafka", str(error))
                self._scope.log.warning("trying again", step="store", error=str(error), again_in_s=round(delay_s, 1))
                await asyncio.sleep(delay_s)
            else:
                self._scope.health.well("kafka")
                self._storing = False
                return
            finally:
                slow.cancel()

    def _say_full(self, topic: str, full_s: float) -> None:
        metrics.STATIONS_FULL_S.inc(full_s)
        self._scope.log.error(
            "a station's store was full: it could take nothing in",
            topic=topic,
            full_s=full_s,
            remedy="give its spool more room, or the line more strength",
        )

    def _say_slow(self, records: int) -> None:
        why = f"no acknowledgement from Kafka for {SLOW_S:g} s"
        self._scope.health.ill("kafka", why)
        self._scope.log.warning(why, records=records, acknowledged_to_mqtt="nothing")


def _count(batch: list[Inbound], examined: list[Examined]) -> None:
    metrics.RECEIVED_OCTETS.inc(sum(len(inbound.payload) for inbound in batch))
    metrics.FORWARDED.inc(sum(bool(one.records) and one.records[0].topic is KafkaTopic.TELEMETRY for one in examined))
    for kind in {one.kind for one in examined}:
        metrics.RECEIVED.labels(kind.value if kind else "unknown").inc(sum(one.kind is kind for one in examined))
    for one in examined:
        for reason in one.reasons:
            metrics.REJECTED.labels(reason.value).inc()
