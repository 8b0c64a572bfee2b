"""The operators' API under /v1: book a flight's parcels, and report what happens to them at the door."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from runtime.settings import TrackSettings
from telemetry.errors import InputError, ManifestError, Reason, TransientError
from telemetry.message import JSON
from telemetry.topics import LIVE_RUN
from telemetry.vocabulary import DeliveryStatus
from tracking.api import NOT_FOUND, Problem, Site, known, problem
from tracking.desk import TOLD_AT_THE_DOOR, RefusedError
from tracking.guard import may_operate
from tracking.manifest import read_manifest
from tracking.plan import FlightPlan
from tracking.view import PublicDelivery

MAX_BODY_OCTETS: Final = 4 * 1024 * 1024

T = TypeVar("T")


class BookedParcel(BaseModel):
    """A parcel and its tracking code; `url` is the page for its recipient."""

    model_config = ConfigDict(frozen=True)

    parcel: str
    code: str
    url: str


class Booked(BaseModel):
    """The answer to a manifest."""

    model_config = ConfigDict(frozen=True)

    run: str
    flight: str
    parcels: tuple[BookedParcel, ...]


class DoorReport(BaseModel):
    """What happened to a parcel outside the flight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: DeliveryStatus
    at: Annotated[AwareDatetime | None, Field(description="When; the flight's time now by default")] = None
    take_back: Annotated[bool, Field(description="Whether the last report of this status was wrong")] = False


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    403: {"description": "Not an operator", "model": Problem},
    409: {"description": "Conflicts with what has happened", "model": Problem},
    413: {"description": "Too large", "model": Problem},
    422: {"description": "Cannot be flown: the detail names parcel and line", "model": Problem},
    415: {"description": "Not JSON", "model": Problem},
    503: {"description": "Not settled in time; send it again", "model": Problem},
}
_PLAN_SCHEMA: Final = FlightPlan.model_json_schema(ref_template="#/components/schemas/{model}")
_MANIFEST_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A flight plan with its parcels: `parcels` (a list) or `parcels_csv` (text), docs/tracking.md",
        "content": {JSON: {"schema": {"type": "object", "required": _PLAN_SCHEMA["required"]}}},
    }
}


def operator_router(site: Site) -> APIRouter:
    """Return the routes for operators."""
    router = APIRouter(prefix="/v1", tags=["operators"])

    @router.post("/flights/{flight}/manifest", responses=REFUSALS, openapi_extra=_MANIFEST_BODY)
    async def book(flight: str, request: Request) -> Booked:
        """Book a manifest's parcels (operators only). The same manifest again returns the same codes."""
        _admit(request, site.settings)
        try:
            manifest = read_manifest(await _body(request))
            if manifest.plan.flight != flight:
                detail = f"the manifest is of flight {manifest.plan.flight!r}, the address of {flight[:80]!r}"
                raise ManifestError(Reason.BAD_MANIFEST, detail)
            booked = await _settle(site.desk.book(manifest))
        except InputError as error:
            raise problem(422, error.reason.value, error.detail) from error
        base = (site.settings.public_url or str(request.base_url)).rstrip("/")
        parcels = tuple(BookedParcel(parcel=parcel, code=code, url=f"{base}/t/{code}") for parcel, code in booked)
        return Booked(run=manifest.plan.run, flight=flight, parcels=parcels)

    @router.post("/flights/{flight}/parcels/{parcel}/status", responses={**NOT_FOUND, **REFUSALS})
    async def report(
        flight: str, parcel: str, report: DoorReport, request: Request, run: str = LIVE_RUN
    ) -> PublicDelivery:
        """Report what happened to a parcel at the door (operators only)."""
        _admit(request, site.settings)
        if report.status not in TOLD_AT_THE_DOOR:
            detail = f"{report.status.value} is told by the flight; report one of {sorted(TOLD_AT_THE_DOOR)}"
            raise problem(422, Reason.BAD_JSON.value, detail)
        otherwise = f"no parcel {parcel[:80]!r} is booked on flight {flight[:80]!r}"
        record, _ = known(site.register.flight(flight, run), otherwise)
        found = next((d for d in site.register.deliveries(flight, run) if d.parcel.parcel == parcel), None)
        plan, delivery = known(record.plan, otherwise), known(found, otherwise)
        told = await _settle(site.desk.tell(plan, delivery, report.status, report.at, take_back=report.take_back))
        return known(site.state(told.code))

    return router


def _admit(request: Request, settings: TrackSettings) -> None:
    reason = may_operate(request, settings)
    if reason is not None:
        raise problem(403, "not-an-operator", reason)


async def _settle(work: Awaitable[T]) -> T:
    try:
        return await work
    except RefusedError as error:
        raise problem(409, "conflict", str(error)) from error
    except TransientError as error:
        raise problem(503, "not-settled", str(error)) from error


async def _body(request: Request) -> bytes:
    """Read a JSON body, as far as its limit."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise problem(415, Reason.UNKNOWN_CONTENT_TYPE.value, f"send the manifest as {JSON}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_OCTETS:
            raise problem(413, Reason.TOO_LARGE.value, f"a manifest has at most {MAX_BODY_OCTETS} octets")
    return bytes(body)
