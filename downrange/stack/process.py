"""One child process: its log, its end, and that it never outlives us."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from telemetry.errors import FatalError

PR_SET_PDEATHSIG: Final = 1
TAIL_LINES: Final = 12
STOP_WITHIN_S: Final = 10.0


def free_port() -> int:
    """Return a TCP port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A running child.

    Parameters
    ----------
    name
        For messages.
    child
        The process.
    log
        Where its output goes.
    """

    def __init__(self, name: str, child: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._child = child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._child.returncode

    async def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return await self._child.wait()

    def tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:]) or "(it said nothing)"

    async def stop(self, within_s: float) -> int:
        """Ask it to end with SIGTERM, and end it with SIGKILL if it does not; returns its exit code."""
        if self._child.returncode is None:
            self._child.terminate()
        try:
            async with asyncio.timeout(within_s):
                return await self._child.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it with SIGKILL."""
        if self._child.returncode is None:
            self._child.kill()
        return await self._child.wait()


@asynccontextmanager
async def start_process(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    stop_within_s: float = STOP_WITHIN_S,
) -> AsyncIterator[Process]:
    """Start a child and stop it at the end.

    Raises
    ------
    FatalError
        If the program cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                # a Ctrl-C at the terminal is for us: children end in our order, not all at once
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            raise FatalError(f"cannot start {name} ({command[0]}): {error.strerror}") from error
    process = Process(name, child, log)
    try:
        yield process
    finally:
        await asyncio.shield(process.stop(stop_within_s))


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Have Linux end the child when we are killed with -9 and cannot.

    It runs between fork and exec, where only a system call is safe.
    """
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
