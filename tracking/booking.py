"""A client of the running service: book a manifest, and ask how a delivery stands."""

from __future__ import annotations

import json
from typing import Any, Final

import aiohttp

from runtime.settings import Settings, TrackSettings
from telemetry.errors import FatalError, ManifestError, Reason, TransientError
from tracking.manifest import Manifest
from tracking.view import PublicDelivery

TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
OK: Final = 200
FORBIDDEN: Final = 403
CONFLICT: Final = 409
NOT_SETTLED: Final = 503
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- recognised, not bound


def site_address(settings: TrackSettings) -> str:
    """Return the address of the site without a slash at its end: the public one, or else the one it is bound to."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    host = _ANY_ADDRESS.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


async def book(settings: Settings, manifest: Manifest) -> list[tuple[str, str]]:
    """Book a manifest and return (parcel, tracking code) in its order; the same one again returns the same codes.

    Raises
    ------
    ManifestError
        If it cannot be flown, or no longer be changed.
    TransientError
        If the service cannot be reached or did not settle it in time; it may be sent again.
    FatalError
        If we may not book there.
    """
    address = f"{site_address(settings.track)}/v1/flights/{manifest.plan.flight}/manifest"
    status, answer = await _ask(settings.track, "POST", address, manifest.to_json())
    if status == OK:
        return [(parcel["parcel"], parcel["code"]) for parcel in answer["parcels"]]
    detail = str(answer.get("detail", answer))
    if status == FORBIDDEN:
        raise FatalError(f"{address}: {detail}; set DOWNRANGE_TRACK_OPERATOR_TOKEN")
    if status == NOT_SETTLED:
        raise TransientError(f"{address}: {detail}")
    reason = next((known for known in Reason if known.value == answer.get("reason")), Reason.BAD_MANIFEST)
    raise ManifestError(reason, detail)


async def delivery_of(settings: Settings, code: str) -> PublicDelivery:
    """Return the public state of a delivery.

    Raises
    ------
    TransientError
        If the service cannot be reached, or does not know the code.
    """
    address = f"{site_address(settings.track)}/v1/track/{code}"
    status, answer = await _ask(settings.track, "GET", address, None)
    if status != OK:
        raise TransientError(f"{address}: {answer.get('detail', answer)}")
    return PublicDelivery.model_validate(answer)


async def _ask(settings: TrackSettings, method: str, address: str, body: str | None) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    if settings.operator_token is not None:
        headers["Authorization"] = f"Bearer {settings.operator_token.get_secret_value()}"
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, headers=headers) as session,
            session.request(method, address, data=body) as response,
        ):
            text = await response.text()
            return response.status, _object(text)
    except (aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        msg = f"no tracking service at {address} ({why}): start it, or set DOWNRANGE_TRACK_PORT"
        raise TransientError(msg) from error


def _object(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"detail": text[:200]}
    return answer if isinstance(answer, dict) else {"detail": text[:200]}
