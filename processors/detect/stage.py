"""Detection as a stage: events stand on Kafka before the state that knows of them, the state before the offset."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from structlog.typing import FilteringBoundLogger

from processors.detect.again import Again
from processors.detect.flight import Flight, unpack_flight
from processors.detect.intake import Arrival, Readings, key_of, read_batch
from processors.detect.outbox import Findings, Outbox
from processors.detect.reading import Asked, Packets
from processors.detect.saver import Saver
from processors.detect.shard import INPUTS, Shard
from processors.detect.state_topic import find_snapshot, input_ends, restore_shard
from processors.detect.taking import Said, Taking
from runtime.aside import Aside
from runtime.backoff import backoff_delays_s
from runtime.consumer import Batch, Offsets
from runtime.health import Health
from runtime.kafka import Partition, Producer
from runtime.latency import Handled, Latencies
from runtime.settings import Settings
from telemetry.cuc import NS_PER_S
from telemetry.decoder import Decoder
from telemetry.errors import InputError, InternalError, TransientError
from telemetry.topics import KafkaTopic, partition_of

IDLE_S: Final = 1.0
T = TypeVar("T")


class DetectStage:
    """Runs the engines of the flights whose partitions are ours.

    Parameters
    ----------
    settings
        Of Kafka and of detection.
    producer
        Takes events, quality records, refused records and snapshots.
    decoder
        Reads telemetry.
    health
        Where it says what broke its engines.
    log
        The service's logger.
    stop
        When it is set, everything that is held is due.
    """

    name: Final = "detect"
    topics: Final[tuple[KafkaTopic, ...]] = INPUTS

    def __init__(
        self,
        settings: Settings,
        producer: Producer,
        decoder: Decoder,
        health: Health,
        log: FilteringBoundLogger,
        stop: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._decoder = decoder
        self._log = log
        self._stop = stop
        self._outbox = Outbox(producer, settings.kafka)
        self._saver = Saver(producer, log)
        self._aside = Aside(self.name, health, log)
        self._taking = Taking(decoder, round(settings.detect.hold_s * NS_PER_S), self._aside)
        self._again = Again(settings.kafka, self._taking, health, log)
        self._found_again = Findings([], [])
        self._shards: dict[int, Shard] = {}
        self._safe: dict[Partition, int] = {}
        self._saved_s = time.monotonic()
        self._latencies = Latencies(self.name)
        self._handled: list[Handled] = []

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Restore the flights of partitions and go on from where their state ends."""
        await self.revoked(partitions)
        offsets: dict[Partition, int] = {}
        numbers = {tp.partition for tp in partitions}
        ends = await self._insist(lambda: input_ends(self._settings.kafka, numbers))
        for number in numbers:
            shard = self._shards[number] = await self._insist(
                partial(restore_shard, self._settings.kafka, number, ends)
            )
            saved = shard.saved.next_offsets
            offsets |= {Partition(topic, number): offset for topic, offset in saved.items()}
        self._safe |= offsets
        return {tp: offset for tp, offset in offsets.items() if tp in partitions}

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Forget the flights of partitions; their next owner restores them."""
        for tp in partitions:
            self._shards.pop(tp.partition, None)
            self._safe.pop(tp, None)

    async def decode(self, batch: Batch) -> Readings:
        """Step 2: decode, and have the flights in memory that the records belong to."""
        readings = read_batch(batch, self._decoder, time.monotonic())
        for topic, what, error in readings.broken:
            self._aside.note(topic, what, error)
        waiting = [arrival for shard in self._shards.values() for arrival in shard.waiting]
        wanted: dict[int, set[str]] = {}
        for arrival in (*waiting, *readings.arrivals):
            wanted.setdefault(arrival.partition, set()).add(arrival.key)
        for number, shard in self._shards.items():
            if shard.untold:
                wanted.setdefault(number, set()).update(shard.untold)
        for partition, keys in wanted.items():
            await self._load(partition, keys)
            self._shards[partition].untold -= keys
        return readings

    def advance(self, decoded: Readings) -> Findings:
        """Step 3: the engines."""
        findings, self._found_again = self._found_again, Findings([], [])
        findings.records += decoded.unreadable
        heard: dict[tuple[int, str], list[Arrival]] = {}
        for arrival in decoded.arrivals:
            if isinstance(arrival.reading, Asked):
                self._shards[arrival.partition].waiting.append(arrival)
            else:
                heard.setdefault((arrival.partition, arrival.key), []).append(arrival)
        for arrivals in heard.values():
            self._advance(arrivals, decoded, findings)
        for tp, record in decoded.last.items():
            shard = self._shards[tp.partition]
            shard.at.next_offsets[tp.topic] = record.offset + 1
            if partition_of(key_of(record), self._settings.kafka.partitions) == tp.partition:
                shard.route = key_of(record)
        for shard in self._shards.values():
            self._take_commands(shard, decoded, findings)
        self._tell_idle(decoded.now_s, findings)
        findings.records += self._latencies.due(decoded.now_s, everything=self._stop.is_set())
        return findings

    async def produce(self, output: Findings) -> None:
        """Step 4: events and records to Kafka."""
        ends = {number: shard.at.events_offset for number, shard in self._shards.items()}
        await self._outbox.send(output, ends)

    async def flush(self) -> None:
        """Step 5: all of them are safe, and it is known up to where the events topic is ours."""
        events, ends = await self._outbox.acknowledged()
        self._latencies.take(self._handled, time.time_ns(), time.monotonic())
        self._handled.clear()
        for number, end in ends.items():
            self._shards[number].at.events_offset = end
        for event in events:
            named = {"run": event.run, "flight": event.flight, "vehicle": event.vehicle}
            self._log.info("event", type=event.name, ordinal=event.ordinal, id=event.id, **named)

    async def save(self) -> Offsets:
        """Step 6: snapshots, then the checkpoint that says that they are there; every `save_s`, and at the end."""
        now_s = time.monotonic()
        if now_s - self._saved_s >= self._settings.detect.save_s or self._stop.is_set():
            moved = {number: shard for number, shard in self._shards.items() if shard.route and shard.has_news}
            for number in await self._saver.save(moved):
                saved = self._shards[number].saved.next_offsets
                self._safe |= {Partition(topic, number): at for topic, at in saved.items()}
            for shard in self._shards.values():
                shard.evict(now_s)
            self._saved_s = now_s
        return self._safe

    async def _insist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do a step of restoring until it succeeds."""
        for delay_s in backoff_delays_s():
            try:
                return await action()
            except TransientError as error:
                self._log.warning("trying again", step="restore", error=str(error), again_in_s=round(delay_s, 1))
                await asyncio.sleep(delay_s)
        raise AssertionError  # the delays never end

    async def _load(self, partition: int, keys: set[str]) -> None:
        """Have flights in memory: as they are, from their snapshots, new, or read again where there is no other way."""
        shard = self._shards[partition]
        unread: list[str] = []
        for key in keys:
            if key in shard.flights:
                shard.flights.move_to_end(key)
                continue
            flight = await self._restored(shard, partition, key)
            if flight is None:
                unread.append(key)
            else:
                flight.acts = shard.take_acts(key, flight.next_offsets.get(KafkaTopic.COMMANDS.value, 0))
                flight.told = key not in shard.untold
                shard.route = shard.route or key
                shard.flights[key] = flight
        if unread:
            flights, findings = await self._insist(partial(self._again.read, partition, shard, unread))
            for key, flight in flights.items():
                shard.acts.pop(key, None)
                del shard.snapshots[key]
                shard.flights[key] = flight
            self._found_again.events += findings.events
            self._found_again.records += findings.records

    async def _restored(self, shard: Shard, partition: int, key: str) -> Flight | None:
        """Return a flight as its snapshot says, or new if it has none; none if the snapshot cannot be read."""
        engine = self._taking.new_engine(key)
        if key not in shard.snapshots:
            return Flight(engine, {}, begins={KafkaTopic.EVENTS.value: shard.saved.events_offset})
        try:
            found = (shard.snapshots[key] or b"", 0)
            if not found[0]:
                found = await self._insist(partial(find_snapshot, self._settings.kafka, partition, key))
            flight = unpack_flight(found[0], engine)
        except InputError as error:
            self._log.warning("a snapshot cannot be read, so its flight is read again", key=key, error=str(error))
            return None
        flight.turn, flight.touched_s = found[1], time.monotonic()
        del shard.snapshots[key]
        return flight

    def _advance(self, arrivals: list[Arrival], readings: Readings, findings: Findings) -> None:
        """Let a flight take what came of it, in order of offset within each topic."""
        shard = self._shards[arrivals[0].partition]
        flight = shard.flights[arrivals[0].key]
        new = [arrival for arrival in arrivals if arrival.offset >= flight.next_offsets.get(arrival.topic, 0)]
        if not new:
            return
        self._taking.take_records(flight, new, Said(arrivals[0].partition, shard.known, findings))
        flight.touched_s = readings.now_s
        for arrival in new:
            reading = arrival.reading
            if isinstance(reading, Packets):
                oldest_ns = min((int(frame.t_ns[0]) for frame in reading.frames), default=0)
                self._handled.append(Handled(reading.message, oldest_ns, arrival.logged_ms, arrival.appended))

    def _take_commands(self, shard: Shard, readings: Readings, findings: Findings) -> None:
        """Take the commands that wait, once all telemetry is read that whoever gave them may have seen."""
        topic = KafkaTopic.COMMANDS.value
        if shard.waiting and not shard.is_caught_up:
            shard.at.next_offsets[topic] = shard.waiting[0].offset
            return
        for arrival in shard.waiting:
            self._take_command(shard, arrival, readings, findings)
            shard.at.next_offsets[topic] = arrival.offset + 1
        shard.waiting.clear()

    def _take_command(self, shard: Shard, arrival: Arrival, readings: Readings, findings: Findings) -> None:
        flight, reading = shard.flights[arrival.key], arrival.reading
        said = Said(arrival.partition, shard.known, findings)
        self._taking.redo(flight, said)
        if not isinstance(reading, Asked) or arrival.offset < flight.next_offsets.get(arrival.topic, 0):
            return
        flight.next_offsets[arrival.topic] = arrival.offset + 1
        flight.touched_s, flight.dirty = readings.now_s, True
        if reading.command.id in shard.refused:
            shard.refused.discard(reading.command.id)
            return
        offsets = {f"{arrival.topic}-{arrival.partition}": arrival.offset}
        if KafkaTopic.TELEMETRY.value in flight.next_offsets:
            place = f"{KafkaTopic.TELEMETRY.value}-{arrival.partition}"
            offsets[place] = flight.next_offsets[KafkaTopic.TELEMETRY.value] - 1
        self._taking.take(flight, arrival, offsets, said)

    def _tell_idle(self, now_s: float, findings: Findings) -> None:
        """Tell the last of a flight that has fallen silent: no second of its data will come to carry it.

        After a longer silence what came late and waits for more is seen. The state that knows of it is saved before
        anything more is read: so after a crash nothing stands on the topic that depends on it, but what says so itself.
        """
        stopping = self._stop.is_set()
        for number, shard in self._shards.items():
            for key, flight in shard.flights.items():
                silent_s = now_s - flight.touched_s
                if flight.engine.is_waiting and silent_s >= self._settings.detect.settle_s and not stopping:
                    if shard.is_caught_up:
                        self._taking.settle(flight, Said(number, shard.known, findings))
                        flight.touched_s, self._saved_s = now_s, -math.inf
                elif not flight.told and (stopping or silent_s >= IDLE_S):
                    flight.told = flight.dirty = True
                    try:
                        findings.records += flight.tell().records
                    except InternalError as error:
                        flight.go_back(self._taking.new_engine(key), self._decoder)
                        self._aside.note(KafkaTopic.QUALITY.value, f"the books of {key}", error)
