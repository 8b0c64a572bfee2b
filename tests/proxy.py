"""A way between a client and a server, which fails as networks do: stalled, reset, half-open, slow, refused."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

CHUNK_OCTETS: Final = 65_536
LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Way(Enum):
    """Which way octets go."""

    THERE = "to the server"
    BACK = "to the client"


@dataclass(eq=False, slots=True)
class _Connection:
    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    forgotten: bool = False
    carriers: list[asyncio.Task[None]] = field(default_factory=list)


class Proxy:
    """Carries octets between whoever connects to `port` and a server; made by `proxied`.

    What is done to it lasts until `mend`; but `reset` and `go_half_open` happen to the connections of that moment.

    Parameters
    ----------
    host, port
        The server.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flowing = {way: asyncio.Event() for way in Way}
        self._octets_s: float | None = None
        self._delay_s = 0.0
        self._bound: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self.port = 0
        self.accepted = 0
        self.carried = dict.fromkeys(Way, 0)
        for flowing in self._flowing.values():
            flowing.set()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def stall(self, *ways: Way) -> None:
        """Carry nothing more that way (by default neither way); nobody is told, and what is held back comes later."""
        for way in ways or tuple(Way):
            self._flowing[way].clear()

    def reset(self) -> None:
        """Reset every connection, as seen by both ends; new ones are taken."""
        for connection in tuple(self._open):
            _reset(connection.near)
            _reset(connection.far)

    def go_half_open(self) -> None:
        """Let the server lose every connection while its client is not told; what it sends is swallowed."""
        for connection in self._open:
            connection.forgotten = True
            _reset(connection.far)

    def slow_down(self, *, octets_s: float | None = None, delay_s: float = 0.0) -> None:
        """Carry at most so many octets a second, each way of each connection, and each piece so much later."""
        self._octets_s, self._delay_s = octets_s, delay_s

    def refuse(self) -> None:
        """Reset every connection and refuse new ones, as a machine does on which no server runs."""
        if self._server is not None:
            self._server.close()
            self._server = None
            # the port stays ours
            self._bound = _bound(self.port)
        self.reset()

    async def mend(self) -> None:
        """Carry everything again, at full speed."""
        self.slow_down()
        for flowing in self._flowing.values():
            flowing.set()
        if self._server is None:
            await self._listen()

    async def open(self, port: int = 0) -> None:
        """Take connections, on a port of its own choice or the given one."""
        self._bound = _bound(port)
        self.port = self._bound.getsockname()[1]
        await self._listen()

    async def close(self) -> None:
        """Reset every connection and end."""
        self.refuse()
        if self._bound is not None:
            self._bound.close()
        streams = [stream for each in self._open for stream in (each.near, each.far)]
        tasks = [*self._connecting, *(carrier for each in self._open for carrier in each.carriers)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(stream.wait_closed() for stream in streams), return_exceptions=True)

    async def _listen(self) -> None:
        bound, self._bound = self._bound, None
        self._server = await asyncio.start_server(self._connected, sock=bound)

    async def _connected(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self.accepted += 1
        me = asyncio.current_task()
        if me is not None:
            self._connecting.add(me)
            me.add_done_callback(self._connecting.discard)
        try:
            far_reader, far = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(near)
            return
        if self._server is None:
            _reset(near)
            _reset(far)
            return
        connection = _Connection(near, far)
        self._open.add(connection)
        connection.carriers = [
            asyncio.create_task(self._carry(Way.THERE, reader, far, connection), name="there"),
            asyncio.create_task(self._carry(Way.BACK, far_reader, near, connection), name="back"),
        ]
        await asyncio.gather(*connection.carriers, return_exceptions=True)
        self._open.discard(connection)
        _reset(near)
        _reset(far)

    async def _carry(
        self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        with suppress(OSError):
            while octets := await source.read(CHUNK_OCTETS):
                await self._flowing[way].wait()
                late_s = self._delay_s + (len(octets) / self._octets_s if self._octets_s else 0.0)
                if late_s:
                    await asyncio.sleep(late_s)
                if not connection.forgotten:
                    self.carried[way] += len(octets)
                    sink.write(octets)
                    await sink.drain()
            await self._flowing[way].wait()
            if not connection.forgotten:
                sink.write_eof()
            return
        if not connection.forgotten:
            _reset(connection.near)
            _reset(connection.far)


@asynccontextmanager
async def proxied(host: str, server_port: int, port: int = 0) -> AsyncIterator[Proxy]:
    """Open a proxy to a server, which need not run yet; it listens on loopback, on a free port or the given one."""
    proxy = Proxy(host, server_port)
    await proxy.open(port)
    try:
        yield proxy
    finally:
        await proxy.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _reset(stream: asyncio.StreamWriter) -> None:
    """Close a connection with an RST."""
    if not stream.transport.is_closing():
        sock = stream.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    stream.transport.abort()
