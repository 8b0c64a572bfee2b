"""`/healthz` and Prometheus `/metrics` of a service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from runtime.settings import ServiceSettings
from telemetry.errors import SettingsError


@dataclass(slots=True)
class Health:
    """What a service says of itself; a service is healthy when every part that it named is well."""

    service: str
    parts: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def starting(self, part: str) -> None:
        """Name a part that is not ready yet."""
        self.parts[part] = "starting"

    def well(self, part: str) -> None:
        """Say that a part works."""
        self.parts[part] = "well"

    def ill(self, part: str, why: str) -> None:
        """Say what ails a part."""
        self.parts[part] = why

    def note(self, about: str, text: str) -> None:
        """Say what an operator should look at although every part works."""
        self.notes[about] = text

    @property
    def is_well(self) -> bool:
        """Whether every part is well, and there is at least one."""
        return bool(self.parts) and all(state == "well" for state in self.parts.values())


@asynccontextmanager
async def health_server(settings: ServiceSettings, health: Health) -> AsyncIterator[int]:
    """Serve `/healthz` (200 or 503, JSON) and `/metrics`; yields the port.

    Raises
    ------
    SettingsError
        If the address cannot be bound.
    """

    async def healthz(_: web.Request) -> web.Response:
        body: dict[str, object] = {"service": health.service, "healthy": health.is_well, "parts": health.parts}
        if health.notes:
            body["notes"] = health.notes
        return web.json_response(body, status=200 if health.is_well else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.health_host, settings.health_port)
        try:
            await site.start()
        except OSError as error:
            address = f"{settings.health_host}:{settings.health_port}"
            msg = f"cannot serve health on {address} ({error.strerror}): set DOWNRANGE_HEALTH_PORT to a free port, or 0"
            raise SettingsError(msg) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
