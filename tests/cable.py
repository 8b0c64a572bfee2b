"""A cable between a client and a server that can be cut without either end being told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Cable:
    """Carries octets both ways while it is whole; made by `laid`."""

    def __init__(self) -> None:
        self.port = 0
        self._whole = asyncio.Event()
        self._whole.set()

    def cut(self) -> None:
        """Carry nothing more; connections stay open and go silent."""
        self._whole.clear()

    def mend(self) -> None:
        """Carry again."""
        self._whole.set()

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry one way until the source ends."""
        try:
            with suppress(OSError):
                while octets := await source.read(65536):
                    await self._whole.wait()
                    sink.write(octets)
                    await sink.drain()
        finally:
            sink.transport.abort()
            sink.close()


@asynccontextmanager
async def laid(host: str, port: int) -> AsyncIterator[Cable]:
    """Lay a cable to a server; its near end is a port on loopback."""
    cable = Cable()
    carriers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            carriers.add(asyncio.create_task(cable.carry(source, sink)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    cable.port = server.sockets[0].getsockname()[1]
    try:
        yield cable
    finally:
        server.close()
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
