"""Uvicorn under our own life-cycle: our socket, our signals, our deadline."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from runtime.service import Scope
from runtime.settings import TrackSettings
from telemetry.errors import SettingsError

BACKLOG: Final = 1024
CLOSE_WITHIN_S: Final = 5


@contextmanager
def listening(settings: TrackSettings) -> Iterator[socket.socket]:
    """Bind and listen; visitors who come before the server is ready wait in the queue.

    Raises
    ------
    SettingsError
        If the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        msg = (
            f"cannot serve the tracking page on {address} ({error.strerror}): set DOWNRANGE_TRACK_PORT to a free port, "
            "or 0, or DOWNRANGE_TRACK_HOST to an address of this machine"
        )
        raise SettingsError(msg) from error
    with listener:
        yield listener


async def serve(app: ASGIApp, listener: socket.socket, scope: Scope) -> None:
    """Answer requests until the service stops; open event streams end by themselves then."""
    config = uvicorn.Config(
        app,
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_WITHIN_S,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="http")
        await scope.stop.wait()
        server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to the service, whose handlers set `scope.stop`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
