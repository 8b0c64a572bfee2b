"""One child process: its log, its end, and that it never outlives us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from telemetry.errors import FatalError

PR_SET_PDEATHSIG: Final = 1
TAIL_LINES: Final = 12
STOP_WITHIN_S: Final = 10.0


# below the range from which the kernel takes the ports of outgoing connections (net.ipv4.ip_local_port_range): a port
# out of that range can be gone when the server binds it, or when it comes back to it after a crash
SERVER_PORTS: Final = range(20_000, 32_000)


def free_port() -> int:
    """Return a TCP port on loopback that is free now, and that no outgoing connection will take."""
    while True:
        port = secrets.choice(SERVER_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


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
                preexec_fn=_dies_with(os.getpid()),
            )
        except OSError as error:
            raise FatalError(f"cannot start {name} ({command[0]}): {error.strerror}") from error
    process = Process(name, child, log)
    try:
        yield process
    finally:
        await asyncio.shield(process.stop(stop_within_s))


def _dies_with(parent_pid: int) -> Callable[[], None] | None:
    """Return what has Linux end the child when we are killed with -9 and cannot do it ourselves.

    The kernel's own mark on the child needs no supervisor that could itself be killed, and it stays when the child
    becomes another program, as the scripts of `deploy/native` do. The parent that it means is the thread that starts
    the child: it has to stay until the end.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def mark() -> None:
        # between fork and exec, where only system calls are safe
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:
            # we died before the mark was made
            os._exit(1)

    return mark
