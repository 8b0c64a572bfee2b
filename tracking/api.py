"""The public API under /v1: track a delivery, follow it, look at a flight."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from runtime.service import Scope
from runtime.settings import TrackSettings
from telemetry.topics import LIVE_RUN
from tracking.codes import read_code
from tracking.desk import Desk
from tracking.live import changes
from tracking.register import Tracked
from tracking.tail import LiveRegister
from tracking.view import PublicDelivery, PublicFlight, public_delivery, public_flight

EVENT_STREAM: Final = "text/event-stream"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """What requests are answered with."""

    settings: TrackSettings
    scope: Scope
    register: LiveRegister
    desk: Desk

    def find(self, text: str) -> Tracked | None:
        """Return what is known of the delivery whose code a visitor meant, or None."""
        code = read_code(text)
        return None if code is None else self.register.track(code)

    def state(self, code: str) -> PublicDelivery | None:
        """Return the public state of a delivery now."""
        tracked = self.register.track(code)
        return None if tracked is None else public_delivery(tracked, time.time_ns())


class Problem(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(frozen=True)

    reason: str
    detail: str


NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "Unknown", "model": Problem}}


def problem(status: int, reason: str, detail: str) -> HTTPException:
    """Return the exception that answers with a problem."""
    return HTTPException(status, Problem(reason=reason, detail=detail).model_dump())


def api_router(site: Site) -> APIRouter:
    """Return the routes of the API."""
    router = APIRouter(prefix="/v1", tags=["tracking"])

    @router.get("/flights/{flight}", responses=NOT_FOUND)
    async def flight(flight: str, run: str = LIVE_RUN) -> PublicFlight:
        """Return the public summary of a flight."""
        record, now = known(site.register.flight(flight, run), f"nothing is known of flight {flight[:80]!r}")
        return public_flight(record, now, time.time_ns())

    @router.get("/track/{code}", responses=NOT_FOUND)
    async def track(code: str) -> PublicDelivery:
        """Return the state of a delivery."""
        return known(site.state(known(site.find(code)).delivery.code))

    @router.get(
        "/track/{code}/events",
        responses={200: {"content": {EVENT_STREAM: {}}}, **NOT_FOUND},
        response_class=StreamingResponse,
    )
    async def follow(code: str) -> StreamingResponse:
        """Follow a delivery: server-sent events named `delivery`, each with the state as `GET /v1/track/{code}`."""
        return stream(site, known(site.find(code)), "delivery", PublicDelivery.model_dump_json)

    return router


def stream(site: Site, tracked: Tracked, name: str, text_of: Callable[[PublicDelivery], str]) -> StreamingResponse:
    """Return the server-sent events of a delivery, each with what `text_of` makes of its state."""

    def text() -> str | None:
        state = site.state(tracked.delivery.code)
        return None if state is None else text_of(state)

    events: AsyncIterator[bytes] = changes(site.register, site.scope, tracked, name, text)
    return StreamingResponse(events, media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})


def known(found: T | None, otherwise: str = "no parcel has this tracking code: compare it with the message") -> T:
    """Return what was found, or answer 404 with what to do."""
    if found is None:
        raise problem(404, "unknown", otherwise)
    return found
