"""Flights whose snapshot cannot be read, as of another version: read again from where they begin on Kafka."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from structlog.typing import FilteringBoundLogger

from processors.detect.flight import Flight
from processors.detect.intake import key_of, read_batch
from processors.detect.outbox import Findings
from processors.detect.shard import Shard
from processors.detect.state_topic import first_offsets, flight_events, read_begins, read_stretch
from processors.detect.taking import Said, Taking
from runtime.health import Health
from runtime.kafka import Outgoing, Partition
from runtime.settings import KafkaSettings
from telemetry.topics import KafkaTopic

AGAIN: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)


class Again:
    """Reads flights again.

    What detection had read of them, new engines read once more, a record at a time. Of what these say, events that do
    not stand on the topic yet are new, and the last state of each limit is told again; all else stands there already.
    Books and links are told as of any flight that has just changed. People's acts are done again from their events, so
    no command is given twice.

    Parameters
    ----------
    settings
        Where Kafka is.
    taking
        How a flight takes a record.
    health
        Where it says that records are gone.
    log
        The service's logger.
    """

    def __init__(self, settings: KafkaSettings, taking: Taking, health: Health, log: FilteringBoundLogger) -> None:
        self._settings = settings
        self._taking = taking
        self._health = health
        self._log = log

    async def read(self, number: int, shard: Shard, keys: Collection[str]) -> tuple[dict[str, Flight], Findings]:
        """Return flights of a partition as they were where it has been read to, and what they say that nobody knows.

        Raises
        ------
        TransientError
            If Kafka does not answer; nothing has changed then.
        """
        began_s = time.monotonic()
        begins = await read_begins(self._settings, number, keys)
        flights = {key: Flight(self._taking.new_engine(key), {}, begins=begins.get(key, {})) for key in keys}
        await self._see_what_is_gone(number, flights)
        known = await self._take_events(number, flights)
        every = frozenset(known)
        said = Said(number, known, Findings([], []))
        limits: dict[str, Outgoing] = {}
        stops = {Partition(topic.value, number): shard.at.next_offsets.get(topic.value, 0) for topic in AGAIN}
        starts = {tp: min(_begin(flight, tp.topic, stop) for flight in flights.values()) for tp, stop in stops.items()}
        taken = 0
        async for record in read_stretch(self._settings, starts, stops):
            if key_of(record) not in flights:
                continue
            taken += 1
            tp = Partition(record.topic, record.partition)
            for arrival in read_batch({tp: [record]}, self._taking.decoder, began_s).arrivals:
                if arrival.key in flights:
                    self._taking.take_record(flights[arrival.key], arrival, said)
            _keep_last(said.findings, limits)
        for key, flight in flights.items():
            self._finish(key, flight, shard, said)
        _keep_last(said.findings, limits)
        shard.known -= every
        shard.known |= known
        said.findings.records += limits.values()
        said_anew, took_s = len(said.findings.events), round(time.monotonic() - began_s, 1)
        self._log.warning("read again", flights=sorted(flights), records=taken, new_events=said_anew, took_s=took_s)
        return flights, said.findings

    async def _see_what_is_gone(self, number: int, flights: dict[str, Flight]) -> None:
        """Say loudly of which flights Kafka has no longer everything."""
        tp = Partition(KafkaTopic.TELEMETRY.value, number)
        there = (await first_offsets(self._settings, [tp]))[tp]
        for key, flight in flights.items():
            if _begin(flight, tp.topic, there) < there:
                what = f"{key} cannot be read again whole: Kafka holds {tp.topic}-{number} from offset {there} on only"
                self._log.error("telemetry is gone", key=key, detail=what, remedy="replay the flight from the archive")
                self._health.note("telemetry is gone", what)

    async def _take_events(self, number: int, flights: dict[str, Flight]) -> set[str]:
        """Give flights the acts of people, and return which events of theirs stand on the topic."""
        acts = Shard()
        known: set[str] = set()
        first = min(_begin(flight, KafkaTopic.EVENTS.value, 0) for flight in flights.values())
        async for event in flight_events(self._settings, number, first, flights.keys()):
            known.add(event.id)
            acts.keep_act(event)
        for key, flight in flights.items():
            flight.acts = acts.take_acts(key, 0)
        return known

    def _finish(self, key: str, flight: Flight, shard: Shard, said: Said) -> None:
        self._taking.redo(flight, said)
        topic = KafkaTopic.COMMANDS.value
        answered = shard.at.next_offsets.get(topic, 0)
        flight.next_offsets[topic] = max(flight.next_offsets.get(topic, 0), answered)
        # an engine that has just been restored tells all that it knows once more
        flight.snapshot()
        flight.go_back(self._taking.new_engine(key), self._taking.decoder)
        flight.touched_s, flight.dirty, flight.told = time.monotonic(), True, False


def _keep_last(findings: Findings, limits: dict[str, Outgoing]) -> None:
    """Keep the states of limits, each in the place of the one before, and nothing else."""
    limits |= {each.key: each for each in findings.records if each.topic is KafkaTopic.LIMITS}
    findings.records.clear()


def _begin(flight: Flight, topic: str, nothing: int) -> int:
    """Return where a flight begins on a topic; `nothing` if it has no record there, 0 if nobody knows."""
    return flight.begins.get(topic, nothing if flight.begins else 0)
