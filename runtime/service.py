"""The life of a service: signals, health, one deadline for the way down, and honest exit codes."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runtime.health import Health, health_server
from runtime.logs import configure_logs, logger
from runtime.memory import give_memory_back, keep_memory_small
from runtime.settings import Settings
from telemetry.errors import FatalError, leaves_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

T = TypeVar("T")
EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_FATAL: Final = 2
GRACE_S: Final = 5.0
TIDIED_EVERY_S: Final = 10.0
# allocations, and collections of the younger generation
COLLECTED_EVERY: Final = (20_000, 20, 20)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a running service is given.

    Parameters
    ----------
    stop
        Set once, on SIGTERM or SIGINT: take nothing more in, drain, flush, commit, return.
    health
        Where it says how it is.
    log
        Its logger.
    """

    stop: asyncio.Event
    health: Health
    log: FilteringBoundLogger

    async def unless_stopped(self, awaitable: Coroutine[Any, Any, T]) -> T | None:
        """Wait for `awaitable`, or return None when the service is to stop first."""
        return await first_of(awaitable, self.stop)


async def first_of(awaitable: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """Return the result of `awaitable`, or None if `stop` is set before it is there."""
    if stop.is_set():
        awaitable.close()
        return None
    work = asyncio.ensure_future(awaitable)
    waiting = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        for task in (work, waiting):
            if not task.done():
                task.cancel()
        await asyncio.gather(work, waiting, return_exceptions=True)


Run = Callable[[Settings, Scope], Awaitable[None]]


async def serve(name: str, run: Run, settings: Settings) -> None:
    """Run a service until it returns, SIGTERM or SIGINT; then it has `shutdown_deadline_s` to finish what it took in.

    Raises
    ------
    TimeoutError
        If it did not finish in time.
    """
    scope = Scope(asyncio.Event(), Health(name), logger(name))
    loop = asyncio.get_running_loop()
    deadline_s = settings.service.shutdown_deadline_s
    deadline = asyncio.timeout(None)

    def stop() -> None:
        if not scope.stop.is_set():
            scope.stop.set()
            deadline.reschedule(loop.time() + deadline_s)
            # for what no cancellation ends: a blocked thread, a client that waits for a server that is gone
            faulthandler.dump_traceback_later(deadline_s + GRACE_S, exit=True)
            # last: whoever reads the log may be gone, and a line that cannot be written must not keep the service alive
            scope.log.info("stopping", deadline_s=deadline_s)

    try:
        async with health_server(settings.service, scope.health) as port, deadline:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop)
            tidying = loop.create_task(_tidy(), name="give memory back")
            try:
                scope.log.info("starting", health=f"http://{settings.service.health_host}:{port}/healthz")
                await run(settings, scope)
            finally:
                tidying.cancel()
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        msg = f"not done {deadline_s:g} s after it was asked to stop (DOWNRANGE_SHUTDOWN_DEADLINE_S)"
        raise TimeoutError(msg) from error
    scope.log.info("stopped")


async def _tidy() -> None:
    while True:
        await asyncio.sleep(TIDIED_EVERY_S)
        give_memory_back()


def main(name: str, run: Run, settings: Settings) -> int:
    """Run a service as the process's whole life.

    Returns
    -------
    int
        Exit code: 0 asked to stop and done, 1 failed, 2 for an operator to mend.
    """
    keep_memory_small()
    configure_logs(settings.service)
    log = logger(name)
    # records of a batch die with it, in no cycle: by default the collector would look through them every 700 of them
    gc.freeze()
    gc.set_threshold(*COLLECTED_EVERY)
    try:
        asyncio.run(serve(name, run, settings))
    except (Exception, BaseExceptionGroup) as error:
        fatal = [leaf for leaf in leaves_of(error) if isinstance(leaf, FatalError)]
        for leaf in fatal:
            log.error("cannot run", error=str(leaf))  # noqa: TRY400 -- an operator's mistake: the remedy, not a traceback
        if fatal:
            return EXIT_FATAL
        log.exception("failed", error=str(error) or repr(error), exc_info=error)
        return EXIT_FAILED
    finally:
        faulthandler.cancel_dump_traceback_later()
    return EXIT_OK
