"""An Apache Kafka of a test's own: fresh, with topics of its own, and it may be killed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from downrange.stack import native
from downrange.stack.process import Process, free_port


@dataclass(slots=True)
class OwnKafka:
    """A Kafka that may be killed with -9 and started again on its port and data.

    Use it as an async context manager; it is started on entry.
    """

    data_dir: Path
    port: int = field(default_factory=free_port)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _process: Process | None = None

    @property
    def bootstrap(self) -> str:
        """Its address, the same for all its lives."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, or start it again after its end."""
        _, self._process = await self._stack.enter_async_context(native.kafka(self.data_dir, self.port))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            await self._process.kill()

    async def __aenter__(self) -> Self:
        await native.install("kafka")
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()
