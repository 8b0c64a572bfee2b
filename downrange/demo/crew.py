"""The services of the demo: each a process of its own, started together and watched."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from downrange.stack.process import Process, free_port, spawn
from telemetry.errors import FatalError

READY_WITHIN_S: Final = 60.0
ASK_EVERY_S: Final = 0.1


class Crew:
    """The running services.

    Parameters
    ----------
    members
        Name to process.
    """

    def __init__(self, members: Mapping[str, Process]) -> None:
        self.members = members

    async def watch(self) -> None:
        """Return never, unless a service ends by itself.

        Raises
        ------
        FatalError
            With the name of the service and its last log lines.
        """
        waits = {asyncio.create_task(member.wait(), name=name): name for name, member in self.members.items()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        name = waits[done.pop()]
        raise FatalError(f"service {name} ended by itself:\n{self.members[name].last_lines()}")
