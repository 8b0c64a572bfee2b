"""Asks InfluxDB 2.x how much of a flight it holds."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp

from processors.influx.counted import Asked, count_query, read_counts
from runtime.settings import InfluxSettings
from telemetry.errors import SettingsError, TransientError

REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class InfluxReader:
    """Counts points of one bucket.

    Parameters
    ----------
    session
        An open session, which shows the token.
    settings
        The bucket and where it is.
    """

    def __init__(self, session: aiohttp.ClientSession, settings: InfluxSettings) -> None:
        self._session = session
        self._settings = settings
        self._url = f"{settings.url.rstrip('/')}/query"

    async def counts(
        self, run: str, flight: str, asked: Sequence[Asked], first_ns: int, last_ns: int
    ) -> Counter[tuple[str, str]]:
        """Return how many points there are of each vehicle and packet type, between two times, both included.

        Raises
        ------
        TransientError
            If InfluxDB does not answer.
        SettingsError
            If the token may not read, or there is no such bucket.
        """
        if not asked:
            return Counter()
        query = count_query(run, flight, asked, first_ns, last_ns)
        settings = self._settings
        try:
            async with (
                asyncio.timeout(settings.timeout_s),
                self._session.post(self._url, data={"db": settings.bucket, "q": query, "epoch": "ns"}) as response,
            ):
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"InfluxDB at {settings.url}: {str(error) or repr(error)}") from error
        if status in REFUSALS:
            remedy = "set DOWNRANGE_INFLUX_TOKEN to one that may read, and DOWNRANGE_INFLUX_BUCKET"
            raise SettingsError(
                f"InfluxDB at {settings.url} does not let us read bucket {settings.bucket!r} ({status}): {remedy}"
            )
        if status != HTTPStatus.OK:
            raise TransientError(f"InfluxDB at {settings.url} answered {status}: {body[:200].decode(errors='replace')}")
        return read_counts(json.loads(body), asked)


@asynccontextmanager
async def open_reader(settings: InfluxSettings) -> AsyncIterator[InfluxReader | None]:
    """Open a reader; None without a token, since then there is no InfluxDB to ask."""
    if settings.token is None:
        yield None
        return
    headers = {"Accept": "application/json", "Authorization": _authorization(settings.token.get_secret_value())}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield InfluxReader(session, settings)


def _authorization(token: str) -> str:
    """Return the header of a token, or of an account of InfluxDB's 1.x interface given as `NAME:PASSWORD`.

    Examples
    --------
    >>> _authorization("abc"), _authorization("audit:secret")
    ('Token abc', 'Basic YXVkaXQ6c2VjcmV0')
    """
    return f"Basic {b64encode(token.encode()).decode()}" if ":" in token else f"Token {token}"
