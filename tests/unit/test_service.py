"""The life of a service, as a process: how it stops, what it exits with, and what it says of its health."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from runtime.health import Health
from runtime.service import first_of

# each is the body of a service; the process prints what it does, so that the test can wait for it
BODIES = {
    "drains": """
    scope.health.starting("sink")
    print("started", flush=True)
    await scope.stop.wait()
    print("draining", flush=True)
    await asyncio.sleep(0.05)
    print("drained", flush=True)
""",
    "becomes well": """
    scope.health.starting("sink")
    print("started", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    scope.health.well("sink")
    print("well", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    scope.health.ill("sink", "the sink is full")
    scope.health.note("put aside", "one record")
    print("ill", flush=True)
    await scope.stop.wait()
""",
    "fails": """
    raise ValueError("broken")
""",
    "fails in a group": """
    async with asyncio.TaskGroup() as group:
        group.create_task(scope.stop.wait())
        async def fail():
            raise FatalError("no broker at x:1: set DOWNRANGE_X")
        group.create_task(fail())
""",
    "times out by itself": """
    async with asyncio.timeout(0.01):
        await asyncio.Event().wait()
""",
    "does not drain": """
    print("started", flush=True)
    await asyncio.Event().wait()
""",
    "cannot be cancelled": """
    print("started", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
""",
    "blocks a thread": """
    print("started", flush=True)
    await scope.stop.wait()
    await asyncio.to_thread(time.sleep, 1000)
""",
    "blocks the loop": """
    print("started", flush=True)
    await scope.stop.wait()
    time.sleep(1000)
""",
}
PROGRAM = """
import asyncio, sys, time
from runtime import service
from runtime.settings import read_settings
from telemetry.errors import FatalError

service.GRACE_S = 0.5

async def run(settings, scope):{body}

sys.exit(service.main("probe", run, read_settings()))
"""


class Process:
    """A service as a process, its output read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.log: list[dict[str, Any]] = []

    async def line(self) -> str:
        assert self._process.stdout is not None
        return (await asyncio.wait_for(self._process.stdout.readline(), 20)).decode().strip()

    def type_enter(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    def stop(self, number: int = signal.SIGTERM) -> None:
        self._process.send_signal(number)

    async def logged(self, event: str) -> dict[str, Any]:
        assert self._process.stderr is not None
        while True:
            line = await asyncio.wait_for(self._process.stderr.readline(), 20)
            self.log.append(json.loads(line))
            if self.log[-1]["event"] == event:
                return self.log[-1]

    async def exit(self) -> int:
        """Wait for the end; returns the exit code and keeps what was logged."""
        out, err = await asyncio.wait_for(self._process.communicate(), 30)
        self.rest = out.decode().split()
        self.said = err.decode()
        return self._process.returncode if self._process.returncode is not None else -1

    async def healthz(self) -> tuple[int, dict[str, Any]]:
        async with aiohttp.ClientSession() as session, session.get(self.log[0]["health"]) as response:
            return response.status, await response.json()


@asynccontextmanager
async def service(body: str, **variables: str) -> AsyncIterator[Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOWNRANGE_")}
    environment |= {"DOWNRANGE_SHUTDOWN_DEADLINE_S": "0.5"} | variables
    pipe = asyncio.subprocess.PIPE
    program = PROGRAM.format(body=BODIES[body])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_asked_to_stop_it_drains_and_exits_0(number: int) -> None:
    async with service("drains") as probe:
        assert await probe.line() == "started"
        probe.stop(number)
        assert await probe.exit() == 0
        assert probe.rest == ["draining", "drained"]
        assert '"event": "stopped"' in probe.said


async def test_asked_twice_it_still_drains() -> None:
    async with service("drains") as probe:
        assert await probe.line() == "started"
        probe.stop()
        assert await probe.line() == "draining"
        probe.stop()
        assert await probe.exit() == 0


async def test_what_it_did_not_expect_exits_1_with_a_traceback() -> None:
    async with service("fails") as probe:
        assert await probe.exit() == 1
        failed = json.loads(probe.said.splitlines()[-1])
        assert (failed["event"], failed["error"]) == ("failed", "broken")
        assert failed["exception"][0]["exc_type"] == "ValueError"


async def test_what_an_operator_must_mend_exits_2_with_one_line() -> None:
    async with service("fails in a group") as probe:
        assert await probe.exit() == 2
        starting, cannot_run = (json.loads(line) for line in probe.said.splitlines())
        assert starting["event"] == "starting"
        assert (cannot_run["event"], cannot_run["error"]) == ("cannot run", "no broker at x:1: set DOWNRANGE_X")


async def test_a_timeout_of_its_own_is_no_missed_deadline() -> None:
    async with service("times out by itself") as probe:
        assert await probe.exit() == 1
        assert "SHUTDOWN_DEADLINE" not in probe.said


async def test_not_done_by_the_deadline_exits_1_and_names_it() -> None:
    async with service("does not drain") as probe:
        assert await probe.line() == "started"
        probe.stop()
        assert await probe.exit() == 1
        assert "not done 0.5 s after it was asked to stop (DOWNRANGE_SHUTDOWN_DEADLINE_S)" in probe.said


@pytest.mark.parametrize("body", ["cannot be cancelled", "blocks a thread", "blocks the loop"])
async def test_what_cannot_be_cancelled_ends_all_the_same_and_shows_where_it_hung(body: str) -> None:
    async with service(body) as probe:
        assert await probe.line() == "started"
        probe.stop()
        assert await probe.exit() == 1
        assert "Timeout" in probe.said
        assert "most recent call first" in probe.said


async def test_a_taken_health_port_is_for_the_operator_to_mend() -> None:
    async with service("drains") as first:
        port = (await first.logged("starting"))["health"].split(":")[2].split("/")[0]
        async with service("drains", DOWNRANGE_HEALTH_PORT=port) as second:
            assert await second.exit() == 2
            assert "DOWNRANGE_HEALTH_PORT" in second.said


async def test_health_is_503_until_every_part_is_well_and_again_when_one_falls_ill() -> None:
    async with service("becomes well") as probe:
        await probe.logged("starting")
        assert await probe.line() == "started"
        assert await probe.healthz() == (
            503,
            {"service": "probe", "healthy": False, "parts": {"sink": "starting"}},
        )
        probe.type_enter()
        assert await probe.line() == "well"
        assert await probe.healthz() == (200, {"service": "probe", "healthy": True, "parts": {"sink": "well"}})
        probe.type_enter()
        assert await probe.line() == "ill"
        status, body = await probe.healthz()
        assert (status, body["parts"]) == (503, {"sink": "the sink is full"})
        assert body["notes"] == {"put aside": "one record"}
        probe.stop()
        assert await probe.exit() == 0


async def test_metrics_are_in_prometheus_form() -> None:
    async with service("drains") as probe:
        url = (await probe.logged("starting"))["health"].replace("healthz", "metrics")
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            assert "# TYPE process_resident_memory_bytes gauge" in await response.text()


def test_a_service_that_has_named_no_part_is_not_well() -> None:
    health = Health("probe")
    assert not health.is_well
    health.well("kafka")
    assert health.is_well


async def test_first_of_gives_the_result_when_it_comes_first() -> None:
    async def soon() -> int:
        return 7

    assert await first_of(soon(), asyncio.Event()) == 7


async def test_first_of_gives_none_and_cancels_when_the_stop_comes_first() -> None:
    stop, begun, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return 7

    waiting = asyncio.ensure_future(first_of(late(), stop))
    await begun.wait()
    stop.set()
    assert await waiting is None
    assert cancelled.is_set()


async def test_first_of_does_not_begin_after_the_stop() -> None:
    stop = asyncio.Event()
    stop.set()

    async def never() -> int:
        raise AssertionError

    assert await first_of(never(), stop) is None


async def test_first_of_raises_what_was_raised() -> None:
    async def broken() -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await first_of(broken(), asyncio.Event())
