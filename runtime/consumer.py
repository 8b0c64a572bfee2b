"""The numbered loop of every Kafka consumer: read, decode, advance, produce, flush, save, commit; always."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Generic, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, RebalanceInProgressError
from prometheus_client import Counter

from runtime.backoff import backoff_delays_s
from runtime.kafka import Partition, Record, ensure_topics, open_consumer
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic

D = TypeVar("D")
O = TypeVar("O")  # noqa: E741 -- D decoded, O output: the two halves of one signature
T = TypeVar("T")

RECORDS_READ = Counter("downrange_records_read_total", "Records read from Kafka", ["service", "topic"])
TRANSIENT_ERRORS = Counter("downrange_transient_errors_total", "Steps tried again", ["service", "step"])
MAX_RECORDS: Final = 2_000
TICK_S: Final = 0.5
# a sink that is back is seen this soon, unless it asked for more time
LONGEST_TRY_S: Final = 3.0
LONGEST_ASKED_S: Final = 60.0
# a turn costs a commit, a request to the sink and some work a flight, however few records it has; so turns begin this
# far apart, and where they take long twice as far as the last one took, but with a backlog they do not wait
APART_S: Final = 0.15
LONGEST_APART_S: Final = 0.6
BACKLOG: Final = 1_800
WORTH_AN_ANSWER_OCTETS: Final = 64 * 1024

Batch = Mapping[Partition, list[Record]]
Offsets = Mapping[Partition, int]


class Stage(Protocol[D, O]):
    """What a consumer does with a batch; the loop owns reading, retrying and committing.

    A batch may be empty: the loop ticks at least twice a second, so that a stage can write what has waited long enough.
    """

    @property
    def name(self) -> str:
        """The service's name; its consumer group is `downrange.{name}`."""

    @property
    def topics(self) -> tuple[KafkaTopic, ...]:
        """What it reads."""

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Restore the state of partitions that are ours now; may name offsets to go on from instead of the group's.

        It may take its time: the group is told that we live, and no record of these partitions is read before it ends.
        """

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Forget the state of partitions that are no longer ours; nothing of them may be written any more."""

    async def decode(self, batch: Batch) -> D:
        """Step 2: decode; what cannot be decoded becomes output for `downrange.rejected`, never an exception."""

    def advance(self, decoded: D) -> O:
        """Step 3: the pure engine."""

    async def produce(self, output: O) -> None:
        """Step 4: hand the output to its sink. After a `TransientError` it is called again with the same output."""

    async def flush(self) -> None:
        """Step 5: return when the sink has acknowledged everything that was produced.

        After a `TransientError` it is called again, and must then try again what is not acknowledged.
        """

    async def save(self) -> Offsets:
        """Step 6: make the state durable; returns the next offsets that are safe to commit.

        After a `TransientError` it is called again.
        """


class _GivenUp(Exception):  # noqa: N818 -- a way out of a step, not a failure; it never leaves this module
    """The group wants the partitions back before the sink has taken their batch."""


async def consume(settings: Settings, scope: Scope, stage: Stage[Any, Any], *, gives_up: bool = False) -> None:
    """Run a stage until the service is asked to stop.

    Parameters
    ----------
    settings, scope, stage
        What to run.
    gives_up
        Whether a batch that its sink does not take is dropped when the group wants the partitions back; their next
        owner reads it again. For a sink that may be away for long: without, the whole group waits for it. The stage
        must forget everything of the batch in `revoked`.

    Raises
    ------
    FatalError
        If Kafka is not reached within `connect_timeout_s` at the start.
    """
    scope.health.starting("kafka")
    await ensure_topics(settings.kafka, scope.log, settings.service.connect_timeout_s)
    name = f"downrange-{stage.name}", f"downrange.{stage.name}"
    async with open_consumer(settings.kafka, *name, fetch_min_bytes=WORTH_AN_ANSWER_OCTETS) as consumer:
        loop = _Loop(consumer, stage, scope, gives_up=gives_up)
        consumer.subscribe([topic.value for topic in stage.topics], listener=loop.listener)
        scope.health.well("kafka")
        while not scope.stop.is_set():
            await loop.turn()
        await loop.last_turn()


