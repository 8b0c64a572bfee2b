"""Child processes: they say why they ended, end in time, and never outlive their parent."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import psutil
import pytest

from downrange.stack.needing import needing
from downrange.stack.process import free_port, start_process
from downrange.stack.ready import until_ready
from telemetry.errors import FatalError

WITHIN_S = 30
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
POLITE = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye'))); {SLEEPER}"
FAILING = "import sys; print('no room on the device'); sys.exit(3)"
PARENT = """
import asyncio, sys
from pathlib import Path
from downrange.stack.process import start_process

async def main():
    async with start_process("child", ["sleep", "600"], log=Path(sys.argv[1])) as child:
        print(child.pid, flush=True)
        await child.wait()

asyncio.run(main())
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


async def says(log: Path, text: str) -> bool:
    return text in await asyncio.to_thread(log.read_text)


async def lose_connection(context: AbstractAsyncContextManager[None]) -> None:
    async with context:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("connection lost") from None


async def never() -> bool:
    return False


def test_a_free_port_is_one_that_can_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(secrets, "choice", lambda _: next(asked))
        assert free_port() == free


async def test_a_child_writes_its_log_and_is_asked_to_end(tmp_path: Path) -> None:
    log = tmp_path / "new folder" / "log"
    async with start_process("child", python(POLITE), log=log) as child:
        await until_ready(child, lambda: says(log, "up"), WITHIN_S)
    assert child.returncode == 0
    assert child.tail() == "up\nbye"


async def test_a_child_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with start_process("child", python(STUBBORN), log=log, stop_within_s=0.1) as child:
        await until_ready(child, lambda: says(log, "up"), WITHIN_S)
    assert child.returncode == -signal.SIGKILL


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"cannot start the broker \(no-such-program\)"):
        async with start_process("the broker", ["no-such-program"], log=tmp_path / "log"):
            pass


async def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    async with start_process("the broker", python(FAILING), log=tmp_path / "log") as child:
        with pytest.raises(FatalError, match=r"the broker ended with code 3:\nno room on the device"):
            await until_ready(child, never, WITHIN_S)


async def test_a_child_that_never_answers_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with start_process("the broker", python(SLEEPER), log=log) as child:
        await until_ready(child, lambda: says(log, "up"), WITHIN_S)
        with pytest.raises(FatalError, match=r"the broker does not answer within 0.1 s:\nup"):
            await until_ready(child, never, 0.1)


async def test_work_ends_when_a_process_that_it_needs_does(tmp_path: Path) -> None:
    async with (
        start_process("well", python(SLEEPER), log=tmp_path / "well"),
        start_process("the broker", python(FAILING), log=tmp_path / "broker") as broker,
        asyncio.timeout(WITHIN_S),
    ):
        with pytest.raises(FatalError, match=r"the broker ended by itself with code 3:\nno room on the device"):
            async with needing(broker):
                await asyncio.Event().wait()
        await asyncio.sleep(0)


async def test_what_fails_because_a_process_ended_is_told_as_its_end(tmp_path: Path) -> None:
    async with start_process("the broker", python(FAILING), log=tmp_path / "log") as broker:
        with pytest.raises(FatalError, match="the broker ended by itself") as caught:
            await lose_connection(needing(broker))
    assert isinstance(caught.value.__cause__, OSError)


async def test_work_that_is_cancelled_by_somebody_else_stays_cancelled(tmp_path: Path) -> None:
    async with start_process("child", python(SLEEPER), log=tmp_path / "log") as child:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), needing(child):
                await asyncio.Event().wait()
        async with needing(child):
            pass
        assert child.returncode is None


async def test_children_of_a_parent_killed_with_9_die_too(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *python(PARENT), str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(child.wait, WITHIN_S)
