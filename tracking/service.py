"""The track service: deliveries from events and telemetry, and the site that shows them.

Every instance reads all of `downrange.deliveries` and can answer every visitor; the flights themselves are shared out
among the instances by partition, in the consumer group `downrange.track`. There is no other store: a new instance reads
the topic, and goes on.
"""

from __future__ import annotations

import asyncio
import functools

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from runtime.consumer import consume
from runtime.kafka import open_producer
from runtime.kafka_topics import ensure_topics
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.dictionary import Registry
from tracking.api import Site, api_router
from tracking.desk import Desk
from tracking.guard import SecureHeaders
from tracking.operators import operator_router
from tracking.renderer import STATIC_DIR, Renderer
from tracking.sampling import Sampler
from tracking.server import listening, serve
from tracking.stage import TrackStage
from tracking.tail import LiveRegister, follow
from tracking.tracker import Tracker
from tracking.web import on_http_error, on_invalid_request, web_router


async def run(settings: Settings, scope: Scope) -> None:
    """Track deliveries and serve the site until the service is asked to stop.

    Raises
    ------
    SettingsError
        If the site's address cannot be had.
    FatalError
        If Kafka is not reached within `connect_timeout_s` at the start.
    """
    scope.health.starting("kafka")
    scope.health.starting("site")
    folder = settings.service.dictionary_dir
    sampler = Sampler(Registry((folder,) if folder else (), settings.service.dictionary))
    with listening(settings.track) as listener:
        await ensure_topics(settings.kafka, scope.log, settings.service.connect_timeout_s)
        async with open_producer(settings.kafka, "downrange-track") as producer, asyncio.TaskGroup() as tasks:
            register = LiveRegister()
            stage = TrackStage(settings.kafka, producer, Tracker(sampler), scope.health, scope.stop, scope.log)
            tasks.create_task(follow(settings.kafka, scope, register), name="register")
            tasks.create_task(consume(settings, scope, stage), name="stage")
            # a page that does not know a parcel yet would deny it
            await scope.unless_stopped(register.complete.wait())
            site = Site(settings.track, scope, register, Desk(producer, register, scope))
            host, port = listener.getsockname()[:2]
            scope.log.info("serving", address=settings.track.public_url or f"http://{host}:{port}/")
            scope.health.well("site")
            await serve(make_app(site), listener, scope)


def make_app(site: Site) -> FastAPI:
    """Return the application; its OpenAPI description is at /openapi.json, without pages that need a CDN."""
    app = FastAPI(
        title="Downrange tracking",
        summary="Where a parcel on a rocket is, and when it arrives.",
        version="1",
        docs_url=None,
        redoc_url=None,
    )
    renderer = Renderer()
    app.add_middleware(SecureHeaders)
    app.add_exception_handler(HTTPException, functools.partial(on_http_error, renderer=renderer))
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.include_router(api_router(site))
    app.include_router(operator_router(site))
    app.include_router(web_router(site, renderer))
    app.mount("/static", StaticFiles(directory=STATIC_DIR))
    return app
