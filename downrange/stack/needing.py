"""Work that cannot go on without certain processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from downrange.stack.process import Process
from telemetry.errors import FatalError


@asynccontextmanager
async def needing(*processes: Process) -> AsyncIterator[None]:
    """Run the body while all processes run; when one ends, the body is cancelled.

    Raises
    ------
    FatalError
        If a process has ended before the body; with its exit code and its last log lines.
    """
    body = asyncio.current_task()
    cancelling = body.cancelling() if body is not None else 0
    ended: list[Process] = []

    def end_body(watch: asyncio.Task[int]) -> None:
        if body is not None and not watch.cancelled():
            ended.append(watched[watch])
            body.cancel()

    watched = {asyncio.create_task(process.wait(), name=f"watch {process.name}"): process for process in processes}
    for watch in watched:
        watch.add_done_callback(end_body)
    try:
        try:
            yield
        finally:
            for watch in watched:
                watch.remove_done_callback(end_body)
                watch.cancel()
            # where a cancellation arrives that the body's last step came before
            await asyncio.wait(watched)
    except asyncio.CancelledError:
        # as asyncio.timeout does it: ours becomes an error, somebody else's goes on
        if body is None or not ended or body.uncancel() > cancelling:
            raise
        raise _end_of(ended[0]) from None
    except Exception as error:
        if not ended:
            raise
        # whatever failed, failed because of it
        raise _end_of(ended[0]) from error


def _end_of(process: Process) -> FatalError:
    return FatalError(f"{process.name} ended by itself with code {process.returncode}:\n{process.tail()}")
