"""Writes blocks of lines to InfluxDB 2.x, and finds the lines that it refuses."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from prometheus_client import Counter

from processors.influx.line_protocol import Block
from runtime.backoff import backoff_delays_s
from runtime.service import Scope
from runtime.settings import InfluxSettings
from telemetry.errors import FatalError, Reason, SettingsError, TimedOutError, TransientError

LINES = Counter("downrange_influx_lines_total", "Lines that InfluxDB stored")
REFUSED = Counter("downrange_influx_refused_lines_total", "Lines that InfluxDB refused", ["reason"])
GZIP: Final = 31
FASTEST: Final = 1
WORTH_A_THREAD_OCTETS: Final = 32 * 1024
DROPPED: Final = re.compile(r"dropped=(\d+)")
REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that InfluxDB will never take, and why."""

    line: bytes
    reason: Reason
    detail: str


class _Refused(Exception):  # noqa: N818 -- an answer, not a failure; it never leaves this module
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def dropped(self) -> int | None:
        """How many points were dropped while the others were stored; None if none was stored, or it is not said."""
        found = DROPPED.search(self.message)
        return int(found[1]) if found else None

    @property
    def reason(self) -> Reason:
        if self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Reason.TOO_LARGE
        return Reason.BAD_TIME if "retention policy" in self.message else Reason.FIELD_CONFLICT


class InfluxWriter:
    """Writes to one bucket.

    Parameters
    ----------
    session
        An open session, which shows the token.
    settings
        The bucket, the organisation, and whether to compress.
    """

    def __init__(self, session: aiohttp.ClientSession, settings: InfluxSettings) -> None:
        self._session = session
        self._settings = settings
        self._url = f"{settings.url.rstrip('/')}/api/v2/write"
        self._where = {"org": settings.org, "bucket": settings.bucket, "precision": "ns"}

    async def connect(self, scope: Scope, timeout_s: float) -> None:
        """Wait for the server and see that the token may write.

        Raises
        ------
        FatalError
            If the server is not reached in time.
        SettingsError
            If token, organisation or bucket are wrong.
        """
        url = self._settings.url
        try:
            async with asyncio.timeout(timeout_s):
                for delay_s in backoff_delays_s():
                    try:
                        await self._post(b"")
                    except _Refused:
                        return
                    except TransientError as error:
                        scope.log.warning(
                            "InfluxDB unreachable",
                            url=url,
                            set="DOWNRANGE_INFLUX_URL",
                            error=str(error),
                            again_in_s=round(delay_s, 1),
                        )
                        await asyncio.sleep(max(delay_s, error.after_s or 0.0))
                    else:
                        return
        except TimeoutError as error:
            msg = f"no InfluxDB at {url} within {timeout_s:g} s: start it, or set DOWNRANGE_INFLUX_URL"
            raise FatalError(msg) from error

    async def write(self, block: Block) -> list[RefusedLine]:
        """Write a block; returns the lines that InfluxDB refuses, while all others are stored.

        Raises
        ------
        TransientError
            If it may work when tried again, with how long InfluxDB asks to wait; writing a line twice changes nothing.
        TimedOutError
            If InfluxDB did not answer in time: fewer lines may be done in time.
        SettingsError
            If token, organisation or bucket are wrong.
        """
        try:
            await self._post(block.body)
        except _Refused as refused:
            bad = await self._isolate(block.lines(), refused)
        else:
            bad = []
        LINES.inc(block.count - len(bad))
        for line in bad:
            REFUSED.labels(line.reason.value).inc()
        return bad

    async def _isolate(self, lines: list[bytes], refused: _Refused) -> list[RefusedLine]:
        """Find the refused lines of a refused body by halving; the good halves are stored on the way."""
        if len(lines) == 1 or refused.dropped == len(lines):
            return [RefusedLine(line, refused.reason, refused.message) for line in lines]
        bad: list[RefusedLine] = []
        middle = len(lines) // 2
        for half in (lines[:middle], lines[middle:]):
            try:
                await self._post(b"\n".join(half))
            except _Refused as again:
                bad += await self._isolate(half, again)
        return bad

    async def _post(self, body: bytes) -> None:
        settings = self._settings
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if settings.gzip and body:
            body = await _gzip(body)
            headers["Content-Encoding"] = "gzip"
        try:
            async with (
                asyncio.timeout(settings.timeout_s),
                self._session.post(self._url, params=self._where, data=body, headers=headers) as answer,
            ):
                said = await answer.read()
        except TimeoutError as error:
            raise TimedOutError(f"InfluxDB at {settings.url} did not answer within {settings.timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(f"InfluxDB at {settings.url}: {str(error) or repr(error)}") from error
        if not answer.ok:
            raise self._meaning(answer.status, answer.headers, said or str(answer.reason).encode())

    def _meaning(self, status: int, headers: Mapping[str, str], said: bytes) -> Exception:
        settings, message = self._settings, _message_of(said)
        if status in REFUSALS:
            return _Refused(status, message)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            remedy = "set DOWNRANGE_INFLUX_TOKEN to one that may write"
            return SettingsError(f"InfluxDB at {settings.url} refuses the token ({message}): {remedy}")
        if status == HTTPStatus.NOT_FOUND:
            named = f"bucket {settings.bucket!r} of organisation {settings.org!r}"
            remedy = "set DOWNRANGE_INFLUX_BUCKET and DOWNRANGE_INFLUX_ORG"
            return SettingsError(f"InfluxDB at {settings.url} has no {named} ({message}): {remedy}")
        asked_s = _retry_after_s(headers)
        return TransientError(f"InfluxDB at {settings.url} answered {status}: {message}", asked_s)


@asynccontextmanager
async def open_writer(settings: InfluxSettings) -> AsyncIterator[InfluxWriter]:
    """Open a writer.

    Raises
    ------
    SettingsError
        If there is no token.
    """
    if settings.token is None:
        msg = f"InfluxDB at {settings.url} wants a token: set DOWNRANGE_INFLUX_TOKEN to one that may write"
        raise SettingsError(msg)
    # InfluxDB's own client is 22 MB of models and sends the same request through the same library
    headers = {"Authorization": f"Token {settings.token.get_secret_value()}"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as session:
        yield InfluxWriter(session, settings)


async def _gzip(body: bytes) -> bytes:
    """Compress at the fastest level, beside the event loop when it takes long."""

    def compress() -> bytes:
        compressor = zlib.compressobj(FASTEST, zlib.DEFLATED, GZIP)
        return compressor.compress(body) + compressor.flush()

    return await asyncio.to_thread(compress) if len(body) > WORTH_A_THREAD_OCTETS else compress()


def _message_of(said: bytes) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said.decode("utf-8", "replace")[:200]


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how long the header `Retry-After` asks to wait, which may be a date (RFC 9110, 10.2.3); None without."""
    said = headers.get("Retry-After", "")
    if said.isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    # a date without a zone is in UTC
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
