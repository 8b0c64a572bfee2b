"""The auditor as a stage: an offset is committed when every flight before it has been answered for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import Counter, Gauge
from pydantic import ValidationError

from processors.audit.behind import DETECTION, READ_FROM
from processors.audit.desk import Desk, Due, Rules, Waiting
from processors.audit.look import Looker
from processors.audit.verdict import Verdict
from runtime.consumer import Batch, Offsets
from runtime.groups import ends_of, has_passed
from runtime.kafka import Outgoing, Partition, Producer
from runtime.service import Scope
from runtime.settings import KafkaSettings
from telemetry.errors import ArchiveError
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, flight_key

LOOKS: Final = Counter("downrange_audit_looks_total", "Looks at a flight's books", ["outcome"])
LOOK_S: Final = Counter("downrange_audit_seconds_total", "Time spent counting and asking")
WAITING: Final = Gauge("downrange_audit_waiting", "Flights that wait for an answer")
# the group hears of us between two turns
LOOKS_A_TURN: Final = 4


@dataclass(frozen=True, slots=True)
class Task:
    """A flight to look at in this turn."""

    partition: Partition
    due: Due


class Auditor:
    """Answers for every flight whose ledger is told.

    Parameters
    ----------
    looker
        Counts.
    producer
        Takes the rows with the stores' word to `downrange.quality`.
    rules
        When to look.
    scope
        The service's; once it is asked to stop, nothing more is looked at.
    kafka
        Where to ask how far detection has read.
    """

    name: Final = "audit"
    topics: Final[tuple[KafkaTopic, ...]] = (KafkaTopic.QUALITY,)

    def __init__(self, looker: Looker, producer: Producer, rules: Rules, scope: Scope, kafka: KafkaSettings) -> None:
        self._looker = looker
        self._kafka = kafka
        self._producer = producer
        self._rules = rules
        self._stop = scope.stop
        self._health = scope.health
        self._log = scope.log
        self._desks: dict[Partition, Desk] = {}
        self._unsent: list[Outgoing] = []
        self._damaged: dict[str, str] = {}

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        """Go on from the group's offsets: what they cover is answered for."""
        await self.revoked(partitions)
        return {}

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Forget flights that wait; their next owner reads of them again."""
        for tp in partitions:
            self._desks.pop(tp, None)
        # saying a row twice changes nothing, so whatever was to be said of what is gone may go too
        self._unsent.clear()

    async def decode(self, batch: Batch) -> float:
        """Step 2: take the rows; returns the time."""
        now_s = time.monotonic()
        for tp, records in batch.items():
            desk = self._desks.setdefault(tp, Desk(self._rules))
            for record in records:
                desk.take(record.offset, _row_of(record), now_s)
        return now_s

    def advance(self, now_s: float) -> list[Task]:
        """Step 3: choose the flights to look at now, those that wait longest first."""
        WAITING.set(sum(len(desk.flights) for desk in self._desks.values()))
        tasks = [Task(tp, due) for tp, desk in self._desks.items() for due in desk.due(now_s)]
        return sorted(tasks, key=lambda task: task.due)[:LOOKS_A_TURN]

    async def produce(self, output: list[Task]) -> None:
        """Step 4: look at them; one that was looked at is not looked at again when a later one fails."""
        # whom nobody answers for is looked at again by whoever comes next
        while output and not self._stop.is_set():
            task = output[0]
            desk = self._desks.get(task.partition)
            waiting = None if desk is None else desk.flights.get(task.due.whose)
            if desk is not None and waiting is not None:
                began_s = time.monotonic()
                run, flight = task.due.whose
                seen = waiting.seen or self._looker.begin(run, flight)
                balanced, behind, outcome = False, False, "unreadable"
                try:
                    verdict, seen = await self._looker.look(seen, waiting.rows, flying=task.due.flying)
                except ArchiveError as error:
                    self._ail(flight_key(run, flight), str(error))
                else:
                    self._ail(flight_key(run, flight), None)
                    behind = not task.due.flying and verdict.is_ahead and await self._is_behind(waiting, task.due)
                    verdict = verdict.while_behind() if behind else verdict
                    balanced = verdict.balanced
                    self._say(desk, task.due, verdict)
                    outcome = "balanced" if balanced else "behind" if behind else "unbalanced"
                    outcome = "flying" if task.due.flying else outcome
                LOOKS.labels(outcome).inc()
                now_s = time.monotonic()
                LOOK_S.inc(now_s - began_s)
                desk.answered(task.due.whose, seen, now_s, flying=task.due.flying, balanced=balanced, behind=behind)
            output.pop(0)

    async def _is_behind(self, waiting: Waiting, due: Due) -> bool:
        """Return whether detection has yet to read what a store may have, or had at the last look: its rows come."""
        was_behind = waiting.behind
        if waiting.awaited is None:
            waiting.awaited = await ends_of(self._kafka, flight_key(*due.whose), READ_FROM)
        waiting.behind = not await has_passed(self._kafka, DETECTION, waiting.awaited)
        if waiting.behind and not was_behind:
            run, flight = due.whose
            self._log.info("detect is behind, its ledger is older than what the stores hold", run=run, flight=flight)
        return waiting.behind or was_behind

    def _say(self, desk: Desk, due: Due, verdict: Verdict) -> None:
        # a row without a word of a store would be taken for one that waits for it
        said = [row for row in verdict.rows if row.stored is not None or row.archived is not None]
        news = desk.news(due.whose, {(row.vehicle, row.packet): row for row in said})
        self._unsent += _records(news)
        settled = not verdict.counts.behind or bool(verdict.complaints)
        if not due.flying and news and settled:
            run, flight = due.whose
            say = self._log.info if verdict.balanced else self._log.warning
            say("the books balance" if verdict.balanced else "the books do not balance", run=run, flight=flight)
            for complaint in verdict.complaints:
                self._log.warning("unbalanced", run=run, flight=flight, complaint=complaint)

    def _ail(self, key: str, error: str | None) -> None:
        """Be ill as long as the archive of some flight cannot be read; others are answered for all the same."""
        if error is not None:
            self._damaged[key] = error
            self._log.error("archive", error=error)
        else:
            self._damaged.pop(key, None)
        if self._damaged:
            self._health.ill("archive", next(iter(self._damaged.values())))
        elif "archive" in self._health.parts:
            self._health.well("archive")

    async def flush(self) -> None:
        """Step 5: what was said is safe.

        Raises
        ------
        TransientError
            If Kafka does not take it; call again.
        """
        await self._producer.acknowledged(await self._producer.send_all(self._unsent))
        self._unsent.clear()

    async def save(self) -> Offsets:
        """Step 6: everything before the first flight that waits is answered for."""
        offsets = {tp: desk.safe_offset for tp, desk in self._desks.items()}
        return {tp: offset for tp, offset in offsets.items() if offset is not None}


def _row_of(record: Any) -> LedgerRow | None:
    if dict(record.headers).get("type") != LedgerRow.type.encode():
        return None
    try:
        return LedgerRow.model_validate_json(record.value or b"")
    except ValidationError:
        # whoever stores it counts it as unreadable and keeps it
        return None


def _records(rows: list[LedgerRow]) -> Iterator[Outgoing]:
    for row in rows:
        headers = [("type", row.type.encode())]
        yield Outgoing(KafkaTopic.QUALITY, flight_key(row.run, row.flight), row.model_dump_json().encode(), headers)
