"""Who may book, and what every answer says to browsers."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.settings import TrackSettings

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # the address of a page holds a tracking code
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


class SecureHeaders:
    """ASGI middleware: security headers on every answer, and nothing but static files in caches.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Cache-Control"] = "public, max-age=86400" if static else "no-store"
            await send(message)

        await self._app(scope, receive, send_secured)


def may_operate(request: Request, settings: TrackSettings) -> str | None:
    """Return None if a request may change deliveries, else why not.

    With an operator token it must bear it. Without one only programs on this machine may: not a browser, which sends an
    `Origin` and may have been sent by any page, and nothing that a proxy forwards for someone else.
    """
    if settings.operator_token is not None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expected = settings.operator_token.get_secret_value().encode()
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), expected):
            return None
        return "send the operator token: Authorization: Bearer TOKEN"
    forwarded = any(name in request.headers for name in _FORWARDED)
    if request.client is None or forwarded or "origin" in request.headers or not _is_loopback(request.client.host):
        return "only this machine itself may do that until DOWNRANGE_TRACK_OPERATOR_TOKEN is set"
    return None


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
