"""A part of the line that is kept running: started again when killed, and as Docker does when it ended by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from downrange.stack.process import Process, start_process

Say = Callable[[str], None]
STOP_WITHIN_S: Final = 40.0
# Docker's `restart: unless-stopped`: doubled with each end up to a minute, from the beginning after ten good seconds
FIRST_AGAIN_S: Final = 0.1
LONGEST_AGAIN_S: Final = 60.0
GOOD_S: Final = 10.0


@dataclass(slots=True)
class Part:
    """A server, a service or a station.

    Parameters
    ----------
    name
        What the schedule and the table call it.
    command, environment
        How it is started.
    log
        Where all its lives write.
    say
        Told what happens to it.
    ends
        Whether it has an end: with exit code 0 it has done its work.
    kills, own_ends
        How often it was killed, and how often it ended by itself although it should not.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    say: Say
    ends: bool = False
    kills: int = 0
    own_ends: int = 0
    codes: list[int] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    _process: Process | None = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _down_s: float | None = None

    async def keep_running(self) -> None:
        """Start it, and start it again, until this is cancelled or it has done its work; then SIGTERM."""
        again_s = FIRST_AGAIN_S
        while True:
            began_s = time.monotonic()
            start = start_process(
                self.name, self.command, log=self.log, env=self.environment, stop_within_s=STOP_WITHIN_S
            )
            async with start as process:
                self._process = process
                self._up.set()
                try:
                    code = await process.wait()
                finally:
                    self._up.clear()
            was_good = time.monotonic() - began_s > GOOD_S
            if self._down_s is not None:
                down_s, self._down_s, again_s = self._down_s, None, FIRST_AGAIN_S
                await asyncio.sleep(down_s)
                continue
            if self.ends and code == 0:
                self.done.set()
                return
            again_s = FIRST_AGAIN_S if was_good else again_s
            self.own_ends += 1
            self.codes.append(code)
            self.say(f"{self.name} ended by itself with code {code}; again in {again_s:.1f} s")
            await asyncio.sleep(again_s)
            again_s = min(2 * again_s, LONGEST_AGAIN_S)

    async def kill(self, down_s: float) -> bool:
        """End it with SIGKILL, to be started again after a while; False if it has done its work or is down already."""
        if self.done.is_set() or self._process is None or not self._up.is_set():
            return False
        self.kills += 1
        self._down_s = down_s
        await self._process.kill()
        return True

    async def stop(self, task: asyncio.Task[None]) -> int | None:
        """End it with SIGTERM and return its exit code."""
        process = self._process
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return process.returncode if process is not None else None
