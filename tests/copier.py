"""A consumer to be killed: copies `downrange.telemetry` to `downrange.events` and says each step on standard output.

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
        Where the state is kept.
    run
        The run whose records it copies; its consumer group is `downrange.copier-{run}`.
    member
        Stands in the header `member` of what it copies.
    die_before
        The step before which it kills itself with -9 in the first batch that has records.
    fail_once
        Steps that raise a TransientError when they are first taken with records.
    stateless
        Whether it keeps no state and goes on from the group's offsets.
    restore_s
        How long restoring takes.
    restore_fails
        Whether restoring raises.
    hold
        Whether it waits for SIGUSR1 before it sends.
    """

    folder: str
    run: str
    member: str = "a"
    die_before: str = ""
    fail_once: tuple[str, ...] = ()
    stateless: bool = False
    restore_s: float = 0.0
    restore_fails: bool = False
    hold: bool = False

    def text(self) -> str:
        """Return the program's argument."""
        return json.dumps(asdict(self))

    def state(self, partition: int) -> Path:
        """Return the file that holds the next offset of a partition."""
        return Path(self.folder) / f"state-{partition}"


@dataclass(slots=True)
class Copier:
    """A stage whose output must be its input, each record at least once and in order."""

    plan: Plan
    producer: Producer
    name: str
    topics: tuple[KafkaTopic, ...] = (KafkaTopic.TELEMETRY,)
    next: dict[Partition, int] = field(default_factory=dict)
    records: int = 0
    unacknowledged: list[Outgoing] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, step: str, **more: object) -> None:
        """Tell the test."""
        sys.stdout.write(json.dumps({"step": step, **more}) + "\n")
        sys.stdout.flush()

    def take(self, step: str) -> None:
        """Say a step that has records, or die or fail instead when that is the plan."""
        if not self.records:
            return
        if step == self.plan.die_before:
            os.kill(os.getpid(), signal.SIGKILL)
        if step in self.plan.fail_once and step not in self.failed:
            self.failed.add(step)
            self.say(step, failed=True)
            raise TransientError(f"{step} is to fail once")
        self.say(step)

    async def assigned(self, partitions: frozenset[Partition]) -> Offsets:
        if self.plan.restore_fails:
            raise ValueError("the state cannot be read")
        await asyncio.sleep(self.plan.restore_s)
        states = {tp: self.plan.state(tp.partition) for tp in partitions if not self.plan.stateless}
        starts = {tp: int(state.read_text()) for tp, state in states.items() if state.exists()}
        self.next.update(starts)
        self.say("assigned", partitions=len(partitions))
        return starts

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        for tp in partitions:
            self.next.pop(tp, None)
        self.say("revoked", partitions=len(partitions))

    async def decode(self, batch: Batch) -> Batch:
        self.records = sum(self.is_ours(record.key) for records in batch.values() for record in records)
        self.take("decode")
        return batch

    def is_ours(self, key: bytes) -> bool:
        return key.decode().startswith(f"{self.plan.run}/")

    def advance(self, decoded: Batch) -> list[Outgoing]:
        self.take("advance")
        output = []
        for tp, records in decoded.items():
            for record in records:
                if record.offset != self.next.get(tp, record.offset):
                    raise ValueError(f"{tp} goes on at {record.offset} instead of {self.next[tp]}")
                self.next[tp] = record.offset + 1
                if self.is_ours(record.key):
                    headers = [("member", self.plan.member.encode())]
                    output.append(Outgoing(KafkaTopic.EVENTS, record.key.decode(), record.value, headers))
        return output

    async def produce(self, output: list[Outgoing]) -> None:
        self.unacknowledged = output
        self.take("produce")

    async def flush(self) -> None:
        self.take("flush")
        if self.plan.hold and self.unacknowledged:
            await self.released.wait()
        await self.producer.acknowledged(await self.producer.send_all(self.unacknowledged))
        self.unacknowledged = []

    async def save(self) -> Offsets:
        self.take("save")
        for tp, offset in self.next.items():
            partial = self.plan.state(tp.partition).with_suffix(f".{self.plan.member}")
            partial.write_text(str(offset))
            partial.replace(self.plan.state(tp.partition))
        self.take("commit")
        return self.next


async def copy(settings: Settings, scope: Scope) -> None:
    """Run the copier as a service."""
    plan = Plan(**json.loads(sys.argv[1]))
    async with open_producer(settings.kafka, f"copier-{plan.member}") as producer:
        copier = Copier(plan, producer, f"copier-{plan.run}")
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, copier.released.set)
        await consume(settings, scope, copier)


if __name__ == "__main__":
    sys.exit(main("copier", copy, read_settings()))