class _Loop(Generic[D, O]):
    """The only caller of the stage: one step at a time, whatever the group does meanwhile."""

    def __init__(self, consumer: AIOKafkaConsumer, stage: Stage[D, O], scope: Scope, *, gives_up: bool) -> None:
        self._consumer = consumer
        self._stage = stage
        self._scope = scope
        self._gives_up = gives_up
        self._committed: dict[Partition, int] = {}
        self.listener = _Listener(consumer)
        self._next_s = 0.0

    async def turn(self) -> None:
        """Take over new partitions, read one batch and take it through all steps."""
        await self._take_over()
        # 1 read
        batch = await self._scope.unless_stopped(self._read())
        if batch is not None:
            read, clock = sum(map(len, batch.values())), asyncio.get_running_loop().time
            began_s = clock()
            await self._handle(batch)
            apart_s = max(APART_S, min(2.0 * (clock() - began_s), LONGEST_APART_S))
            self._next_s = began_s + (apart_s if 0 < read < BACKLOG else 0.0)

    async def last_turn(self) -> None:
        """Take what the stage still holds through the last steps."""
        await self._handle({})

    async def _take_over(self) -> None:
        async with self.listener.lock:
            await self._give_up()
            arrived = self.listener.arrived
            if not arrived:
                return
            for tp, offset in (await self._stage.assigned(arrived)).items():
                self._consumer.seek(tp, offset)
            self.listener.restored()
            self._scope.log.info("assigned", partitions=len(arrived))

    async def _give_up(self) -> None:
        gone = self.listener.gone
        if gone:
            await self._stage.revoked(gone)
            self.listener.gone = frozenset()
            self._committed.clear()

    async def _read(self) -> Batch:
        """Read what there is; unless there is a backlog not at once, so that the next batch is worth its turn."""
        await asyncio.sleep(self._next_s - asyncio.get_running_loop().time())
        timeout_s = TICK_S
        if not self.listener.owned:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.listener.arrival.wait(), TICK_S)
            # nothing can come, but only who asks stays a member of the group and hears what went wrong in it
            timeout_s = 0
        found: Batch = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=MAX_RECORDS)
        return found

    async def _handle(self, batch: Batch) -> None:
        # a rebalance waits until the batch in hand is done: its partitions are ours until the commit
        async with self.listener.lock:
            await self._give_up()
            # what was read before a rebalance is read again by its next owner
            mine = {tp: records for tp, records in batch.items() if tp in self.listener.owned}
            for tp, records in mine.items():
                RECORDS_READ.labels(self._stage.name, tp.topic).inc(len(records))
            try:
                await self._take_through(mine)
            except _GivenUp:
                self._scope.log.warning("batch given up", records=sum(map(len, mine.values())))

    async def _take_through(self, batch: Batch) -> None:
        # 2 decode
        decoded = await self._stage.decode(batch)
        # 3 engine
        output = self._stage.advance(decoded)
        # 4 produce
        await self._insist("produce", lambda: self._stage.produce(output))
        # 5 flush
        await self._insist("flush", self._stage.flush)
        # 6 save state
        offsets = await self._insist("save", self._stage.save)
        # 7 commit
        await self._insist("commit", lambda: self._commit(offsets))

    async def _insist(self, step: str, action: Callable[[], Awaitable[T]]) -> T:
        """Do a step until it succeeds; between tries back off, as long as the sink asks, and stay ill on /healthz."""
        for drawn_s in backoff_delays_s(longest_s=LONGEST_TRY_S):
            try:
                result = await action()
            except TransientError as error:
                TRANSIENT_ERRORS.labels(self._stage.name, step).inc()
                self._scope.health.ill(step, str(error))
                delay_s = max(drawn_s, min(error.after_s or 0.0, LONGEST_ASKED_S))
                self._scope.log.warning("trying again", step=step, error=str(error), again_in_s=round(delay_s, 1))
                if not self._gives_up:
                    await asyncio.sleep(delay_s)
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.listener.wanted.wait(), delay_s)
                if self.listener.wanted.is_set():
                    raise _GivenUp from error
            else:
                if step in self._scope.health.parts:
                    self._scope.health.well(step)
                return result
        raise AssertionError  # the delays never end

    async def _commit(self, offsets: Offsets) -> None:
        owned, committed = self.listener.owned, self._committed
        fresh = {tp: at for tp, at in offsets.items() if tp in owned and committed.get(tp) != at}
        if not fresh:
            return
        try:
            await self._consumer.commit(fresh)
        except (CommitFailedError, IllegalStateError, RebalanceInProgressError) as error:
            # the partitions have moved on: their next owner reads from the last commit, which identities make harmless
            self._scope.log.warning("commit after a rebalance", error=repr(error))
        except KafkaError as error:
            raise TransientError(f"Kafka did not take a commit: {error!r}") from error
        else:
            self._committed.update(fresh)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Keeps which partitions are ours; the loop tells the stage.

    aiokafka sends no heartbeat while a listener works on new partitions, so a state that takes longer to restore than
    the session lasts would have the member thrown out of its group again and again; and it logs and forgets what a
    listener raises. So nothing is done here but to note what came and what went, between two batches of the loop. New
    partitions are paused until the loop has restored them and set their offsets: a record of them that was read before
    would be handled with the wrong state.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.lock = asyncio.Lock()
        self.owned: frozenset[Partition] = frozenset()
        self.arrived: frozenset[Partition] = frozenset()
        self.gone: frozenset[Partition] = frozenset()
        self.arrival = asyncio.Event()
        self.wanted = asyncio.Event()

    async def on_partitions_revoked(self, revoked: set[Partition]) -> None:
        """Give partitions back once the batch in hand is committed, or given up."""
        self.wanted.set()
        async with self.lock:
            self.wanted.clear()
            self.gone |= self.owned & revoked
            self.owned -= revoked
            self.arrived -= revoked

    def on_partitions_assigned(self, assigned: set[Partition]) -> None:
        """Hold new partitions back until they are restored; runs before anything of them can be fetched."""
        self._consumer.pause(*assigned)
        self.arrived |= assigned
        if assigned:
            self.arrival.set()

    def restored(self) -> None:
        """Let the records of new partitions come."""
        self._consumer.resume(*self.arrived)
        self.owned |= self.arrived
        self.arrived = frozenset()
        self.arrival.clear()
