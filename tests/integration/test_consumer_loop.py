"""The numbered loop on a real Kafka: killed, failing, rebalanced and cut off, it loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from conftest import Servers
from copier import Plan
from servers.own import OwnKafka

from runtime.kafka import Outgoing, Partition, Producer, ensure_topics, open_consumer, open_producer
from runtime.logs import logger
from runtime.settings import KafkaSettings
from telemetry.topics import KafkaTopic, partition_of

PROGRAM = Path(__file__).parents[1] / "copier.py"
PARTITIONS = 4
FLIGHTS = 50
STEPS = ["decode", "advance", "produce", "flush", "save", "commit"]
WITHIN_S = 60


@pytest.fixture(scope="module")
def bootstrap(servers: Servers) -> str:
    # not the session's: what these tests put on the line is no telemetry
    return servers.enter(OwnKafka(servers.data_dir / "loop")).bootstrap


class Line:
    """A flight line on one Kafka: records go in, copies come out."""

    def __init__(self, settings: KafkaSettings, plan: Plan) -> None:
        self.settings = settings
        self.plan = plan
        self.sent: list[bytes] = []

    def key(self, value: bytes) -> str:
        return f"{self.plan.run}/{int(value) % FLIGHTS}"

    def partition(self, value: bytes) -> int:
        return partition_of(self.key(value), PARTITIONS)

    async def publish(self, n: int) -> None:
        async with open_producer(self.settings, "publisher") as producer:
            await self._send(producer, n)

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[None]:
        """Publish without a pause until the body is done."""
        enough = asyncio.Event()

        async def stream() -> None:
            async with open_producer(self.settings, "publisher") as producer:
                while not enough.is_set():
                    await self._send(producer, FLIGHTS)

        async with asyncio.TaskGroup() as group:
            group.create_task(stream(), name="stream")
            try:
                yield
            finally:
                enough.set()

    async def _send(self, producer: Producer, n: int) -> None:
        values = [str(i).encode() for i in range(len(self.sent), len(self.sent) + n)]
        records = [Outgoing(KafkaTopic.TELEMETRY, self.key(value), value, []) for value in values]
        await producer.acknowledged(await producer.send_all(records))
        self.sent += values

    async def copies(self) -> list[tuple[bytes, str]]:
        """Wait until everything sent was copied; returns value and member of every copy, in order per partition."""
        partitions = [Partition(KafkaTopic.EVENTS.value, number) for number in range(PARTITIONS)]
        found: list[tuple[bytes, str]] = []
        missing = set(self.sent)
        async with asyncio.timeout(WITHIN_S), open_consumer(self.settings, "reader", None) as consumer:
            consumer.assign(partitions)
            ends = dict.fromkeys(partitions, 0)
            while missing or any([await consumer.position(tp) < ends[tp] for tp in partitions]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        if record.key.decode().startswith(f"{self.plan.run}/"):
                            found.append((record.value, dict(record.headers)["member"].decode()))
                            missing.discard(record.value)
                ends = await consumer.end_offsets(partitions)
        return found

    async def committed(self) -> dict[int, int | None]:
        group = f"downrange.copier-{self.plan.run}"
        async with open_consumer(self.settings, "asker", group) as consumer:
            partitions = [Partition(KafkaTopic.TELEMETRY.value, number) for number in range(PARTITIONS)]
            return {tp.partition: await consumer.committed(tp) for tp in partitions}

    async def ends(self) -> dict[int, int]:
        async with open_consumer(self.settings, "asker", None) as consumer:
            partitions = [Partition(KafkaTopic.TELEMETRY.value, number) for number in range(PARTITIONS)]
            return {tp.partition: end for tp, end in (await consumer.end_offsets(partitions)).items()}

    def in_order(self, values: Iterable[bytes]) -> bool:
        """Whether the values of each flight came in the order in which they were sent, each once."""
        flights: dict[int, list[int]] = {}
        for value in values:
            flights.setdefault(int(value) % FLIGHTS, []).append(int(value))
        return all(flight == sorted(set(flight)) for flight in flights.values())


class Copying:
    """A copier's process."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path) -> None:
        self._process = process
        self._stderr = stderr
        self.steps: list[dict[str, Any]] = []

    async def until(self, step: str) -> dict[str, Any]:
        """Read what it says until it takes a step."""
        assert self._process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await self._process.stdout.readline():
                self.steps.append(json.loads(line))
                if self.steps[-1]["step"] == step:
                    return self.steps[-1]
        raise AssertionError(f"it ended before {step}: {self.said}")

    async def exit(self) -> int:
        """Wait for its end; returns the exit code, or minus the signal."""
        async with asyncio.timeout(WITHIN_S):
            out, _ = await self._process.communicate()
        self.steps += [json.loads(line) for line in out.splitlines()]
        assert self._process.returncode is not None
        return self._process.returncode

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def stop(self) -> None:
        """Ask it to stop, and see that it does so in good order."""
        self.signal(signal.SIGTERM)
        assert await self.exit() == 0, self.said

    @property
    def said(self) -> str:
        return self._stderr.read_text()

    @property
    def taken(self) -> list[str]:
        return [said["step"] for said in self.steps]


