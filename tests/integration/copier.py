"""A consumer to be killed: copies `downrange.telemetry` to `downrange.events` and notes its steps in a journal.

Run as a program: `copier.py JSON`, with the fields of `Plan`. The state it restores and saves is one file a partition.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from runtime.consumer import Batch, Offsets, consume
from runtime.kafka import Outgoing, Partition, Producer, open_producer
from runtime.service import Scope, main
from runtime.settings import Settings, read_settings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic


@dataclass(frozen=True)
class Plan:
    """How the copier is to behave.

    Parameters
    ----------
    folder
        Where journal and state are kept.
    member
        Name of this process in the journal.
    die_before
        The step before which it kills itself with -9, in the first batch that has records.
    fail_once
        Steps that raise a TransientError when they are first taken with records.
    restore_s
        How long restoring takes.
    restore_fails
        Whether restoring raises.
    """

    folder: str
    member: str = "a"
    die_before: str = ""
    fail_once: tuple[str, ...] = ()
    restore_s: float = 0.0
    restore_fails: bool = False

    def text(self) -> str:
        """Return the program's argument."""
        return json.dumps(asdict(self))


@dataclass(slots=True)
class Copier:
    """A stage whose output must be its input, each record at least once and in order."""

    plan: Plan
    producer: Producer
    name: Final = "copier"
    topics: Final = (KafkaTopic.TELEMETRY,)
    next: dict[Partition, int] = field(default_factory=dict)
    records: int = 0
    unacknowledged: list[Outgoing] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    def note(self, step: str, **more: object) -> None:
        with (Path(self.plan.folder) / f"{self.plan.member}.jsonl").open("a") as journal:
            journal.write(json.dumps({"step": step, "records": self.records, **more}) + "\n")

    def take(self, step: str) -> None:
        """Note a step, or die or fail instead when that is the plan."""
        if self.records and step == self.plan.die_before:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.records and step in self.plan.fail_once and step not in self.failed:
            self.failed.add(step)
            self.note(step, failed=True)
            raise TransientError(f"{step} is to fail once")
        self.note(step)

    def state(self, tp: Partition) -> Path:
        return Path(self.plan.folder) / f"state-{tp.partition}"

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        if self.plan.restore_fails:
            raise ValueError("the state cannot be read")
        await asyncio.sleep(self.plan.restore_s)
        starts = {tp: int(self.state(tp).read_text()) for tp in partitions if self.state(tp).exists()}
        self.next.update(starts)
        self.note("assigned", partitions=sorted(tp.partition for tp in partitions))
        return starts

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        for tp in partitions:
            self.next.pop(tp, None)
        self.note("revoked", partitions=sorted(tp.partition for tp in partitions))

    async def decode(self, batch: Batch) -> Batch:
        self.records = sum(len(records) for records in batch.values())
        self.take("decode")
        return batch

    def advance(self, decoded: Batch) -> list[Outgoing]:
        self.take("advance")
        output = []
        for tp, records in decoded.items():
            for record in records:
                if record.offset != self.next.get(tp, record.offset):
                    raise ValueError(f"{tp} goes on at {record.offset} instead of {self.next[tp]}")
                self.next[tp] = record.offset + 1
                headers = [("member", self.plan.member.encode())]
                output.append(Outgoing(KafkaTopic.EVENTS, record.key.decode(), record.value, headers))
        return output

    async def produce(self, output: list[Outgoing]) -> None:
        self.unacknowledged = output
        self.take("produce")

    async def flush(self) -> None:
        self.take("flush")
        await self.producer.acknowledged(await self.producer.send_all(self.unacknowledged))
        self.unacknowledged = []

    async def save(self) -> Offsets:
        self.take("save")
        for tp, offset in self.next.items():
            partial = self.state(tp).with_suffix(".partial")
            partial.write_text(str(offset))
            partial.replace(self.state(tp))
        if self.records and self.plan.die_before == "commit":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.next


async def copy(settings: Settings, scope: Scope) -> None:
    """Run the copier as a service."""
    plan = Plan(**json.loads(sys.argv[1]))
    async with open_producer(settings.kafka, f"copier-{plan.member}") as producer:
        await consume(settings, scope, Copier(plan, producer))


if __name__ == "__main__":
    sys.exit(main("copier", copy, read_settings()))
