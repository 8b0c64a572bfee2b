"""Server-sent events: the state now, and again at each change, until the visitor or the service goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from fastapi.sse import format_sse_event

from runtime.service import Scope
from telemetry.topics import flight_key
from tracking.register import Tracked
from tracking.tail import LiveRegister

# no more often than an eye can follow: an accelerated flight changes faster
PACE_S: Final = 0.25
KEEP_ALIVE_S: Final = 15.0
RETRY_MS: Final = 2_000


async def changes(
    register: LiveRegister, scope: Scope, tracked: Tracked, name: str, text_of: Callable[[], str | None]
) -> AsyncIterator[bytes]:
    """Yield the events of a stream.

    Parameters
    ----------
    register, scope
        What is watched, and the service's life.
    tracked
        The delivery that is followed.
    name
        Name of the events.
    text_of
        The state as it is when called; None when there is none any more, which ends the stream.
    """
    with register.news(flight_key(tracked.delivery.run, tracked.delivery.flight)) as news:
        yield format_sse_event(retry=RETRY_MS)
        shown: str | None = None
        while (text := text_of()) is not None and not scope.stop.is_set():
            if text != shown:
                shown = text
                yield format_sse_event(event=name, data_str=text)
            changed = await scope.unless_stopped(_wait(news))
            if changed is False:
                yield format_sse_event(comment="still here")
            await scope.unless_stopped(asyncio.sleep(PACE_S))
            news.clear()


async def _wait(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            return await news.wait()
    except TimeoutError:
        return False
