"""A way between a client and an HTTP server, which answers as a server in trouble does: refused, late, cut off."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import web

LARGEST_OCTETS: Final = 64 * 1024 * 1024
HOP_BY_HOP: Final = {"connection", "content-length", "content-encoding", "host", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that reached the proxy: when, and how many lines its body had."""

    at_s: float
    lines: int


Trouble = Callable[[web.Request, Asked, Callable[[], Awaitable[web.Response]]], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class HttpProxy:
    """Forwards requests to a server, unless there is `trouble`; made by `http_proxied`."""

    server: str
    client: aiohttp.ClientSession
    url: str = ""
    trouble: Trouble | None = None
    asked: list[Asked] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Forward a request, or have its trouble with it."""
        body = await request.read()
        text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        asked = Asked(time.monotonic(), text.count(b"\n"))
        self.asked.append(asked)

        async def forward() -> web.Response:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
            url = self.server + str(request.rel_url)
            async with self.client.request(request.method, url, data=text, headers=headers) as answer:
                found = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
                return web.Response(status=answer.status, body=await answer.read(), headers=found)

        return await (self.trouble(request, asked, forward) if self.trouble is not None else forward())


def answering(status: HTTPStatus, **headers: str) -> Trouble:
    """Answer everything with a status, and let nothing through."""

    async def trouble(_: web.Request, __: Asked, ___: object) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"code": "trouble", "message": status.phrase}, status=status, headers=named)

    return trouble


def late(delay_s: float, a_line_s: float = 0.0) -> Trouble:
    """Let everything through after a while, which may depend on how many lines there are."""

    async def trouble(
        _: web.Request, asked: Asked, forward: Callable[[], Awaitable[web.Response]]
    ) -> web.StreamResponse:
        await asyncio.sleep(delay_s + asked.lines * a_line_s)
        return await forward()

    return trouble


async def answer_lost(
    request: web.Request, _: Asked, forward: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Let everything through, and break the connection in the middle of the answer."""
    await forward()
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"half of ")
    if request.transport is not None:
        request.transport.close()
    return answer


@asynccontextmanager
async def http_proxied(server: str) -> AsyncIterator[HttpProxy]:
    """Open a proxy to a server's URL; it listens on loopback, on a free port."""
    async with aiohttp.ClientSession() as client:
        proxy = HttpProxy(server, client)
        app = web.Application(client_max_size=LARGEST_OCTETS)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()