@asynccontextmanager
async def copier(line: Line, plan: Plan, **variables: str) -> AsyncIterator[Copying]:
    environment = os.environ | {
        "DOWNRANGE_KAFKA_BOOTSTRAP": line.settings.bootstrap,
        "DOWNRANGE_KAFKA_PARTITIONS": str(PARTITIONS),
        **variables,
    }
    stderr = Path(plan.folder) / f"{uuid4().hex}.log"
    with stderr.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, plan.text(), env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    try:
        yield Copying(process, stderr)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def open_line(bootstrap: str, folder: Path) -> Line:
    settings = KafkaSettings(bootstrap=bootstrap, partitions=PARTITIONS)
    await ensure_topics(settings, logger("test"), WITHIN_S)
    return Line(settings, Plan(str(folder), f"run-{uuid4().hex[:8]}"))


@pytest.fixture
async def line(bootstrap: str, tmp_path: Path) -> Line:
    return await open_line(bootstrap, tmp_path)


def replan(plan: Plan, **changes: Any) -> Plan:
    return Plan(**(json.loads(plan.text()) | changes))


async def test_every_batch_takes_the_steps_in_their_order(line: Line) -> None:
    async with copier(line, line.plan) as copying:
        for _ in range(3):
            await line.publish(40)
            await copying.until("commit")
        copies = await line.copies()
        await copying.stop()
    assert line.in_order(value for value, _ in copies)
    steps = [step for step in copying.taken if step != "assigned"]
    assert steps == STEPS * (len(steps) // len(STEPS))
    assert await line.committed() == await line.ends()


@pytest.mark.parametrize("step", STEPS)
async def test_killed_between_any_two_steps_it_goes_on_without_loss(line: Line, step: str) -> None:
    await line.publish(100)
    before = await line.committed()
    async with copier(line, replan(line.plan, die_before=step)) as copying:
        assert await copying.exit() == -signal.SIGKILL
    assert await line.committed() == before
    assert [step for step in copying.taken if step != "assigned"] == STEPS[: STEPS.index(step)]

    await line.publish(100)
    async with copier(line, line.plan) as copying:
        copies = await line.copies()
        await copying.stop()
    if step == "save":
        # sent, and nothing says so yet: once more is what "at least once" means
        assert len(copies) == 300
        assert line.in_order(value for value, _ in copies[:100])
    else:
        assert len(copies) == 200
        assert line.in_order(value for value, _ in copies)
    assert await line.committed() == await line.ends()


@pytest.mark.parametrize("steps", [("produce",), ("flush",), ("save",), ("produce", "flush", "save")])
async def test_a_step_that_fails_for_a_while_is_tried_again_and_nothing_is_lost_or_doubled(
    line: Line, steps: tuple[str, ...]
) -> None:
    await line.publish(100)
    async with copier(line, replan(line.plan, fail_once=steps)) as copying:
        copies = await line.copies()
        await copying.until("commit")
        await copying.stop()
    assert len(copies) == 100
    assert line.in_order(value for value, _ in copies)
    expected = [step for name in STEPS for step in ([name, name] if name in steps else [name])]
    taken = [step for step in copying.taken if step != "assigned"]
    assert taken[: len(expected)] == expected
    assert all(f"{step} is to fail once" in copying.said for step in steps)


async def test_it_goes_on_where_the_restored_state_says_and_not_where_the_group_was(line: Line) -> None:
    await line.publish(100)
    async with copier(line, line.plan) as copying:
        await line.copies()
        await copying.stop()
    starts = {n: end - 10 for n, end in (await line.committed()).items() if end is not None}
    for n, start in starts.items():
        line.plan.state(n).write_text(str(start))
    await line.publish(100)
    # the records behind the group's offset lie ready while the state is restored
    async with copier(line, replan(line.plan, member="b", restore_s=1.0)) as copying:
        copies = [value for value, member in await line.copies() if member == "b"]
        await copying.stop()
    assert len(copies) == 100 + 10 * len(starts)
    assert line.in_order(copies)


async def test_a_state_that_takes_longer_to_restore_than_a_session_lasts_is_restored_once(line: Line) -> None:
    await line.publish(100)
    async with copier(line, replan(line.plan, restore_s=8.0)) as copying:
        copies = await line.copies()
        await copying.until("commit")
        await copying.stop()
    assert len(copies) == 100
    assert copying.taken.count("assigned") == 1
    assert "revoked" not in copying.taken


async def test_a_state_that_cannot_be_restored_ends_the_process(line: Line) -> None:
    await line.publish(10)
    before = await line.committed()
    async with copier(line, replan(line.plan, restore_fails=True)) as copying:
        assert await copying.exit() == 1
    assert "the state cannot be read" in copying.said
    assert copying.taken == []
    assert await line.committed() == before


@pytest.mark.parametrize("stateless", [False, True], ids=["with state", "without state"])
async def test_members_come_and_go_and_every_record_is_handled_by_its_owner(line: Line, *, stateless: bool) -> None:
    async with copier(line, replan(line.plan, stateless=stateless)) as first:
        assert (await first.until("assigned"))["partitions"] == PARTITIONS
        async with copier(line, replan(line.plan, stateless=stateless, member="b")) as second:
            # records are on their way all the time while the partitions change hands
            async with line.streaming():
                for member in (first, second):
                    await member.until("commit")
            await line.copies()
            settled = len(line.sent)
            await line.publish(100)
            shared = await line.copies()
            owners = {(line.partition(value), member) for value, member in shared if int(value) >= settled}
            assert sorted(partition for partition, _ in owners) == list(range(PARTITIONS))
            assert sorted(member for _, member in owners) == ["a", "a", "b", "b"]

            first.signal(signal.SIGKILL)
            assert await first.exit() == -signal.SIGKILL
            await line.publish(100)
            after = await line.copies()
            assert {member for value, member in after if int(value) >= settled + 100} == {"b"}
            await second.stop()
    assert {value for value, _ in after} == set(line.sent)
    assert line.in_order(dict.fromkeys(value for value, _ in after))


async def test_a_broker_that_is_killed_and_comes_back_costs_nothing(tmp_path: Path) -> None:
    async with OwnKafka(tmp_path / "kafka") as kafka:
        line = await open_line(kafka.bootstrap, tmp_path)
        async with copier(line, line.plan) as copying:
            await line.publish(100)
            await copying.until("commit")
            await kafka.kill()
            await kafka.start()
            await line.publish(100)
            copies = await line.copies()
            await copying.stop()
    assert {value for value, _ in copies} == set(line.sent)


async def test_asked_to_stop_while_kafka_is_away_it_ends_by_its_deadline_and_keeps_the_record(tmp_path: Path) -> None:
    async with OwnKafka(tmp_path / "kafka") as kafka:
        line = await open_line(kafka.bootstrap, tmp_path)
        await line.publish(10)
        plan = replan(line.plan, hold=True)
        async with copier(line, plan, DOWNRANGE_SHUTDOWN_DEADLINE_S="1") as copying:
            await copying.until("flush")
            await kafka.kill()
            copying.signal(signal.SIGUSR1)
            copying.signal(signal.SIGTERM)
            async with asyncio.timeout(15):
                assert await copying.exit() == 1
            assert "DOWNRANGE_SHUTDOWN_DEADLINE_S" in copying.said
        await kafka.start()
        async with copier(line, line.plan) as copying:
            copies = await line.copies()
            await copying.stop()
    assert {value for value, _ in copies} == set(line.sent)
