"""The pages: find a parcel, track it, and a helpful 404."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from tracking.api import Site, stream
from tracking.language import Language, choose_language
from tracking.renderer import Renderer

SEE_OTHER = 303
NOT_FOUND = 404
NO_CONTENT = 204
UNPROCESSABLE = 422


def web_router(site: Site, renderer: Renderer) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home(request: Request) -> HTMLResponse:
        return HTMLResponse(renderer.find(language_of(request)))

    @router.get("/t")
    async def search(request: Request, code: str = "") -> Response:
        tracked = site.find(code)
        if tracked is None:
            return missing(renderer, request, code)
        address = f"/t/{tracked.delivery.code}?lang={language_of(request)}"
        return RedirectResponse(address, status_code=SEE_OTHER)

    @router.get("/t/{code}")
    async def track(request: Request, code: str) -> Response:
        tracked = site.find(code)
        state = None if tracked is None else site.state(tracked.delivery.code)
        if state is None:
            return missing(renderer, request, code)
        if code != state.code:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/t/{state.code}{query}", status_code=SEE_OTHER)
        return HTMLResponse(renderer.track(state, language_of(request)))

    @router.get("/t/{code}/live")
    async def live(request: Request, code: str) -> Response:
        tracked, language = site.find(code), language_of(request)
        if tracked is None:
            # 204 tells an EventSource not to come again
            return Response(status_code=NO_CONTENT)
        events: StreamingResponse = stream(site, tracked, "update", lambda state: renderer.update(state, language))
        return events

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        health = site.scope.health
        body = {"service": health.service, "healthy": health.is_well, "parts": health.parts}
        return JSONResponse(body, status_code=200 if health.is_well else 503)

    return router


def missing(renderer: Renderer, request: Request, asked: str | None = None) -> HTMLResponse:
    """Return the page that says that there is no such parcel."""
    shown = None if not asked else asked[:40]
    return HTMLResponse(renderer.find(language_of(request), asked=shown, missing=True), status_code=NOT_FOUND)


async def on_http_error(request: Request, error: Exception, renderer: Renderer) -> Response:
    """Answer an HTTP error: problems as JSON, and people who follow a dead link with the page."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == NOT_FOUND and not request.url.path.startswith(("/v1/", "/static/")):
        return missing(renderer, request)
    detail: Any = error.detail
    body = detail if isinstance(detail, dict) else {"reason": "refused", "detail": detail}
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


async def on_invalid_request(_: Request, error: Exception) -> Response:
    """Answer a request of the wrong shape."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return JSONResponse({"reason": "bad-json", "detail": f"{where}: {first['msg']}"}, status_code=UNPROCESSABLE)


def language_of(request: Request) -> Language:
    """Return the visitor's language."""
    return choose_language(request.query_params.get("lang"), request.headers.get("accept-language"))
